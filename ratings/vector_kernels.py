"""Vector code for the compiled passes: the logistic, and the settings that let it be vectorised."""

# mypy: ignore-errors
# Numba reads types from the arguments; annotations would only repeat the docstrings.

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

# Multiplications may be fused, but sums keep their order: the exponential below relies on it.
ORDERED = {"nnan", "ninf", "nsz", "arcp", "contract"}
# An index that cannot be negative: Python's counting from the end would forbid vector code.
AT = np.uintp
# Division by zero gives an infinity, as in NumPy: a check for it would forbid vector code.
UNCHECKED = "numpy"


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


@njit(cache=True, nogil=True, fastmath=ORDERED, error_model=UNCHECKED, inline="always")
def _exponential(t):
    """exp(t) = 2^k exp(f), |f| <= ln 2 / 2, with the Taylor series to the 13th power.

    The error is below 2e-16. Adding 1.5 * 2^52 rounds to an integer and leaves it in the low bits.
    """
    shift = 6755399441055744.0
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
    return series * _bits_as_float((_float_as_bits(shifted) << 52) + (1023 << 52))


@njit(cache=True, nogil=True, fastmath=ORDERED, error_model=UNCHECKED)
def logistic_block(x, n, out):
    """``out = 1 / (1 + exp(-x))``, in a form that the compiler turns into vector code."""
    for row in range(n):
        out[AT(row)] = 1.0 / (1.0 + _exponential(min(max(-x[AT(row)], -700.0), 700.0)))


_SIXTY_FOURTHS = 2.0 ** (np.arange(64) / 64)


@njit(cache=True, nogil=True, fastmath=ORDERED, error_model=UNCHECKED, inline="always")
def logistic_of(x):
    """``1 / (1 + exp(-x))`` of one number, with few instructions in a row.

    exp(t) = 2^k 2^(j / 64) exp(f), |f| <= ln 2 / 128: a small table leaves a series of six terms.
    """
    shift = 6755399441055744.0
    t = min(max(-x, -700.0), 700.0)
    shifted = t * 92.332482616893657 + shift
    f = t - (shifted - shift) * 0.010830424696249145
    bits = _float_as_bits(shifted)
    square = f * f
    series = 1.0 + f + square * (0.5 + f / 6.0 + square * (1.0 / 24.0 + f / 120.0))
    power = _bits_as_float(((bits >> 6) << 52) + (1023 << 52))
    return 1.0 / (1.0 + _SIXTY_FOURTHS[AT(bits & 63)] * power * series)
