"""The boards of a release: their figures, and the command that gives each again from its votes."""

import csv
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from arena.boards.fact_sheets import rule_of
from arena.boards.gap.rules import CUTS
from arena.boards.models import Board, FactSheet, Method, Snapshot
from arena.boards.replay import replay
from arena.boards.slices import CHINESE, KINDS
from arena.boards.votes import CountedVotes, counted_at

_MODELS = "models-"
MODEL_COLUMNS = ("model", "name", "organisation", "licence_class", "released_on", "params_total_b")

_OF_CUT = ("eligible", "undated", "series", "lag")
_LATEST = (
    *("on", "gap", "lower", "upper", "closed_ahead"),
    *("win_probability", "win_lower", "win_upper"),
)


def write_boards(folder: Path, source: str, revision: int) -> int:
    """List the boards that votes of a revision give, with the command for each.

    A publication stores a board anew only when it has changed, so each board's newest one counts.
    Every one is rated again from the votes that are released: what they do not give, such as a
    board that had too few votes to be published again, is named and left out.

    Returns
    -------
    int
        How many boards are listed.
    """
    votes = counted_at(source, revision)
    boards: list[dict[str, Any]] = []
    left_out: list[dict[str, str]] = []
    for snapshot in _newest_published(source, revision):
        if because := _not_given(snapshot, votes):
            left_out.append(
                {"board": snapshot.board.slug, "id": snapshot.replay_id, "because": because}
            )
        else:
            boards.append(_board(snapshot))
    _write_models(folder, {board["gap"]["models"] for board in boards if board["gap"]})
    content = {"source": source, "boards": boards, "left_out": left_out}
    text = json.dumps(content, ensure_ascii=False, indent=1)
    (folder / "boards.json").write_text(text + "\n", encoding="utf-8")
    return len(boards)


def _newest_published(source: str, revision: int) -> list[Snapshot]:
    published = Snapshot.objects.filter(
        board__source=source, decisions__lte=revision, published_for__isnull=False
    )
    newest = published.order_by("board__slug", "-pk").distinct("board__slug")
    return list(newest.select_related("board"))


def _not_given(snapshot: Snapshot, votes: CountedVotes) -> str:
    """Return why released votes do not give a board; empty where they do, to the last digit."""
    if not snapshot.figures_hash:
        return "too few votes for any rating"
    if not replay(snapshot, votes).faithful:
        return "made of other votes, or by another version of the numerics"
    return ""


def _board(snapshot: Snapshot) -> dict[str, Any]:
    rows = snapshot.rows.select_related("language_model")
    return {
        "board": snapshot.board.slug,
        "id": snapshot.replay_id,
        "figures_hash": snapshot.figures_hash,
        "command": ["python", "-m", "ratings", "votes.parquet", *replay_arguments(snapshot)],
        "gap": released_gap(snapshot),
        "parameters": snapshot.parameters,
        "votes": snapshot.votes,
        "rows": [
            {
                "model": row.language_model.slug,
                "rating": row.rating,
                "lower": row.lower,
                "upper": row.upper,
                "rank_best": row.rank_best,
                "rank_worst": row.rank_worst,
                "votes": row.votes,
            }
            for row in rows
        ],
    }


def replay_arguments(snapshot: Snapshot) -> list[str]:
    """Return what `python -m ratings` must be told, beside the file, to give a board again."""
    arguments = [
        argument
        for name, value in _conditions(snapshot.board).items()
        for argument in ("--where", f"{name}={value}")
    ]
    if snapshot.since is not None:
        arguments += ["--since", snapshot.since.isoformat()]
    if snapshot.board.style_controlled:
        arguments.append("--style")
    if snapshot.board.method == Method.ELO:
        arguments.append("--elo")
    elif snapshot.parameters.get("interval"):
        arguments += ["--interval", snapshot.parameters["interval"]]
    if "min_votes" in snapshot.parameters:
        arguments += ["--least-votes", str(snapshot.parameters["min_votes"])]
    if gap := released_gap(snapshot):
        arguments += ["--gap", gap["models"], "--day", gap["day"]]
        for name, value in gap["rule"].items():
            arguments += [f"--{name.replace('_', '-')}", f"{value:g}"]
    return arguments


def released_gap(snapshot: Snapshot) -> dict[str, Any] | None:
    """Return the gap of a board as its command gives it; None where there is none to make again.

    A board of one use or language has the latest figures alone, without a series.
    """
    stored = snapshot.gap
    if "id" not in stored or not FactSheet.objects.filter(digest=snapshot.catalogue).exists():
        return None
    return {
        "id": stored["id"],
        "day": stored["day"],
        "rule": asdict(rule_of(stored, int(snapshot.parameters["min_votes"]))),
        "models": f"{_MODELS}{snapshot.catalogue[:12]}.csv",
        "cuts": {cut: _figures(own) for cut, own in {CUTS[0]: stored, **stored["cuts"]}.items()},
    }


def _figures(stored: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of a cut that the command gives; there models are named by slug alone."""
    own = {name: stored[name] for name in _OF_CUT if name in stored}
    latest = stored["latest"]
    if latest is not None:
        sides = {side: latest[side]["model"] for side in ("closed", "open")}
        latest = {**{name: latest[name] for name in _LATEST}, **sides}
    return {**own, "latest": latest}


def _write_models(folder: Path, files: Iterable[str]) -> None:
    """Write what was known of the models when boards were published: a file for each state."""
    for name in files:
        beginning = name.removeprefix(_MODELS).removesuffix(".csv")
        sheet = FactSheet.objects.get(digest__startswith=beginning)
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, MODEL_COLUMNS, extrasaction="ignore")
            writer.writeheader()
            for fact in sorted(sheet.facts, key=lambda fact: str(fact["slug"])):
                writer.writerow({**fact, "model": fact["slug"]})


def _conditions(board: Board) -> dict[str, str]:
    """Return the values that a released vote has when a board takes it."""
    conditions = {"counted": "true"}
    match board.category:
        case "":
            pass
        case "refusal_excluded" | "starter_excluded":
            conditions[board.category.removesuffix("_excluded")] = "false"
        case kind if kind in KINDS:
            conditions[kind] = "true"
        case use:
            conditions["category"] = use
    if board.language:
        chinese = board.language == CHINESE
        conditions["main_language" if chinese else "language"] = board.language
    if board.style_controlled:
        conditions["styled"] = "true"
    return conditions
