"""Compiled passes over all pairs of models. Import through `ratings.compiled`, never directly.

The m (m - 1) / 2 pairs of 400 models fit the processor's cache, and each costs one logistic: a
pass is bound by arithmetic, so the inner loops are written to become vector code.
"""

# mypy: ignore-errors
# Numba reads types from the arguments; annotations would only repeat the docstrings.
# ruff: noqa: PLR0917 - arguments of compiled code are columns, by position

import numpy as np
from numba import njit

from ratings.vector_kernels import AT, ORDERED, UNCHECKED, logistic_block

_TILE = 8


@njit(cache=True, nogil=True, error_model=UNCHECKED)
def fold_sides(table, won, level):
    """`ratings.tally.by_score`, a tile at a time, so that transposed reads stay in the cache."""
    m = len(won)
    for top in range(0, m, _TILE):
        for left in range(0, m, _TILE):
            for i in range(top, min(top + _TILE, m)):
                for j in range(left, min(left + _TILE, m)):
                    won[AT(i), AT(j)] = table[0, AT(i), AT(j)] + table[1, AT(j), AT(i)]
    for i in range(m):
        for j in range(m):
            level[AT(i), AT(j)] = table[2, AT(i), AT(j)] + table[3, AT(i), AT(j)]
    _add_transpose(level)


@njit(cache=True, nogil=True)
def _add_transpose(matrix):
    m = len(matrix)
    for top in range(0, m, _TILE):
        for left in range(top, m, _TILE):
            for i in range(top, min(top + _TILE, m)):
                for j in range(max(left, i), min(left + _TILE, m)):
                    both = matrix[AT(i), AT(j)] + matrix[AT(j), AT(i)]
                    matrix[AT(i), AT(j)] = both
                    matrix[AT(j), AT(i)] = both


@njit(cache=True, nogil=True)
def mirror(matrix, shift):
    """Copy the upper triangle onto the lower, after adding `shift` to every entry."""
    m = len(matrix)
    for top in range(0, m, _TILE):
        for left in range(top, m, _TILE):
            for i in range(top, min(top + _TILE, m)):
                for j in range(max(left, i), min(left + _TILE, m)):
                    value = matrix[i, j] + shift
                    matrix[i, j] = value
                    matrix[j, i] = value


@njit(cache=True, nogil=True, fastmath=True, error_model=UNCHECKED)
def _newman_row(points, i, strength, lost):
    won = 0.0
    own = strength[i]
    for j in range(len(strength)):
        share = points[AT(i), AT(j)] / (own + strength[AT(j)])
        won += share * strength[AT(j)]
        lost[AT(j)] += share
    return won


@njit(cache=True, nogil=True)
def newman_step(points, strength, won, lost):
    """Sums of one of Newman's iterations: `ratings.newton.newman_start`."""
    lost[:] = 0.0
    for i in range(len(strength)):
        won[i] = _newman_row(points, i, strength, lost)


@njit(cache=True, nogil=True, fastmath=ORDERED)
def _differences(theta, i, x):
    own = theta[i]
    for step in range(len(theta) - 1 - i):
        x[AT(step)] = own - theta[AT(i + 1 + step)]


@njit(cache=True, nogil=True, fastmath=True)
def _expect(played, i, chance, expected):
    """Points that i is expected to take from later models; theirs are added to `expected`."""
    total = 0.0
    first = i + 1
    for step in range(len(expected) - first):
        games = played[AT(i), AT(first + step)]
        points = games * chance[AT(step)]
        total += points
        expected[AT(first + step)] += games - points
    return total


@njit(cache=True, nogil=True, fastmath=True)
def _bend(played, i, chance, hessian, diagonal):
    total = 0.0
    first = i + 1
    for step in range(len(diagonal) - first):
        p = chance[AT(step)]
        weight = played[AT(i), AT(first + step)] * p * (1.0 - p)
        hessian[AT(i), AT(first + step)] = -weight
        diagonal[AT(first + step)] += weight
        total += weight
    return total


@njit(cache=True, nogil=True)
def pair_gradient(theta, played, won, x, chance, missing):
    """Points taken less points expected, into `missing` (m,): `ratings.newton.gradient`.

    `played` is symmetric; `x` and `chance` are room for m numbers each.
    """
    m = len(theta)
    missing[:] = 0.0
    for i in range(m):
        _differences(theta, i, x)
        logistic_block(x, m - 1 - i, chance)
        missing[i] += _expect(played, i, chance, missing)
    for i in range(m):
        missing[i] = won[i] - missing[i]


@njit(cache=True, nogil=True)
def pair_curvature(theta, played, won, x, chance, missing, hessian):
    """`pair_gradient`, and the upper triangle of the negative Hessian: `newton.laplacian`."""
    m = len(theta)
    missing[:] = 0.0
    diagonal = np.zeros(m)
    for i in range(m):
        _differences(theta, i, x)
        logistic_block(x, m - 1 - i, chance)
        missing[i] += _expect(played, i, chance, missing)
        diagonal[i] += _bend(played, i, chance, hessian, diagonal)
    for i in range(m):
        missing[i] = won[i] - missing[i]
        hessian[i, i] = diagonal[i]


@njit(cache=True, nogil=True, fastmath=True)
def _spread(won, level, i, chance, meat, diagonal):
    total = 0.0
    first = i + 1
    for step in range(len(diagonal) - first):
        j = AT(first + step)
        p, even = chance[AT(step)], level[AT(i), j]
        q, half = 1.0 - p, 0.5 - chance[AT(step)]
        spread = won[AT(i), j] * q * q + meat[AT(i), j] * p * p + even * half * half
        meat[AT(i), j] = -spread
        diagonal[j] += spread
        total += spread
    return total


@njit(cache=True, nogil=True)
def pair_residuals(theta, won, level, meat):
    """Laplacian of `ratings.covariance.residual_square`, both triangles, into `meat` (m, m)."""
    m = len(theta)
    x, chance, diagonal = np.empty(m), np.empty(m), np.zeros(m)
    for top in range(0, m, _TILE):  # the losses, where the sums will be
        for left in range(top, m, _TILE):
            for i in range(top, min(top + _TILE, m)):
                for j in range(max(left, i + 1), min(left + _TILE, m)):
                    meat[i, j] = won[j, i]
    for i in range(m):
        _differences(theta, i, x)
        logistic_block(x, m - 1 - i, chance)
        diagonal[i] += _spread(won, level, i, chance, meat, diagonal)
        meat[i, i] = diagonal[i]
    mirror(meat, 0.0)


@njit(cache=True, nogil=True, fastmath=True)
def _dot(matrix, i, vector):
    total = 0.0
    for j in range(len(vector)):
        total += matrix[AT(i), AT(j)] * vector[AT(j)]
    return total


@njit(cache=True, nogil=True)
def chord(inverse, theta, played, won, allowed, most, slow, farthest):
    """Steps with a fixed inverse Hessian, in place: `ratings.newton.ChordSolver`.

    Returns
    -------
    int
        Steps taken, or -1 when that converges too slowly or runs away from the start.
    """
    m = len(theta)
    x, chance, missing = np.empty(m), np.empty(m), np.empty(m)
    start = theta.copy()
    size = np.inf
    for step in range(most):
        pair_gradient(theta, played, won, x, chance, missing)
        excess = 0.0
        for i in range(m):
            excess = max(excess, abs(missing[i]) / allowed[i])
        if excess <= 1:
            return step
        if not excess <= slow * size:
            return -1
        size = excess
        for i in range(m):
            theta[i] += _dot(inverse, i, missing)
            if not abs(theta[i] - start[i]) < farthest:
                return -1
    return -1
