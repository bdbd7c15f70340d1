"""Calls beside battles take slots of the same kind: limits hold, and battles go first."""

import asyncio
import contextlib
import datetime as dt
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import redis.asyncio
from asgiref.sync import sync_to_async
from django.db import connections
from django.utils import timezone

from arena.battles.generation import in_database
from arena.catalog import admissions, recovery
from arena.catalog.admissions import open_admission, run_admission
from arena.catalog.endpoint_pages import told
from arena.catalog.models import Admission, Endpoint
from arena.catalog.paid_calls import room_at
from arena.catalog.recovery import ask_the_paused
from arena.catalog.slots import waiting_in_line
from arena.connections import sync_redis
from tests.arena.catalog.line import LIMIT_SECONDS, LINE, NEVER_ENDS, Start, granted, known
from tests.arena.rows import add_model
from workers.demo.fiction import FICTIONAL_MODELS
from workers.demo.scripted import ScriptedServer
from workers.endpoints import NoRoomError

NAME = FICTIONAL_MODELS[0].name
PK = 1


@pytest.fixture
def endpoint(redis_url: str, settings: Any) -> Endpoint:
    """Return an endpoint that is not stored."""
    settings.REDIS_URL = redis_url
    return Endpoint(pk=PK, max_concurrent=2)


async def turned_away(endpoint: Endpoint, calls: int = 1, *, seconds: float = 0.6) -> str:
    """Return why there was no room."""
    with pytest.raises(NoRoomError) as error:
        async with room_at(endpoint, seconds=seconds)(calls):
            pass
    return error.value.code


async def someone_in_line(redis_client: redis.asyncio.Redis) -> None:
    async with asyncio.timeout(LIMIT_SECONDS):
        while True:
            if await redis_client.zcard(LINE):
                return
            await asyncio.sleep(0.01)


async def test_never_more_than_the_limit_together_with_battles(
    start: Start, endpoint: Endpoint
) -> None:
    slots, running, most = await start(lease=NEVER_ENDS), 0, 0

    async def count() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.02)
        running -= 1

    async def battle() -> None:
        with slots.stand_in_line({PK: 2}) as place:
            await granted(place)
            await count()

    async def beside() -> None:
        async with room_at(endpoint, seconds=LIMIT_SECONDS)(1):
            await count()

    await asyncio.gather(*(call() for _ in range(8) for call in (battle, beside)))
    assert most == 2


async def test_who_finds_no_room_is_put_off_and_leaves_the_line(
    start: Start, endpoint: Endpoint, redis_client: redis.asyncio.Redis
) -> None:
    slots = await start(lease=NEVER_ENDS)
    with slots.stand_in_line({PK: 2}, requests={PK: 2}) as place:
        await granted(place)
        assert await turned_away(endpoint) == "no_slot"
        place.give_back(PK)
        async with room_at(endpoint, seconds=LIMIT_SECONDS)(1):
            assert await turned_away(endpoint, calls=2) == "no_slot"
    assert await redis_client.zcard(LINE) == 0


async def test_its_slots_are_free_at_once_when_it_ends(
    endpoint: Endpoint, redis_client: redis.asyncio.Redis
) -> None:
    async with room_at(endpoint, seconds=LIMIT_SECONDS)(2):
        assert await redis_client.zcard(f"parity:{{slots}}:held:{PK}") == 2
    assert await redis_client.zcard(f"parity:{{slots}}:held:{PK}") == 0


async def test_it_never_keeps_a_place_from_a_battle(
    start: Start, endpoint: Endpoint, redis_client: redis.asyncio.Redis
) -> None:
    """Two slots are wanted, one is free: battles pass, however long the others wait."""
    slots = await start(patience=0.0, lease=NEVER_ENDS)
    is_in = asyncio.Event()

    async def call() -> None:
        async with room_at(endpoint, seconds=LIMIT_SECONDS)(2):
            is_in.set()

    with slots.stand_in_line({PK: 2}) as first:
        await granted(first)
        beside = asyncio.create_task(call())
        await someone_in_line(redis_client)
        for _ in range(3):
            with slots.stand_in_line({PK: 2}) as place:
                await granted(place)
        assert not is_in.is_set()
    await beside
    assert is_in.is_set()


async def test_it_is_no_battle_that_waits(
    start: Start, endpoint: Endpoint, redis_url: str, redis_client: redis.asyncio.Redis
) -> None:
    slots = await start(lease=NEVER_ENDS)

    async def call() -> None:
        async with room_at(endpoint, seconds=LIMIT_SECONDS)(2):
            pass

    with contextlib.ExitStack() as line, sync_redis(redis_url, seconds=5.0) as reader:
        first = line.enter_context(slots.stand_in_line({PK: 2}, requests={PK: 2}))
        await granted(first)
        beside = asyncio.create_task(call())
        await someone_in_line(redis_client)
        waiting = line.enter_context(slots.stand_in_line({PK: 2}))
        assert await known(waiting) == 1
        assert await redis_client.zcard(LINE) == 2
        assert waiting_in_line(reader) == 1
    await beside


async def test_it_counts_in_the_minute(start: Start, endpoint: Endpoint) -> None:
    endpoint.requests_per_minute = 2
    slots = await start(lease=NEVER_ENDS)
    async with room_at(endpoint, seconds=LIMIT_SECONDS)(1):
        pass
    with slots.stand_in_line({PK: 9}, rates={PK: 2}) as place:
        await granted(place)
        assert await turned_away(endpoint) == "no_slot"
        with slots.stand_in_line({PK: 9}, rates={PK: 2}) as late:
            assert await known(late) == 1


