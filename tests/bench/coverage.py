"""Does a 95 % interval hold the truth 95 times in 100? Simulated votes, the truth known.

``python -m tests.bench.coverage`` writes ``ratings/docs/coverage.md``, in about ten minutes on two
processors. A cell that is not done within its time is printed with the intervals it has.
"""

import os

# Read when NumPy is imported; the cells share the processors already.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from ratings import Board, Comparisons, fit_bradley_terry, fit_style_controlled
from ratings.arrays import Floats
from ratings.davidson import chances
from ratings.errors import RatingsError
from ratings.parameters import Interval
from tests.ratings.examples import simulate

PAGE = Path(__file__).resolve().parents[2] / "ratings" / "docs" / "coverage.md"
INTERVALS: tuple[Interval, ...] = (
    "model",
    "sandwich",
    "clustered",
    "bootstrap",
    "bootstrap_voters",
)
BOOTSTRAPS: tuple[Interval, ...] = ("bootstrap", "bootstrap_voters")
FEWER = 5
"""A bootstrap costs sixty fits, so its cells have a fifth of the intervals."""

ROUNDS = 60
LOGIT = 400 / np.log(10)
EFFECT = 0.25
LOG_NU = -0.5


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

    def simulate(self, seed: int, effects: tuple[float, ...] = ()) -> tuple[Comparisons, Floats]:
        """Draw the votes, and return them with the true strengths in log-odds."""
        return simulate(
            self.m,
            self.votes,
            seed,
            ties=self.ties,
            voters=self.voters,
            taste=self.taste,
            effects=effects,
        )


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
    Case(20, 20, 50, 0.0, 0.3),
    Case(20, 20, 50, 0.5, 0.3),
    Case(20, 12, 30, 0.0, 0.3),
    Case(20, 60, 12, 0.5, 0.3),
)
OTHERS = (Case(10, 100, 100, 0.0, 0.3), Case(10, 300, 100, 0.5, 0.3), Case(20, 30, 50, 0.0, 0.3))


@dataclass(frozen=True)
class Trial:
    """Intervals of one simulation: how many hold the truth, how many there are, their widths."""

    inside: int
    intervals: int
    half_width: float

    @classmethod
    def of(cls, lower: Floats, upper: Floats, truth: Floats) -> "Trial":
        """Compare bounds with the truth, each (p,)."""
        inside = (lower <= truth) & (truth <= upper)
        return cls(int(inside.sum()), len(truth), float((upper - lower).mean() / 2))


@dataclass(frozen=True)
class Cell:
    """What all simulations of one cell gave."""

    share: float
    intervals: int
    half_width: float
    failed: int

    def __str__(self) -> str:
        failed = f", {self.failed} without a board" if self.failed else ""
        return f"{100 * self.share:.1f} % (±{self.half_width:.3g}{failed})"


type Measure = Callable[[int], Trial]
"""From the seed of a simulation to its intervals."""


def truth_of(board: Board, votes: Comparisons, theta: Floats) -> Floats:
    """True ratings of the rated models, in board order; centred on those, as the board is."""
    rated = theta[[votes.models.index(board.models[row]) for row in board.rated]]
    return np.asarray(1000 + LOGIT * (rated - rated.mean()))


def ratings_covered(case: Case, interval: Interval, seed: int) -> Trial:
    """Ratings of a plain board."""
    votes, theta = case.simulate(seed)
    board = fit_bradley_terry(votes, interval=interval, rounds=ROUNDS)
    rows = board.rated
    return Trial.of(board.lower[rows], board.upper[rows], truth_of(board, votes, theta))


def styled_covered(case: Case, interval: Interval, seed: int) -> Trial:
    """Ratings of a board with style."""
    votes, theta = case.simulate(seed, (EFFECT,))
    board = fit_style_controlled(votes, interval=interval, rounds=ROUNDS)
    rows = board.rated
    return Trial.of(board.lower[rows], board.upper[rows], truth_of(board, votes, theta))


def effect_covered(case: Case, interval: Interval, seed: int) -> Trial:
    """The coefficient of a board with style, in log-odds a unit."""
    votes, _ = case.simulate(seed, (EFFECT,))
    board = fit_style_controlled(votes, interval=interval, standardize=False, rounds=ROUNDS)
    lower, upper = board.coefficient_intervals.T
    return Trial.of(lower, upper, np.array([EFFECT]))


def davidson_covered(case: Case, interval: Interval, seed: int) -> Trial:
    """Ratings under Davidson's ties, on votes drawn from his model."""
    votes, theta = case.simulate(seed)
    rng = np.random.default_rng((seed, 1))
    win, tie = chances(theta, LOG_NU)
    draw, a, b = rng.random(len(votes)), votes.a, votes.b
    outcome = np.select([draw < win[a, b], draw < win[a, b] + tie[a, b]], [0, 2], 1)
    drawn = Comparisons(votes.models, a, b, outcome.astype(np.int8), voter=votes.voter)
    board = fit_bradley_terry(drawn, ties="davidson", interval=interval, rounds=ROUNDS)
    rows = board.rated
    return Trial.of(board.lower[rows], board.upper[rows], truth_of(board, drawn, theta))


