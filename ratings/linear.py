"""Symmetric positive definite algebra by Cholesky, at half the cost of the general solvers.

SciPy is imported on first use: with it, importing this package would take half a second.
"""

from functools import cache
from typing import Any

import numpy as np

from ratings.arrays import Floats
from ratings.errors import NotConverged

_SINGULAR = "the votes leave a direction without curvature, to the precision of the machine"


@cache
def _lapack() -> Any:
    from scipy.linalg import lapack  # noqa: PLC0415 - importing SciPy costs 0.2 s

    return lapack


def solve_definite(matrix: Floats, right: Floats) -> Floats:
    """Solve ``matrix @ x = right`` for a symmetric positive definite matrix."""
    _, solution, info = _lapack().dposv(matrix, right, lower=1)
    if info:
        raise NotConverged(_SINGULAR)
    return np.asarray(solution)


def invert_definite(matrix: Floats) -> Floats:
    """Invert a symmetric positive definite matrix; the result is exactly symmetric."""
    factor, info = _lapack().dpotrf(matrix, lower=1, clean=1)
    if info:
        raise NotConverged(_SINGULAR)
    inverse, info = _lapack().dpotri(factor, lower=1)
    lower = np.tril(inverse)
    whole: Floats = lower + np.tril(inverse, -1).T
    return whole
