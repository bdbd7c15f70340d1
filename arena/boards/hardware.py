"""What a model needs of one's own cards: memory by all of its parameters, speed by the active ones.

Estimates, and marked as such wherever they are shown. Memory is weights, cache and what a server
takes beside them. Writing is bound by memory bandwidth: each token reads the active weights once,
so bandwidth through their size is the most that one answer at a time can reach. The cache of one
token is taken to grow with the root of the active parameters, which gives 128 kB for 8 billion, as
models with grouped-query attention of 8 to 70 billion parameters have it, to within a fifth.
"""

import math
from dataclasses import dataclass

# Gigabytes for a billion parameters: at 16 bit, and at 4 bit from bare weights to common formats.
GB_16_BIT, GB_4_BIT = 2.0, (0.5, 2 / 3)
# What a server takes beside weights and cache, as a share of the weights.
OVERHEAD = 0.1
# Tokens that the cache is reckoned for where no context is asked for.
USUAL_CONTEXT = 8192
# Bytes a token for one billion active parameters, at 16 bit.
_CACHE = 45_000


@dataclass(frozen=True)
class Memory:
    """Gigabytes: the least and the usual at 4 bit, and at 16 bit."""

    least: float
    usual: float
    whole: float


@dataclass(frozen=True)
class Size:
    """Billions of parameters; all of them are active where a model names no others."""

    total: float
    active: float

    @classmethod
    def of(cls, total: float | None, active: float | None) -> "Size | None":
        """Return a size; None where the total is not known."""
        return cls(total, min(active or total, total)) if total else None


def memory(size: Size, context: int | None = None) -> Memory:
    """Return what weights, the cache of one answer of `context` tokens, and a server take."""
    cache = (context or USUAL_CONTEXT) * _CACHE * math.sqrt(size.active) / 1e9
    low, high, whole = (
        size.total * share * (1 + OVERHEAD) + cache for share in (*GB_4_BIT, GB_16_BIT)
    )
    return Memory(low, high, whole)


def most_tokens_per_second(size: Size, bandwidth: float) -> float:
    """Return the most that one answer can be written with, its weights at 4 bit.

    Parameters
    ----------
    size : Size
    bandwidth : float
        Gigabytes a second of all cards together, as if none waited for another.
    """
    return bandwidth / (size.active * GB_4_BIT[0])
