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
    features : (n, k), as seen from i
    weight : (n,) or (0,) when all are 1
    score : (8,) score of i by kind
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
        difference = (theta[:, None] - theta[None, :]).ravel()
        pairs = np.zeros((2 + k + squares * (1 + k), m * m))
        parts = [
            (first, last, np.zeros((1 + k, k)), np.zeros((k, k))) for first, last in self._shares()
        ]

        def work(first: int, last: int, gram: Floats, grams: Floats) -> None:
            self.kernels.sorted_pass(
                *(self.bounds, difference, self.score, self.kind, self.features, self.weight),
                *(len(self.weight) > 0, beta, squares, first, last, pairs, gram, grams),
            )

        in_threads(work, parts)
        gram = np.sum([part[2] for part in parts], axis=0)
        gradient = np.concatenate([_net(pairs[0], m), gram[0]])
        curvature = _moment(pairs[1], pairs[2 : 2 + k], gram[1:], m)
        if not squares:
            return StyleSums(gradient, curvature, None)
        grams = np.sum([part[3] for part in parts], axis=0)
        squared = _moment(pairs[2 + k], pairs[3 + k :], grams, m)
        return StyleSums(gradient, curvature, squared)

    def sample(self) -> "SortedVotes | None":
        """Every sixteenth vote, or None when that would be too few to help."""
        if len(self.kind) < _SAMPLE_FROM:
            return None
        rows = slice(_SAMPLE // 2, None, _SAMPLE)
        bounds = (self.bounds + (_SAMPLE - 1 - _SAMPLE // 2)) // _SAMPLE
        features = np.ascontiguousarray(self.features[rows])
        kind, weight = np.ascontiguousarray(self.kind[rows]), self.weight[rows].copy()
        return SortedVotes(self.m, bounds, kind, features, weight, self.score, self.kernels)

    def _shares(self) -> list[tuple[int, int]]:
        """Stretches of pairs with about as many votes each."""
        inner = [last for _, last in even_shares(len(self.kind))[:-1]]
        edges = np.unique([0, *np.searchsorted(self.bounds, inner), self.m * self.m]).tolist()
        return list(pairwise(edges))


def turned_scores(scores: Floats) -> Floats:
    """Score of the lower model by kind, (8,): a turned vote's outcome is turned as well."""
    both: Floats = np.nan_to_num(np.concatenate([scores, scores]))
    return both


def sort_votes(rated: RatedVotes, features: AnyFloat, scores: Floats, compiled: Any) -> SortedVotes:
    """Sort rated votes by pair, for passes of the compiled kernels over them."""
    order = sort_columns(
        rated.m, rated.a, rated.b, rated.outcome, features, compiled=compiled, weight=rated.weight
    )
    return SortedVotes(rated.m, *order, turned_scores(scores), compiled)


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

    Returns
    -------
    bounds, kind, features, weight
        As in `SortedVotes`.
    """
    n = len(a)
    shares = even_shares(n)
    counts = np.zeros((len(shares), m * m), dtype=np.int64)
    a, b, outcome = column(a), column(b), column(outcome, np.int8)
    features = np.ascontiguousarray(features)

    def count(share: int, first: int, last: int) -> None:
        compiled.count_pairs(a, b, m, first, last, counts[share])

    numbered = [(share, *edges) for share, edges in enumerate(shares)]
    in_threads(count, numbered)
    bounds = np.concatenate([[0], np.cumsum(counts.sum(axis=0))])
    cursor = bounds[:-1] + np.cumsum(counts, axis=0) - counts
    kind = np.empty(n, dtype=np.int8)
    ordered = np.empty(features.shape, dtype=features.dtype)
    ordered_weight = np.empty(0 if weight is None else n)

    def place(share: int, first: int, last: int) -> None:
        if weight is not None:
            moved = cursor[share].copy()
            compiled.place_by_pair(a, b, weight, m, first, last, moved, ordered_weight)
        compiled.sort_by_pair(
            *(a, b, outcome, features, m, first, last, cursor[share], kind, ordered)
        )

    in_threads(place, numbered)
    return bounds, kind, ordered, ordered_weight


def _net(pair: Floats, m: int) -> Floats:
    """Sum over pairs of ``pair[i, j] (e_i - e_j)``, (m,)."""
    square = pair.reshape(m, m)
    net: Floats = square.sum(axis=1) - square.sum(axis=0)
    return net


def _moment(pair: Floats, by_feature: Floats, gram: Floats, m: int) -> Moment:
    cross = np.array([_net(column, m) for column in by_feature]).reshape(-1, m).T
    upper = np.triu(gram)
    return Moment(pair.reshape(m, m), cross.copy(), upper + np.triu(upper, 1).T)
