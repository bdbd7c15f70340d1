"""One run of a job at a time."""

from arena.locks import only_one

__all__ = ["only_one"]
