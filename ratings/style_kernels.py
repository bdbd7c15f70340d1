"""Compiled passes over votes with style features. Import through `ratings.compiled` only.

Votes are sorted by pair once, each feature a column of its own. A pass then goes block by block:
the logistic and all products are vector code over a block that stays in the first-level cache,
four features at a time, and nothing is scattered. (Scattering sums of unsorted votes to their
models cost three times a sorted pass.)
"""

# mypy: ignore-errors
# Numba reads types from the arguments; annotations would only repeat the docstrings.
# ruff: noqa: PLR0917 - arguments of compiled code are columns, by position

import numpy as np
from numba import njit

from ratings.vector_kernels import AT, ORDERED, logistic_block

_BLOCK = 512
_TOGETHER = 4
"""Features summed in one loop; blocks are padded with columns of zeros to a multiple of it."""
_TURNED = 4


@njit(cache=True, nogil=True, fastmath=True)
def feature_sums(columns, kind, first, last, total, square):
    """Sums (k,) of each feature as it was voted, and of its square, added."""
    for f in range(len(columns)):
        plain, squared = 0.0, 0.0
        for row in range(first, last):
            value = np.float64(columns[AT(f), AT(row)])
            plain += value if kind[AT(row)] < _TURNED else -value
            squared += value * value
        total[f] += plain
        square[f] += squared


@njit(cache=True, nogil=True)
def count_pairs(a, b, m, first, last, count):
    """Votes of each unordered pair among rows `first` to `last`; pair (i, j), i < j, is i m + j."""
    for row in range(first, last):
        i, j = np.int64(a[AT(row)]), np.int64(b[AT(row)])
        count[AT(min(i, j) * m + max(i, j))] += 1


@njit(cache=True, nogil=True)
def group_votes(a, b, outcome, features, weight, weighted, m, shift, first, last, cursor, records):
    """Put votes `first` to `last` beside others of nearby pairs: first half of a sort by pair.

    Pairs whose numbers agree but for the last `shift` bits are a group. A record is a row of
    features, a code, and the weight where there is one. The code is eight times those last bits
    plus the kind: the outcome code as seen from the lower number, plus 4 when the other one stood
    on side A. `cursor` says where each group's records go, and is moved.
    """
    k = features.shape[1]
    mask = (1 << shift) - 1
    for row in range(first, last):
        i, j = np.int64(a[AT(row)]), np.int64(b[AT(row)])
        key = min(i, j) * m + max(i, j)
        code, turned = np.int64(outcome[AT(row)]), np.int64(i > j)
        # Sides are as good as random, so a branch would be mispredicted half of the time.
        code = _TURNED * turned + (code ^ (turned & (1 - (code >> 1))))
        group = AT(key >> shift)
        spot = AT(cursor[group])
        cursor[group] += 1
        for f in range(k):
            records[spot, AT(f)] = features[AT(row), AT(f)]
        records[spot, AT(k)] = 8 * (key & mask) + code
        if weighted:
            records[spot, AT(k + 1)] = weight[AT(row)]


