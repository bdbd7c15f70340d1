"""Starts, shares, watches and stops our own Postgres and Valkey, from wheels, under `.local/`.

May be imported from it: `EmbeddedServers`, `EmbeddedError`; by settings, entry points and tests.
Must never import Django or anything else of this project: it runs before settings exist.
"""

from arena.embedded.errors import EmbeddedError

try:
    from arena.embedded.servers import EmbeddedServers
except ModuleNotFoundError as error:
    if error.name not in {"fcntl", "pwd"}:
        raise
    raise EmbeddedError(
        "Parity runs on Linux and macOS. On Windows use WSL 2 or a container."
    ) from error

__all__ = ["EmbeddedError", "EmbeddedServers"]
