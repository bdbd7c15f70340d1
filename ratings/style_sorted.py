"""Style sums over votes sorted by unordered pair: the compiled twin of `ratings.style_sums`.

Sorting once makes each pass of Newton's method a walk through memory, in which the two strengths
of a pair are looked up once for all of its votes and nothing is scattered.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ratings.arrays import AnyFloat, AnyInteger, Floats, Integers
from ratings.compiled import column, even_shares, in_threads
from ratings.outcomes import Scoring
from ratings.rated import RatedVotes
from ratings.style_sums import Moment, StyleSums


@dataclass(frozen=True, eq=False)
class SortedVotes:
    """n votes in order of their pair (i, j), i < j, turned so that i stands on side A.

    Attributes
    ----------
    m : int
    bounds : (m m + 1,) where the votes of pair i m + j begin
    points : (n,) int8, twice the score of i
    features : (k, n)
    weight : (n,) or (0,) when all are 1
    kernels : the module of compiled kernels
    """

    m: int
    bounds: Integers
    points: AnyInteger
    features: AnyFloat
    weight: Floats
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
            self.kernels.style_pass(
                *(self.bounds, difference, self.points, self.features, self.weight),
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

    def _shares(self) -> list[tuple[int, int]]:
        """Stretches of pairs with about as many votes each."""
        inner = [last for _, last in even_shares(len(self.points))[:-1]]
        edges = np.unique([0, *np.searchsorted(self.bounds, inner), self.m * self.m]).tolist()
        return list(pairwise(edges))


def sort_votes(
    rated: RatedVotes, features: AnyFloat, scoring: Scoring, kernels: Any
) -> SortedVotes:
    """Sort rated votes by pair, by counting, in as many threads as there are processors."""
    m, n = rated.m, len(rated)
    points = np.nan_to_num(2 * scoring.scores).astype(np.int8)
    shares = even_shares(n)
    counts = np.zeros((len(shares), m * m), dtype=np.int64)
    a, b, outcome = column(rated.a), column(rated.b), column(rated.outcome, np.int8)
    features = np.ascontiguousarray(features)

    def count(share: int, first: int, last: int) -> None:
        kernels.count_pairs(a, b, m, first, last, counts[share])

    numbered = [(share, *edges) for share, edges in enumerate(shares)]
    in_threads(count, numbered)
    bounds = np.concatenate([[0], np.cumsum(counts.sum(axis=0))])
    cursor = bounds[:-1] + np.cumsum(counts, axis=0) - counts
    out_points = np.empty(n, dtype=np.int8)
    out_features = np.empty((features.shape[1], n), dtype=features.dtype)
    weight = np.empty(0 if rated.weight is None else n)

    def place(share: int, first: int, last: int) -> None:
        if rated.weight is not None:
            moved = cursor[share].copy()
            kernels.place_by_pair(a, b, rated.weight, m, first, last, moved, weight)
        kernels.sort_by_pair(
            *(a, b, outcome, points, features, m, first, last),
            *(cursor[share], out_points, out_features),
        )

    in_threads(place, numbered)
    return SortedVotes(m, bounds, out_points, out_features, weight, kernels)


def _net(pair: Floats, m: int) -> Floats:
    """Sum over pairs of ``pair[i, j] (e_i - e_j)``, (m,)."""
    square = pair.reshape(m, m)
    net: Floats = square.sum(axis=1) - square.sum(axis=0)
    return net


def _moment(pair: Floats, by_feature: Floats, gram: Floats, m: int) -> Moment:
    cross = np.array([_net(column, m) for column in by_feature]).reshape(-1, m).T
    upper = np.triu(gram)
    return Moment(pair.reshape(m, m), cross.copy(), upper + np.triu(upper, 1).T)
