"""The sections of the measurement. Imported once the environment names the servers."""

import asyncio
import json
import os
import time
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any

import django
import uvloop

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "arena.settings")
django.setup()

from django.core.management import call_command  # noqa: E402

from arena.battles.models import Battle  # noqa: E402
from arena.catalog.models import Endpoint  # noqa: E402
from tests.arena.battles import timing  # noqa: E402
from tests.arena.rows import add_model  # noqa: E402
from tests.bench_live.direct import read_directly  # noqa: E402
from tests.bench_live.figures import Figure, percentiles  # noqa: E402
from tests.bench_live.site import LONG, LONG_TOKENS, MODELS, PACES, RATE, TOKENS, Web, web  # noqa: E402
from tests.bench_live.visitors import (  # noqa: E402
    Answers,
    Seen,
    load,
    load_once,
    read_answers,
    staying,
)

# A battle takes this long; the first ones begin spread over it, and it is the warm-up.
BATTLE_SECONDS = TOKENS / RATE
_SECONDS_TO_SETTLE = 2.0
_IDLE_BATTLES = 400
_ATTACKED, _ATTACKED_ON_SOCKETS = 4000, 400


def prepare(base_url: str) -> None:
    """Make the tables and the rows of the models."""
    call_command("migrate", interactive=False, verbosity=0)
    for name in (*MODELS, *LONG, *PACES):
        add_model(name, base_url=base_url, max_concurrent=10_000)


def _serve(models: Sequence[str]) -> None:
    """Let only these models be drawn."""
    Endpoint.objects.update(enabled=False)
    Endpoint.objects.filter(model_name__in=models).update(enabled=True)


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

    def __call__(self, section: str) -> Iterator[Figure]:
        """Run a section."""
        _serve({"leak": PACES, "streaming": LONG}.get(section, MODELS))
        yield from getattr(self, section)()

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

    def streaming(self) -> Iterator[Figure]:
        """Load it again while no battle opens or ends: what streaming alone costs."""
        for battles in self._sizes:
            with web(1, self._core) as site:
                yield uvloop.run(self._measured("streaming", site, battles, tokens=LONG_TOKENS))

    def two(self) -> Iterator[Figure]:
        """Share the largest load among two web processes on the same processor."""
        with web(2, self._core) as site:
            yield uvloop.run(self._measured("two", site, max(self._sizes)))

    def cuts(self) -> Iterator[Figure]:
        """Lose connections at random, with two web processes to come back to."""
        with web(2, self._core) as site:
            seen = uvloop.run(load_once(site.ports, self._cuts, at_once=60, most_cuts=4))
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

    def leak(self) -> Iterator[Figure]:
        """Attack the pace: thousands of simulated battles, and some over sockets."""
        for mode in ("paced", "live"):
            known = timing.battles(mode, _ATTACKED, seed=1)
            unknown = timing.battles(mode, _ATTACKED, seed=2)
            yield Figure(
                section=f"leak {mode}",
                battles=len(unknown),
                right=timing.guessed_right(known, unknown),
            )
        for mode in ("paced", "live"):
            with web(1, self._core, PARITY_PACING=mode) as site:
                seen = uvloop.run(load_once(site.ports, _ATTACKED_ON_SOCKETS, at_once=60))
            played = [_as_attacked(one) for one in seen]
            half = len(played) // 2
            yield Figure(
                section=f"leak {mode} on sockets",
                battles=len(played) - half,
                right=timing.guessed_right(played[:half], played[half:]),
            )

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

    async def _measured(
        self, section: str, site: Web, battles: int, tokens: int = TOKENS
    ) -> Figure:
        before = site.memory()
        seconds = self._whole if tokens == TOKENS else BATTLE_SECONDS + 1.0  # then one battle each
        loading: asyncio.Task[list[Seen]] = asyncio.create_task(
            _whole(load(site.ports, battles, seconds=seconds, spread=BATTLE_SECONDS))
        )
        await asyncio.sleep(BATTLE_SECONDS + _SECONDS_TO_SETTLE)
        began, cpu = time.monotonic() * 1000, site.cpu_seconds()
        await asyncio.sleep(self._seconds)
        ended, cpu = time.monotonic() * 1000, site.cpu_seconds() - cpu
        grown = site.memory() - before
        seen = await loading
        wrong, answers = _read(seen, tokens)
        ages = [age for one in answers for at, age in one.ages if began <= at < ended]
        all_tokens = sum(len(text) // 6 for one in answers for text in one.texts.values())
        return Figure(
            section=section,
            battles=battles,
            tokens=len(ages),
            ages=percentiles(ages),
            cpu_seconds=cpu,
            busy=cpu / (ended - began) * 1000,
            wire=sum(one.wire for one in seen) / all_tokens,
            memory=grown,
            wrong=wrong,
        )

    @property
    def _whole(self) -> float:
        return BATTLE_SECONDS + _SECONDS_TO_SETTLE + self._seconds


async def _whole[T](work: Coroutine[Any, Any, T]) -> T:
    return await work


def _as_attacked(seen: Seen) -> timing.Battle:
    """Return a battle as the attacker sees it, with the truth from the rows."""
    messages = [(arrival.moment, json.loads(arrival.payload)) for arrival in seen.arrivals]
    battle = next(message["battle"] for _, message in messages if message["type"] == "battle")
    first_is_a = Battle.objects.get(pk=battle).model_a.name == PACES[0]
    frames = [
        timing.Frame(moment / 1000, {side: message[side] for side in timing.SIDES})
        for moment, message in messages
        if message["type"] == "frame"
    ]
    begun = frames[0].at
    frames = [timing.Frame(frame.at - begun, frame.texts) for frame in frames]
    return timing.Battle(frames, (0, 1), first_is_a)


def _read(seen: Sequence[Seen], tokens: int = TOKENS) -> tuple[list[str], list[Answers]]:
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
        if one.failure or read.end != "complete" or sizes != [tokens - 1, tokens]:
            wrong.append(f"{one.failure or read.end}, {sizes} tokens")
    return wrong, answers
