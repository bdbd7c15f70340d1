"""The baseline: the same streams, read from the upstream with nothing in between."""

import asyncio
import json
import re
import time
from typing import cast
from urllib.parse import urlsplit

from tests.bench_live.visitors import age
from workers.demo.stamped import read_stamps

_CONTENT = re.compile(rb'"content": "([^"]{6})"')


class _Stream(asyncio.Protocol):
    """One request for one stream; keeps each token with the moment at which it came."""

    def __init__(self, host: str, model: str) -> None:
        body = json.dumps(
            {"model": model, "stream": True, "messages": [{"role": "user", "content": "Hello"}]}
        )
        self._request = (
            f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()
        self.tokens: list[tuple[float, bytes]] = []
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).write(self._request)

    def data_received(self, chunk: bytes) -> None:
        moment = time.monotonic() * 1000
        self.tokens += [(moment, token) for token in _CONTENT.findall(chunk)]

    def connection_lost(self, exc: Exception | None) -> None:
        self.over.set_result(None)


async def read_directly(
    base_url: str, models: tuple[str, ...], battles: int, *, spread: float
) -> list[tuple[float, float]]:
    """Read so many pairs of streams at once; return (when it came, age in ms) of each token."""
    place = urlsplit(base_url)
    assert place.hostname
    assert place.port
    host, port = place.hostname, place.port
    loop = asyncio.get_running_loop()

    async def read(model: str, after: float) -> _Stream:
        await asyncio.sleep(after)
        _, stream = await loop.create_connection(lambda: _Stream(place.netloc, model), host, port)
        await stream.over
        return stream

    streams = await asyncio.gather(
        *(read(model, spread * n / battles) for n in range(battles) for model in models)
    )
    return [
        (moment, age(moment, next(iter(read_stamps(token.decode(), position)))))
        for stream in streams
        for position, (moment, token) in enumerate(stream.tokens)
    ]