async def test_it_waits_for_its_gpu_group(start: Start, endpoint: Endpoint) -> None:
    endpoint.gpu_group = uuid.uuid4().hex
    slots = await start(lease=NEVER_ENDS)
    with slots.stand_in_line({2: 1}, groups={2: endpoint.gpu_group}) as place:
        await granted(place)
        assert await turned_away(endpoint) == "no_slot"
        place.give_back(2)
        async with room_at(endpoint, seconds=LIMIT_SECONDS)(1):
            with slots.stand_in_line({2: 1}, groups={2: endpoint.gpu_group}) as late:
                assert await known(late) == 1


async def test_nothing_is_called_while_nobody_counts(endpoint: Endpoint, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert await turned_away(endpoint, seconds=LIMIT_SECONDS) == "slots_unknown"


# -- admission tests and greetings -----------------------------------------------------------------


@pytest.fixture
async def database(transactional_db: None) -> AsyncIterator[None]:
    """Close the connections that Django's test client leaves open."""
    yield
    await sync_to_async(connections.close_all)()


def run_test(
    pk: int, reason: Admission.Reason = Admission.Reason.ASKED
) -> tuple[Admission, Endpoint]:
    endpoint = Endpoint.objects.get(pk=pk)
    admission, _ = open_admission(endpoint, reason)
    return run_admission(admission.pk), Endpoint.objects.get(pk=pk)


async def test_a_test_without_a_slot_is_put_off_and_the_endpoint_stays_in_battles(
    database: None,
    scripted: ScriptedServer,
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(admissions, "_SECONDS_FOR_A_SLOT", 0.3)
    endpoint = await in_database(add_model, NAME, base_url=scripted.base_url, max_concurrent=1)
    slots = await start(lease=NEVER_ENDS)
    with slots.stand_in_line({endpoint.pk: 1}) as place:
        await granted(place)
        admission, after = await in_database(run_test, endpoint.pk)
        assert not scripted.requests
        assert (admission.state, admission.steps[-1]["code"]) == ("failed", "no_slot")
        assert after.admission == "passed"
        assert "Put off" in (await in_database(told, admission))["verdict"]
    monkeypatch.undo()
    admission, after = await in_database(run_test, endpoint.pk)
    assert admission.state == "passed"


async def test_as_many_at_once_as_battles_leave_room_for_are_tried(
    database: None, scripted: ScriptedServer, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The crowd has to reach it, and no single call may.
    monkeypatch.setattr(admissions, "_SECONDS_FOR_A_SLOT", 10.0)
    endpoint = await in_database(add_model, NAME, base_url=scripted.base_url, max_concurrent=4)
    slots = await start(lease=NEVER_ENDS)
    with slots.stand_in_line({endpoint.pk: 4}) as place:
        await granted(place)
        admission, after = await in_database(run_test, endpoint.pk)
        assert admission.state == "passed"
        last = admission.steps[-1]
        assert (last["name"], last["outcome"], last["code"]) == (
            "concurrency",
            "unknown",
            "no_slot",
        )
        assert after.findings.get("concurrency") is None
    monkeypatch.undo()
    _, after = await in_database(run_test, endpoint.pk)
    assert after.findings["concurrency"] == 4


async def test_as_many_at_once_as_the_rate_allows_are_known_and_not_tried_each_day(
    database: None,
    scripted: ScriptedServer,
    redis_client: redis.asyncio.Redis,
    redis_url: str,
    settings: Any,
) -> None:
    settings.REDIS_URL = redis_url
    endpoint = await in_database(
        add_model,
        NAME,
        base_url=scripted.base_url,
        max_concurrent=50,
        requests_per_minute=40,
        findings={"takes_images": False, "longest_tried": 10**9, "concurrency": 40},
    )
    admission, _ = await in_database(run_test, endpoint.pk, Admission.Reason.SCHEDULED)
    assert admission.state == "passed"
    assert "concurrency" not in {step["name"] for step in admission.steps}


async def test_an_endpoint_is_not_greeted_while_another_of_its_group_has_calls(
    database: None, scripted: ScriptedServer, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "_SECONDS_FOR_A_SLOT", 0.3)
    group, now = uuid.uuid4().hex, timezone.now()
    paused = await in_database(
        add_model,
        NAME,
        base_url=scripted.base_url,
        gpu_group=group,
        failures_in_a_row=3,
        suspended_until=now + dt.timedelta(seconds=10),
    )
    slots = await start(lease=NEVER_ENDS)

    def at_once(work: Callable[[], object], _: str) -> None:
        work()

    def greet() -> Endpoint:
        ask_the_paused(timezone.now(), start=at_once)
        return Endpoint.objects.get(pk=paused.pk)

    other = paused.pk + 1
    with slots.stand_in_line({other: 1}, groups={other: group}) as place:
        await granted(place)
        assert (await in_database(greet)).failures_in_a_row == 3
        assert not scripted.requests
    monkeypatch.undo()
    soon = timezone.now() + dt.timedelta(seconds=10)
    await in_database(Endpoint.objects.filter(pk=paused.pk).update, suspended_until=soon)
    assert (await in_database(greet)).failures_in_a_row == 0
