"""Votes sorted by unordered pair, and style sums over them.

Sorting once makes each pass of Newton's method a walk through memory, in which the two strengths
of a pair are looked up once for all of its votes and nothing is scattered. The sums are the
compiled twin of `ratings.style_sums`.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ratings.arrays import AnyFloat, AnyInteger, Floats, Integers
from ratings.compiled import column, even_shares, in_threads
from ratings.rated import RatedVotes
from ratings.style_sums import Moment, StyleSums

TURNED = 4
"""Added to the outcome code of a vote whose sides were exchanged, which exchanges its outcome."""

_GROUP_BITS = 10
"""A sort makes at most 2 to this power groups of pairs,"""
_FEWEST_BITS = 6
"""and none of fewer pairs than 2 to this power."""
_SAMPLE_FROM = 400_000
_SAMPLE = 16
"""Of many votes every so-manyth gives a start so near that three passes over all are enough."""


@dataclass(frozen=True, eq=False)
class SortedVotes:
    """n votes in order of their pair (i, j), i < j, turned so that i stands on side A.

    Attributes
    ----------
    m : int
    bounds : (m m + 1,) where the votes of pair i m + j begin
    kind : (n,) int8, outcome code as seen from i, plus `TURNED` when i stood on side B
    features : (n, k), as seen from i; each column contiguous
    weight : (n,) or (0,) when all are 1
    score : (4,) score of i by outcome code
    kernels : the module of compiled kernels
    """

    m: int
    bounds: Integers
    kind: AnyInteger
    features: AnyFloat
    weight: Floats
    score: Floats
    kernels: Any

    def sums(self, theta: Floats, beta: Floats, *, squares: bool) -> StyleSums:
        """Pass once over all votes: see `ratings.style_sums.StyleVotes.sums`."""
        m, k = self.m, len(beta)
        wide = -(-k // 4) * 4  # the kernels sum four features at a time
        pairs = np.zeros((1 + squares, m * m))
        parts = [
            (
                *(first, last, np.zeros(m), np.zeros(wide)),
                *(np.zeros((2, m, wide)), np.zeros((2, k, wide))),
            )
            for first, last in self._shares()
        ]

        def work(first: int, last: int, *sums: Floats) -> None:
            self.kernels.sorted_pass(
                *(self.bounds, theta, self.score, self.kind, self.features.T, self.weight),
                *(len(self.weight) > 0, beta, squares, first, last, pairs, *sums),
            )

        in_threads(work, parts)
        gradient, slope, cross, gram = (
            np.sum([part[place] for part in parts], axis=0) for place in range(2, 6)
        )
        moments = [
            Moment(pair.reshape(m, m), of_models[:, :k].copy(), _symmetric(of_features[:, :k]))
            for pair, of_models, of_features in zip(pairs, cross, gram, strict=False)
        ]
        slopes = np.concatenate([gradient, slope[:k]])
        return StyleSums(slopes, moments[0], moments[1] if squares else None)

    def sample(self) -> "SortedVotes | None":
        """Every sixteenth vote, or None when that would be too few to help."""
        if len(self.kind) < _SAMPLE_FROM:
            return None
        rows = slice(_SAMPLE // 2, None, _SAMPLE)
        bounds = (self.bounds + (_SAMPLE - 1 - _SAMPLE // 2)) // _SAMPLE
        features = np.ascontiguousarray(self.features.T[:, rows]).T
        kind, weight = np.ascontiguousarray(self.kind[rows]), self.weight[rows].copy()
        return SortedVotes(self.m, bounds, kind, features, weight, self.score, self.kernels)

    def _shares(self) -> list[tuple[int, int]]:
        """Stretches of pairs with about as many votes each."""
        inner = [last for _, last in even_shares(len(self.kind))[:-1]]
        edges = np.unique([0, *np.searchsorted(self.bounds, inner), self.m * self.m]).tolist()
        return list(pairwise(edges))


def sort_votes(rated: RatedVotes, features: AnyFloat, scores: Floats, compiled: Any) -> SortedVotes:
    """Sort rated votes by pair, for passes of the compiled kernels over them."""
    order = sort_columns(
        rated.m, rated.a, rated.b, rated.outcome, features, compiled=compiled, weight=rated.weight
    )
    return SortedVotes(rated.m, *order, np.nan_to_num(scores), compiled)


def sort_columns(
    m: int,
    a: AnyInteger,
    b: AnyInteger,
    outcome: AnyInteger,
    features: AnyFloat,
    *,
    compiled: Any,
    weight: Floats | None = None,
) -> tuple[Integers, AnyInteger, AnyFloat, Floats]:
    """Sort by pair, by counting, in as many threads as there are processors.

    Twice: into a thousand groups of nearby pairs, then within each group, so that the places
    written to at a time stay in the cache.

    Returns
    -------
    bounds, kind, features, weight
        As in `SortedVotes`.
    """
    n, k = features.shape
    a, b, outcome = column(a), column(b), column(outcome, np.int8)
    features = np.ascontiguousarray(features)
    own, weighted = np.empty(0) if weight is None else weight, weight is not None
    shares = even_shares(n)
    counts = np.zeros((len(shares), m * m), dtype=np.int64)
    numbered = [(share, *edges) for share, edges in enumerate(shares)]

    def count(share: int, first: int, last: int) -> None:
        compiled.count_pairs(a, b, m, first, last, counts[share])

    in_threads(count, numbered)
    bounds = np.concatenate([[0], np.cumsum(counts.sum(axis=0))])
    shift = max(_FEWEST_BITS, (m * m).bit_length() - _GROUP_BITS)
    heads = np.arange(0, m * m, 1 << shift)
    grouped = np.add.reduceat(counts, heads, axis=1)
    cursor = bounds[heads] + np.cumsum(grouped, axis=0) - grouped
    records = np.empty((n, k + 1 + weighted), dtype=np.float64 if weighted else features.dtype)

    def group(share: int, first: int, last: int) -> None:
        compiled.group_votes(
            *(a, b, outcome, features, own, weighted, m, shift, first, last),
            *(cursor[share], records),
        )

    in_threads(group, numbered)
    kind, columns = np.empty(n, dtype=np.int8), np.empty((k, n), dtype=features.dtype)
    weights = np.empty(len(own))

    def sort(first: int, last: int) -> None:
        compiled.sort_groups(
            *(records, weighted, shift, first, last, bounds, kind, columns, weights)
        )

    inner = heads[np.searchsorted(bounds[heads], [last for _, last in shares[:-1]], "right") - 1]
    in_threads(sort, pairwise(np.unique([0, *inner, m * m]).tolist()))
    return bounds, kind, columns.T, weights


def _symmetric(upper: Floats) -> Floats:
    """Return the matrix of which only the upper triangle is known."""
    triangle = np.triu(upper)
    whole: Floats = triangle + np.triu(triangle, 1).T
    return whole
