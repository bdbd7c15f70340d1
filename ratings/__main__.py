"""Rate a file of votes without a server: ``python -m ratings votes.parquet``."""

import argparse
import datetime as dt
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

# One thread for linear algebra: its matrices are small, and the threads belong to the passes.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

if TYPE_CHECKING:
    from rich.console import Console

    from ratings.slices import Slices
    from ratings.votefile import VoteFile


_NOT_WITH_ELO = (
    *("style", "feature", "language", "category", "voter", "gap"),
    *("interval", "level", "ties", "anchor", "pair_weight", "prior", "rounds", "seed"),
)
"""Options without a meaning for one pass over the votes in their order."""


def parser() -> argparse.ArgumentParser:
    """Every option of the command line."""
    said = argparse.ArgumentParser(
        "python -m ratings", description=__doc__, epilog="The file's format is told by its name."
    )
    said.add_argument("votes", type=Path, nargs="?", help="Parquet, CSV, TSV, JSON lines or JSON")
    said.add_argument("-o", "--output", type=Path, help="write a .json, .csv or .parquet file")
    said.add_argument("--top", type=int, default=25, help="models to print (default 25, 0: all)")
    said.add_argument("--quiet", action="store_true", help="print no table and no progress")
    said.add_argument(
        "--compile", action="store_true", help="compile and cache the fast code, then stop"
    )
    what = said.add_argument_group("what is rated")
    what.add_argument("--style", action="store_true", help="control for length and layout")
    what.add_argument(
        "--feature", action="append", default=[], help="a column to control for, a minus b"
    )
    what.add_argument(
        "--category", action="append", default=[], help="a column; a board for each of its values"
    )
    what.add_argument(
        "--language", action="store_true", help="a board for each value of the column 'language'"
    )
    what.add_argument("--voter", help="the column of voters")
    what.add_argument(
        "--column",
        action="append",
        default=[],
        type=_pair,
        metavar="ROLE=NAME",
        help="which column is model_a, model_b, outcome or voter, where its name does not tell",
    )
    what.add_argument(
        "--outcome-values",
        action="append",
        default=[],
        type=_pair,
        metavar="WORD=OUTCOME",
        help="what a word of the file means: a, b, tie or both_bad",
    )
    what.add_argument(
        "--where",
        action="append",
        default=[],
        type=_pair,
        metavar="COLUMN=VALUE",
        help="only these rows; several must all be met",
    )
    what.add_argument("--since", metavar="TIME", help="only votes cast from this moment on")
    what.add_argument("--elo", action="store_true", help="Elo in the order of the file")
    gap = said.add_argument_group("the gap between open and closed models")
    gap.add_argument(
        "--gap",
        type=Path,
        metavar="MODELS",
        help="a CSV file of models: model, licence_class, released_on, params_total_b",
    )
    gap.add_argument(
        "--day", type=_day, metavar="DAY", help="the lag is measured on it (default: today)"
    )
    gap.add_argument("--min-votes", type=int, default=300, help="of a model on a frontier")
    gap.add_argument("--max-half-width", type=float, default=25.0, help="of its interval, points")
    how = said.add_argument_group("how")
    how.add_argument(
        "--interval",
        choices=["sandwich", "model", "clustered", "bootstrap", "bootstrap_voters", "none"],
        help="default: clustered where the file knows its voters, otherwise sandwich",
    )
    how.add_argument("--level", type=float, default=0.95)
    how.add_argument("--ties", choices=["half", "davidson", "drop"], default="half")
    how.add_argument("--both-bad", choices=["half", "drop"], default="half")
    how.add_argument("--anchor", type=_anchor, metavar="MODEL=POINTS")
    how.add_argument("--pair-weight", type=float, metavar="VOTES")
    how.add_argument("--prior", type=float, default=0.0, metavar="VOTES")
    how.add_argument(
        "--least-votes",
        type=int,
        metavar="VOTES",
        help="show no rating of a model with fewer, and rank the others; it stays in the fit",
    )
    how.add_argument("--rounds", type=int, default=200, help="of the bootstrap")
    how.add_argument("--seed", type=int, default=0)
    return said


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status, 0 or 1."""
    said = parser()
    asked = said.parse_args(arguments)
    if asked.language and "language" not in asked.category:
        asked.category = [*asked.category, "language"]
    if asked.compile:
        from ratings.compile import main as compile_and_say  # noqa: PLC0415 - takes its time

        return compile_and_say()
    if asked.votes is None:
        said.error("name a file of votes")
    if asked.elo:
        for name in _NOT_WITH_ELO:
            if getattr(asked, name) != said.get_default(name):
                said.error(f"--elo takes no --{name.replace('_', '-')}")
    from rich.console import Console  # noqa: PLC0415 - after --help

    from ratings.errors import RatingsError  # noqa: PLC0415

    screen = Console(stderr=True, quiet=asked.quiet)
    try:
        _rate(asked, screen)
    except RatingsError as error:
        sys.stderr.write(f"{error}\n")
    except OSError as error:
        sys.stderr.write(f"{error.filename}: {error.strerror}\n")
    else:
        return 0
    return 1


def _rate(asked: argparse.Namespace, screen: "Console") -> None:
    from ratings.boardfile import check_suffix, write_boards  # noqa: PLC0415

    if asked.output is not None:
        check_suffix(asked.output)
    file = _read(asked, screen)
    with screen.status("rating"):
        found = _fit(asked, file)
        gaps = _gaps(asked, found)
    if not asked.quiet:
        _print(found, gaps, asked.top, asked.least_votes)
    if asked.output is not None:
        write_boards(asked.output, found.boards, found.refused, gaps, asked.least_votes)
        screen.print(f"written: {asked.output}", highlight=False)


def _read(asked: argparse.Namespace, screen: "Console") -> "VoteFile":
    from rich.progress import Progress  # noqa: PLC0415

    from ratings.votefile import read_votes  # noqa: PLC0415

    wanted = [*asked.category, *asked.feature, *([asked.voter] if asked.voter else [])]
    with Progress(console=screen, transient=True) as bars:
        bar = bars.add_task("reading")

        def show(done: int, total: int) -> None:
            bars.update(bar, completed=done, total=total)

        file = read_votes(
            asked.votes,
            wanted,
            show,
            columns=dict(asked.column),
            words=dict(asked.outcome_values),
            where=asked.where,
            since=asked.since,
        )
    for phrase in file.left_out:
        screen.print(f"left out: {phrase}", highlight=False)
    return file


def _fit(asked: argparse.Namespace, file: "VoteFile") -> "Slices":
    import numpy as np  # noqa: PLC0415

    from ratings.elo import fit_elo  # noqa: PLC0415
    from ratings.slices import Slices, fit_slices  # noqa: PLC0415

    styled = asked.style or bool(asked.feature)
    votes = file.comparisons(style=asked.style, features=asked.feature, voter=asked.voter)
    if asked.elo:
        return Slices({"elo": fit_elo(votes, both_bad=asked.both_bad)}, {})
    slices = {"all": np.ones(len(votes), dtype=bool)}
    for column in asked.category:
        slices |= file.categories(column)
    options: dict[str, Any] = {
        "interval": _interval(asked, has_voters=votes.voter is not None),
        "level": asked.level,
        "ties": asked.ties,
        "both_bad": asked.both_bad,
        "anchor": asked.anchor,
        "pair_weight": asked.pair_weight,
        "prior": asked.prior,
        "rounds": asked.rounds,
        "seed": asked.seed,
    }
    found = fit_slices(votes, slices, style=styled, **options)
    if "all" in found.refused:
        from ratings.errors import RatingsError  # noqa: PLC0415

        raise RatingsError(found.refused["all"])
    return found


def _gaps(asked: argparse.Namespace, found: "Slices") -> dict[str, dict[str, Any]]:
    """Return the gap of each board, where models' facts are given."""
    if asked.gap is None:
        return {}
    from ratings.gap_record import EligibilityRule, gap_record  # noqa: PLC0415
    from ratings.modelfile import read_models  # noqa: PLC0415

    facts, day = read_models(asked.gap), asked.day or dt.datetime.now(dt.UTC).date()
    rule = EligibilityRule(asked.min_votes, asked.max_half_width)
    return {name: gap_record(board, facts, day, rule) for name, board in found.boards.items()}


