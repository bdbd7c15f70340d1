"""Votes summed into counts per ordered pair and outcome: all that a plain board needs.

Ten million votes between 200 models become 160,000 numbers, and every plain fit, interval and
bootstrap works on those. A database can keep the same numbers up to date by itself.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from ratings.arrays import AnyFloat, Floats, Integers
from ratings.comparisons import Comparisons
from ratings.compiled import column, even_shares, in_threads, kernels, pair_kernels
from ratings.errors import InvalidParameter, InvalidVotes
from ratings.outcomes import OUTCOMES, Scoring

_BLOCK = 1 << 20
"""Votes summed at a time, so that memory stays small beside the input."""


@dataclass(frozen=True, eq=False)
class Tally:
    """Votes per outcome and ordered pair.

    Parameters
    ----------
    models : tuple of m str
    count : (4, m, m) float64
        ``count[o, a, b]`` votes with outcome ``o``, model ``a`` on side A and ``b`` on side B.
    weight, square : (4, m, m) float64, optional
        Sum of the votes' weights and of their squares; `count` when no vote has a weight.
    factor : (m, m) float64, optional
        What a vote of a pair was multiplied with because of its pair; already in `weight`.
    """

    models: tuple[str, ...]
    count: Floats
    weight: Floats
    square: Floats
    factor: Floats | None = None

    @classmethod
    def from_counts(cls, models: tuple[str, ...], count: Floats) -> Self:
        """Take counts that a database has kept, shape (4, m, m)."""
        count = np.ascontiguousarray(count, dtype=np.float64)
        m = len(models)
        if count.shape != (len(OUTCOMES), m, m):
            raise InvalidVotes(f"counts of {m} models must have shape (4, {m}, {m})")
        if not np.isfinite(count).all() or (count < 0).any():
            raise InvalidVotes("a count is negative or not a number")
        if np.einsum("oii->", count):
            raise InvalidVotes("the counts compare a model with itself")
        return cls(models, count, count, count)

    @classmethod
    def from_comparisons(cls, votes: Comparisons) -> Self:
        """Sum the votes, in blocks."""
        m = len(votes.models)
        if votes.weight is None:
            count = _count(votes).reshape(4, m, m)
            return cls(votes.models, count, count, count)
        present = (votes.weight > 0).astype(np.float64)
        count, weight, square = (
            _sum_by_key(votes, column).reshape(4, m, m)
            for column in (present, votes.weight, votes.weight**2)
        )
        return cls(votes.models, count, weight, square)

    @cached_property
    def meetings(self) -> Floats:
        """Votes of each unordered pair, whatever their outcome; symmetric, shape (m, m)."""
        won, level = self.counted_sides
        return won + won.T + level

    @cached_property
    def counted_sides(self) -> tuple[Floats, Floats]:
        """Votes by winner, and undecided: see `by_score`."""
        return by_score(self.count)

    @cached_property
    def weight_sides(self) -> tuple[Floats, Floats]:
        """Weight of decided votes by winner, and of undecided ones: see `by_score`."""
        return self.counted_sides if self.weight is self.count else by_score(self.weight)

    @cached_property
    def points(self) -> Floats:
        """Weight that the row took from the column, (m, m): a win is 1, a tie one half to each."""
        won, level = self.weight_sides
        taken: Floats = 0.5 * level
        taken += won
        return taken

    @cached_property
    def square_sides(self) -> tuple[Floats, Floats]:
        """The same of squared weights."""
        return self.counted_sides if self.square is self.count else by_score(self.square)

    def reweighted(self, pair_weight: float | None) -> "Tally":
        """Weigh every vote by 1 / max(votes of its pair, `pair_weight`), with mean 1.

        So no pair that was drawn too often rules the board; the floor keeps a pair that was
        hardly drawn from ruling it instead.
        """
        if pair_weight is None:
            return self
        if not pair_weight > 0 or not np.isfinite(pair_weight):
            raise InvalidParameter(f"pair_weight must be a positive number, not {pair_weight}")
        factor = 1.0 / np.maximum(self.meetings, pair_weight)
        total = self.count.sum()
        factor *= total / max((self.count.sum(axis=0) * factor).sum(), np.finfo(float).tiny)
        weight, square = self.weight * factor, self.square * factor**2
        return Tally(self.models, self.count, weight, square, factor)

    def counted(self, scoring: Scoring) -> "Tally":
        """Leave out the outcomes that `scoring` drops."""
        if all(scoring.counted):
            return self
        keep = np.asarray(scoring.counted, dtype=np.float64)[:, None, None]
        if self.weight is self.count:
            return Tally(self.models, *(3 * (self.count * keep,)))
        return Tally(self.models, self.count * keep, self.weight * keep, self.square * keep)

    def restricted(self, members: Integers) -> "Tally":
        """Keep only the models in `members` and the votes between them."""
        if len(members) == len(self.models):
            return self
        models = tuple(self.models[member] for member in members)
        square = np.ix_(range(4), members, members)
        factor = None if self.factor is None else self.factor[np.ix_(members, members)]
        if self.weight is self.count:
            return Tally(models, *(3 * (self.count[square],)), factor)
        return Tally(models, self.count[square], self.weight[square], self.square[square], factor)

    def votes(self) -> Integers:
        """Votes of each model, shape (m,)."""
        return np.rint(self.meetings.sum(axis=1)).astype(np.int64)

    def digest(self) -> str:
        """SHA-256 of the sums, which is the same for the same votes in any order."""
        order = np.argsort(np.array(self.models))
        state = hashlib.sha256("\0".join(self.models[place] for place in order).encode())
        square = np.ix_(range(4), order, order)
        for table in (self.count, self.weight, self.square):
            state.update(np.ascontiguousarray(table[square], dtype="<f8").data)
        return state.hexdigest()


def by_score(table: Floats) -> tuple[Floats, Floats]:
    """Fold a (4, m, m) table over sides: decided votes of i over j, and undecided votes.

    Returns
    -------
    won : (m, m), ``won[i, j]`` from votes that i won against j on either side
    level : (m, m) symmetric, ties and both-bad together
    """
    compiled = pair_kernels(len(table[0]))
    if compiled is not None:
        won, level = np.empty_like(table[0]), np.empty_like(table[0])
        compiled.fold_sides(np.ascontiguousarray(table), won, level)
        return won, level
    won = table[0] + table[1].T
    even = table[2] + table[3]
    return won, even + even.T


def vote_keys(votes: Comparisons, rows: slice = slice(None)) -> Integers:
    """Position of each vote in a raveled (4, m, m) table, (n,)."""
    m = len(votes.models)
    key = votes.outcome[rows].astype(np.int64)
    key *= m
    key += votes.a[rows]
    key *= m
    key += votes.b[rows]
    return key


def _count(votes: Comparisons) -> Floats:
    compiled = kernels(len(votes))
    if compiled is None:
        return _sum_by_key(votes, None)
    m = len(votes.models)
    # Half the memory of 64-bit counts, which then fit the cache; votes are below 2^32.
    shares = even_shares(len(votes))
    counts = np.zeros((len(shares), 4 * m * m), dtype=np.uint32)

    def count(share: int, first: int, last: int) -> None:
        rows = slice(first, last)
        a, b = column(votes.a[rows]), column(votes.b[rows])
        compiled.count_votes(a, b, column(votes.outcome[rows], np.int8), m, counts[share])

    in_threads(count, [(share, *edges) for share, edges in enumerate(shares)])
    total: Floats = counts.sum(axis=0, dtype=np.float64)
    return total


def _sum_by_key(votes: Comparisons, column: AnyFloat | None) -> Floats:
    m = len(votes.models)
    total = np.zeros(4 * m * m)
    for start in range(0, len(votes), _BLOCK):
        block = slice(start, start + _BLOCK)
        weights = None if column is None else column[block]
        total += np.bincount(vote_keys(votes, block), weights, 4 * m * m)
    return total
