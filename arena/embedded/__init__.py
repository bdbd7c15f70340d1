"""Starts, shares, watches and stops our own Postgres and Valkey, from wheels, under `.local/`.

May be imported from it: `EmbeddedServers`, `EmbeddedError`; by settings, entry points and tests.
Must never import Django or anything else of this project: it runs before settings exist.
"""

from arena.embedded.errors import EmbeddedError
from arena.embedded.servers import EmbeddedServers

__all__ = ["EmbeddedError", "EmbeddedServers"]