def differences_covered(case: Case, interval: Interval, seed: int) -> Trial:
    """Differences from an anchor, from the joint covariance of an anchored board."""
    votes, theta = case.simulate(seed)
    anchor = votes.models[0]
    board = fit_bradley_terry(votes, interval=interval, anchor=(anchor, 1000.0), rounds=ROUNDS)
    others = [model for model in (board.models[row] for row in board.rated) if model != anchor]
    seen = np.array([board.difference(model, anchor) for model in others])
    truth = LOGIT * np.array([theta[votes.models.index(model)] - theta[0] for model in others])
    return Trial.of(seen[:, 0] - 1.96 * seen[:, 1], seen[:, 0] + 1.96 * seen[:, 1], truth)


def coverage(
    case: Case, interval: Interval, wanted: int, seconds: float = np.inf
) -> tuple[float, int, float, int]:
    """Share of a plain board's intervals that hold the truth, over at least `wanted` of them.

    Returns
    -------
    share, intervals, mean half-width in points, simulations that had no board
    """
    cell = measure(partial(ratings_covered, case, interval), wanted, seconds)
    return cell.share, cell.intervals, cell.half_width, cell.failed


def measure(one: Measure, wanted: int, seconds: float = np.inf) -> Cell:
    """Repeat simulations until there are `wanted` intervals, or the time is up."""
    trials: list[Trial] = []
    failed = seed = 0
    end = time.process_time() + seconds
    while sum(trial.intervals for trial in trials) < wanted and time.process_time() < end:
        seed += 1
        try:
            trials.append(one(seed))
        except RatingsError:
            failed += 1
    total = sum(trial.intervals for trial in trials)
    inside = sum(trial.inside for trial in trials)
    width = float(np.mean([trial.half_width for trial in trials])) if trials else np.nan
    return Cell(inside / total if total else np.nan, total, width, failed)


def wanted_of(interval: Interval, wanted: int) -> int:
    """How many intervals a cell of this kind needs."""
    return wanted // FEWER if interval in BOOTSTRAPS else wanted


