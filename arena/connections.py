"""How a web process talks to Postgres and Redis: no wait is for ever, and one that hangs is known.

A server that is stopped (a paused machine, a dead disk) neither answers nor breaks the connection,
and no setting of libpq or of the server ends such a wait. So each wait has its limit here.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any, ClassVar

import psycopg
import redis.asyncio
import redis.exceptions
from django.db import connection
from psycopg.abc import RV, PQGen
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

REDIS_IS_AWAY = (redis.exceptions.RedisError, OSError)

_SECONDS_BETWEEN_LOOKS = 1.0
# libpq knows no limit below two.
_SECONDS_TO_ANSWER = 2


def redis_client(url: str, *, seconds: float | None) -> redis.asyncio.Redis:
    """Return a client of Redis or Valkey whose every answer has a limit, and that never retries."""
    return redis.asyncio.Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=seconds,
        socket_connect_timeout=2.0,
        retry=Retry(NoBackoff(), 0),
    )


class LimitedConnection(psycopg.Connection[Any]):
    """A connection to Postgres that waits `limit` seconds for an answer, and then is closed.

    Without a limit, as outside of web processes, it waits as any other.
    """

    limit: ClassVar[float | None] = None

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Wait for the server.

        Raises
        ------
        psycopg.OperationalError
            When it did not answer in time; the connection is closed then, and a statement that
            was sent may or may not have been done.
        """
        if self.limit is None or timeout is not None:
            return super().wait(gen, interval, timeout)
        began = time.monotonic()
        try:
            return super().wait(gen, interval, self.limit)
        except psycopg.OperationalError:
            if time.monotonic() - began >= self.limit:
                self.pgconn.finish()
            raise


class DatabaseWatch:
    """Knows whether Postgres answers, so that nobody else need wait to find out."""

    def __init__(self) -> None:
        self.answers = True
        self._connection: psycopg.AsyncConnection[Any] | None = None

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Look once a second while inside."""
        task = asyncio.create_task(self._watch(), name="database watch")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self._hang_up()

    async def _watch(self) -> None:
        while True:
            self.answers = await self._look()
            await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)

    async def _look(self) -> bool:
        try:
            async with asyncio.timeout(_SECONDS_TO_ANSWER):
                if self._connection is None:
                    parameters = connection.get_connection_params() | {
                        "connect_timeout": _SECONDS_TO_ANSWER,
                        "autocommit": True,
                    }
                    parameters.pop("cursor_factory", None)
                    parameters.pop("context", None)
                    self._connection = await psycopg.AsyncConnection.connect(**parameters)
                await self._connection.execute("SELECT")
        except (psycopg.Error, TimeoutError, OSError):
            await self._hang_up()
            return False
        return True

    async def _hang_up(self) -> None:
        old, self._connection = self._connection, None
        if old is not None:
            with contextlib.suppress(psycopg.Error, OSError):
                await old.close()


database_watch = DatabaseWatch()
