"""How a web process talks to Postgres and Redis: no wait is for ever, and one that hangs is known.

A server that is stopped (a paused machine, a dead disk) neither answers nor breaks the connection,
and no setting of libpq or of the server ends such a wait. So each wait has its limit here.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, ClassVar

import psycopg
import redis
import redis.asyncio
import redis.exceptions
import redis.retry
from django.db import connections
from psycopg.abc import RV, PQGen
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

logger = logging.getLogger(__name__)

REDIS_IS_AWAY = (redis.exceptions.RedisError, OSError)

_SECONDS_BETWEEN_LOOKS = 1.0
# libpq knows no limit below two.
_SECONDS_TO_ANSWER = 2
# No statement of a page or a battle takes this long, whatever the database says meanwhile.
_SECONDS_OF_ANY_STATEMENT = 60.0
_SECONDS_BETWEEN_DOUBTS = 0.1


def redis_client(url: str, *, seconds: float | None) -> redis.asyncio.Redis:
    """Return a client of Redis or Valkey whose every answer has a limit, and that never retries."""
    return redis.asyncio.Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=seconds,
        socket_connect_timeout=2.0,
        retry=Retry(NoBackoff(), 0),
    )


def sync_redis(url: str, *, seconds: float) -> redis.Redis:
    """Return such a client for code that runs in a thread."""
    return redis.Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        retry=redis.retry.Retry(NoBackoff(), 0),
    )


class LimitedConnection(psycopg.Connection[Any]):
    """A connection to Postgres that gives up when waiting is hopeless.

    Attributes
    ----------
    is_hopeless
        Says so of a wait of so many seconds. None, as outside of web processes: it always waits.
    """

    is_hopeless: ClassVar[Callable[[float], bool] | None] = None

    def wait(
        self,
        gen: PQGen[RV],
        interval: float = _SECONDS_BETWEEN_DOUBTS,
        timeout: float | None = None,
    ) -> RV:
        """Wait for the server.

        Raises
        ------
        psycopg.OperationalError
            When it did not answer; the connection is closed then, and a statement that was sent
            may or may not have been done.
        """
        return super().wait(self._while_hopeful(gen), interval, timeout)

    def gives_up(self, seconds: float) -> bool:
        """Return whether a wait of so many seconds has gone on for long enough."""
        is_hopeless = type(self).is_hopeless
        return is_hopeless is not None and is_hopeless(seconds)

    def _while_hopeful(self, gen: PQGen[RV]) -> PQGen[RV]:
        """Go through the steps of a wait; without news there is one after each interval as well."""
        began = time.monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and self.gives_up(time.monotonic() - began):
                    self.pgconn.finish()
                    raise psycopg.OperationalError("the server does not answer")
                wanted = gen.send(ready)
        except StopIteration as end:
            result: RV = end.value
            return result


class DatabaseWatch:
    """Knows whether Postgres answers, so that nobody else need wait to find out."""

    def __init__(self) -> None:
        self.answers = True
        self._connection: _Probe | None = None
        self._to_tell: set[asyncio.Future[None]] = set()

    def is_hopeless(self, seconds: float) -> bool:
        """Return whether there is no point in waiting on after so many seconds."""
        return not self.answers or seconds > _SECONDS_OF_ANY_STATEMENT

    @contextlib.contextmanager
    def loss(self) -> Iterator[asyncio.Future[None]]:
        """Give what is done when the database ceases to answer while inside."""
        told = asyncio.get_running_loop().create_future()
        self._to_tell.add(told)
        try:
            yield told
        finally:
            self._to_tell.discard(told)
            told.cancel()

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Look once a second while inside."""
        # A thread of its own: those of others may all be waiting for the database.
        with ThreadPoolExecutor(1, "database watch") as thread:
            task = asyncio.create_task(self._watch(thread), name="database watch")
            try:
                yield
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                thread.submit(self._hang_up)
                self.answers = True

    async def _watch(self, thread: Executor) -> None:
        loop = asyncio.get_running_loop()
        while True:
            answers = await loop.run_in_executor(thread, self._look)
            if answers and not self.answers:
                # Connections of the time before are dead; the next user must not find out.
                await loop.run_in_executor(thread, _mend_pool)
            if answers != self.answers:
                logger.warning("The database %s", "answers again" if answers else "is away")
            self.answers = answers
            for told in () if answers else self._to_tell:
                if not told.done():
                    told.set_result(None)
            await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)

    def _look(self) -> bool:
        try:
            if self._connection is None:
                parameters = connections["default"].get_connection_params()
                limits = {"connect_timeout": _SECONDS_TO_ANSWER, "autocommit": True}
                self._connection = _Probe.connect(**parameters | limits)
            self._connection.execute("SELECT")
        except (psycopg.Error, OSError):
            self._hang_up()
            return False
        return True

    def _hang_up(self) -> None:
        old, self._connection = self._connection, None
        if old is not None:
            old.close()


class _Probe(LimitedConnection):
    """The watch's own connection, which finds out for all others."""

    def gives_up(self, seconds: float) -> bool:
        return seconds > _SECONDS_TO_ANSWER


def _mend_pool() -> None:
    pool = getattr(connections["default"], "pool", None)
    if pool is not None and not pool.closed:
        with contextlib.suppress(psycopg.Error):  # away again: the next look says so
            pool.check()


database_watch = DatabaseWatch()
"""The one of this process. Where nobody watches, the database is taken to answer."""