def effect_recovered(votes: int, simulations: int) -> tuple[Floats, Floats, float]:
    """Fit a true effect of `EFFECT` again and again.

    Returns
    -------
    summed, averaged : (simulations,)
        Estimates on the summed loss, and on the mean loss with a ridge of 1 beside it.
    share : float
        Of the intervals on the summed loss that hold the truth.
    """
    case = Case(20, votes // 10, 200, 0.0, 0.2)
    summed, averaged, inside = [], [], 0
    for seed in range(1, simulations + 1):
        drawn, _ = case.simulate(seed, (EFFECT,))
        board = fit_style_controlled(drawn, standardize=False)
        lower, upper = board.coefficient_intervals[0]
        summed.append(board.coefficients[0])
        inside += lower <= EFFECT <= upper
        # The mean over n votes with a ridge of 1 is the sum with a ridge of n.
        mean = fit_style_controlled(drawn, standardize=False, ridge=len(drawn), interval=None)
        averaged.append(mean.coefficients[0])
    return np.array(summed), np.array(averaged), inside / simulations


def facts(case: Case) -> str:
    """Columns that describe a case."""
    columns = (case.m, case.votes_per_model, case.voters, f"{case.taste:g}", f"{case.ties:g}")
    return "| " + " | ".join(map(str, columns)) + " | "


HEADING = "| Models | Votes a model | Voters | Taste | Ties | "
RULE = "|" + "---:|" * 5


@dataclass(frozen=True)
class Table:
    """One table of the page."""

    title: str
    one: Callable[[Case, Interval, int], Trial]
    cases: tuple[Case, ...]
    intervals: tuple[Interval, ...]
    remark: str = ""

    def lines(self, pool: ProcessPoolExecutor, wanted: int, seconds: float) -> Iterator[str]:
        """Yield its lines, each when it is done."""
        yield from ("", f"## {self.title}", "", *([self.remark, ""] if self.remark else []))
        yield HEADING + " | ".join(self.intervals) + " |"
        yield RULE + "---:|" * len(self.intervals)
        aims = [wanted_of(interval, wanted) for interval in self.intervals]
        futures = {
            (case, interval): pool.submit(measure, partial(self.one, case, interval), aim, seconds)
            for case in self.cases
            for interval, aim in zip(self.intervals, aims, strict=True)
        }
        for case in self.cases:
            cells = [futures[case, interval].result() for interval in self.intervals]
            few = [
                f" of {cell.intervals:,}" * (cell.intervals < aim)
                for cell, aim in zip(cells, aims, strict=True)
            ]
            told = (f"{cell}{number}" for cell, number in zip(cells, few, strict=True))
            yield facts(case) + " | ".join(told) + " |"


TABLES = (
    Table("Ratings", ratings_covered, CASES, INTERVALS),
    Table(
        "Ratings with style control",
        styled_covered,
        OTHERS,
        INTERVALS,
        f"Simulated with an effect of {EFFECT} log-odds a standard deviation.",
    ),
    Table(
        "The style effect itself",
        effect_covered,
        OTHERS,
        INTERVALS,
        "In brackets the mean half-width in log-odds.",
    ),
    Table(
        "Ratings with Davidson's ties",
        davidson_covered,
        OTHERS[::2],
        INTERVALS,
        "Votes are drawn from Davidson's model, about a quarter of them ties; *ties* of the case "
        "say nothing here.",
    ),
    Table(
        "Differences from an anchor",
        differences_covered,
        OTHERS,
        INTERVALS[:3],
        "One model is held at 1000; each other one's distance to it, from the joint covariance "
        "(`Board.difference`), with 1.96 standard errors. The intervals of an anchored board's "
        "table are those against the mean of all, whatever the anchor.",
    ),
)


def recovery(simulations: int) -> Iterator[str]:
    """Yield the lines of the table of recovered effects."""
    yield from ("", f"## A true effect of {EFFECT}, found again", "")
    yield (
        f"{simulations} simulations a row, 20 models. *Mean loss* is the trap: the likelihood "
        "averaged over votes with a ridge of 1 beside it shrinks the effect several times over, "
        "and no number of votes mends it."
    )
    yield ""
    yield "| Votes | Mean estimate | Its error | Spread | Intervals that hold 0.25 | Mean loss |"
    yield "|" + "---:|" * 6
    for votes in (500, 2_000, 10_000, 50_000):
        summed, averaged, share = effect_recovered(votes, simulations)
        error = summed.std(ddof=1) / np.sqrt(simulations)
        yield (
            f"| {votes:,} | {summed.mean():.4f} | ±{error:.4f} | {summed.std(ddof=1):.4f} | "
            f"{100 * share:.1f} % | {averaged.mean():.3f} |"
        )


def _error(intervals: int) -> float:
    """Standard error of a share of 95 %, in per cent, were the intervals independent."""
    return float(100 * np.sqrt(0.95 * 0.05 / intervals))


def introduction(wanted: int) -> list[str]:
    """Opening of the page."""
    fewer = wanted_of("bootstrap", wanted)
    return [
        "# Coverage of the 95 % intervals",
        "",
        "<!-- Written by `python -m tests.bench.coverage`. Change the script, not this page. -->",
        "",
        "Share of intervals that hold the truth, in simulations where the expected score of",
        "every vote is exactly the model's; in brackets the mean half-width in points. A cell has",
        f"at least {wanted:,} intervals, one of a bootstrap {fewer:,}, or the number said. Chance",
        f"moves the first by {_error(wanted):.1f} points of per cent and the second by",
        f"{_error(fewer):.1f}, a little more as intervals of one simulation hang together.",
        f"Bootstraps have {ROUNDS} rounds here, which makes their bounds more ragged than those of",
        "the default.",
        "Simulations *without a board*, where votes were too thin for the fit, are left out.",
        "",
        "*Taste* is the share of a vote's noise that is the voter's lasting liking of the models:",
        "0 makes all votes independent. *Ties* is the share of the weaker side's points that are",
        "ties. `bootstrap` draws votes, `bootstrap_voters` draws whole voters.",
        "",
        "How to read it: where voters have tastes only `clustered` and `bootstrap_voters` are",
        "honest, and of the two `clustered` holds with fewer voters, because Student's t knows",
        "how few they are. Where votes are independent the sandwich does, with half ties; the",
        "model's interval is then too wide. Thin rows (under 30 votes a model, or a dozen voters)",
        "are printed as they are.",
    ]


def main() -> None:
    """Write the page, a line at a time on the screen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--intervals", type=int, default=5000, help="intervals a cell, at least")
    parser.add_argument("--simulations", type=int, default=200, help="of a recovered effect")
    parser.add_argument("--seconds", type=float, default=120.0, help="of CPU time a cell, at most")
    asked = parser.parse_args()
    lines = introduction(asked.intervals)
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        for table in TABLES:
            for line in table.lines(pool, asked.intervals, asked.seconds):
                print(line, flush=True)  # noqa: T201 - a table printed as it grows
                lines.append(line)
    for line in recovery(asked.simulations):
        print(line, flush=True)  # noqa: T201
        lines.append(line)
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
