"""Where marks stand on the one axis that all rows of a table share."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

_STEPS = (1, 2, 5, 10)
_MARGIN = 0.04
_TICKS = 4


@dataclass(frozen=True)
class Mark:
    """An interval and its point as percentages of the axis, ready for SVG attributes."""

    point: str
    lower: str
    upper: str


@dataclass(frozen=True)
class Tick:
    """A round number on the axis."""

    at: str
    label: str


@dataclass(frozen=True)
class Axis:
    """A linear axis from `low` to `high`, in points."""

    low: float
    high: float

    @classmethod
    def over(cls, values: Iterable[float | None]) -> Self | None:
        """Return an axis that shows all values with a small margin; None without values."""
        known = [value for value in values if value is not None]
        if not known:
            return None
        low, high = min(known), max(known)
        margin = max((high - low) * _MARGIN, 5.0)
        return cls(low - margin, high + margin)

    def at(self, value: float) -> str:
        """Return a value's place, such as "41.67%"."""
        return f"{100 * (value - self.low) / (self.high - self.low):.2f}%"

    def mark(self, rating: float, lower: float | None, upper: float | None) -> Mark:
        """Return where an interval is drawn; without bounds it is a point."""
        return Mark(
            self.at(rating),
            self.at(rating if lower is None else lower),
            self.at(rating if upper is None else upper),
        )

    def ticks(self) -> list[Tick]:
        """Return about four round numbers inside the axis."""
        step = _nice_step((self.high - self.low) / _TICKS)
        first = math.ceil(self.low / step)
        last = math.floor(self.high / step)
        return [Tick(self.at(n * step), f"{n * step:.0f}") for n in range(first, last + 1)]


def _nice_step(least: float) -> float:
    power: float = 10.0 ** math.floor(math.log10(least))
    return max(next(step * power for step in _STEPS if step * power >= least), 1.0)
