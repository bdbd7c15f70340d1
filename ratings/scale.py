"""From natural log-odds to points on a published scale."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real

import numpy as np

from ratings.arrays import Floats
from ratings.components import Components
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
    def _check_anchor(anchor: tuple[object, ...]) -> None:
        match anchor:
            case (str(), rating) if isinstance(rating, Real) and math.isfinite(rating):
                return
        raise InvalidParameter(f"anchor must be (model, rating), not {anchor!r}")

    @property
    def points_per_logit(self) -> float:
        """Points of rating in one natural log-odds; 173.7 for 400 and 10."""
        return self.scale / math.log(self.base)

    def shift(self, models: Sequence[str], components: Components, theta: Floats) -> float:
        """Points at which a strength of 0 stands.

        Parameters
        ----------
        models : m str
        components : Components
            Over all m models.
        theta : (r,)
            Natural log-odds of ``components.main``, with mean 0.

        Raises
        ------
        InvalidParameter
            The anchor is not among the models, or has no rating.
        """
        if self.anchor is None:
            return self.center
        name, rating = self.anchor
        if name not in models:
            raise InvalidParameter(f"the anchor {name!r} is not among the models")
        place = models.index(name)
        if place in components.unrated:
            raise InvalidParameter(
                f"the anchor {name!r} has no rating: {components.unrated[place]}"
            )
        here = int(np.flatnonzero(components.main == place)[0])
        return float(float(rating) - self.points_per_logit * theta[here])
