"""The numbered frames of a battle, in one Redis stream per battle.

The process that generates appends; every process reads, from any number on. An entry's id is the
frame's own number (``seq-0``), so a frame is stored once however often it is sent, and a reader
that comes back continues exactly where it was. Redis may die or be flushed: the frames of a turn
that is being written stay in memory until its end and are written again; of a turn that has ended,
Postgres knows all.

Readers in the process that generates get the frames from it; those of other processes from Redis.
One task appends and one reads, for all battles of the process, each on one connection.
"""

import asyncio
import contextlib
import uuid
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import redis.exceptions

from arena.battles.packed import Command, send_packed
from arena.connections import redis_client
from workers.alarm import Alarm

# Appends wait this long for those of other battles, and share one round trip. Readers in this
# process do not wait for it.
_SECONDS_TO_GATHER = 0.02
_SECONDS_OF_LIFE = 900
# The life of a battle's frames begins anew this often while they are being written.
_SECONDS_TO_RENEW = 60.0
_MAX_FRAMES = 200_000
# The reader waits this long for news before it looks whether it is still wanted.
_BLOCK_MILLISECONDS = 5_000
_SECONDS_BETWEEN_CHECKS = 2.0
_SECONDS_BETWEEN_TRIES = 0.25
# While Redis is away, the frames of a turn are kept this long past its end; Postgres has its text.
_SECONDS_TO_KEEP = 60.0
# A connection that does not answer (a stopped server, a dead network) is given up after this.
_ANSWER_SECONDS = 10.0
# Characters that may wait for one reader before it is told to come back later.
MAX_WAITING_CHARACTERS = 1_000_000

_TEXT, _LAST = "f", "last"
_GONE = (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError, OSError)


class Entry(NamedTuple):
    """One frame of a battle, encoded; ``last`` when it ends the turn."""

    seq: int
    text: str
    last: bool


class SlowReader(Exception):  # noqa: N818 -- read `except SlowReader`
    """A reader left more than `MAX_WAITING_CHARACTERS` waiting."""


@dataclass(slots=True)
class _Log:
    """What this process appends for one turn: all of it, and how far Redis has it."""

    entries: list[Entry] = field(default_factory=list)
    stored: int = 0
    # After trouble: nobody knows what Redis has, so it is asked first.
    uncertain: bool = True
    checked_at: float = 0.0
    renewed_at: float = float("-inf")
    # Seen whole in Redis after its end: then it is forgotten here.
    complete: bool = False
    ended_at: float | None = None

    @property
    def settled(self) -> bool:
        # Another process may have appended the battle's next turn since.
        return not self.entries or (self.stored >= len(self.entries) and not self.uncertain)

    @property
    def ended(self) -> bool:
        return self.ended_at is not None

    @property
    def forgettable(self) -> bool:
        return self.complete or (self.ended and not self.entries)

    @property
    def is_whole(self) -> bool:
        """Whether the turn's end is in it."""
        return bool(self.entries) and self.entries[-1].last


class Subscription:
    """One reader's place in a battle's frames."""

    def __init__(self, after: int, on_overflow: Callable[[], None]) -> None:
        self.seen = after
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Entry] = deque()
        self._characters = 0
        self._news: asyncio.Future[None] | None = None
        self._patience = Alarm(self._wake)
        self._on_overflow = on_overflow
        self._overflowed = False

    def put(self, entry: Entry) -> None:
        """Hand on an entry; one that was handed on before is dropped."""
        if entry.seq <= self.seen or self._overflowed:
            return
        self.seen = entry.seq
        self._waiting.append(entry)
        self._characters += len(entry.text)
        if self._characters > MAX_WAITING_CHARACTERS:
            self._overflowed = True
            self._waiting.clear()
            self._on_overflow()
        self._wake()

    def follow(self, entry: Entry) -> None:
        """Hand on an entry if it is the next one; else it comes with those before it."""
        if entry.seq == self.seen + 1:
            self.put(entry)

    def close(self) -> None:
        """Wait for nothing more."""
        self._patience.cancel()

    async def next(self, *, seconds: float) -> Entry | None:
        """Return the next entry; None when there is none for so many seconds.

        Raises
        ------
        SlowReader
            When too much was waiting.
        """
        if not self._waiting and not self._overflowed:
            self._news = self._loop.create_future()
            self._patience.set(self._loop.time() + seconds)
            await self._news
        if self._overflowed:
            raise SlowReader
        if not self._waiting:
            return None
        entry = self._waiting.popleft()
        self._characters -= len(entry.text)
        return entry

    def _wake(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)


