"""Compile the kernels once, and leave them in the cache on disk: ``python -m ratings.compile``.

Run it at installation or at the start of a worker. A process that serves pages never fits a
board, so it never compiles.
"""

import sys
import time
from dataclasses import replace
from typing import Any

import numpy as np

from ratings import LiveRatings, fit_bradley_terry, fit_elo, fit_style_controlled
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
    compiled = kernels(n)
    if compiled is None:
        return None
    rng = np.random.default_rng(0)
    m = 20  # enough for the passes over pairs
    a = rng.integers(0, m, n).astype(np.int32)
    b = (a + rng.integers(1, m, n).astype(np.int32)) % m
    outcome = rng.integers(0, 4, n).astype(np.int8)
    voter = rng.integers(0, 100, n)
    models = tuple(f"model {place:02d}" for place in range(m))
    plain = Comparisons(models, a, b, outcome, voter=voter)
    for kind, weight in ((np.float64, None), (np.float32, rng.uniform(0.5, 1.5, n))):
        features: AnyFloat = rng.normal(size=(n, 1)).astype(kind)
        styled = replace(plain, weight=weight, features=features)
        fit_style_controlled(styled, interval="clustered")
        fit_style_controlled(styled)
        fit_style_controlled(Comparisons(models, a, b, outcome, features=features).sorted())
    fit_bradley_terry(plain)
    fit_bradley_terry(plain, prior=1.0)
    fit_bradley_terry(plain, interval="clustered")
    fit_bradley_terry(plain, interval="bootstrap", rounds=2)
    LiveRatings(plain).add(0, 1, 0)
    fit_elo(plain)
    for width in (np.int32, np.int64):
        _compile_labels(compiled, width)
    return time.perf_counter() - began


def _compile_labels(compiled: Any, width: type[np.integer[Any]]) -> None:
    """Arrow's strings have offsets of two widths; NumPy sees them read-only."""
    ends = np.frombuffer(np.array([0, 1, 2], dtype=width).tobytes(), dtype=width)
    letters = np.frombuffer(b"xy", dtype=np.uint8)
    slots, firsts = np.full(8, -1, dtype=np.int32), np.empty(2, dtype=np.int64)
    compiled.code_strings(ends, letters, slots, firsts, np.empty(2, dtype=np.int32))


def main() -> int:
    """Compile, and say how long it took."""
    seconds = compile_kernels()
    if seconds is None:
        sys.stderr.write(
            "There is no compiled code: Numba is missing, switched off or cannot cache.\n"
        )
        return 1
    sys.stdout.write(f"Compiled code is ready ({seconds:.1f} s).\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
