"""Visitors who read, or send, a few bytes at a time: the others are answered as ever."""

import asyncio
import contextlib
import socket as sockets
from contextlib import AsyncExitStack
from pathlib import Path

from arena.ids import uuid7
from tests.faults.http_connection import http_connection
from tests.faults.measured import measured
from tests.faults.web_process import WebProcess, web_process

# More of each than there are places for requests.
SLOW = 40
MEGABYTE = 1024 * 1024
PIECE, PAUSE = 1024, 0.2
FILE = "/api/v1/releases/2026-06/votes.parquet"


def a_release(folder: Path) -> None:
    """Make a release of one large file."""
    (folder / "2026-06").mkdir()
    (folder / "2026-06" / "SHA256SUMS").touch()
    with (folder / "2026-06" / "votes.parquet").open("wb") as file:
        file.truncate(20 * MEGABYTE)


async def ask(web: WebProcess, head: str) -> sockets.socket:
    """Send the head of a request without a cookie, on a connection that takes little at once."""
    narrow = sockets.socket()
    narrow.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    narrow.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(narrow, ("127.0.0.1", web.port))
    await loop.sock_sendall(narrow, f"{head}\r\nHost: 127.0.0.1:{web.port}\r\n".encode())
    return narrow


async def download_slowly(web: WebProcess, begun: asyncio.Semaphore) -> None:
    """Read a large file, a little at a time, without end."""
    loop = asyncio.get_running_loop()
    with await ask(web, f"GET {FILE} HTTP/1.1") as narrow:
        await loop.sock_sendall(narrow, b"\r\n")
        assert (await loop.sock_recv(narrow, PIECE)).startswith(b"HTTP/1.1 200")
        begun.release()
        while await loop.sock_recv(narrow, PIECE):  # noqa: ASYNC110  slowness is the point
            await asyncio.sleep(PAUSE)


async def vote_slowly(web: WebProcess, begun: asyncio.Semaphore) -> None:
    """Send a body, a byte at a time, without end."""
    loop = asyncio.get_running_loop()
    with await ask(web, f"POST /battle/{uuid7()}/vote/ HTTP/1.1") as narrow:
        await loop.sock_sendall(narrow, b"Content-Length: 60000\r\n\r\n")
        begun.release()
        while True:
            await loop.sock_sendall(narrow, b"x")
            await asyncio.sleep(PAUSE)


async def test_slow_downloads_and_votes_hold_no_places(
    transactional_db: None, tmp_path: Path
) -> None:
    a_release(tmp_path)
    begun = asyncio.Semaphore(0)
    async with AsyncExitStack() as stack:
        web = await stack.enter_async_context(web_process(PARITY_RELEASES_DIR=str(tmp_path)))
        http = await stack.enter_async_context(http_connection(web, web.cookies(uuid7())))
        before, memory = await http.get("/leaderboard/"), web.memory  # made for the first time
        slow = [
            asyncio.create_task(act(web, begun))
            for act in (download_slowly, vote_slowly)
            for _ in range(SLOW)
        ]
        for _ in slow:
            await begun.acquire()
        answers = [await http.get(path) for path in ("/leaderboard/", "/favicon.ico", "/") * 3]
        grown = (web.memory - memory) / MEGABYTE
        still = sum(not task.done() for task in slow)
        for task in slow:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*slow)
    slowest = max(answer.seconds for answer in answers)
    measured(
        27,
        f"{SLOW} slow downloads of 20 MB and {SLOW} slow votes: pages of another visitor within "
        f"{slowest * 1000:.0f} ms, memory {grown:+.1f} MB",
    )
    assert still == len(slow), "they went on meanwhile"
    assert [answer.status for answer in [before, *answers]] == [200, *[200, 302, 200] * 3]
    assert grown < SLOW * 20 / 4
