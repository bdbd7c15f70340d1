"""Compile the kernels once, and leave them in the cache on disk: ``python -m ratings.compile``.

Run it at installation or at the start of a worker. A process that serves pages never fits a
board, so it never compiles.
"""

import sys
import time

import numpy as np

from ratings import fit_bradley_terry, fit_elo, fit_style_controlled
from ratings.arrays import AnyFloat
from ratings.comparisons import Comparisons
from ratings.compiled import WORTH_COMPILED, kernels


def compile_kernels() -> float | None:
    """Run every kernel in every variant it has, on the fewest votes that use it.

    Returns
    -------
    float or None
        Seconds it took, a fraction of one when all was cached; None when Numba is missing.
    """
    began = time.perf_counter()
    n = WORTH_COMPILED
    if kernels(n) is None:
        return None
    rng = np.random.default_rng(0)
    a = rng.integers(0, 3, n).astype(np.int32)
    b = (a + rng.integers(1, 3, n).astype(np.int32)) % 3
    outcome = rng.integers(0, 4, n).astype(np.int8)
    voter = rng.integers(0, 100, n)
    for kind, weight in ((np.float64, None), (np.float32, rng.uniform(0.5, 1.5, n))):
        features: AnyFloat = rng.normal(size=(n, 1)).astype(kind)
        votes = Comparisons(
            ("x", "y", "z"), a, b, outcome, voter=voter, weight=weight, features=features
        )
        fit_style_controlled(votes, interval="clustered")
        fit_style_controlled(votes)
    plain = Comparisons(("x", "y", "z"), a, b, outcome, voter=voter)
    fit_bradley_terry(plain, interval="clustered")
    fit_elo(plain)
    return time.perf_counter() - began


def main() -> int:
    """Compile, and say how long it took."""
    seconds = compile_kernels()
    if seconds is None:
        sys.stderr.write("Numba is not available: ratings will use the plain NumPy path.\n")
        return 1
    sys.stdout.write(f"Compiled code is ready ({seconds:.1f} s).\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
