"""Bodies of requests: whole before a request takes a place, in time, and not too long."""

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest

from arena import arriving
from arena.arriving import Bodies, SenderLeft
from arena.battles.errors import TooLarge, TooSlow, Unavailable
from arena.battles.pictures.encoding import MAX_BYTES
from arena.gate import HttpGate
from arena.ids import uuid7
from arena.voters.identity import COOKIE, sign
from arena.voters.visitors import close_visitors

# Twice as many as are answered at once.
SLOW = 64
LARGE = 100_000


class Sender:
    """Somebody who sends a body in parts, each when it is let go on."""

    def __init__(self, *parts: bytes) -> None:
        self._parts = list(parts)
        self.may_go_on = asyncio.Event()
        self.hangs_up = False
        self.begun = asyncio.Event()

    async def receive(self) -> Any:
        self.begun.set()
        await self.may_go_on.wait()
        if self.hangs_up or not self._parts:
            return {"type": "http.disconnect"}
        part = self._parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(self._parts)}


def sent(*parts: bytes) -> Sender:
    """Return somebody who waits for nothing."""
    sender = Sender(*parts)
    sender.may_go_on.set()
    return sender


def scope_of(length: int | None = None, network: str = "") -> dict[str, Any]:
    line = f"{COOKIE}={sign(uuid7())}".encode()
    size = (
        (b"transfer-encoding", b"chunked")
        if length is None
        else (b"content-length", str(length).encode())
    )
    return {
        "type": "http",
        "path": "/me/",
        "query_string": b"",
        "client": (network, 1) if network else None,
        "headers": [(b"cookie", line), size],
    }


async def body_of(receive: Any) -> bytes:
    """Read a body as Django does."""
    found, is_whole = io.BytesIO(), False
    while not is_whole:
        message = await receive()
        assert message["type"] == "http.request"
        found.write(message["body"])
        is_whole = not message["more_body"]
    return found.getvalue()


@pytest.fixture
async def here(redis_url: str, settings: Any) -> AsyncIterator[None]:
    settings.REDIS_URL, settings.REQUESTS_PER_MINUTE = redis_url, 100_000
    yield
    await close_visitors()


