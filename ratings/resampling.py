"""Poisson resamples of counts, drawn through tables so that every path draws the same numbers.

One uniform number in [0, 1) is turned into one Poisson count by looking it up among the cumulated
chances (inversion), in NumPy or compiled. Poisson counts add up, so a large mean is drawn in parts.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Self

import numpy as np

from ratings.arrays import Floats, Integers
from ratings.newton import PairPoints, permitted_gradient
from ratings.tally import Tally

_LARGEST = 256.0
"""Largest mean that is drawn at once."""

_GUIDE = 128
"""Parts of [0, 1) for which the search knows where to begin."""

_MOST_STEPS = 40
_SLOW = 0.5
_FARTHEST = 4.0
"""Log-odds from the whole's strength; a resample that goes farther is fitted with more care."""


@dataclass(frozen=True, eq=False)
class PoissonTables:
    """Cumulated chances of t Poisson distributions, end to end.

    Attributes
    ----------
    starts : (t + 1,) where each begins in `cumulative`
    cumulative : chance of so many or fewer; each table ends with 1
    guide : (t, g) least count that a number in each g-th part of [0, 1) can mean
    """

    starts: Integers
    cumulative: Floats
    guide: Integers

    @classmethod
    def of(cls, means: Floats) -> Self:
        """Tabulate distributions of the means given, each at most `_LARGEST`."""
        tables = [_cumulated(mean) for mean in means.tolist()]
        starts = np.concatenate([[0], np.cumsum([len(table) for table in tables])])
        edges = np.arange(_GUIDE) / _GUIDE
        guide = np.array([np.searchsorted(table, edges, side="right") for table in tables])
        return cls(starts.astype(np.int64), np.concatenate(tables), guide.reshape(-1, _GUIDE))


def _cumulated(mean: float) -> Floats:
    counts = np.arange(int(mean + 12 * np.sqrt(mean)) + 32)
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(counts[1:]))])
    chances: Floats = np.cumsum(np.exp(counts * np.log(mean) - mean - log_factorial))
    chances[-1] = 1.0
    return chances


@dataclass(frozen=True, eq=False)
class Cells:
    """Counts of every pair and kind of result, side A and side B together, as d draws.

    Attributes
    ----------
    m : int
    place : (d,) position in ``won`` raveled, or beyond it in the upper half of ``level``
    table : (d,) which of `tables` the draw is from
    unit : (d,) weight of one vote
    tables : PoissonTables
    """

    m: int
    place: Integers
    table: Integers
    unit: Floats
    tables: PoissonTables

    @classmethod
    def of(cls, tally: Tally) -> Self:
        """Fold a tally whose votes have no weights but those of their pairs."""
        count, weight = (
            np.concatenate([won.ravel(), np.triu(level).ravel()])
            for won, level in (tally.counted_sides, tally.weight_sides)
        )
        m = len(tally.models)
        place = np.flatnonzero(count)
        # Pair after pair, so that the sums of a draw are where those of the last were.
        i, j = place // m % m, place % m
        place = place[np.lexsort((place, np.maximum(i, j), np.minimum(i, j)))]
        count, unit = count[place], weight[place] / count[place]
        whole, rest = np.divmod(count, _LARGEST)
        parts = whole.astype(np.int64) + (rest > 0)
        mean = np.full(parts.sum(), _LARGEST)
        last = np.cumsum(parts) - 1
        mean[last[rest > 0]] = rest[rest > 0]
        means, table = np.unique(mean, return_inverse=True)
        return cls(
            m,
            np.repeat(place, parts),
            table.astype(np.int32),
            np.repeat(unit, parts),
            PoissonTables.of(means),
        )

    def draw(self, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Draw resampled weights of won (m, m) and undecided votes (m, m)."""
        m, uniform = self.m, rng.random(len(self.place))
        counts = np.empty(len(uniform))
        order, bounds = self._by_table
        for table, (first, last) in enumerate(pairwise(bounds)):
            chances = self.tables.cumulative[
                self.tables.starts[table] : self.tables.starts[table + 1]
            ]
            rows = order[first:last]
            counts[rows] = np.searchsorted(chances, uniform[rows], side="right")
        drawn = np.bincount(self.place, counts * self.unit, 2 * m * m)
        level = drawn[m * m :].reshape(m, m)
        return drawn[: m * m].reshape(m, m), level + level.T

    @cached_property
    def _by_table(self) -> tuple[Integers, list[int]]:
        order = np.argsort(self.table, kind="stable")
        ends = np.cumsum(np.bincount(self.table, minlength=len(self.tables.guide)))
        return order, [0, *ends.tolist()]


class QuickRefits:
    """Compiled refits of resampled cells: steps with the inverse Hessian of the whole.

    Parameters
    ----------
    cells : Cells
    pairs : PairPoints
        Of the whole, without a prior.
    theta : (m,) strengths of the whole
    compiled : the module of compiled kernels
    """

    def __init__(self, cells: Cells, pairs: PairPoints, theta: Floats, compiled: Any) -> None:
        self._cells = cells
        place, m = cells.place, cells.m
        self._i, self._j = (place // m % m).astype(np.int32), (place % m).astype(np.int32)
        self._level = place >= m * m
        self._inverse = pairs.inverse(theta)
        self._theta = theta
        self._kernels = compiled

    def __call__(self, rng: np.random.Generator) -> Floats | None:
        """Strengths (m,) of the next resample, or None where a careful fit has to look."""
        cells, m, compiled = self._cells, len(self._theta), self._kernels
        tables = cells.tables
        played, won = np.zeros((m, m)), np.zeros(m)
        weight, took = np.zeros(m), np.zeros((m, m), dtype=np.uint8)
        uniform = rng.random(len(cells.place))
        compiled.draw_counts(
            *(uniform, cells.table, tables.starts, tables.guide, tables.cumulative),
            *(self._i, self._j, self._level, cells.unit, played, won, weight, took),
        )
        if not compiled.linked(took):
            return None
        theta = self._theta.copy()
        allowed = permitted_gradient(weight)
        taken = compiled.chord(
            self._inverse, theta, played, won, allowed, _MOST_STEPS, _SLOW, _FARTHEST
        )
        return theta if taken >= 0 else None
