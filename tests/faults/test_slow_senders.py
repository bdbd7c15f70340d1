"""Visitors whose requests come a byte at a time: the others are answered as ever."""

import asyncio
import contextlib
from contextlib import AsyncExitStack

from arena.ids import uuid7
from tests.faults.http_connection import http_connection
from tests.faults.measured import measured
from tests.faults.web_process import CSRF, WebProcess, web_process

# More than there are places for requests.
SLOW, LENGTH = 80, 60_000


async def begin(
    web: WebProcess, number: int, length: int = LENGTH
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Send the head of a picture and a byte of it, from an address of one's own."""
    source = (f"127.0.1.{number + 1}", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port, local_addr=source)
    head = [
        "POST /pictures/ HTTP/1.1",
        f"Host: 127.0.0.1:{web.port}",
        f"Cookie: {web.cookies(uuid7())}",
        f"X-CSRFToken: {CSRF}",
        "Accept: application/json",
        "Content-Type: image/png",
        f"Content-Length: {length}",
    ]
    writer.write("\r\n".join([*head, "", ""]).encode() + b"x")
    await writer.drain()
    return reader, writer


async def test_slow_pictures_hold_no_places_for_requests(transactional_db: None) -> None:
    async with AsyncExitStack() as stack:
        web = await stack.enter_async_context(web_process())
        http = await stack.enter_async_context(http_connection(web, web.cookies(uuid7())))
        before = await http.get("/leaderboard/")  # made for the first time
        slow = await asyncio.gather(*(begin(web, number) for number in range(SLOW)))
        for _reader, writer in slow:
            stack.callback(writer.close)
        answers = [await http.get("/leaderboard/") for _ in range(3)]
        for _reader, writer in slow:
            writer.write(b"x" * (LENGTH - 1))
        ends = [(await reader.readline()).split()[1] for reader, _writer in slow]
    slowest = max(answer.seconds for answer in answers)
    measured(27, f"{SLOW} slow pictures: pages of another visitor within {slowest * 1000:.0f} ms")
    assert [answer.status for answer in [before, *answers]] == [200] * 4
    assert set(ends) == {b"400"}, "what had come by then was no picture"


async def test_nobody_goes_on_sending_what_was_refused(transactional_db: None) -> None:
    async with web_process() as web:
        reader, writer = await begin(web, 0, length=10**10)
        with contextlib.closing(writer):
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.read()  # to the end of the connection
    assert head.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in head
