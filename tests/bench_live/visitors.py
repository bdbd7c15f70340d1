"""Visitors on bare sockets: one battle each, with every frame kept and the time at which it came.

The load must cost little beside what it loads, so it speaks just enough WebSocket itself and looks
into the frames only after the measurement.
"""

import asyncio
import contextlib
import json
import random
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from arena.ids import uuid7
from arena.voters import identity
from workers.demo.stamped import CYCLE, Stamp, read_stamps

_MASK = b"\x00\x00\x00\x00"  # a mask of zeros leaves the text as it is
_TEXT, _PING, _PONG = 0x81, 0x89, 0x8A
_SECONDS_TO_END = 60.0
_LOST_SECONDS = (0.0, 0.3)


class Arrival(NamedTuple):
    """A message, and when it came: milliseconds of the clock that stamps are of."""

    moment: float
    payload: bytes


@dataclass
class Seen:
    """All that one visitor saw of one battle. ``wire`` is in bytes, from the first message on."""

    cookie: str = field(default_factory=lambda: identity.sign(uuid7()))
    arrivals: list[Arrival] = field(default_factory=list)
    wire: int = 0
    reconnects: int = 0
    failure: str = ""


class _Socket(asyncio.Protocol):
    """One connection to the battle socket."""

    def __init__(self, port: int, first: dict[str, Any], seen: Seen) -> None:
        self._head = (
            f"GET /ws/battle/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Origin: http://127.0.0.1:{port}\r\nCookie: {identity.COOKIE}={seen.cookie}\r\n\r\n"
        ).encode()
        self._first = json.dumps(first).encode()
        self._seen = seen
        self._buffer = b""
        self._open = False
        self.over: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is none by class
        self.transport.write(self._head)

    def data_received(self, chunk: bytes) -> None:
        moment = time.monotonic() * 1000
        if not self._open:
            head, end, chunk = (self._buffer + chunk).partition(b"\r\n\r\n")
            if not end:
                self._buffer = head
                return
            self._buffer = b""
            if not head.startswith(b"HTTP/1.1 101"):
                self._end(f"refused: {head[:60]!r}")
                return
            self._open = True
            self._send(self._first)
        self._seen.wire += len(chunk)
        self._buffer += chunk
        while (frame := self._next()) is not None:
            kind, payload = frame
            if kind == _PING:
                self._send(payload, _PONG)
            if kind != _TEXT:
                continue
            self._seen.arrivals.append(Arrival(moment, payload))
            if _ends(payload):
                self._end("")

    def connection_lost(self, exc: Exception | None) -> None:
        self._end("lost")

    def _next(self) -> tuple[int, bytes] | None:
        """Return the next frame's first byte and payload, when it is whole."""
        data = self._buffer
        if len(data) < 2:
            return None
        size, start = data[1], 2
        if size == 126:
            size, start = int.from_bytes(data[2:4]), 4
        elif size == 127:
            size, start = int.from_bytes(data[2:10]), 10
        if len(data) < start + size:
            return None
        self._buffer = data[start + size :]
        return data[0], data[start : start + size]

    def _send(self, payload: bytes, kind: int = _TEXT) -> None:
        size = len(payload)
        assert size < 2**16
        length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2)
        self.transport.write(bytes([kind]) + length + _MASK + payload)

    def _end(self, why: str) -> None:
        if not self.over.done():
            self.over.set_result(why)


def _ends(payload: bytes) -> bool:
    """Return whether nothing follows a message."""
    if payload.startswith(b'{"type":"battle"'):
        return b'"streaming"' not in payload
    return payload.startswith((b'{"type":"turn"', b'{"type":"error"'))


