"""Turns being answered in this process: they belong to it, not to the socket that asked.

`Generation` is one for each event loop, made at the first use (`current`) and closed by the
lifespan of the ASGI application. A turn ends in the database first, and only then for its readers.
"""

import asyncio
import datetime as dt
import logging
import uuid
from collections.abc import Callable, Mapping
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from django import db
from django.conf import settings
from django.utils import timezone

from arena.battles import turns
from arena.battles.beat import Beat
from arena.battles.errors import Unavailable
from arena.battles.live_turn import LiveTurn
from arena.battles.models import Runner, Side, Turn, TurnState
from arena.battles.settling import record_health, settle
from arena.battles.stream import BattleStreams
from arena.battles.turns import SideResult, StartedTurn, TurnEnd
from arena.catalog.addresses import endpoint_clients
from arena.catalog.slots import EndpointSlots
from arena.ids import uuid7
from arena.voters.visitors import close_visitors

logger = logging.getLogger(__name__)

# Waits between tries to store the end of a turn while the database is away.
_TRIES = (0.2, 0.5, 1.0, *(2.0,) * 30)
_SECONDS_TO_BEAT_AGAIN = 1.0
_SECONDS_OF_RESTART = 5
_FLUSH_SECONDS = 2.0


async def in_database[**P, T](function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function that uses the ORM, in a thread of its own."""
    run = database_sync_to_async(function, thread_sensitive=False)
    result: T = await run(*args, **kwargs)
    return result


class Generation:
    """The turns of one process, its connections, and the row that says it is alive."""

    def __init__(self) -> None:
        self.runner_id = uuid7()
        self.streams = BattleStreams(
            settings.REDIS_URL, process=self.runner_id, on_order=self._stop_here
        )
        self.clients = endpoint_clients()
        self._beat = Beat()
        self._slots = EndpointSlots(settings.REDIS_URL, process=self.runner_id)
        self._live: dict[int, LiveTurn] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._starting: set[asyncio.Task[StartedTurn]] = set()
        self._begun: asyncio.Task[None] | None = None
        self._heart: asyncio.Task[None] | None = None
        self._draining = False

    async def begin(self) -> None:
        """Say that this process is alive, and keep saying so. Done once; more calls only wait.

        Raises
        ------
        Unavailable
            When this process is about to end before it began (code ``restarting``).
        """
        if self._draining and self._begun is None:
            raise Unavailable("restarting", retry_after=_SECONDS_OF_RESTART)
        if self._begun is None or (self._begun.done() and not _succeeded(self._begun)):
            self._begun = asyncio.create_task(self._begin(), name="battles begin")
        await asyncio.shield(self._begun)

    async def start(self, open_turn: Callable[..., StartedTurn], *args: object) -> StartedTurn:
        """Open a turn by one of the functions of `turns` and answer it, whoever listens.

        Raises
        ------
        BattleError
            As the function does; also when this process is about to end (code ``restarting``).
        """
        await self.begin()
        if self._draining:
            raise Unavailable("restarting", retry_after=_SECONDS_OF_RESTART)
        # Shielded: a socket that closes now must not leave a turn that nobody answers.
        task = asyncio.create_task(self._start(open_turn, *args))
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)
        return await asyncio.shield(task)

    async def stop(self, voter_id: uuid.UUID, battle_id: uuid.UUID) -> None:
        """Stop the turn that a voter's battle is being answered, in whatever process it is."""
        turn = await in_database(_streaming_turn, voter_id, battle_id)
        if turn is None:
            return
        if turn.pk in self._live:
            self._live[turn.pk].stopped = True
        elif turn.runner_id is not None:
            await self.streams.order(turn.runner_id, str(turn.pk))

    async def drain(self, *, seconds: float = 0.0) -> None:
        """Take no new turns, let those that run end for so long, void the rest and say so."""
        self._draining = True
        await asyncio.gather(*self._starting, return_exceptions=True)
        if self._tasks and seconds:
            await asyncio.wait(self._tasks, timeout=seconds)
        left = dict(self._live)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if left:
            await self._abandon(left)
        if self._begun is not None:
            await self.streams.flush(seconds=_FLUSH_SECONDS)

    async def close(self) -> None:
        """Drain without waiting, and disconnect."""
        await self.drain()
        if self._heart:
            self._heart.cancel()
            await asyncio.gather(self._heart, return_exceptions=True)
        if self._begun is not None:
            await self.streams.__aexit__()
            await self._slots.__aexit__()
            await self.clients.close()

    async def _abandon(self, left: Mapping[int, LiveTurn]) -> None:
        """Void turns and say so; without the database the sweep does it when we are gone."""
        try:
            await in_database(turns.void_turns, list(left), at=timezone.now())
        except (db.OperationalError, db.InterfaceError) as error:
            logger.warning("Turns are left to the sweep: %s", type(error).__name__)
            return
        for live in left.values():
            live.publish_end(TurnEnd(state=TurnState.FAILED, votable=False, void="abandoned"))

    async def _begin(self) -> None:
        await in_database(Runner.objects.create, id=self.runner_id)
        await self.streams.__aenter__()
        await self._slots.__aenter__()
        self._heart = asyncio.create_task(self._keep_alive(), name="battles heartbeat")

    async def _start(self, open_turn: Callable[..., StartedTurn], *args: object) -> StartedTurn:
        started = await in_database(open_turn, *args, at=timezone.now(), runner_id=self.runner_id)
        live = self._live[started.turn_id] = LiveTurn(started, self.streams)
        self.streams.open(started.battle_id)
        task = asyncio.create_task(self._answer(live), name=f"turn {started.turn_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: self.streams.close(started.battle_id))
        return started

    async def _answer(self, live: LiveTurn) -> None:
        """Answer a turn to its end, by another attempt where one failed before it was shown."""
        while True:
            turn_id = live.started.turn_id
            try:
                await live.run(self.clients, self._slots, self._beat)
                end = await self._store(live)
            finally:
                self._live.pop(turn_id, None)
            if isinstance(end, TurnEnd):
                live.publish_end(end)
                return
            stopped, live = live.stopped, LiveTurn(end, self.streams)
            live.stopped = stopped
            self._live[end.turn_id] = live

    async def _store(self, live: LiveTurn) -> StartedTurn | TurnEnd:
        if live.replaceable:
            return await self._replace(live)
        started, results, at = live.started, live.results(), timezone.now()
        end = await _persist(
            lambda: turns.finish_turn(started, results, at=at, last_seq=live.last_seq)
        )
        await _account(live, results, at=at)
        return end

    async def _replace(self, live: LiveTurn) -> StartedTurn | TurnEnd:
        started, results, at = live.started, live.results(), timezone.now()
        end = await _persist(
            lambda: turns.next_attempt(
                started, results, at=at, runner_id=self.runner_id, last_seq=live.last_seq
            )
        )
        await _account(live, results, at=at)
        return end

    def _stop_here(self, order: str) -> None:
        live = self._live.get(int(order))
        if live is not None:
            live.stopped = True

    async def _keep_alive(self) -> None:
        pause = turns.BEAT_SECONDS
        while True:
            await asyncio.sleep(pause)
            try:
                await in_database(self._say_we_live)
                pause = turns.BEAT_SECONDS
            except db.Error as error:  # of any kind: without a heart all turns are void
                logger.warning("No heartbeat, the database refuses: %s", type(error).__name__)
                pause = _SECONDS_TO_BEAT_AGAIN

    def _say_we_live(self) -> None:
        """Say that we live, and end turns of ours that nobody answers any more."""
        at = timezone.now()
        Runner.objects.update_or_create(id=self.runner_id, defaults={"beat_at": at})
        since = at - dt.timedelta(seconds=turns.SILENT_SECONDS)
        lost = Turn.objects.filter(
            runner_id=self.runner_id, state=TurnState.STREAMING, started_at__lt=since
        ).exclude(pk__in=list(self._live))
        turns.void_turns(list(lost.values_list("pk", flat=True)), at=at)


_generations: WeakKeyDictionary[asyncio.AbstractEventLoop, Generation] = WeakKeyDictionary()


def current() -> Generation:
    """Return the generation of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _generations:
        _generations[loop] = Generation()
    return _generations[loop]


async def drain_current(*, seconds: float) -> None:
    """Let the turns of the running event loop end; it begins no others from now on."""
    await current().drain(seconds=seconds)


async def close_current() -> None:
    """Close what belongs to the running event loop: its generation, its visitors."""
    generation = _generations.pop(asyncio.get_running_loop(), None)
    if generation is not None:
        await generation.close()
    await close_visitors()


async def _persist[T](function: Callable[[], T]) -> T:
    """Call a function that writes, again while the database is away; it must be idempotent."""
    for seconds in _TRIES:
        try:
            return await in_database(function)
        except (db.OperationalError, db.InterfaceError) as error:
            logger.warning("The database is away, trying again: %s", type(error).__name__)
            await asyncio.sleep(seconds)
    return await in_database(function)


async def _account(live: LiveTurn, results: Mapping[Side, SideResult], *, at: dt.datetime) -> None:
    """Tell the circuit breaker of an attempt that was stored, and pay for it.

    Each by itself: paying is tried again without counting a failure again.
    """
    calls = live.started.calls
    outcomes = {} if live.stopped else live.outcomes()
    await _persist(lambda: record_health(calls, outcomes, at=at))
    await _persist(lambda: settle(calls, results))


def _succeeded(task: asyncio.Task[None]) -> bool:
    return not task.cancelled() and task.exception() is None


def _streaming_turn(voter_id: uuid.UUID, battle_id: uuid.UUID) -> Turn | None:
    battle = turns.own_battle(voter_id, battle_id)
    return battle.turns.filter(state=TurnState.STREAMING).first()
