"""Compiled resampling of counts. Import through `ratings.compiled`, never directly."""

# mypy: ignore-errors
# Numba reads types from the arguments; annotations would only repeat the docstrings.
# ruff: noqa: PLR0917 - arguments of compiled code are columns, by position

import numpy as np
from numba import njit

from ratings.vector_kernels import AT


@njit(cache=True, nogil=True)
def draw_counts(
    uniform, table, starts, guide, cumulative, i, j, level, unit, played, won, weight, took
):
    """Draw every cell and sum the draws: `ratings.resampling.Cells.draw`.

    Parameters
    ----------
    uniform, table : (draws,) a number in [0, 1) and which distribution it draws from
    starts, guide, cumulative
        Of `ratings.resampling.PoissonTables`.
    i, j, level, unit : (draws,) who won against whom, or neither, and the weight of one vote
    played : (m, m), added to in its upper triangle
    won, weight : (m,) points and all weights of each model, added to
    took : (m, m) uint8, set to 1 where the row took points from the column
    """
    parts = guide.shape[1]
    for draw in range(len(uniform)):
        u, t = uniform[AT(draw)], AT(table[AT(draw)])
        first = starts[t]
        count = np.int64(guide[t, AT(np.int64(u * parts))])
        while cumulative[AT(first + count)] <= u:
            count += 1
        if count == 0:
            continue
        drawn = count * unit[AT(draw)]
        one, other = AT(i[AT(draw)]), AT(j[AT(draw)])
        played[min(one, other), max(one, other)] += drawn
        weight[one] += drawn
        weight[other] += drawn
        took[one, other] = 1
        if level[AT(draw)]:
            took[other, one] = 1
            won[one] += 0.5 * drawn
            won[other] += 0.5 * drawn
        else:
            won[one] += drawn


@njit(cache=True, nogil=True)
def _reaches_all(took, backward):
    m = len(took)
    unseen = np.arange(m)
    front = np.zeros(m, dtype=np.int64)
    left, size = m - 1, 1
    unseen[0] = unseen[left]
    while size and left:
        size -= 1
        model = front[size]
        kept = 0
        for position in range(left):
            other = unseen[position]
            edge = took[other, model] if backward else took[model, other]
            if edge:
                front[size] = other
                size += 1
            else:
                unseen[kept] = other
                kept += 1
        left = kept
    return left == 0


@njit(cache=True, nogil=True)
def linked(took):
    """Whether every model took points, through others, from every other."""
    return _reaches_all(took, False) and _reaches_all(took, True)
