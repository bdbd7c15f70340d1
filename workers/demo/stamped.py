"""Streams that carry their own send times, for measuring what lies between them and a reader.

The model ``stamped-R-N`` streams N tokens at R a second. Each token is six characters: three of the
moment at which it was sent, in milliseconds of this machine's monotonic clock, two of its place in
the answer, and a blank. So a reader knows each token's age, and a lost or doubled character shows.

One timer a stream and one write a token, without a task, a buffer or JSON: the server must cost
less than what it measures.
"""

import asyncio
import json
import time
from collections.abc import Iterator
from typing import NamedTuple

from workers.demo.performance import Performance

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}
_BASE = len(_DIGITS)
# Moments are told modulo this many milliseconds, some four minutes.
CYCLE = _BASE**3
MOST_TOKENS = _BASE**2
LENGTH = 6


class Stamp(NamedTuple):
    """One token: its place in the answer, and its moment in milliseconds modulo `CYCLE`."""

    place: int
    moment: int


def now() -> int:
    """Return this moment, as stamps tell it; the same for every process of this machine."""
    return int(time.monotonic() * 1000) % CYCLE


def stamp(place: int, moment: int) -> str:
    """Return a token."""
    high, low = divmod(moment, _BASE)
    return (
        f"{_DIGITS[high // _BASE]}{_DIGITS[high % _BASE]}{_DIGITS[low]}"
        f"{_DIGITS[place // _BASE]}{_DIGITS[place % _BASE]} "
    )


def read_stamps(text: str, first: int = 0) -> Iterator[Stamp]:
    """Yield the tokens of a text whose first has place ``first``.

    Raises
    ------
    ValueError
        When a character is missing, doubled, or not of a stamp.
    """
    if len(text) % LENGTH:
        raise ValueError(f"{len(text)} characters are not a number of whole tokens")
    for place, start in enumerate(range(0, len(text), LENGTH), first):
        token = text[start : start + LENGTH]
        try:
            a, b, c, d, e = (_VALUES[digit] for digit in token[:5])
        except KeyError:
            raise ValueError(f"{token!r} is not a token") from None
        if token[5] != " " or d * _BASE + e != place:
            raise ValueError(f"{token!r} stands at place {place}")
        yield Stamp(place, (a * _BASE + b) * _BASE + c)


async def play_stamped(performance: Performance, rate: int, tokens: int) -> None:
    """Send a whole stamped answer on a fixed timetable."""
    if not 0 < tokens <= MOST_TOKENS or rate <= 0:
        raise ValueError(f"{tokens} tokens at {rate} a second cannot be stamped")
    await performance.begin()
    await _Timetable(performance, rate, tokens).done
    performance.sent += tokens
    await performance.finish()


class _Timetable:
    """Writes one token whenever it is due; ``done`` after the last."""

    def __init__(self, performance: Performance, rate: int, tokens: int) -> None:
        self._loop = asyncio.get_running_loop()
        self.done: asyncio.Future[None] = self._loop.create_future()
        self._transport = performance.exchange.writer.transport
        self._rate, self._tokens, self._place = rate, tokens, 0
        event = json.dumps(performance.chunk({"content": stamp(0, 0)})).encode()
        before, _, after = event.partition(stamp(0, 0).encode())
        size = len(b"data: \n\n") + len(event)
        self._before = b"%x\r\ndata: %b" % (size, before)
        self._after = after + b"\n\n\r\n"
        self._started = self._loop.time()
        self._send()

    def _send(self) -> None:
        if self.done.done() or self._transport.is_closing():
            self.done.cancel()  # the client has gone
            return
        token = stamp(self._place, now()).encode()
        self._transport.write(self._before + token + self._after)
        self._place += 1
        if self._place == self._tokens:
            self.done.set_result(None)
        else:
            self._loop.call_at(self._started + self._place / self._rate, self._send)