@njit(cache=True, nogil=True)
def sort_groups(records, weighted, shift, first, last, bounds, kind, columns, weights):
    """Put records of the pairs `first` to `last`, whole groups, in order: the second half.

    Parameters
    ----------
    records : (n, k + 1 + weighted)
        Of `group_votes`.
    bounds : (pairs + 1,) where each pair's votes begin
    kind, columns, weights : (n,), (k, n), (n,) or (0,), filled
        Features turned so that the lower number stands on side A.
    """
    k = len(columns)
    size = 1 << shift
    cursor = np.empty(size, dtype=np.int64)
    for begin in range(first, last, size):
        end = min(begin + size, last)
        cursor[: end - begin] = bounds[begin:end]
        for row in range(bounds[begin], bounds[end]):
            code = np.int64(records[AT(row), AT(k)])
            spot = AT(cursor[AT(code >> 3)])
            cursor[AT(code >> 3)] += 1
            kind[spot] = code & 7
            sign = 1 - 2 * ((code & 7) // _TURNED)
            for f in range(k):
                columns[AT(f), spot] = sign * records[AT(row), AT(f)]
            if weighted:
                weights[spot] = records[AT(row), AT(k + 1)]


@njit(cache=True, nogil=True)
def count_kinds(bounds, kind, count):
    """Votes of each kind and pair, (8, pairs), filled."""
    for pair in range(len(bounds) - 1):
        for row in range(bounds[pair], bounds[pair + 1]):
            count[AT(kind[AT(row)]), AT(pair)] += 1.0


@njit(cache=True, nogil=True, fastmath=True)
def _total(u, first, last):
    total = 0.0
    for row in range(first, last):
        total += u[AT(row)]
    return total


@njit(cache=True, nogil=True, fastmath=True)
def _products(u, z, g, first, last):
    """Sums of u and of u times each of the four columns from g on."""
    plain, one, two, three, four = 0.0, 0.0, 0.0, 0.0, 0.0
    for row in range(first, last):
        value = u[AT(row)]
        plain += value
        one += value * z[AT(g), AT(row)]
        two += value * z[AT(g + 1), AT(row)]
        three += value * z[AT(g + 2), AT(row)]
        four += value * z[AT(g + 3), AT(row)]
    return plain, one, two, three, four


@njit(cache=True, nogil=True, fastmath=True)
def _add_triples(u, z, f, g, n, gram):
    """Add sums of u times column f times each of the four columns from g on."""
    one, two, three, four = 0.0, 0.0, 0.0, 0.0
    for row in range(n):
        value = u[AT(row)] * z[AT(f), AT(row)]
        one += value * z[AT(g), AT(row)]
        two += value * z[AT(g + 1), AT(row)]
        three += value * z[AT(g + 2), AT(row)]
        four += value * z[AT(g + 3), AT(row)]
    gram[f, g] += one
    gram[f, g + 1] += two
    gram[f, g + 2] += three
    gram[f, g + 3] += four


@njit(cache=True, nogil=True, fastmath=ORDERED)
def _scores(score, kind, weight, weighted, start, n, chance, residual, curvature, square):
    won, lost, tied, bad = score[0], score[1], score[2], score[3]
    for row in range(n):
        p = chance[AT(row)]
        code = kind[AT(start + row)] & 3
        points = (won if code == 0 else lost) if code < 2 else (tied if code == 2 else bad)
        residual[AT(row)] = points - p
        curvature[AT(row)] = p * (1.0 - p)
    if weighted:
        for row in range(n):
            residual[AT(row)] *= weight[AT(start + row)]
            curvature[AT(row)] *= weight[AT(start + row)]
    for row in range(n):
        square[AT(row)] = residual[AT(row)] * residual[AT(row)]


@njit(cache=True, nogil=True, fastmath=ORDERED)
def _add_feature(columns, f, start, n, beta, z, x):
    for row in range(n):
        value = np.float64(columns[AT(f), AT(start + row)])
        z[AT(f), AT(row)] = value
        x[AT(row)] += beta * value


@njit(cache=True, nogil=True)
def _add_grams(residual, curvature, square, z, k, squares, n, slope, gram, grams):
    """Add a block to the sums over all votes."""
    for g in range(0, len(z), _TOGETHER):
        _, one, two, three, four = _products(residual, z, g, 0, n)
        slope[g] += one
        slope[g + 1] += two
        slope[g + 2] += three
        slope[g + 3] += four
    for f in range(k):
        for g in range(f // _TOGETHER * _TOGETHER, len(z), _TOGETHER):
            _add_triples(curvature, z, f, g, n, gram)
            if squares:
                _add_triples(square, z, f, g, n, grams)


@njit(cache=True, nogil=True)
def _look_up(bounds, theta, start, n, pair, x):
    """Write the difference of strengths of each vote's pair; `pair` is at or before the first."""
    m = len(theta)
    row = 0
    while row < n:
        while bounds[pair + 1] <= start + row:
            pair += 1
        end = min(n, bounds[pair + 1] - start)
        difference = theta[pair // m] - theta[pair % m]
        for spot in range(row, end):
            x[AT(spot)] = difference
        row = end


@njit(cache=True, nogil=True)
def _add_moment(u, z, first, last, pair, weights, cross):
    """Add the votes of one pair to its weight, and to the products of its models and features."""
    i, j = divmod(pair, len(cross))
    for g in range(0, len(z), _TOGETHER):
        plain, one, two, three, four = _products(u, z, g, first, last)
        if g == 0:
            weights[pair] += plain
        for place, value in enumerate((one, two, three, four)):
            cross[i, g + place] += value
            cross[j, g + place] -= value


@njit(cache=True, nogil=True)
def sorted_pass(
    bounds, theta, score, kind, columns, weight, weighted, beta, squares, first, last,
    pairs, gradient, slope, cross, gram,
):  # fmt: skip
    """Sums over the votes of pairs `first` to `last`: `ratings.style_sums.StyleVotes.sums`.

    Parameters
    ----------
    bounds : (m m + 1,) where each pair's votes begin
    theta : (m,)
    score : (4,) by outcome, as seen from the lower model
    kind, columns, weight : (n,), (k, n), (n,) sorted by pair
    beta : (k,)
    squares : bool
        Whether to sum squared residuals as well.
    pairs : (2, m m), added to
        Curvature, and squared residual, of each pair; so in the last two.
    gradient, slope : (m,), (k,), added to
        Residual times models, and times features.
    cross : (2, m, k), added to
        Times models and features.
    gram : (2, k, k), added to
        Times pairs of features; its lower triangle is not to be used.

    The last axis of `slope`, `cross` and `gram` is k padded to a multiple of four.
    """
    k, m = len(beta), len(theta)
    x, chance = np.empty(_BLOCK), np.empty(_BLOCK)
    residual, curvature, square = np.empty(_BLOCK), np.empty(_BLOCK), np.empty(_BLOCK)
    z = np.zeros((len(slope), _BLOCK))
    pair = first
    for start in range(bounds[first], bounds[last], _BLOCK):
        n = min(_BLOCK, bounds[last] - start)
        _look_up(bounds, theta, start, n, pair, x)
        for f in range(k):
            _add_feature(columns, f, start, n, beta[f], z, x)
        logistic_block(x, n, chance)
        _scores(score, kind, weight, weighted, start, n, chance, residual, curvature, square)
        _add_grams(residual, curvature, square, z, k, squares, n, slope, gram[0], gram[1])
        row = 0
        while row < n:
            while bounds[pair + 1] <= start + row:
                pair += 1
            end = min(n, bounds[pair + 1] - start)
            missing = _total(residual, row, end)
            gradient[pair // m] += missing
            gradient[pair % m] -= missing
            _add_moment(curvature, z, row, end, pair, pairs[0], cross[0])
            if squares:
                _add_moment(square, z, row, end, pair, pairs[1], cross[1])
            row = end
