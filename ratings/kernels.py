"""Compiled passes over votes. Import through `ratings.compiled`, never directly.

Each kernel states the plain path that it must agree with. All are cached on disk and release the
interpreter's lock; there are few, because each takes seconds to compile. Columns of integers come
as contiguous int32 and int8, so that no other variant is ever compiled.
"""

# mypy: ignore-errors
# Numba reads types from the arguments; annotations would only repeat the docstrings.
# ruff: noqa: PLR0917 - arguments of compiled code are columns, by position

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

# Multiplications may be fused, but sums keep their order: the exponential below relies on it.
_ORDERED = {"nnan", "ninf", "nsz", "arcp", "contract"}
_BLOCK = 512
# An index that cannot be negative: Python's counting from the end would forbid vector code.
_AT = np.uintp
# Division by zero gives an infinity, as in NumPy: a check for it would forbid vector code.
_UNCHECKED = "numpy"


@intrinsic
def _bits_as_float(_context, _value):
    def generate(_, builder, __, arguments):
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), generate


@intrinsic
def _float_as_bits(_context, _value):
    def generate(_, builder, __, arguments):
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), generate


@njit(cache=True, nogil=True, fastmath=_ORDERED, error_model=_UNCHECKED)
def logistic_block(x, n, out):
    """``out = 1 / (1 + exp(-x))``, in a form the compiler turns into vector code.

    exp(t) = 2^k exp(f), |f| <= ln 2 / 2, with the Taylor series to the 13th power: the error is
    below 2e-16. Adding 1.5 * 2^52 rounds to an integer and leaves it in the low bits.
    """
    shift = 6755399441055744.0
    for row in range(n):
        t = min(max(-x[row], -700.0), 700.0)
        shifted = t * 1.4426950408889634 + shift
        whole = shifted - shift
        f = t - whole * 0.6931471803691238 - whole * 1.9082149292705877e-10
        series = 1.0 / 6227020800.0
        series = series * f + 1.0 / 479001600.0
        series = series * f + 1.0 / 39916800.0
        series = series * f + 1.0 / 3628800.0
        series = series * f + 1.0 / 362880.0
        series = series * f + 1.0 / 40320.0
        series = series * f + 1.0 / 5040.0
        series = series * f + 1.0 / 720.0
        series = series * f + 1.0 / 120.0
        series = series * f + 1.0 / 24.0
        series = series * f + 1.0 / 6.0
        series = series * f + 0.5
        series = series * f + 1.0
        series = series * f + 1.0
        power = _bits_as_float((_float_as_bits(shifted) << 52) + (1023 << 52))
        out[row] = 1.0 / (1.0 + series * power)


@njit(cache=True, nogil=True)
def count_votes(a, b, outcome, m, count):
    """Add 1 to ``count[(outcome m + a) m + b]`` for each vote: `ratings.tally`."""
    for row in range(len(a)):
        count[(np.int64(outcome[row]) * m + a[row]) * m + b[row]] += 1


@njit(cache=True, nogil=True, error_model=_UNCHECKED)
def play_elo(a, b, outcome, scores, step, rating):
    """Elo in order, in natural log-odds, into `rating`: `ratings.elo.elo_in_order`."""
    for row in range(len(a)):
        score = scores[outcome[row]]
        if np.isnan(score):
            continue
        i, j = a[row], b[row]
        move = step * (score - 1.0 / (1.0 + np.exp(rating[j] - rating[i])))
        rating[i] += move
        rating[j] -= move


@njit(cache=True, nogil=True)
def count_pairs(a, b, m, first, last, count):
    """Votes of each unordered pair among rows `first` to `last`; pair (i, j), i < j, is i m + j."""
    for row in range(first, last):
        i, j = np.int64(a[row]), np.int64(b[row])
        count[min(i, j) * m + max(i, j)] += 1


