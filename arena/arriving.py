"""Bodies of requests, read whole before a request takes a place in Django.

Django would read them in its place, however slowly they come, so that a few dozen slow senders
would hold all places. Here they hold a connection and a buffer each. What is large waits in a
file. Not too many come at once, and few large ones, so that they fill neither memory nor disk.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext
from typing import IO, Any

from arena.battles.errors import TooLarge, TooSlow
from arena.battles.pictures.encoding import MAX_BYTES
from arena.few_at_once import FewAtOnce
from arena.voters.addresses import network_of_scope

type Scope = Mapping[str, Any]
type Receive = Callable[[], Awaitable[Any]]

# A picture that a browser has made smaller, at the pace of the slowest phones.
_SECONDS = 60.0
# Nothing longer than a picture is taken anywhere.
_MOST_BYTES = MAX_BYTES + 2**16
# Up to here a body is small: about what a server reads of a connection ahead of being asked.
_SMALL_BYTES = 2**16
_LARGE_AT_ONCE, _LARGE_OF_ONE_NETWORK = 32, 8
# Small and large, each up to `_SMALL_BYTES` here and as much in the server: 128 MB at most.
_AT_ONCE, _OF_ONE_NETWORK = 1000, 200
_IN_MEMORY = _PIECE = 2**17


class SenderLeft(Exception):  # noqa: N818  reads as `raise SenderLeft`
    """Whoever sent a request hung up before its end: there is nobody to answer."""


class Bodies:
    """The bodies that come to one process now. Belongs to one event loop."""

    def __init__(self) -> None:
        self._all = FewAtOnce(_AT_ONCE, of_one_network=_OF_ONE_NETWORK)
        self._large = FewAtOnce(_LARGE_AT_ONCE, of_one_network=_LARGE_OF_ONE_NETWORK)

    @asynccontextmanager
    async def whole(self, scope: Scope, receive: Receive) -> AsyncIterator[Receive]:
        """Wait for a request's body; give what Django reads it from.

        Raises
        ------
        BattleError
            It is too long, came too slowly, or too many come already.
        SenderLeft
        """
        length = announced_length(scope)
        if length == 0:
            yield receive
            return
        if length is not None and length > _MOST_BYTES:
            raise TooLarge
        is_small = length is not None and length <= _SMALL_BYTES
        network = network_of_scope(scope)
        with (
            self._all.one_of(network),
            nullcontext() if is_small else self._large.one_of(network),
            tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file,
        ):
            try:
                async with asyncio.timeout(_SECONDS):
                    await _keep(receive, file)
            except TimeoutError:
                raise TooSlow from None
            yield _reading(file, receive)


def announced_length(scope: Scope) -> int | None:
    """Return how many bytes of body are announced; None where the body ends when it ends."""
    headers = dict(scope["headers"])
    if b"transfer-encoding" in headers:
        return None
    # The server has refused what is not a number.
    return int(headers.get(b"content-length", b"0"))


async def _keep(receive: Receive, file: IO[bytes]) -> None:
    size, is_whole = 0, False
    while not is_whole:
        message = await receive()
        if message["type"] != "http.request":
            raise SenderLeft
        size += len(message.get("body", b""))
        if size > _MOST_BYTES:
            raise TooLarge
        file.write(message.get("body", b""))
        is_whole = not message.get("more_body", False)
    file.seek(0)


def _reading(file: IO[bytes], receive: Receive) -> Receive:
    """Return the body in pieces, and then what the server says next."""
    is_read = False

    async def read() -> Any:
        nonlocal is_read
        if is_read:
            return await receive()
        piece = file.read(_PIECE)
        is_read = len(piece) < _PIECE
        return {"type": "http.request", "body": piece, "more_body": not is_read}

    return read
