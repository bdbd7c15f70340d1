"""Compiled passes over votes with style features. Import through `ratings.compiled` only.

Votes are sorted by pair once. A pass then goes block by block: features are turned so that each is
a contiguous column, the logistic and all products are vector code over that block, and nothing is
scattered. (Scattering sums of unsorted votes to their models cost three times a sorted pass.)
"""

# mypy: ignore-errors
# Numba reads types from the arguments; annotations would only repeat the docstrings.
# ruff: noqa: PLR0917 - arguments of compiled code are columns, by position

import numpy as np
from numba import njit

from ratings.vector_kernels import AT, ORDERED, logistic_block

_BLOCK = 256


@njit(cache=True, nogil=True, fastmath=True)
def feature_sums(features, first, last, total, square):
    """Sums (k,) of each feature and of its square, added."""
    k = features.shape[1]
    block = np.empty((k, _BLOCK))
    for start in range(first, last, _BLOCK):
        n = min(_BLOCK, last - start)
        for f in range(k):
            _turn(features, start, n, f, block)
            total[f] += _total(block[f], 0, n)
            square[f] += _product(block[f], block, f, 0, n)


@njit(cache=True, nogil=True)
def count_pairs(a, b, m, first, last, count):
    """Votes of each unordered pair among rows `first` to `last`; pair (i, j), i < j, is i m + j."""
    for row in range(first, last):
        i, j = np.int64(a[AT(row)]), np.int64(b[AT(row)])
        count[AT(min(i, j) * m + max(i, j))] += 1


@njit(cache=True, nogil=True)
def sort_by_pair(a, b, outcome, features, m, first, last, cursor, kind, sorted_features):
    """Put votes where their pair's `cursor` says, turned so that the lower number is side A.

    `kind` is the outcome code, plus 4 for a vote that was turned; its outcome is turned as well.
    """
    k = features.shape[1]
    for row in range(first, last):
        i, j = np.int64(a[AT(row)]), np.int64(b[AT(row)])
        key = AT(min(i, j) * m + max(i, j))
        spot = AT(cursor[key])
        cursor[key] += 1
        code = outcome[AT(row)]
        if i < j:
            kind[spot] = code
            for f in range(k):
                sorted_features[spot, AT(f)] = features[AT(row), AT(f)]
        else:
            kind[spot] = 4 + (1 - code if code < 2 else code)
            for f in range(k):
                sorted_features[spot, AT(f)] = -features[AT(row), AT(f)]


@njit(cache=True, nogil=True)
def count_kinds(bounds, kind, count):
    """Votes of each kind and pair, (8, pairs), filled."""
    for pair in range(len(bounds) - 1):
        for row in range(bounds[pair], bounds[pair + 1]):
            count[AT(kind[AT(row)]), AT(pair)] += 1.0


@njit(cache=True, nogil=True)
def place_by_pair(a, b, values, m, first, last, cursor, out):
    """Put one column of values where `sort_by_pair` would put their votes."""
    for row in range(first, last):
        i, j = np.int64(a[row]), np.int64(b[row])
        key = min(i, j) * m + max(i, j)
        out[cursor[key]] = values[row]
        cursor[key] += 1


@njit(cache=True, nogil=True, fastmath=ORDERED)
def _turn(features, start, n, f, columns):
    for row in range(n):
        columns[AT(f), AT(row)] = features[AT(start + row), AT(f)]


@njit(cache=True, nogil=True, fastmath=True)
def _total(u, first, last):
    total = 0.0
    for row in range(first, last):
        total += u[AT(row)]
    return total


@njit(cache=True, nogil=True, fastmath=True)
def _product(u, z, f, first, last):
    total = 0.0
    for row in range(first, last):
        total += u[AT(row)] * z[AT(f), AT(row)]
    return total


@njit(cache=True, nogil=True, fastmath=True)
def _triple(u, z, f, g, n):
    total = 0.0
    for row in range(n):
        total += u[AT(row)] * z[AT(f), AT(row)] * z[AT(g), AT(row)]
    return total


