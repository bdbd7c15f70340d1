"""The sections of the measurement. Imported once the environment names the servers."""

import asyncio
import os
import time
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any

import django
import uvloop

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "arena.settings")
django.setup()

from django.core.management import call_command  # noqa: E402

from tests.arena.rows import add_model  # noqa: E402
from tests.bench_live.direct import read_directly  # noqa: E402
from tests.bench_live.figures import Figure, percentiles  # noqa: E402
from tests.bench_live.site import MODELS, RATE, TOKENS, Web, web  # noqa: E402
from tests.bench_live.visitors import (  # noqa: E402
    Answers,
    Seen,
    load,
    load_with_cuts,
    read_answers,
    staying,
)

# A battle takes this long; the first ones begin spread over it, and it is the warm-up.
BATTLE_SECONDS = TOKENS / RATE
_SECONDS_TO_SETTLE = 2.0
_IDLE_BATTLES = 400


def prepare(base_url: str, models: Sequence[str]) -> None:
    """Make the tables and the rows of the models."""
    call_command("migrate", interactive=False, verbosity=0)
    for name in models:
        add_model(name, base_url=base_url, max_concurrent=10_000)


class Run:
    """Each method is a section and yields its figures."""

    def __init__(
        self,
        base_url: str,
        web_core: set[int] | None,
        sizes: Sequence[int],
        *,
        seconds: float,
        cuts: int,
    ) -> None:
        self._base_url, self._core = base_url, web_core
        self._sizes, self._seconds, self._cuts = sizes, seconds, cuts

    def direct(self) -> Iterator[Figure]:
        """Read from the upstream itself, with as many streams as the battles have."""
        for battles in self._sizes:
            began = time.process_time()
            ages = uvloop.run(read_directly(self._base_url, MODELS, battles, spread=BATTLE_SECONDS))
            cpu = time.process_time() - began
            yield Figure(
                section="direct",
                battles=battles,
                tokens=len(ages),
                ages=percentiles([age for _, age in ages]),
                cpu_seconds=cpu,
            )

    def load(self) -> Iterator[Figure]:
        """Load one web process, harder and harder."""
        for battles in self._sizes:
            with web(1, self._core) as site:
                yield uvloop.run(self._measured("load", site, battles))

    def two(self) -> Iterator[Figure]:
        """Share the largest load among two web processes on the same processor."""
        with web(2, self._core) as site:
            yield uvloop.run(self._measured("two", site, max(self._sizes)))

    def cuts(self) -> Iterator[Figure]:
        """Lose connections at random, with two web processes to come back to."""
        with web(2, self._core) as site:
            seen = uvloop.run(load_with_cuts(site.ports, self._cuts, at_once=60))
        wrong, answers = _read(seen)
        yield Figure(
            section="cuts",
            battles=len(seen),
            tokens=sum(len(text) // 6 for one in answers for text in one.texts.values()),
            reconnects=sum(one.reconnects for one in seen),
            wrong=wrong,
        )

    def idle(self) -> Iterator[Figure]:
        """Leave pages open on battles that have ended."""
        with web(1, self._core) as site:
            yield uvloop.run(self._idle(site))

    async def _idle(self, site: Web) -> Figure:
        seen: list[Seen] = []
        while len(seen) < _IDLE_BATTLES:
            seen += await load(site.ports, 100, seconds=0.5, spread=0.4)
        async with staying(site.ports[0], seen[:50]):
            pass  # what the first sockets load once is not theirs
        await asyncio.sleep(_SECONDS_TO_SETTLE)
        before = site.memory()
        async with staying(site.ports[0], seen[:_IDLE_BATTLES]):
            await asyncio.sleep(_SECONDS_TO_SETTLE)
            grown = site.memory() - before
        return Figure(section="idle", battles=_IDLE_BATTLES, memory=grown)

    async def _measured(self, section: str, site: Web, battles: int) -> Figure:
        before = site.memory()
        loading: asyncio.Task[list[Seen]] = asyncio.create_task(
            _whole(load(site.ports, battles, seconds=self._whole, spread=BATTLE_SECONDS))
        )
        await asyncio.sleep(BATTLE_SECONDS + _SECONDS_TO_SETTLE)
        began, cpu = time.monotonic() * 1000, site.cpu_seconds()
        await asyncio.sleep(self._seconds)
        ended, cpu = time.monotonic() * 1000, site.cpu_seconds() - cpu
        grown = site.memory() - before
        seen = await loading
        wrong, answers = _read(seen)
        ages = [age for one in answers for at, age in one.ages if began <= at < ended]
        tokens = sum(len(text) // 6 for one in answers for text in one.texts.values())
        return Figure(
            section=section,
            battles=battles,
            tokens=len(ages),
            ages=percentiles(ages),
            cpu_seconds=cpu,
            busy=cpu / (ended - began) * 1000,
            wire=sum(one.wire for one in seen) / tokens,
            memory=grown,
            wrong=wrong,
        )

    @property
    def _whole(self) -> float:
        return BATTLE_SECONDS + _SECONDS_TO_SETTLE + self._seconds


async def _whole[T](work: Coroutine[Any, Any, T]) -> T:
    return await work


def _read(seen: Sequence[Seen]) -> tuple[list[str], list[Answers]]:
    """Check every character of every battle; return what was wrong, and the answers."""
    wrong, answers = [], []
    for one in seen:
        try:
            read = read_answers(one)
        except ValueError as error:
            wrong.append(str(error))
            continue
        answers.append(read)
        sizes = sorted(len(text) // 6 for text in read.texts.values())
        if one.failure or read.end != "complete" or sizes != [TOKENS - 1, TOKENS]:
            wrong.append(f"{one.failure or read.end}, {sizes} tokens")
    return wrong, answers
