"""Symmetric positive definite algebra by Cholesky, at half the cost of the general solvers.

SciPy is imported on first use: with it, importing this package would take half a second.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Self

import numpy as np

from ratings.arrays import Floats
from ratings.compiled import even_shares, in_threads, pair_kernels, processors
from ratings.errors import NotConverged

_SINGULAR = "the votes leave a direction without curvature, to the precision of the machine"

_WORTH_THREADS = 150
"""Rows of a matrix from which threads pay for multiplying it."""


@cache
def _lapack() -> Any:
    from scipy.linalg import lapack  # noqa: PLC0415 - importing SciPy costs 0.2 s

    return lapack


@cache
def _blas() -> Any:
    from scipy.linalg import blas  # noqa: PLC0415 - importing SciPy costs 0.2 s

    return blas


@dataclass(frozen=True, eq=False)
class Factor:
    """Cholesky factor of a symmetric positive definite matrix, kept to solve many times."""

    lower: Floats

    @classmethod
    def of(cls, matrix: Floats) -> Self:
        """Factorise; only the upper triangle of `matrix` is read, and it may be overwritten.

        Raises
        ------
        NotConverged
            The matrix is not positive definite.
        """
        # LAPACK counts columns first: its lower triangle is our upper one, and nothing is copied.
        factor, info = _lapack().dpotrf(matrix.T, lower=1, clean=0, overwrite_a=1)
        if info:
            raise NotConverged(_SINGULAR)
        return cls(factor)

    def solve(self, right: Floats) -> Floats:
        """Solve ``matrix @ x = right``."""
        solution, _ = _lapack().dpotrs(self.lower, right, lower=1)
        return np.asarray(solution)

    def inverse(self, less: float = 0.0) -> Floats:
        """Inverse of the matrix with `less` taken from every entry; the factor is used up."""
        inverse, info = _lapack().dpotri(self.lower, lower=1, overwrite_c=1)
        if info:
            raise NotConverged(_SINGULAR)
        whole: Floats = inverse.T
        compiled = pair_kernels(len(whole))
        if compiled is not None:
            compiled.mirror(whole, -less)
            return whole
        whole = np.triu(whole)
        return whole + np.triu(whole, 1).T - less


def solve_definite(matrix: Floats, right: Floats) -> Floats:
    """Solve ``matrix @ x = right`` for a symmetric positive definite matrix."""
    _, solution, info = _lapack().dposv(matrix, right, lower=1)
    if info:
        raise NotConverged(_SINGULAR)
    return np.asarray(solution)


def invert_definite(matrix: Floats) -> Floats:
    """Invert a symmetric positive definite matrix; the result is exactly symmetric."""
    return Factor.of(np.array(matrix, order="C")).inverse()


def quadratic_forms(vectors: Floats, matrix: Floats) -> Floats:
    """``x' matrix x`` for each row x of `vectors`, with `matrix` symmetric.

    Twice the form of one triangle with half a diagonal: half the multiplications of the whole.
    """
    triangle = np.array(matrix, order="C")
    np.einsum("ii->i", triangle)[:] *= 0.5
    columns = np.ascontiguousarray(vectors).T
    forms = np.empty(len(vectors))

    def fill(first: int, last: int) -> None:
        some = columns[:, first:last]
        product = _blas().dtrmm(1.0, triangle.T, some, lower=1, trans_a=1)
        np.einsum("ij,ij->j", product, some, out=forms[first:last])

    parts = processors() if len(matrix) >= _WORTH_THREADS else 1
    in_threads(fill, even_shares(len(forms), parts))
    forms *= 2
    return forms
