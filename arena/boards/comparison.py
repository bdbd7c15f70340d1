"""Two models against each other: their direct votes, and what the ratings expect."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from arena.boards.models import Board, SnapshotRow
from arena.boards.newest import newest_snapshots
from arena.boards.pairs import Pairs, difference_variances
from arena.catalog.models import LanguageModel

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


@dataclass(frozen=True)
class Encounter:
    """Two models on a board where both stand.

    Attributes
    ----------
    board : Board
    rows : (SnapshotRow, SnapshotRow)
        Of the first and the second, in the board's newest snapshot.
    expected : Expected or None
        None when one has no rating or the two have no joint uncertainty.
    """

    board: Board
    rows: tuple[SnapshotRow, SnapshotRow]
    expected: Expected | None


def encounters(models: Sequence[LanguageModel], source: str) -> list[Encounter]:
    """Return the boards of a source where two models stand, with what their ratings expect.

    Boards of all time without style control: everything first, then uses and languages.
    """
    newest = newest_snapshots(Board.objects.of_all_time().filter(source=source))
    first, second = models
    lines = SnapshotRow.objects.filter(snapshot__in=newest, language_model__in=models)
    by_board: dict[Board, dict[int, SnapshotRow]] = {}
    for line in lines.select_related("snapshot__board"):
        by_board.setdefault(line.snapshot.board, {})[line.language_model_id] = line
    both = {
        board: (rows[first.pk], rows[second.pk])
        for board, rows in by_board.items()
        if len(rows) == 2
    }
    variances = difference_variances(both, first.pk, second.pk)
    return [
        Encounter(board, both[board], _expectation(*both[board], variances.get(board.pk)))
        for board in sorted(both, key=lambda board: (board.slug != "overall", board.slug))
    ]


def _expectation(
    first: SnapshotRow, second: SnapshotRow, variance: float | None
) -> Expected | None:
    if first.rating is None or second.rating is None or variance is None:
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