def _interval(asked: argparse.Namespace, *, has_voters: bool) -> str | None:
    """Clustered wherever the file knows its voters, unless another interval is asked for."""
    if asked.interval is None:
        return "clustered" if has_voters else "sandwich"
    return None if asked.interval == "none" else str(asked.interval)


def _print(
    found: "Slices",
    gaps: Mapping[str, Mapping[str, Any]],
    top: int,
    least_votes: int | None,
) -> None:
    from rich.console import Console  # noqa: PLC0415

    paper = Console()
    for name, board in found.boards.items():
        rows = board.rows() if least_votes is None else board.shown(least_votes)
        paper.print(_table(name, board.id, rows[: top or None]))
        for sentence in (*board.notes, *_gap_sentences(gaps.get(name))):
            paper.print(sentence, highlight=False, markup=False)
        for row in rows:
            if row["unrated"]:
                told = f"{row['model']}: not rated, {row['unrated']}."
                paper.print(told, highlight=False, markup=False)
    for name, sentence in found.refused.items():
        paper.print(f"{name}: no board, {sentence}", highlight=False, markup=False)


def _gap_sentences(gap: Mapping[str, Any] | None) -> list[str]:
    """Say the gap under the widest cut."""
    if gap is None:
        return []
    cut = next(iter(gap["cuts"].values()))
    latest = cut["latest"]
    if latest is None:
        sides = cut["eligible"]
        return [f"no gap: {sides['closed']} closed and {sides['open']} open models are eligible."]
    sentence = (
        f"gap: {latest['gap']:+.1f} points ({latest['lower']:+.1f} to {latest['upper']:+.1f}), "
        f"{latest['closed']} (closed) against {latest['open']} (open); id {gap['id'][:16]}"
    )
    return [sentence]


def _table(name: str, board_id: str, rows: Sequence[Mapping[str, Any]]) -> Any:
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(title=escape(name), caption=f"id {board_id[:16]}")
    table.add_column("rank", justify="right")
    table.add_column("model")
    for heading in ("rating", "interval", "votes"):
        table.add_column(heading, justify="right")
    for row in rows:
        if row["rating"] is None:
            continue
        spread, interval = "", ""
        if row["lower"] is not None and row["upper"] is not None:
            spread = f"{row['rank_best']}-{row['rank_worst']}"
            interval = f"{row['lower']:.1f} to {row['upper']:.1f}"
        table.add_row(
            spread, escape(row["model"]), f"{row['rating']:.1f}", interval, f"{row['votes']:,}"
        )
    return table


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day such as 2026-06-01") from None


def _anchor(text: str) -> tuple[str, float]:
    model, equals, points = text.rpartition("=")
    try:
        if equals:
            return model, float(points)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r} is not MODEL=POINTS")


if __name__ == "__main__":
    sys.exit(main())
