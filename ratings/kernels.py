"""Compiled passes over votes. Import through `ratings.compiled`, never directly.

Each kernel states the plain path that it must agree with. All are cached on disk and release the
interpreter's lock; there are few, because each takes seconds to compile. Columns of integers come
as contiguous int32 and int8, so that no other variant is ever compiled. This module holds the
passes over votes as they come; the others are named here too, so that one import finds all.
"""

# mypy: ignore-errors
# Numba reads types from the arguments; annotations would only repeat the docstrings.
# ruff: noqa: PLR0917 - arguments of compiled code are columns, by position

import numpy as np
from numba import njit

from ratings.label_kernels import code_strings
from ratings.pair_kernels import (
    chord,
    fold_sides,
    mirror,
    newman_step,
    pair_curvature,
    pair_gradient,
    pair_residuals,
)
from ratings.resampling_kernels import draw_counts, linked
from ratings.style_kernels import (
    count_kinds,
    count_pairs,
    feature_sums,
    group_votes,
    sort_groups,
    sorted_pass,
)
from ratings.vector_kernels import AT, ORDERED, UNCHECKED, logistic_block, logistic_of

__all__ = [
    "add_voters",
    "chord",
    "code_strings",
    "count_kinds",
    "count_pairs",
    "count_votes",
    "draw_counts",
    "feature_sums",
    "fold_sides",
    "group_votes",
    "linked",
    "logistic_block",
    "mirror",
    "newman_step",
    "order_by_voter",
    "pair_curvature",
    "pair_gradient",
    "pair_residuals",
    "play_elo",
    "sort_groups",
    "sorted_pass",
]


@njit(cache=True, nogil=True)
def count_votes(a, b, outcome, m, count):
    """Add 1 to ``count[(outcome m + a) m + b]`` for each vote: `ratings.tally`."""
    for row in range(len(a)):
        count[(np.int64(outcome[row]) * m + a[row]) * m + b[row]] += 1


@njit(cache=True, nogil=True, fastmath=ORDERED, error_model=UNCHECKED)
def play_elo(a, b, outcome, scores, step, rating):
    """Elo in order, in natural log-odds, into `rating`: `ratings.elo.elo_in_order`.

    A score below 0 does not count; NaN could not say so, as this code is compiled without it.
    Votes that share no model overlap in the processor, so a short logistic pays twice: more of
    them fit its window.
    """
    for row in range(len(a)):
        score = scores[AT(outcome[AT(row)])]
        if score < 0.0:
            continue
        i, j = AT(a[AT(row)]), AT(b[AT(row)])
        x, y = rating[i], rating[j]
        move = step * (score - logistic_of(x - y))
        rating[i] = x + move
        rating[j] = y - move


@njit(cache=True, nogil=True)
def order_by_voter(cluster, cursor, order):
    """Counting sort: `cursor` holds where each voter's votes begin, and is moved."""
    for row in range(len(cluster)):
        spot = cursor[cluster[row]]
        order[spot] = row
        cursor[cluster[row]] = spot + 1


@njit(cache=True, nogil=True)
def add_voters(order, bounds, first, last, a, b, residual, others, m, meat):
    """Add each voter's outer square of summed scores: `ratings.covariance.clustered_meat`.

    Only the models a voter met are visited, so a voter of 20 votes costs 1,600 products.
    """
    k = others.shape[1]
    score = np.zeros(m + k)
    met = np.empty(m + k, dtype=np.int64)
    seen = np.zeros(m + k, dtype=np.bool_)
    for voter in range(first, last):
        size = k
        for f in range(k):
            met[f] = m + f
        for position in range(bounds[voter], bounds[voter + 1]):
            row = order[position]
            i, j = a[row], b[row]
            score[i] += residual[row]
            score[j] -= residual[row]
            for f in range(k):
                score[m + f] += others[row, f]
            if not seen[i]:
                seen[i] = True
                met[size] = i
                size += 1
            if not seen[j]:
                seen[j] = True
                met[size] = j
                size += 1
        for one in range(size):
            value = score[met[one]]
            for other in range(size):
                meat[met[one], met[other]] += value * score[met[other]]
        for one in range(size):
            score[met[one]] = 0.0
            seen[met[one]] = False