@njit(cache=True, nogil=True, fastmath=ORDERED)
def _scores(score, kind, weight, weighted, start, n, chance, residual, curvature, square):
    for row in range(n):
        p = chance[AT(row)]
        residual[AT(row)] = score[AT(kind[AT(start + row)])] - p
        curvature[AT(row)] = p * (1.0 - p)
    if weighted:
        for row in range(n):
            residual[AT(row)] *= weight[AT(start + row)]
            curvature[AT(row)] *= weight[AT(start + row)]
    for row in range(n):
        square[AT(row)] = residual[AT(row)] * residual[AT(row)]


@njit(cache=True, nogil=True, fastmath=ORDERED)
def _add_feature(x, beta, z, f, n):
    for row in range(n):
        x[AT(row)] += beta * z[AT(f), AT(row)]


@njit(cache=True, nogil=True)
def _add_products(residual, curvature, square, z, squares, n, gram, grams):
    """Add a block to the sums over all votes."""
    k = len(z)
    for f in range(k):
        gram[0, f] += _product(residual, z, f, 0, n)
        for g in range(f, k):
            gram[1 + f, g] += _triple(curvature, z, f, g, n)
            if squares:
                grams[f, g] += _triple(square, z, f, g, n)


@njit(cache=True, nogil=True)
def _look_up(bounds, difference, start, n, pair, x):
    """Write the difference of strengths of each vote's pair; `pair` is at or before the first."""
    row = 0
    while row < n:
        while bounds[pair + 1] <= start + row:
            pair += 1
        end = min(n, bounds[pair + 1] - start)
        for spot in range(row, end):
            x[AT(spot)] = difference[pair]
        row = end


@njit(cache=True, nogil=True)
def _add_pairs(bounds, start, n, pair, residual, curvature, square, z, squares, pairs):
    """Add a block of votes to the sums of their pairs; returns the last pair."""
    k = len(z)
    row = 0
    while row < n:
        while bounds[pair + 1] <= start + row:
            pair += 1
        end = min(n, bounds[pair + 1] - start)
        pairs[0, pair] += _total(residual, row, end)
        pairs[1, pair] += _total(curvature, row, end)
        for f in range(k):
            pairs[2 + f, pair] += _product(curvature, z, f, row, end)
        if squares:
            pairs[2 + k, pair] += _total(square, row, end)
            for f in range(k):
                pairs[3 + k + f, pair] += _product(square, z, f, row, end)
        row = end
    return pair


@njit(cache=True, nogil=True)
def sorted_pass(
    bounds, difference, score, kind, features, weight, weighted, beta, squares, first, last,
    pairs, gram, grams,
):  # fmt: skip
    """Sums over the votes of pairs `first` to `last`: `ratings.style_sums.StyleVotes.sums`.

    Parameters
    ----------
    bounds : (pairs + 1,) where each pair's votes begin
    difference : (pairs,) difference of the two strengths
    score : (8,) by kind
    kind, features, weight : (n,), (n, k), (n,) sorted by pair
    beta : (k,)
    squares : bool
    pairs : (2 + k + squares (1 + k), pairs), filled
        Sums of the residual, the curvature, the curvature times each feature, then of the squared
        residual in the same way.
    gram : (1 + k, k), added to
        Residual times features; curvature times pairs of features.
    grams : (k, k), added to
        Squared residual times pairs of features.
    """
    k = len(beta)
    x, chance = np.empty(_BLOCK), np.empty(_BLOCK)
    residual, curvature, square = np.empty(_BLOCK), np.empty(_BLOCK), np.empty(_BLOCK)
    z = np.empty((k, _BLOCK))
    pair = first
    for start in range(bounds[first], bounds[last], _BLOCK):
        n = min(_BLOCK, bounds[last] - start)
        _look_up(bounds, difference, start, n, pair, x)
        for f in range(k):
            _turn(features, start, n, f, z)
            _add_feature(x, beta[f], z, f, n)
        logistic_block(x, n, chance)
        _scores(score, kind, weight, weighted, start, n, chance, residual, curvature, square)
        _add_products(residual, curvature, square, z, squares, n, gram, grams)
        pair = _add_pairs(bounds, start, n, pair, residual, curvature, square, z, squares, pairs)
