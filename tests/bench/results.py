"""What was measured, kept in one JSON file, so that a long run can be done in parts."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench.grid import GRID, Case

FILE = Path(__file__).with_name("speed.json")


@dataclass(frozen=True)
class Result:
    """What one contender took, or why there is no figure.

    Attributes
    ----------
    seconds, processor : float or None
        On the clock, and processor time of all threads: the best of `runs`.
    memory : float or None
        MB above the input.
    error : float or None
        Points.
    """

    seconds: float | None = None
    processor: float | None = None
    memory: float | None = None
    error: float | None = None
    runs: int = 0
    reason: str = ""


@dataclass
class Results:
    """Results by case and contender, in the order of the grid."""

    machine: str
    measured: dict[str, dict[str, Result]]

    @classmethod
    def load(cls) -> "Results":
        """Read what earlier parts have measured."""
        if not FILE.exists():
            return cls("", {})
        kept = json.loads(FILE.read_text(encoding="utf-8"))
        return cls(
            kept["machine"],
            {
                case: {name: Result(**result) for name, result in contenders.items()}
                for case, contenders in kept["measured"].items()
            },
        )

    def save(self) -> None:
        """Write all of them."""
        FILE.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    def of(self, case: Case) -> dict[str, Result]:
        """Return results of one case by contender."""
        return self.measured.get(case.key, {})

    def add(self, case: Case, contender: str, result: Result) -> None:
        """Take in one result and keep it on disk."""
        self.measured.setdefault(case.key, {})[contender] = result
        self.save()

    def cases(self) -> list[Case]:
        """Cases of the grid with results."""
        return [case for case in GRID if case.key in self.measured]
