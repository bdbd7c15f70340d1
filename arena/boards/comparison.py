"""Two models against each other: their direct votes, and what the ratings expect."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from arena.boards.models import SnapshotRow
from arena.boards.pairs import JointRatings, Pairs

_POINTS_PER_LOGIT = 400 / math.log(10)
_SURE = NormalDist().inv_cdf(0.975)
_POWER = NormalDist().inv_cdf(0.8)


@dataclass(frozen=True)
class Expected:
    """What the ratings say of two models.

    Attributes
    ----------
    difference, error : float
        Points, first minus second; the error is that of the difference itself, from the joint
        covariance.
    """

    difference: float
    error: float

    @property
    def bounds(self) -> tuple[float, float]:
        """Return the 95 % interval of the difference."""
        return self.difference - _SURE * self.error, self.difference + _SURE * self.error

    @property
    def chances(self) -> tuple[float, float, float]:
        """Return the chance that the first wins: point, lower, upper."""
        point, low, high = (
            1 / (1 + math.exp(-points / _POINTS_PER_LOGIT))
            for points in (self.difference, *self.bounds)
        )
        return point, low, high

    @property
    def shares(self) -> tuple[int, int, int]:
        """Return how often in 100 the first is expected to win: point, lower, upper."""
        point, low, high = (round(100 * chance) for chance in self.chances)
        return point, low, high

    @property
    def told_apart(self) -> bool:
        """Return whether the interval of the difference leaves 0 out."""
        return abs(self.difference) > _SURE * self.error

    @property
    def votes_needed(self) -> float:
        """Return further direct votes that would tell the two apart, if the difference is true.

        `ratings.votes_still_needed` states the equation; infinite for equal ratings.
        """
        if self.told_apart:
            return 0
        logit = self.difference / _POINTS_PER_LOGIT
        if logit == 0:
            return math.inf
        chance = 1 / (1 + math.exp(-logit))
        wanted = ((_SURE + _POWER) / logit) ** 2
        known = (_POINTS_PER_LOGIT / self.error) ** 2
        return max(0, math.ceil((wanted - known) / (chance * (1 - chance))))


def expectation(rows: Sequence[SnapshotRow | None], pairs: JointRatings | None) -> Expected | None:
    """Return what the ratings expect; None when one has no rating or no joint uncertainty."""
    first, second = rows
    if first is None or second is None or pairs is None:
        return None
    if first.rating is None or second.rating is None:
        return None
    try:
        i, j = (pairs.models.index(row.language_model_id) for row in (first, second))
    except ValueError:
        return None
    covariance = pairs.covariance
    variance = float(covariance[i, i] + covariance[j, j] - 2 * covariance[i, j])
    if not math.isfinite(variance) or variance <= 0:
        return None
    return Expected(first.rating - second.rating, math.sqrt(variance))


def direct_votes(first: int, second: int, pairs: Pairs | None) -> dict[str, int] | None:
    """Return the direct votes of two models by primary key; None when the two never met."""
    if pairs is None or not {first, second} <= set(pairs.models):
        return None
    i, j = pairs.models.index(first), pairs.models.index(second)
    if not pairs.votes[i, j]:
        return None
    return {
        "won": int(pairs.won[i, j]),
        "lost": int(pairs.won[j, i]),
        "tied": int(pairs.tied[i, j]),
        "both_bad": int(pairs.both_bad[i, j]),
    }
