"""The web process: uvicorn with a drain, no raw addresses in the log, and no peer it waits for.

    python -m arena.web --host 127.0.0.1 --port 8000

On SIGTERM it goes on answering, refuses what would begin anew (`arena.gate`), lets the streams end
and voids those that do not; then it leaves with exit code 0.
"""

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from arena.asgi import application
from arena.battles.lifespan import drain
from arena.battles.protocol import CLOSE_TOO_MANY, MAX_BYTES
from arena.operating.watchman import Watchman

logger = logging.getLogger(__name__)

# A peer that takes nothing of what waits for it for so long is cut off.
_STUCK_SECONDS = 10.0
# Who was closed for sending too much is not read any more, and has so long to take the close.
_SECONDS_TO_TAKE_CLOSE = 1.0
# Streams get `DRAIN_SECONDS`, requests the rest of half a minute.
_GRACE_SECONDS = 3
# Frames over the protocol's own cap are refused by it, with its code; far larger ones here.
_MAX_FRAME_BYTES = 4 * MAX_BYTES
# What the kernel keeps for a peer that does not read; without it that may grow to megabytes.
_SEND_BUFFER_BYTES = 256 * 1024


class _CutsOffStuckPeers(asyncio.Protocol):
    """Part of a protocol: closing politely would wait for ever for a peer that does not read."""

    transport: asyncio.Transport
    _timer: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._look_again()

    def resume_writing(self) -> None:
        self._stop_looking()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_looking()
        super().connection_lost(exc)

    def _look_again(self) -> None:
        left = self.transport.get_write_buffer_size()
        self._timer = asyncio.get_running_loop().call_later(_STUCK_SECONDS, self._look, left)

    def _look(self, before: int) -> None:
        if self.transport.get_write_buffer_size() < before:
            self._look_again()
        else:
            logger.warning("A peer that took nothing for %.0f s was cut off", _STUCK_SECONDS)
            self.transport.abort()

    def _stop_looking(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _Http(_CutsOffStuckPeers, HttpToolsProtocol):
    """HTTP."""


class _WebSocket(_CutsOffStuckPeers, WebSocketsSansIOProtocol):
    """WebSockets. The application can end one at once: `parity.abort` in its scope's extensions."""

    async def run_asgi(self) -> None:
        self.scope["extensions"]["parity.abort"] = {"now": self.transport.abort}
        await super().run_asgi()

    async def send(self, message: Any) -> None:
        await super().send(message)
        too_many = message["type"] == "websocket.close" and message.get("code") == CLOSE_TOO_MANY
        if too_many and not self.transport.is_closing():
            self.transport.pause_reading()
            self.loop.call_later(_SECONDS_TO_TAKE_CLOSE, self.transport.abort)

    def keepalive_timeout(self) -> None:
        # Whoever did not answer a ping does not read a close frame either.
        super().keepalive_timeout()
        self.transport.abort()

    def handle_parser_exception(self) -> None:
        closed = self.conn.close_sent
        if closed is not None and closed.code != 1007:  # uvicorn tells of bad UTF-8 itself
            logger.warning("A socket was closed with %d: not a frame of WebSocket", closed.code)
        super().handle_parser_exception()


class _Server(uvicorn.Server):
    """uvicorn, with our end between the signal and its own: listening goes on meanwhile."""

    async def main_loop(self) -> None:
        await super().main_loop()
        logger.info("ending: streams may end, nothing new begins")
        draining = asyncio.create_task(drain(), name="drain")
        while not (draining.done() or self.force_exit):
            await asyncio.wait({draining}, timeout=0.1)
        if not draining.done():
            draining.cancel()
        await asyncio.gather(draining, return_exceptions=self.force_exit)


def serve(listener: socket.socket) -> None:
    """Serve on a listening socket until SIGINT or SIGTERM, and leave by `SystemExit`."""
    config = uvicorn.Config(
        application,
        http=_Http,
        ws=_WebSocket,
        lifespan="on",
        log_config=None,  # the settings' own
        access_log=False,
        server_header=False,
        # Whom a request is from is decided by `arena.voters.addresses`, from the settings.
        proxy_headers=False,
        # Frames are coalesced already; compressing each would only cost time.
        ws_per_message_deflate=False,
        ws_max_size=_MAX_FRAME_BYTES,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    # uvicorn raises a signal it caught once more at its end, which would be our exit code.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    server = _Server(config)
    Watchman().start()
    server.run(sockets=[listener])
    sys.exit(0 if server.started else 1)


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(0)


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
    listener.bind(address)
    return listener


def main() -> None:
    """Run the web process from the command line."""
    parser = argparse.ArgumentParser(description="The web process of Parity.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    # Pages read boards that workers have rated; a compiler would stop every stream for seconds.
    os.environ["RATINGS_COMPILED"] = "0"
    listener = _listen(options.host, options.port)
    logger.info("listening on %s, port %d", options.host, listener.getsockname()[1])
    serve(listener)


if __name__ == "__main__":
    main()
