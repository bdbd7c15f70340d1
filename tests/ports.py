"""Ports for the servers that tests start."""

import random
import socket

# Below what kernels give to outgoing connections: none of those takes a port between the look and
# the server's start.
_LOWEST, _HIGHEST = 10_000, 32_000
_RANDOM = random.SystemRandom()


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody has."""
    while True:
        port = _RANDOM.randrange(_LOWEST, _HIGHEST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
