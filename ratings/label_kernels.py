"""Compiled coding of strings. Import through `ratings.compiled`, never directly."""

# mypy: ignore-errors
# Numba reads types from the arguments; annotations would only repeat the docstrings.

import numpy as np
from numba import njit

from ratings.vector_kernels import AT

_MIXER = np.uint64(0x9E3779B97F4A7C15)  # the golden ratio: consecutive numbers land far apart


@njit(cache=True, nogil=True)
def code_strings(offsets, text, slots, firsts, codes):
    """Give each distinct string of a column a code, in order of appearance.

    A hash table with open addressing; a string of Arrow is a stretch of `text`.

    Parameters
    ----------
    offsets : (n + 1,) int64 or int32
    text : bytes, (size,) uint8
    slots : (a power of two,) int32, filled with -1
    firsts : (labels at most,) int64
        Row of the first appearance of each code, filled.
    codes : (n,) int32, filled

    Returns
    -------
    int
        Distinct strings, or -1 when they are more than `firsts` has room for.
    """
    mask = np.uint64(len(slots) - 1)
    distinct = 0
    for row in range(len(codes)):
        begin, end = np.int64(offsets[AT(row)]), np.int64(offsets[AT(row + 1)])
        mixed = np.uint64(end - begin)
        at = begin
        while at + 8 <= end:
            word = np.uint64(0)
            for byte in range(8):
                word |= np.uint64(text[AT(at + byte)]) << np.uint64(8 * byte)
            mixed = (mixed ^ word) * _MIXER
            mixed ^= mixed >> np.uint64(29)
            at += 8
        while at < end:
            mixed = (mixed ^ np.uint64(text[AT(at)])) * _MIXER
            at += 1
        slot = (mixed ^ (mixed >> np.uint64(32))) & mask
        while True:
            code = slots[AT(slot)]
            if code < 0:
                if distinct == len(firsts):
                    return -1
                slots[AT(slot)] = distinct
                firsts[AT(distinct)] = row
                codes[AT(row)] = distinct
                distinct += 1
                break
            other = np.int64(offsets[AT(firsts[AT(code)])])
            length = np.int64(offsets[AT(firsts[AT(code)] + 1)]) - other
            same = length == end - begin
            step = 0
            while same and step < length:
                same = text[AT(begin + step)] == text[AT(other + step)]
                step += 1
            if same:
                codes[AT(row)] = code
                break
            slot = (slot + np.uint64(1)) & mask
    return distinct
