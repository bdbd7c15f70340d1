"""Does a 95 % interval hold the truth 95 times in 100? Simulated votes, the truth known.

``python -m tests.bench.coverage`` prints the table and writes ``ratings/docs/coverage.md``.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ratings import fit_bradley_terry
from ratings.errors import RatingsError
from ratings.parameters import Interval
from tests.ratings.examples import simulate

PAGE = Path(__file__).resolve().parents[2] / "ratings" / "docs" / "coverage.md"
INTERVALS: tuple[Interval, ...] = ("model", "sandwich", "clustered", "bootstrap")
BOOTSTRAP_SHARE = 0.1
"""A bootstrap costs 200 fits, so it gets a tenth of the intervals."""
LOGIT = 400 / np.log(10)


@dataclass(frozen=True)
class Case:
    """m models, votes of each, voters, the share of noise that is a voter's, the share of ties."""

    m: int
    votes_per_model: int
    voters: int
    taste: float
    ties: float

    @property
    def votes(self) -> int:
        """Votes in all; each is a vote of two models."""
        return self.m * self.votes_per_model // 2


CASES = (
    Case(4, 300, 100, 0.0, 0.3),
    Case(10, 100, 100, 0.0, 0.3),
    Case(10, 100, 100, 0.5, 0.3),
    Case(20, 30, 50, 0.0, 0.3),
    Case(20, 60, 50, 0.5, 0.3),
    Case(20, 300, 50, 0.5, 0.3),
    Case(50, 30, 100, 0.0, 0.0),
    Case(50, 30, 100, 0.5, 0.3),
    Case(100, 200, 500, 0.5, 0.3),
    Case(400, 60, 2000, 0.3, 0.3),
    Case(20, 12, 30, 0.0, 0.3),
)


def covered(case: Case, interval: Interval, seed: int) -> tuple[int, int, float]:
    """Intervals that hold the truth, all intervals, and the mean half-width, of one simulation."""
    votes, theta = simulate(
        case.m, case.votes, seed, ties=case.ties, voters=case.voters, taste=case.taste
    )
    board = fit_bradley_terry(votes, interval=interval, rounds=200)
    rated = board.rated
    place = [votes.models.index(board.models[row]) for row in rated]
    # Ratings are centred on the rated models, so the truth is too.
    truth = 1000 + LOGIT * (theta[place] - theta[place].mean())
    inside = (board.lower[rated] <= truth) & (truth <= board.upper[rated])
    return int(inside.sum()), len(rated), float((board.upper - board.lower)[rated].mean() / 2)


def coverage(case: Case, interval: Interval, wanted: int) -> tuple[float, int, float, int]:
    """Share of intervals that hold the truth, over at least `wanted` of them.

    Returns
    -------
    share, intervals, mean half-width in points, simulations that had no board
    """
    hits = total = failed = seed = 0
    widths = []
    while total < wanted:
        seed += 1
        try:
            inside, rated, width = covered(case, interval, seed)
        except RatingsError:
            failed += 1
            continue
        hits += inside
        total += rated
        widths.append(width)
    return hits / total, total, float(np.mean(widths)), failed


def rows(wanted: int) -> Iterator[str]:
    """Yield the lines of the Markdown table."""
    yield "| Models | Votes a model | Voters | Taste | Ties | " + " | ".join(INTERVALS) + " |"
    yield "|" + "---:|" * (5 + len(INTERVALS))
    for case in CASES:
        cells = []
        for interval in INTERVALS:
            share_of_work = BOOTSTRAP_SHARE if interval == "bootstrap" else 1
            share, _, width, failed = coverage(case, interval, int(wanted * share_of_work))
            note = f", {failed} without a board" if failed else ""
            cells.append(f"{100 * share:.1f} % (±{width:.0f}{note})")
        facts = (case.m, case.votes_per_model, case.voters, f"{case.taste:g}", f"{case.ties:g}")
        yield "| " + " | ".join([*map(str, facts), *cells]) + " |"


def main() -> None:
    """Write the page, a line at a time on the screen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--intervals", type=int, default=5000, help="intervals a cell, at least")
    wanted = parser.parse_args().intervals
    lines = [
        "# Coverage of the 95 % intervals",
        "",
        "Share of intervals that hold the true rating, in simulations where the expected score of",
        "every vote is exactly the model's (`tests/bench/coverage.py`); in brackets the mean",
        f"half-width in points. At least {wanted} intervals a cell; a bootstrap has 200 rounds,",
        f"and {int(wanted * BOOTSTRAP_SHARE)} intervals a cell, so its share is known to about a",
        "point only.",
        "*Taste* is the share of a vote's noise that is the voter's lasting liking of the models:",
        "0 makes all votes independent. *Ties* is the share of the weaker side's points that are",
        "ties.",
        "",
    ]
    for line in rows(wanted):
        print(line, flush=True)  # noqa: T201 - a table printed as it grows
        lines.append(line)
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