class BattleStreams:
    """Frames out and in, for all battles of one process. Belongs to one event loop.

    Parameters
    ----------
    url
        Of Redis or Valkey, as redis-py writes it.
    process
        A name of this process that no other has: other processes send it orders under it.
    on_order
        Called with each order that another process sent (see `order`).
    """

    def __init__(self, url: str, *, process: uuid.UUID, on_order: Callable[[str], None]) -> None:
        # No timeout on the reader's socket: its blocking reads end by themselves.
        self._reader = redis_client(url, seconds=None)
        self._writer = redis_client(url, seconds=_ANSWER_SECONDS)
        self._process = process
        self._on_order = on_order
        self._logs: dict[uuid.UUID, _Log] = {}
        self._dirty = asyncio.Event()
        self._subscriptions: dict[uuid.UUID, set[Subscription]] = {}
        self._places: dict[uuid.UUID, int] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [
            asyncio.create_task(self._append_forever(), name="battle frames out"),
            asyncio.create_task(self._read_forever(), name="battle frames in"),
        ]
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._reader.aclose()
        await self._writer.aclose()

    # --- Out ---------------------------------------------------------------------------------

    def open(self, battle: uuid.UUID) -> None:
        """Say that this process writes a battle's next turn: its readers here need no Redis."""
        log = self._logs.get(battle)
        if log is None or log.is_whole:
            self._logs[battle] = _Log()

    def close(self, battle: uuid.UUID) -> None:
        """Say that it writes no more, also where it could not write the turn's end."""
        log = self._logs.get(battle)
        if log is not None and log.ended_at is None:
            log.ended_at = asyncio.get_running_loop().time()

    def publish(self, battle: uuid.UUID, entry: Entry) -> None:
        """Append a frame. Never waits: it is sent as soon as Redis takes it."""
        self.open(battle)
        log = self._logs[battle]
        log.entries.append(entry)
        for subscription in self._subscriptions.get(battle, ()):
            subscription.follow(entry)
        if entry.last:
            log.ended_at = asyncio.get_running_loop().time()
        self._dirty.set()

    async def flush(self, *, seconds: float) -> None:
        """Wait until Redis has everything, at most so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not all(log.settled for log in self._logs.values()):  # noqa: ASYNC110 -- once in the life of a process
                    await asyncio.sleep(_SECONDS_TO_GATHER)

    async def order(self, process: uuid.UUID, text: str) -> None:
        """Tell another process something; it is lost when that process or Redis is gone."""
        with contextlib.suppress(*_GONE):
            await self._writer.xadd(_orders_key(process), {_TEXT: text}, maxlen=1000)
            await self._writer.expire(_orders_key(process), _SECONDS_OF_LIFE)

    async def _append_forever(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_SECONDS_BETWEEN_CHECKS):
                    await self._dirty.wait()
                    await asyncio.sleep(_SECONDS_TO_GATHER)
            self._dirty.clear()
            try:
                await self._append()
            except (*_GONE, redis.exceptions.ResponseError):
                # Also "loading" and "read only" after a restart: all of it passes.
                self._distrust()
                await asyncio.sleep(_SECONDS_BETWEEN_TRIES)
                self._dirty.set()

    def _distrust(self) -> None:
        """Ask Redis anew what it has, and keep nothing for ever while it does not answer."""
        oldest_end = asyncio.get_running_loop().time() - _SECONDS_TO_KEEP
        for battle, log in list(self._logs.items()):
            log.uncertain = True
            if log.ended_at is not None and log.ended_at < oldest_end:
                del self._logs[battle]

    async def _append(self) -> None:
        await self._compare()
        now = asyncio.get_running_loop().time()
        sent: list[tuple[_Log, int]] = []
        commands: list[Command] = []
        for battle, log in self._logs.items():
            fresh = log.entries[log.stored :]
            if not fresh:
                continue
            key = _key(battle)
            commands += [_appending(key, entry) for entry in fresh]
            if log.ended or now - log.renewed_at > _SECONDS_TO_RENEW:
                commands.append(("EXPIRE", key, str(_SECONDS_OF_LIFE)))
                log.renewed_at = now
            sent.append((log, len(log.entries)))
        if commands:
            await send_packed(self._writer, commands)
        for log, count in sent:
            log.stored = count
        self._logs = {b: log for b, log in self._logs.items() if not log.forgettable}

    async def _compare(self) -> None:
        """Find out now and then how far Redis has each turn; begin anew where it lost a part."""
        now = asyncio.get_running_loop().time()
        due = [
            (_key(battle), log)
            for battle, log in self._logs.items()
            if log.entries
            and (log.uncertain or log.ended or now - log.checked_at > _SECONDS_BETWEEN_CHECKS)
        ]
        if not due:
            return
        async with self._writer.pipeline(transaction=False) as pipe:
            for key, log in due:
                pipe.xrange(key, min=f"{log.entries[0].seq}-0", count=1)
                pipe.xrevrange(key, count=1)
            found = await pipe.execute()
            for (key, log), oldest, newest in zip(due, found[::2], found[1::2], strict=True):
                first = log.entries[0].seq
                if newest and _entry(newest[0]).seq >= first:
                    log.stored = _entry(newest[0]).seq - first + 1
                    if _entry(oldest[0]).seq != first:
                        pipe.delete(key)
                        log.stored = 0
                else:
                    log.stored = 0
                if log.stored == 0:
                    log.renewed_at = float("-inf")
                log.uncertain, log.checked_at = False, now
                log.complete = log.ended and log.settled
            await pipe.execute()

    # --- In ----------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def subscribe(
        self, battle: uuid.UUID, *, after: int, on_overflow: Callable[[], None]
    ) -> AsyncIterator[Subscription]:
        """Read a battle's frames from the one after number ``after``."""
        subscription = Subscription(after, on_overflow)
        self._subscriptions.setdefault(battle, set()).add(subscription)
        log = self._logs.get(battle)
        for entry in log.entries if log is not None else ():
            subscription.follow(entry)
        if log is None or log.ended or subscription.seen < _last_of(log):
            # Read again from here: those who have seen a frame drop it.
            self._places[battle] = min(after, self._places.get(battle, after))
            await self.order(self._process, "")  # wakes the reader
        try:
            yield subscription
        finally:
            subscription.close()
            others = self._subscriptions[battle]
            others.discard(subscription)
            if not others:
                del self._subscriptions[battle]
                self._places.pop(battle, None)

    async def _read_forever(self) -> None:
        orders_seen = "0-0"
        while True:
            places = dict(self._places)
            keys: dict[Any, Any] = {_key(b): f"{seq}-0" for b, seq in places.items()}
            keys[_orders_key(self._process)] = orders_seen
            try:
                async with asyncio.timeout(_ANSWER_SECONDS + _BLOCK_MILLISECONDS / 1000):
                    news: Any = await self._reader.xread(
                        keys, block=_BLOCK_MILLISECONDS, count=1000
                    )
            except (*_GONE, redis.exceptions.ResponseError, TimeoutError):
                await asyncio.sleep(_SECONDS_BETWEEN_TRIES)
                continue
            whole = True
            for key, entries in news or ():
                if key == _orders_key(self._process):
                    orders_seen = entries[-1][0]
                    self._obey(entries)
                else:
                    battle = uuid.UUID(key.rpartition(":")[2].strip("{}"))
                    whole &= self._deliver(battle, places[battle], [*map(_entry, entries)])
            if not whole:
                await asyncio.sleep(_SECONDS_BETWEEN_TRIES)

    def _obey(self, entries: list[Any]) -> None:
        for _id, fields in entries:
            if fields[_TEXT]:
                self._on_order(fields[_TEXT])

    def _deliver(self, battle: uuid.UUID, asked_after: int, entries: list[Entry]) -> bool:
        """Hand entries on; False where frames are missing before them (Redis lost its memory)."""
        if entries[0].seq != asked_after + 1:
            return False  # the process that writes them will send them again
        # A reader may have asked for an earlier place while this read was under way.
        if self._places.get(battle) == asked_after:
            self._places[battle] = entries[-1].seq
        for subscription in self._subscriptions.get(battle, ()):
            if subscription.seen >= asked_after:
                for entry in entries:
                    subscription.put(entry)
        return True


def _last_of(log: _Log) -> int:
    return log.entries[-1].seq if log.entries else 0


def _key(battle: uuid.UUID) -> str:
    return f"parity:battle:{{{battle}}}"


def _orders_key(process: uuid.UUID) -> str:
    return f"parity:process:{{{process}}}"


def _appending(key: str, entry: Entry) -> Command:
    end = (_LAST, "1") if entry.last else ()
    most = ("MAXLEN", "~", str(_MAX_FRAMES))
    return ("XADD", key, *most, f"{entry.seq}-0", _TEXT, entry.text, *end)


def _entry(raw: Any) -> Entry:
    entry_id, fields = raw
    return Entry(int(entry_id.partition("-")[0]), fields[_TEXT], _LAST in fields)
