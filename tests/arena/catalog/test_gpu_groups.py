"""A GPU group serves one of its endpoints at a time, over all processes, and each in its turn."""

import asyncio
import contextlib
import uuid
from typing import Any

import pytest
import redis.asyncio

from arena.catalog.gpu_groups import able_to_begin
from arena.catalog.models import Endpoint
from arena.catalog.slots import EndpointSlots, Place
from arena.ids import uuid7
from tests.arena.catalog.line import (
    LEASE,
    LIMIT_SECONDS,
    LONG_LEASE,
    NEVER_ENDS,
    Start,
    granted,
    known,
    told_again,
)

ONE, TWO, ELSEWHERE = 1, 2, 3


@pytest.fixture
def group() -> str:
    return f"图形卡 {uuid.uuid4().hex}"


@pytest.fixture
def groups(group: str) -> dict[int, str]:
    return {ONE: group, TWO: group}


@pytest.fixture
def members(group: str, redis_url: str, settings: Any) -> list[Endpoint]:
    """Return two endpoints of the group and one of none, which are not stored."""
    settings.REDIS_URL = redis_url
    return [
        *(Endpoint(pk=pk, gpu_group=group) for pk in (ONE, TWO)),
        Endpoint(pk=ELSEWHERE),
    ]


def drawn(endpoints: list[Endpoint]) -> set[int]:
    return {endpoint.pk for endpoint in able_to_begin(endpoints)}


async def told(endpoints: list[Endpoint], expected: set[int]) -> None:
    """Wait until just these may begin."""
    async with asyncio.timeout(LIMIT_SECONDS):
        while True:
            if drawn(endpoints) == expected:
                return
            await asyncio.sleep(0.02)


async def test_two_of_a_group_never_have_calls_at_the_same_time(
    start: Start, groups: dict[int, str]
) -> None:
    processes = [await start(patience=0.1, lease=NEVER_ENDS) for _ in range(3)]
    holding: list[int] = []
    most, served = 0, set()

    async def call(slots: EndpointSlots, endpoint: int) -> None:
        nonlocal most
        wishes = {endpoint: 4, ELSEWHERE: 50}
        with slots.stand_in_line(wishes, groups={endpoint: groups[endpoint]}) as place:
            await granted(place)
            holding.append(endpoint)
            served.add(endpoint)
            assert len(set(holding)) == 1
            most = max(most, len(holding))
            await asyncio.sleep(0.02)
            holding.remove(endpoint)

    await asyncio.gather(*(call(processes[n % 3], (ONE, TWO)[n % 2]) for n in range(30)))
    assert served == {ONE, TWO}
    assert 1 < most <= 4


async def test_who_waits_for_a_group_comes_to_its_turn_while_others_never_cease(
    start: Start, groups: dict[int, str]
) -> None:
    busy, other = await start(lease=NEVER_ENDS), await start(lease=NEVER_ENDS)
    is_over = asyncio.Event()

    async def never_cease() -> None:
        """Ask again and again, each time before the last call has ended."""
        with contextlib.ExitStack() as calls:
            last: Place | None = None
            while not is_over.is_set():
                place = calls.enter_context(busy.stand_in_line({ONE: 9}, groups=groups))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.2):
                        await granted(place)
                if last is not None:
                    last.give_back(ONE)
                last = place

    with busy.stand_in_line({ONE: 9}, groups=groups) as first:
        await granted(first)
        asking = asyncio.create_task(never_cease())
        with other.stand_in_line({TWO: 9}, groups=groups) as waiting:
            await known(waiting)
            first.give_back(ONE)
            await granted(waiting)
        is_over.set()
        await asking


async def test_the_group_of_a_dead_process_comes_free(
    start: Start, groups: dict[int, str], members: list[Endpoint], redis_url: str
) -> None:
    dead, alive = EndpointSlots(redis_url, process=uuid7(), lease=LEASE), await start()
    async with dead:
        with dead.stand_in_line({ONE: 1}, groups=groups) as held:
            await granted(held)
            await told(members, {ONE, ELSEWHERE})
            # Killed: it says no more, and takes nothing back.
            await dead.__aexit__()
            await told(members, {ONE, TWO, ELSEWHERE})
            with alive.stand_in_line({TWO: 1}, groups=groups) as place:
                await granted(place)


async def test_while_one_has_calls_no_other_of_its_group_is_drawn(
    start: Start, groups: dict[int, str], members: list[Endpoint], redis_client: redis.asyncio.Redis
) -> None:
    slots = await start(lease=LONG_LEASE)
    assert drawn(members) == {ONE, TWO, ELSEWHERE}
    with contextlib.ExitStack() as calls:
        places = [
            calls.enter_context(slots.stand_in_line({TWO: 5}, groups=groups)) for _ in range(2)
        ]
        for place in places:
            await granted(place)
        assert drawn(members) == {TWO, ELSEWHERE}
        places[0].give_back(TWO)
        await told_again(redis_client, TWO)
        assert drawn(members) == {TWO, ELSEWHERE}
        places[1].give_back(TWO)
        await told(members, {ONE, TWO, ELSEWHERE})


async def test_after_its_turn_one_is_not_drawn_until_its_calls_have_ended(
    start: Start, groups: dict[int, str], members: list[Endpoint]
) -> None:
    slots = await start(turn=0.0, lease=NEVER_ENDS)
    with slots.stand_in_line({ONE: 5}, groups=groups) as place:
        await granted(place)
        await told(members, {ELSEWHERE})
        # Nobody else of the group is there to be drawn.
        assert drawn([members[0], members[2]]) == {ONE, ELSEWHERE}
    await told(members, {ONE, TWO, ELSEWHERE})


async def test_who_has_waited_long_ends_the_turn_of_another(
    start: Start, groups: dict[int, str], members: list[Endpoint]
) -> None:
    one, two = await start(lease=NEVER_ENDS), await start(lease=NEVER_ENDS)
    with one.stand_in_line({ONE: 5}, groups=groups) as place:
        await granted(place)
        with two.stand_in_line({TWO: 5}, groups=groups) as waiting:
            assert await known(waiting) == 1
            assert waiting.group_is_taken
            await told(members, {ELSEWHERE})
            with one.stand_in_line({ONE: 5}, groups=groups) as later:
                await known(later)
                assert later.group_is_taken
                place.give_back(ONE)
                await granted(waiting)
                assert not later.granted
                await told(members, {TWO, ELSEWHERE})


async def test_a_flush_is_made_good_by_who_holds_the_group(
    start: Start, groups: dict[int, str], members: list[Endpoint], redis_client: redis.asyncio.Redis
) -> None:
    slots = await start()
    with slots.stand_in_line({ONE: 5}, groups=groups) as place:
        await granted(place)
        await redis_client.flushdb()
        await told(members, {ONE, ELSEWHERE})


async def test_without_redis_a_process_keeps_a_group_to_one_by_itself(
    groups: dict[int, str], members: list[Endpoint], settings: Any
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert drawn(members) == {ONE, TWO, ELSEWHERE}
    async with EndpointSlots(settings.REDIS_URL, process=uuid7()) as slots:
        with contextlib.ExitStack() as line:
            places = [
                line.enter_context(slots.stand_in_line({endpoint: 9}, groups=groups))
                for endpoint in (ONE, TWO, ONE)
            ]
            await granted(places[0])
            await granted(places[2])
            assert not places[1].granted
            places[0].give_back(ONE)
            places[2].give_back(ONE)
            await granted(places[1])