@njit(cache=True, nogil=True)
def sort_by_pair(a, b, outcome, points, features, m, first, last, cursor, out_points, out_features):
    """Put votes where their pair's `cursor` says, turned so that the lower number is side A.

    `points` is twice the score by outcome code; `out_features` is (k, n).
    """
    k = features.shape[1]
    for row in range(first, last):
        i, j = np.int64(a[row]), np.int64(b[row])
        key = min(i, j) * m + max(i, j)
        spot = cursor[key]
        cursor[key] = spot + 1
        if i < j:
            out_points[spot] = points[outcome[row]]
            for f in range(k):
                out_features[f, spot] = features[row, f]
        else:
            out_points[spot] = 2 - points[outcome[row]]
            for f in range(k):
                out_features[f, spot] = -features[row, f]


@njit(cache=True, nogil=True)
def place_by_pair(a, b, values, m, first, last, cursor, out):
    """Put one column of values where `sort_by_pair` would put their votes."""
    for row in range(first, last):
        i, j = np.int64(a[row]), np.int64(b[row])
        key = min(i, j) * m + max(i, j)
        out[cursor[key]] = values[row]
        cursor[key] += 1


@njit(cache=True, nogil=True, fastmath=True)
def _total(u, first, last):
    total = 0.0
    for row in range(first, last):
        total += u[_AT(row)]
    return total


@njit(cache=True, nogil=True, fastmath=True)
def _product(u, z, f, offset, first, last):
    total = 0.0
    for row in range(first, last):
        total += u[_AT(row)] * z[_AT(f), _AT(offset + row)]
    return total


@njit(cache=True, nogil=True, fastmath=True)
def _triple(u, z, f, g, offset, n):
    total = 0.0
    for row in range(n):
        total += u[_AT(row)] * z[_AT(f), _AT(offset + row)] * z[_AT(g), _AT(offset + row)]
    return total


@njit(cache=True, nogil=True, fastmath=_ORDERED)
def _scores(points, weight, weighted, offset, n, chance, residual, curvature, square):
    for row in range(n):
        p = chance[row]
        residual[row] = 0.5 * points[_AT(offset + row)] - p
        curvature[row] = p * (1.0 - p)
    if weighted:
        for row in range(n):
            residual[row] *= weight[_AT(offset + row)]
            curvature[row] *= weight[_AT(offset + row)]
    for row in range(n):
        square[row] = residual[row] * residual[row]


@njit(cache=True, nogil=True, fastmath=_ORDERED)
def _add_feature(x, beta, z, f, offset, n):
    for row in range(n):
        x[row] += beta * z[_AT(f), _AT(offset + row)]


@njit(cache=True, nogil=True)
def _look_up(bounds, difference, start, n, pair, x):
    """Write the difference of strengths of each vote's pair; `pair` is at or before the first."""
    row = 0
    while row < n:
        while bounds[pair + 1] <= start + row:
            pair += 1
        end = min(n, bounds[pair + 1] - start)
        for spot in range(row, end):
            x[_AT(spot)] = difference[pair]
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
            pairs[2 + f, pair] += _product(curvature, z, f, start, row, end)
        if squares:
            pairs[2 + k, pair] += _total(square, row, end)
            for f in range(k):
                pairs[3 + k + f, pair] += _product(square, z, f, start, row, end)
        row = end
    return pair


@njit(cache=True, nogil=True)
def style_pass(
    bounds, difference, points, z, weight, weighted, beta, squares, first, last, pairs, gram, grams
):
    """Sums over the votes of pairs `first` to `last`: `ratings.style_sums.StyleVotes.sums`.

    Parameters
    ----------
    bounds : (pairs + 1,) where each pair's votes begin
    difference : (pairs,) difference of the two strengths
    points, z, weight : (n,), (k, n), (n,) sorted by pair
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
    pair = first
    for start in range(bounds[first], bounds[last], _BLOCK):
        n = min(_BLOCK, bounds[last] - start)
        _look_up(bounds, difference, start, n, pair, x)
        for f in range(k):
            _add_feature(x, beta[f], z, f, start, n)
        logistic_block(x, n, chance)
        _scores(points, weight, weighted, start, n, chance, residual, curvature, square)
        for f in range(k):
            gram[0, f] += _product(residual, z, f, start, 0, n)
            for g in range(f, k):
                gram[1 + f, g] += _triple(curvature, z, f, g, start, n)
                if squares:
                    grams[f, g] += _triple(square, z, f, g, start, n)
        pair = _add_pairs(bounds, start, n, pair, residual, curvature, square, z, squares, pairs)


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
