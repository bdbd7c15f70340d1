"""Fixtures of the tests that break things: as for battles, with real processes."""

from tests.arena.battles.conftest import add_models, process
from tests.arena.conftest import scripted

__all__ = ["add_models", "process", "scripted"]