async def watch(ports: Sequence[int], *, cuts: Sequence[float] = ()) -> Seen:
    """Have one battle to its end; lose the connection after each of ``cuts`` seconds, and resume.

    With several ports each connection goes to another web process than the one before.
    """
    seen = Seen()
    first: dict[str, Any] = {"type": "prompt", "text": "Explain tides."}
    try:
        async with asyncio.timeout(_SECONDS_TO_END):
            for seconds in (*cuts, None):
                port = ports[(id(seen) // 64 + seen.reconnects) % len(ports)]
                why = await _once(port, first, seen, seconds)
                if why != "cut":
                    seen.failure = why
                    return seen
                seen.reconnects += 1
                await asyncio.sleep(random.uniform(*_LOST_SECONDS))
                first = _resume(seen)
    except TimeoutError:
        seen.failure = "did not end"
    return seen


async def _once(port: int, first: dict[str, Any], seen: Seen, seconds: float | None) -> str:
    _, socket = await asyncio.get_running_loop().create_connection(
        lambda: _Socket(port, first, seen), "127.0.0.1", port
    )
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.shield(socket.over)
    except TimeoutError:
        # Not before the battle has a name: without one there is nothing to come back to.
        if not any(b'"battle":"' in arrival.payload for arrival in seen.arrivals):
            return await socket.over
        return "cut"
    finally:
        socket.transport.abort()


def _resume(seen: Seen) -> dict[str, Any]:
    """Return what a page says when it comes back: its battle, and the last number that it has."""
    messages = [json.loads(arrival.payload) for arrival in seen.arrivals]
    battle = next(message["battle"] for message in messages if message["type"] == "battle")
    after = max((m["seq"] for m in messages if m["type"] == "frame"), default=0)
    return {"type": "resume", "battle": battle, "after": after}


@dataclass
class Answers:
    """Both answers of a battle as its page has them, checked character by character.

    ``ages`` are (when it came, milliseconds between the upstream's write and our read), a token.
    """

    texts: dict[str, str] = field(default_factory=lambda: {"a": "", "b": ""})
    ages: list[tuple[float, float]] = field(default_factory=list)
    end: str = ""
    seq: int = 0

    def take(self, moment: float, message: dict[str, Any]) -> None:
        """Take one message as a page does; ValueError when it does not follow the one before."""
        match message["type"]:
            case "frame":
                if message["seq"] != self.seq + 1:
                    raise ValueError(f"frame {message['seq']} came after {self.seq}")
                self.seq = message["seq"]
                for side in self.texts:
                    self.ages += _ages(moment, self.texts[side], message[side])
                    self.texts[side] += message[side]
            case "turn":
                self.end = message["state"]
            case "battle" if message["turns"][-1]["state"] != "streaming":
                self.end = message["turns"][-1]["state"]
                stored = {side: message["turns"][-1][side] for side in self.texts}
                if any(not stored[side].startswith(self.texts[side]) for side in stored):
                    raise ValueError("the stored answer is not the one that was shown")
                self.texts = stored
            case "error":
                self.end = message["code"]


def read_answers(seen: Seen) -> Answers:
    """Put the frames together.

    Raises
    ------
    ValueError
        When a frame is missing or came twice, or a character is missing, doubled or wrong.
    """
    answers = Answers()
    for arrival in seen.arrivals:
        answers.take(arrival.moment, json.loads(arrival.payload))
    for text in answers.texts.values():
        list(read_stamps(text))  # raises where a token is not the one that stands there
    return answers


def _ages(moment: float, before: str, fresh: str) -> Iterator[tuple[float, float]]:
    place = len(before) // 6
    # A frame may end inside a token: it is then counted with the frame that completes it.
    whole = before[place * 6 :] + fresh
    whole = whole[: len(whole) // 6 * 6]
    for token in read_stamps(whole, place):
        yield moment, age(moment, token)


def age(moment: float, token: Stamp) -> float:
    """Return the milliseconds since a token was sent."""
    # Half a millisecond, on average, was cut off the stamp.
    return (moment - token.moment - 0.5 + CYCLE / 2) % CYCLE - CYCLE / 2


async def load(ports: Sequence[int], battles: int, *, seconds: float, spread: float) -> list[Seen]:
    """Keep so many battles running for so long, each of its own visitor; return what was seen.

    The first ones begin one after the other over ``spread`` seconds, as visitors do.
    """
    end = time.monotonic() + seconds
    seen: list[Seen] = []

    async def keep_battling(number: int) -> None:
        await asyncio.sleep(spread * number / battles)
        while time.monotonic() < end:
            seen.append(await watch(ports))

    await asyncio.gather(*(keep_battling(number) for number in range(battles)))
    return seen


async def load_once(
    ports: Sequence[int], battles: int, *, at_once: int, most_cuts: int = 0
) -> list[Seen]:
    """Have so many battles, each cut at random 1 to ``most_cuts`` times, or never."""
    left = iter(range(battles))
    seen: list[Seen] = []

    async def keep_battling() -> None:
        for _ in left:
            number = random.randint(min(1, most_cuts), most_cuts)
            cuts = [random.expovariate(1.0) for _ in range(number)]
            seen.append(await watch(ports, cuts=cuts))

    async def begin(number: int) -> None:
        await asyncio.sleep(5.0 * number / at_once)
        await keep_battling()

    await asyncio.gather(*(begin(number) for number in range(at_once)))
    return seen


@contextlib.asynccontextmanager
async def staying(port: int, seen: Sequence[Seen]) -> AsyncIterator[None]:
    """Open a page on each of these battles, which have ended, and leave them all open."""
    loop = asyncio.get_running_loop()
    sockets: list[_Socket] = []
    try:
        for one in seen:
            again = Seen(cookie=one.cookie)
            resume = _resume(one)
            _, socket = await loop.create_connection(
                lambda again=again, resume=resume: _Socket(port, resume, again),  # type: ignore[misc]
                "127.0.0.1",
                port,
            )
            sockets.append(socket)
            if why := await asyncio.wait_for(socket.over, _SECONDS_TO_END):
                raise RuntimeError(f"a battle was not shown: {why}")
        yield
    finally:
        for socket in sockets:
            socket.transport.abort()
