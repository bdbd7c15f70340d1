"""What the library set out to reach, and whether it did."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tests.bench.grid import Case
from tests.bench.results import Result, Results

type Quantity = Literal["ratio", "seconds", "memory", "error"]

LARGE = Case("plain", 10_000_000, 200)
STYLE = Case("style", 10_000_000, 200)


@dataclass(frozen=True)
class Goal:
    """A figure of one of our ways, as such or beside another's.

    Attributes
    ----------
    case : Case
    quantity : str
        "ratio" of the other's time to ours, at least `target`; "seconds", at most; "memory" as a
        share of the other's, at most; "error" in points, at most.
    target : float
    ours, other : str
        Contenders.
    """

    case: Case
    quantity: Quantity
    target: float
    ours: str = "ours"
    other: str = ""

    def measured(self, results: Results) -> float | None:
        """Return the figure, or None where it was not measured."""
        found = results.of(self.case)
        mine, theirs = found.get(self.ours, Result()), found.get(self.other, Result())
        match self.quantity:
            case "ratio":
                return _quotient(theirs.seconds, mine.seconds)
            case "memory":
                return _quotient(mine.memory, theirs.memory)
            case "seconds":
                return mine.seconds
            case "error":
                return mine.error

    def reached(self, measured: float) -> bool:
        """Whether that is good enough."""
        return measured >= self.target if self.quantity == "ratio" else measured <= self.target

    def figure(self, value: float) -> str:
        """Write a value of this quantity."""
        match self.quantity:
            case "ratio":
                return f"{value:,.0f}×" if value >= 100 else f"{value:.3g}×"
            case "memory":
                return f"{value:.2g} of theirs"
            case "seconds":
                return f"{1000 * value:.3g} ms"
            case "error":
                return f"{value:.1g} points"


GOALS = (
    Goal(LARGE, "ratio", 450, other="evalica"),
    Goal(LARGE, "ratio", 1000, other="L-BFGS"),
    Goal(LARGE, "ratio", 12, "ours, strings", "evalica"),
    Goal(LARGE, "ratio", 25, "ours, strings", "L-BFGS"),
    Goal(Case("plain", 1_000_000, 400), "ratio", 150, other="arena-rank"),
    Goal(Case("plain from counts", 1_000_000, 400), "ratio", 2, other="choix"),
    Goal(STYLE, "ratio", 250, other="L-BFGS"),
    Goal(STYLE, "ratio", 1200, "ours, sorted", "L-BFGS"),
    Goal(Case("style", 1_000_000, 400), "ratio", 100, other="L-BFGS"),
    Goal(Case("bootstrap", 1_000_000, 400), "ratio", 200, other="L-BFGS"),
    Goal(Case("elo", 10_000_000, 200), "ratio", 90, other="evalica"),
    Goal(Case("one more vote", 1_000_000, 400), "seconds", 0.0003),
    Goal(Case("one more vote, all intervals", 1_000_000, 400), "seconds", 0.006),
    Goal(Case("thirty categories", 10_000_000, 200), "seconds", 0.6),
    Goal(LARGE, "memory", 0.1, other="arena-rank"),
    Goal(STYLE, "memory", 0.1, other="arena-rank"),
    Goal(LARGE, "error", 1e-6),
    Goal(STYLE, "error", 1e-6),
)


def goal_rows(results: Results) -> Iterator[str]:
    """Yield lines of a Markdown table: goal, measured, reached or not."""
    for goal in GOALS:
        measured = goal.measured(results)
        work = f"{goal.case.work}, {goal.case.votes:,} votes, {goal.case.models} models"
        way = "" if goal.ours == "ours" else f" ({goal.ours.removeprefix('ours, ')})"
        beside = f" beside {goal.other}" if goal.other else ""
        verdict = "not measured" if measured is None else ("no", "yes")[goal.reached(measured)]
        figure = "" if measured is None else goal.figure(measured)
        yield f"| {work}{way}{beside} | {goal.figure(goal.target)} | {figure} | {verdict} |"


def _quotient(one: float | None, other: float | None) -> float | None:
    return None if one is None or not other else one / other
