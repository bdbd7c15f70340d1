"""Whether compiled code is at hand, and how its work is shared among processors.

Every compiled kernel has a plain NumPy path beside it, which is its reference and its fallback.
Numba is imported only when a pass is long enough to pay for it.
"""

import os
import sys
import warnings
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from itertools import pairwise
from threading import local
from typing import TYPE_CHECKING, Any

import numpy as np

from ratings.arrays import AnyInteger

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

SWITCH = "RATINGS_COMPILED"
"""Environment variable; ``0`` keeps to the plain NumPy path."""

WORTH_COMPILED = 50_000
"""Votes from which loading Numba pays: below it NumPy is done within a few milliseconds."""

_FEW_MODELS = 16
"""Models below which a pass over their pairs is nothing."""

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


def pair_kernels(m: int) -> Any | None:
    """Return the module of compiled kernels for passes over the pairs of m models, or None.

    A pass is short, so Numba is loaded for many models only; once it is there it is used for less.
    """
    if m * m < WORTH_COMPILED and (m < _FEW_MODELS or "ratings.kernels" not in sys.modules):
        return None
    return kernels(max(m * m, WORTH_COMPILED))


@cache
def _load() -> Any | None:
    try:
        return import_module("ratings.kernels")
    except ImportError:  # Numba is not installed, or not for this Python
        return None
    except RuntimeError as error:  # Numba refuses to define a kernel that it could not cache
        warnings.warn(
            f"ratings goes on with plain NumPy, which is slower: {error}; point NUMBA_CACHE_DIR to "
            "a folder that this process may write to",
            RuntimeWarning,
            stacklevel=2,
        )
        return None


def column(values: AnyInteger, kind: type[np.integer[Any]] = np.int32) -> AnyInteger:
    """Return `values` as the kernels take them: contiguous, and of one width only."""
    return np.ascontiguousarray(values, dtype=kind)


def processors() -> int:
    """How many threads to use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_inside = local()


def in_threads[T](work: Callable[..., T], shares: Iterable[tuple[Any, ...]]) -> list[T]:
    """Call `work` on each share, in as many threads as there are processors.

    Kernels release the interpreter's lock. Work that is itself a share of other work stays in
    its thread.
    """
    shares = list(shares)
    if len(shares) <= 1 or getattr(_inside, "share", False):
        return [work(*share) for share in shares]
    return list(_pool().map(lambda share: _share_of(work, share), shares))


def _share_of[T](work: Callable[..., T], share: tuple[Any, ...]) -> T:
    _inside.share = True
    try:
        return work(*share)
    finally:
        _inside.share = False


@cache
def _pool() -> "ThreadPoolExecutor":
    """Threads are kept: starting them would cost as much as a short pass."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - 20 ms of every import

    return ThreadPoolExecutor(max_workers=processors(), thread_name_prefix="ratings")


if hasattr(os, "register_at_fork"):  # a child has none of its parent's threads
    os.register_at_fork(after_in_child=_pool.cache_clear)


def even_shares(n: int, parts: int | None = None) -> list[tuple[int, int]]:
    """Cut range(n) into stretches of about equal length: by default one for each processor, but
    none so short that its thread would cost more than it does.
    """
    if parts is None and getattr(_inside, "share", False):
        parts = 1
    parts = max(1, min(parts or min(processors(), n // WORTH_A_THREAD), n))
    edges = [n * part // parts for part in range(parts + 1)]
    return list(pairwise(edges))
