"""One HTTP connection that is kept open, as a browser keeps it; from any loopback address."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from tests.faults.web_process import CSRF, WebProcess

SECONDS = 60.0


class Answer(NamedTuple):
    """What came back, and in how many seconds."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


class HttpConnection:
    """Asks and answers, one after the other; connects again after an answer that was the last."""

    def __init__(self, web: WebProcess, cookies: str, source: str) -> None:
        self._web, self._cookies, self._source = web, cookies, source
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def open(self) -> None:
        """Connect."""
        self._reader, self._writer = await asyncio.open_connection(
            "127.0.0.1", self._web.port, local_addr=(self._source, 0)
        )

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()

    async def get(self, path: str, *, accept: str = "text/html") -> Answer:
        """Ask for a page."""
        return await self._ask("GET", path, b"", accept)

    async def post(self, path: str, body: object) -> Answer:
        """Send JSON."""
        return await self._ask("POST", path, json.dumps(body).encode(), "application/json")

    async def _ask(self, method: str, path: str, body: bytes, accept: str) -> Answer:
        head = [
            f"{method} {path} HTTP/1.1",
            f"Host: 127.0.0.1:{self._web.port}",
            f"Cookie: {self._cookies}",
            f"X-CSRFToken: {CSRF}",
            f"Accept: {accept}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        ]
        loop = asyncio.get_running_loop()
        began = loop.time()
        self._writer.write("\r\n".join([*head, "", ""]).encode() + body)
        async with asyncio.timeout(SECONDS):
            raw = await self._reader.readuntil(b"\r\n\r\n")
            status, *lines = raw.decode("latin-1").strip().split("\r\n")
            pairs = (line.partition(":") for line in lines)
            headers = {name.lower(): value.strip() for name, _, value in pairs}
            content = await self._reader.readexactly(int(headers["content-length"]))
            if headers.get("connection") == "close":
                self._writer.close()
                await self.open()
        return Answer(int(status.split()[1]), headers, content, loop.time() - began)


@asynccontextmanager
async def http_connection(
    web: WebProcess, cookies: str, *, source: str = "127.0.0.1"
) -> AsyncIterator[HttpConnection]:
    """Keep a connection open while inside."""
    connection = HttpConnection(web, cookies, source)
    await connection.open()
    try:
        yield connection
    finally:
        await connection.close()
