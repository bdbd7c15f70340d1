"""From natural log-odds to points on a published scale."""

import math
from dataclasses import dataclass

from ratings.errors import InvalidParameter


@dataclass(frozen=True)
class Scale:
    """P(a beats b) = 1 / (1 + base^((r_b - r_a) / scale)), mean `center` or `anchor` fixed.

    An anchor moves all ratings together. It changes no interval: every interval stays that of a
    model against the mean of all, since an interval against one rarely seen model would widen
    all the others.
    """

    scale: float = 400.0
    base: float = 10.0
    center: float = 1000.0
    anchor: tuple[str, float] | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.scale) and self.scale > 0):
            raise InvalidParameter(f"scale must be a positive number, not {self.scale}")
        if not (math.isfinite(self.base) and self.base > 1):
            raise InvalidParameter(f"base must be a number above 1, not {self.base}")
        if not math.isfinite(self.center):
            raise InvalidParameter(f"center must be a finite number, not {self.center}")
        if self.anchor is not None:
            self._check_anchor(self.anchor)

    @staticmethod
    def _check_anchor(anchor: tuple[str, float]) -> None:
        match anchor:
            case (str(), int() | float() as rating) if math.isfinite(rating):
                return
        raise InvalidParameter(f"anchor must be (model, rating), not {anchor!r}")

    @property
    def points_per_logit(self) -> float:
        """Points of rating in one natural log-odds; 173.7 for 400 and 10."""
        return self.scale / math.log(self.base)
