"""Whether compiled code is at hand, and how its work is shared among processors.

Every compiled kernel has a plain NumPy path beside it, which is its reference and its fallback.
Numba is imported only when a pass is long enough to pay for it.
"""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np

from ratings.arrays import AnyInteger

SWITCH = "RATINGS_COMPILED"
"""Environment variable; ``0`` keeps to the plain NumPy path."""

WORTH_COMPILED = 50_000
"""Votes from which loading Numba pays: below it NumPy is done within a few milliseconds."""

WORTH_A_THREAD = 100_000
"""Votes from which a second thread pays."""


def kernels(votes: int) -> Any | None:
    """Return the module of compiled kernels, or None for the plain path.

    Parameters
    ----------
    votes : int
        Length of the pass.
    """
    if votes < WORTH_COMPILED or os.environ.get(SWITCH) == "0":
        return None
    return _load()


@cache
def _load() -> Any | None:
    try:
        return import_module("ratings.kernels")
    except ImportError:  # Numba is not installed, or not for this Python
        return None


def column(values: AnyInteger, kind: type[np.integer[Any]] = np.int32) -> AnyInteger:
    """Return `values` as the kernels take them: contiguous, and of one width only."""
    return np.ascontiguousarray(values, dtype=kind)


def processors() -> int:
    """How many threads to use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_threads[T](work: Callable[..., T], shares: Iterable[tuple[Any, ...]]) -> list[T]:
    """Call `work` on each share in a thread of its own; kernels release the interpreter's lock."""
    shares = list(shares)
    if len(shares) == 1:
        return [work(*shares[0])]
    with ThreadPoolExecutor(max_workers=len(shares)) as pool:
        return list(pool.map(lambda share: work(*share), shares))


def even_shares(n: int, parts: int | None = None) -> list[tuple[int, int]]:
    """Cut range(n) into stretches of about equal length: by default one for each processor, but
    none so short that its thread would cost more than it does.
    """
    parts = max(1, min(parts or min(processors(), n // WORTH_A_THREAD), n))
    edges = [n * part // parts for part in range(parts + 1)]
    return list(pairwise(edges))
