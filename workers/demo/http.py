"""Just enough HTTP/1.1 to serve an OpenAI-compatible API, with the bare socket within reach.

A framework would repair what the faults must break, so this is asyncio streams and nothing else.
"""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

_MAX_BODY = 32 * 2**20
# The client went away, or does not speak HTTP: either way the conversation is over.
_CLIENT_FAULTS = (
    ConnectionError,
    asyncio.IncompleteReadError,
    asyncio.LimitOverrunError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Exchange:
    """One request and the way to answer it."""

    def __init__(self, request: Request, writer: asyncio.StreamWriter) -> None:
        self.request = request
        self.writer = writer
        self.keep_alive = request.headers.get("connection", "").lower() != "close"

    async def reply(
        self, status: int, body: bytes, content_type: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Send a whole response."""
        length = {"Content-Length": str(len(body)), **(headers or {})}
        self.writer.write(self._head(status, content_type, length) + body)
        await self.writer.drain()

    async def reply_json(
        self, status: int, value: Any, headers: Mapping[str, str] | None = None
    ) -> None:
        """Send a whole response in JSON."""
        await self.reply(status, json.dumps(value).encode(), "application/json", headers)

    async def begin_events(self, headers: Mapping[str, str] | None = None) -> None:
        """Begin an event stream in chunked transfer coding."""
        chunked = {"Transfer-Encoding": "chunked", "Cache-Control": "no-cache", **(headers or {})}
        self.writer.write(self._head(200, "text/event-stream", chunked))
        await self.writer.drain()

    async def chunk(self, payload: bytes) -> None:
        """Send one chunk of the transfer coding."""
        self.writer.write(b"%x\r\n%b\r\n" % (len(payload), payload))
        await self.writer.drain()

    async def event(self, value: Any) -> None:
        """Send one event: JSON, or the text itself."""
        text = value if isinstance(value, str) else json.dumps(value)
        await self.chunk(f"data: {text}\n\n".encode())

    async def end(self) -> None:
        """End the chunked body."""
        self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()

    async def raw(self, payload: bytes) -> None:
        """Send bytes as they are; the connection is not used again."""
        self.keep_alive = False
        self.writer.write(payload)
        await self.writer.drain()

    @staticmethod
    def _head(status: int, content_type: str, headers: Mapping[str, str]) -> bytes:
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", f"Content-Type: {content_type}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


type Answer = Callable[[Exchange], Awaitable[None]]


class HTTPServer:
    """Serves ``answer`` on one address; counts what is open, so that leaks can be seen."""

    def __init__(
        self,
        answer: Answer,
        *,
        host: str,
        port: int,
        share_port: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._answer = answer
        self._host, self._port, self._tls = host, port, tls
        self._share_port = share_port
        self._server: asyncio.Server | None = None
        self._conversations: set[asyncio.Task[None]] = set()
        self.active_requests = 0

    async def start(self) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Connection(self._begin),
            self._host,
            self._port,
            backlog=1024,
            ssl=self._tls,
            reuse_port=self._share_port or None,
        )
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening, and drop every connection."""
        if self._server is None:
            return
        self._server.close()
        for task in list(self._conversations):
            task.cancel()
        await asyncio.gather(*self._conversations, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def address(self) -> str:
        """Return ``host:port`` as a client writes it."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{host}:{self._port}"

    @property
    def open_connections(self) -> int:
        """Return how many clients are connected."""
        return len(self._conversations)

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._converse(reader, writer))
        self._conversations.add(task)
        task.add_done_callback(self._conversations.discard)
        connection = writer.transport.get_protocol()
        assert isinstance(connection, _Connection)  # noqa: S101 -- it was made in `start`
        connection.conversation = task

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(*_CLIENT_FAULTS):
                while exchange := await _read_exchange(reader, writer):
                    self.active_requests += 1
                    try:
                        await self._answer(exchange)
                    finally:
                        self.active_requests -= 1
                    if not exchange.keep_alive:
                        break
        finally:
            writer.close()


class _Connection(asyncio.StreamReaderProtocol):
    """Ends the conversation when the client goes, also one that is only waiting."""

    conversation: asyncio.Task[None] | None = None

    def __init__(self, begin: Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]) -> None:
        super().__init__(asyncio.StreamReader(), begin)

    def eof_received(self) -> bool:
        super().eof_received()
        return False  # close: a client that has gone does not wait for the rest

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.conversation is not None:
            self.conversation.cancel()


async def _read_exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Exchange | None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    method, path, _version = first.split(" ", 2)
    fields = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in fields}
    length = int(headers.get("content-length", "0"))
    if length > _MAX_BODY:
        return None
    body = await reader.readexactly(length)
    return Exchange(Request(method, path, headers, body), writer)
