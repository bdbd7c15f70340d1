"""What two models did against each other, and what it would take to tell them apart."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from ratings.arrays import Integers
from ratings.board import Board
from ratings.comparisons import Comparisons
from ratings.errors import InvalidParameter
from ratings.outcomes import BOTH_BAD, TIE, A, B
from ratings.tally import Tally


@dataclass(frozen=True)
class PairRecord:
    """Direct votes between two models, seen from the first."""

    won: int
    lost: int
    tied: int
    both_bad: int

    @property
    def votes(self) -> int:
        """All votes between the two."""
        return self.won + self.lost + self.tied + self.both_bad

    @property
    def score(self) -> float:
        """Share of points of the first model, half a point for a tie or both-bad; NaN unmet."""
        return (self.won + (self.tied + self.both_bad) / 2) / self.votes if self.votes else math.nan


@dataclass(frozen=True, eq=False)
class PairRecords:
    """Direct votes between all pairs, each (m, m) int64, from the row's side."""

    models: tuple[str, ...]
    won: Integers
    tied: Integers
    both_bad: Integers

    def between(self, model: str, other: str) -> PairRecord:
        """Return the record of one pair."""
        try:
            i, j = self.models.index(model), self.models.index(other)
        except ValueError:
            raise InvalidParameter(f"there are no votes on {model!r} or {other!r}") from None
        return PairRecord(
            int(self.won[i, j]), int(self.won[j, i]), int(self.tied[i, j]), int(self.both_bad[i, j])
        )


def pair_records(votes: Comparisons | Tally) -> PairRecords:
    """Count the direct votes of every pair."""
    tally = votes if isinstance(votes, Tally) else Tally.from_comparisons(votes)
    count = np.rint(tally.count).astype(np.int64)
    return PairRecords(
        tally.models,
        count[A] + count[B].T,
        count[TIE] + count[TIE].T,
        count[BOTH_BAD] + count[BOTH_BAD].T,
    )


def votes_still_needed(board: Board, model: str, other: str, *, power: float = 0.8) -> float:
    r"""Direct votes between two models that would tell them apart.

    If the ratings differ by what they seem to, then after this many more votes between the two
    the interval of the difference excludes 0 with probability `power`.

    With difference d, its variance v, and p (1 - p) the information of a vote in log-odds, n
    solves 1 / (1/v + n p (1 - p)) = (d / (z_level + z_power))^2. Ties carry a little more than
    that formula grants them, so n is on the safe side.

    Parameters
    ----------
    board : Board
        With an interval; its level is the level of the test.
    model, other : str
    power : float

    Returns
    -------
    float
        A whole number; 0 when they are told apart already; infinite when the ratings are equal.

    Raises
    ------
    InvalidParameter
        A model is not on the board or has no rating, the board has no interval.
    """
    if not 0.5 <= power < 1:
        raise InvalidParameter(f"power must lie between 0.5 and 1, not {power}")
    difference, error = board.difference(model, other)
    if not math.isfinite(error) or not math.isfinite(difference):
        raise InvalidParameter(f"the board has no interval of {model!r} against {other!r}")
    normal = NormalDist()
    sure = normal.inv_cdf(0.5 + board.level / 2)
    if abs(difference) > sure * error:
        return 0.0
    logit = difference / board.scale.points_per_logit
    if logit == 0:
        return math.inf
    chance = 1 / (1 + math.exp(-logit))
    wanted = ((sure + normal.inv_cdf(power)) / logit) ** 2
    known = (board.scale.points_per_logit / error) ** 2 if error else math.inf
    return float(max(0, math.ceil((wanted - known) / (chance * (1 - chance)))))