@pytest.mark.parametrize("size", [1, 1000, arriving._PIECE, 3 * arriving._PIECE + 7])
@pytest.mark.parametrize("announced", [True, False], ids=["announced", "chunked"])
async def test_what_is_read_is_what_was_sent(size: int, announced: bool) -> None:
    body = bytes(number % 251 for number in range(size))
    sender = sent(body[: size // 3], body[size // 3 :])
    async with Bodies().whole(scope_of(size if announced else None), sender.receive) as whole:
        assert await body_of(whole) == body
        assert (await whole())["type"] == "http.disconnect"


async def test_nothing_is_waited_for_where_there_is_no_body() -> None:
    sender = Sender()
    async with Bodies().whole(scope_of(0), sender.receive) as whole:
        assert whole == sender.receive
    assert not sender.begun.is_set()


async def test_slow_bodies_hold_no_places(here: None) -> None:
    async def echo(scope: Any, receive: Any, send: Any) -> None:
        body = await body_of(receive)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    gate = HttpGate(echo)

    async def answer(scope: dict[str, Any], sender: Sender) -> tuple[int, bytes]:
        said: list[Any] = []

        async def send(message: Any) -> None:
            said.append(message)

        await gate(scope, sender.receive, send)
        return said[0]["status"], said[1]["body"]

    slow = [Sender(b"slow ", str(number).encode()) for number in range(SLOW)]
    tasks = [asyncio.create_task(answer(scope_of(100), sender)) for sender in slow]
    await asyncio.gather(*(sender.begun.wait() for sender in slow))
    assert await answer(scope_of(5), sent(b"quick")) == (200, b"quick")
    for sender in slow:
        sender.may_go_on.set()
    answers = await asyncio.gather(*tasks)
    assert answers == [(200, f"slow {number}".encode()) for number in range(SLOW)]


async def test_a_body_that_does_not_come_in_time_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(arriving, "_SECONDS", 0.01)
    bodies = Bodies()
    for length in (100, LARGE, None):
        with pytest.raises(TooSlow):
            async with bodies.whole(scope_of(length), Sender(b"one").receive):
                pytest.fail("it has not come")
    assert not bodies._large


@pytest.mark.parametrize("length", [2 * MAX_BYTES, None], ids=["announced", "chunked"])
async def test_a_body_that_is_too_long_is_refused(length: int | None) -> None:
    sender = sent(*[bytes(2**20)] * 20)
    with pytest.raises(TooLarge):
        async with Bodies().whole(scope_of(length), sender.receive):
            pytest.fail("it is too long")
    assert sender.begun.is_set() == (length is None), "what says so is not read at all"


async def test_nobody_is_answered_who_hung_up(here: None) -> None:
    sender = sent()
    with pytest.raises(SenderLeft):
        async with Bodies().whole(scope_of(7), sender.receive):
            pytest.fail("there is no body")

    async def never(*_: Any) -> None:
        pytest.fail("nobody is there")

    await HttpGate(never)(scope_of(7), sender.receive, never)


async def test_few_large_ones_come_at_once_from_one_network() -> None:
    bodies, most = Bodies(), arriving._LARGE_OF_ONE_NETWORK
    slow = [Sender(b"x") for _ in range(most)]

    async def take(sender: Sender, network: str, length: int | None = LARGE) -> bytes:
        async with bodies.whole(scope_of(length, network), sender.receive) as whole:
            return await body_of(whole)

    tasks = [asyncio.create_task(take(sender, "198.51.100.7")) for sender in slow]
    await asyncio.gather(*(sender.begun.wait() for sender in slow))
    for length in (LARGE, None):
        with pytest.raises(Unavailable, match="too_busy"):
            await take(sent(b"y"), "198.51.100.7", length)
    assert await take(sent(b"small"), "198.51.100.7", 5) == b"small"
    assert await take(sent(b"other"), "198.51.100.8") == b"other"
    for sender in slow:
        sender.may_go_on.set()
    await asyncio.gather(*tasks)
    assert await take(sent(b"z"), "198.51.100.7") == b"z"
    assert not bodies._large


async def test_few_large_ones_come_at_once_to_a_process() -> None:
    bodies, each = Bodies(), arriving._LARGE_OF_ONE_NETWORK
    slow = [Sender(b"x") for _ in range(arriving._LARGE_AT_ONCE)]

    async def take(sender: Sender, network: str) -> bytes:
        async with bodies.whole(scope_of(LARGE, network), sender.receive) as whole:
            return await body_of(whole)

    tasks = [
        asyncio.create_task(take(sender, f"198.51.100.{number // each}"))
        for number, sender in enumerate(slow)
    ]
    await asyncio.gather(*(sender.begun.wait() for sender in slow))
    with pytest.raises(Unavailable, match="too_busy"):
        await take(sent(b"y"), "203.0.113.9")
    for sender in slow:
        sender.may_go_on.set()
    assert await asyncio.gather(*tasks) == [b"x"] * len(slow)


async def test_not_too_many_small_ones_come_at_once() -> None:
    bodies, each, most = Bodies(), arriving._OF_ONE_NETWORK, arriving._AT_ONCE
    slow = [Sender(b"x") for _ in range(most)]

    async def take(sender: Sender, network: str) -> bytes:
        async with bodies.whole(scope_of(5, network), sender.receive) as whole:
            return await body_of(whole)

    async def begin(first: int, last: int) -> list[asyncio.Task[bytes]]:
        chosen = range(first, last)
        tasks = [
            asyncio.create_task(take(slow[number], f"198.51.100.{number // each}"))
            for number in chosen
        ]
        await asyncio.gather(*(slow[number].begun.wait() for number in chosen))
        return tasks

    tasks = await begin(0, each)
    with pytest.raises(Unavailable, match="too_busy"):
        await take(sent(b"y"), "198.51.100.0")
    assert await take(sent(b"other"), "203.0.113.9") == b"other"
    tasks += await begin(each, most)
    with pytest.raises(Unavailable, match="too_busy"):
        await take(sent(b"y"), "203.0.113.9")
    for sender in slow:
        sender.may_go_on.set()
    assert await asyncio.gather(*tasks) == [b"x"] * most
    assert not bodies._all


@pytest.mark.parametrize(
    ("length", "seconds", "status"), [(2 * MAX_BYTES, 60, 413), (100, 0.01, 408), (None, 0.01, 408)]
)
async def test_who_may_go_on_sending_is_hung_up_on(
    here: None, monkeypatch: pytest.MonkeyPatch, length: int | None, seconds: float, status: int
) -> None:
    monkeypatch.setattr(arriving, "_SECONDS", seconds)
    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    async def never(*_: Any) -> None:
        pytest.fail("the body has not come")

    await HttpGate(never)(scope_of(length), Sender(b"one").receive, send)
    assert said[0]["status"] == status
    assert (b"connection", b"close") in said[0]["headers"]
