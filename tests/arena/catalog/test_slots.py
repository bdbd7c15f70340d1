"""Endpoints' slots: never more than the limit over all processes, first come, first served."""

import asyncio
import contextlib

import redis.asyncio

from arena.catalog.slots import EndpointSlots, Place
from arena.ids import uuid7
from tests.arena.catalog.line import (
    LEASE,
    LIMIT_SECONDS,
    LINE,
    LONG_LEASE,
    Start,
    granted,
    held_by,
    known,
    told_again,
)


async def test_never_more_than_the_limit_hold_a_slot_over_all_processes(start: Start) -> None:
    processes, holding, most = [await start() for _ in range(3)], 0, 0

    async def call(slots: EndpointSlots, endpoint: int) -> None:
        nonlocal holding, most
        with slots.stand_in_line({1: 3, endpoint: 50}) as place:
            await granted(place)
            holding += 1
            most = max(most, holding)
            await asyncio.sleep(0.02)
            holding -= 1

    await asyncio.gather(*(call(processes[n % 3], 2 + n % 4) for n in range(30)))
    assert (most, holding) == (3, 0)


async def test_those_who_wait_are_served_in_order_whatever_process_they_are_in(
    start: Start,
) -> None:
    one, two = await start(), await start()
    served: list[int] = []

    async def call(slots: EndpointSlots, number: int, place: Place) -> None:
        await granted(place)
        served.append(number)
        for endpoint in place.limits:
            place.give_back(endpoint)

    with contextlib.ExitStack() as line:
        holder = line.enter_context(one.stand_in_line({1: 1}))
        await granted(holder)
        places = []
        for number in range(6):
            slots = (one, two)[number % 2]
            places.append((slots, line.enter_context(slots.stand_in_line({1: 1, 10 + number: 9}))))
            assert await known(places[-1][1]) == number + 1
        holder.give_back(1)
        await asyncio.gather(*(call(s, n, place) for n, (s, place) in enumerate(places)))
    assert served == list(range(6))


async def test_the_position_counts_those_before_it_at_either_endpoint(start: Start) -> None:
    slots = await start()
    with contextlib.ExitStack() as line:

        async def join(*endpoints: int) -> Place:
            place = line.enter_context(slots.stand_in_line(dict.fromkeys(endpoints, 1)))
            await known(place)
            return place

        first = await join(1, 2)
        assert first.granted
        waiting = [await join(1, 3), await join(2, 4), await join(1, 2)]
        assert [place.position for place in waiting] == [1, 1, 2]


async def test_a_free_slot_is_lent_while_the_other_is_waited_for(start: Start) -> None:
    slots = await start(patience=LIMIT_SECONDS)
    with slots.stand_in_line({1: 1}) as busy:
        await granted(busy)
        with slots.stand_in_line({1: 1, 2: 1}) as first:
            assert await known(first) == 1
            with slots.stand_in_line({2: 1}) as passing:
                await granted(passing)
                assert not first.granted


async def test_after_its_patience_the_place_is_kept_and_both_slots_are_taken_together(
    start: Start,
) -> None:
    slots = await start(patience=0.0)
    with slots.stand_in_line({1: 1}) as busy:
        await granted(busy)
        with slots.stand_in_line({1: 1, 2: 1}) as first:
            assert await known(first) == 1
            with slots.stand_in_line({2: 1}) as later:
                assert await known(later) == 2
                busy.give_back(1)
                await granted(first)
                assert not later.granted
                first.give_back(2)
                await granted(later)


async def test_a_battle_of_a_model_with_itself_takes_two_slots_of_one_endpoint(
    start: Start, redis_client: redis.asyncio.Redis
) -> None:
    one, two = await start(lease=LONG_LEASE), await start(lease=LONG_LEASE)
    with two.stand_in_line({1: 3}) as third, one.stand_in_line({1: 3}, requests={1: 2}) as both:
        await granted(third)
        await granted(both)
        with two.stand_in_line({1: 3}, requests={1: 2}) as waiting:
            assert await known(waiting) == 1
            both.give_back(1)
            await told_again(redis_client, 1)
            assert not waiting.granted
            both.give_back(1)
            await granted(waiting)
    with one.stand_in_line({1: 1}, requests={1: 2}) as place:
        await granted(place)  # never more than there are


async def test_a_wait_that_is_given_up_loses_no_slot(
    start: Start, redis_client: redis.asyncio.Redis
) -> None:
    slots = await start()
    with slots.stand_in_line({1: 1}) as place:
        await granted(place)
        for _ in range(5):
            with slots.stand_in_line({1: 1}):
                await asyncio.sleep(0)
    with slots.stand_in_line({1: 1}) as place:
        await granted(place)
        assert await redis_client.zcard(LINE) == 0


async def test_the_slots_and_the_place_in_line_of_a_dead_process_come_free(
    start: Start, redis_client: redis.asyncio.Redis, redis_url: str
) -> None:
    dead, alive = EndpointSlots(redis_url, process=uuid7(), lease=LEASE), await start()
    async with dead:
        with dead.stand_in_line({1: 1}) as held, dead.stand_in_line({1: 1}) as waiting:
            await granted(held)
            assert await known(waiting) == 1
            with alive.stand_in_line({1: 1}) as place:
                assert await known(place) == 2
                # Killed: it says no more, and takes nothing back.
                await dead.__aexit__()
                await granted(place)
                assert await redis_client.zcard(LINE) == 0


async def test_what_is_held_long_stays_held(
    start: Start, redis_client: redis.asyncio.Redis
) -> None:
    one, two = await start(lease=LONG_LEASE), await start(lease=LONG_LEASE)
    with one.stand_in_line({1: 1}) as place:
        await granted(place)
        with two.stand_in_line({1: 1}) as waiting:
            assert await known(waiting) == 1
            for _ in range(2):
                await told_again(redis_client, 1)
            assert waiting.position == 1


async def test_a_flush_is_made_good_by_the_next_word_of_each_process(
    start: Start, redis_client: redis.asyncio.Redis
) -> None:
    one, two = await start(lease=LONG_LEASE), await start(lease=LONG_LEASE)
    with contextlib.ExitStack() as line:
        held = [line.enter_context(one.stand_in_line({1: 3})) for _ in range(3)]
        for place in held:
            await granted(place)
        early = [line.enter_context(two.stand_in_line({1: 3})) for _ in range(9)]
        for place in early:
            await known(place)
        await redis_client.flushdb()
        await held_by(redis_client, 1, {place.ticket for place in held})
        # At most the limit more than what was running; and nobody else until that has ended.
        assert sum(place.granted for place in early) <= 3
        for place in held:
            place.give_back(1)
        async with asyncio.timeout(LIMIT_SECONDS):
            while sum(place.granted for place in early) < 3:
                await next(place for place in early if not place.granted).news(seconds=0.1)
        with two.stand_in_line({2: 1}) as other:  # once more everybody has looked
            await granted(other)
        assert sum(place.granted for place in early) == 3
        for place in early:
            await granted(place)
            place.give_back(1)
        with one.stand_in_line({1: 3}) as last:
            await granted(last)


async def test_without_redis_each_process_goes_on_within_its_share() -> None:
    slots = EndpointSlots("redis://127.0.0.1:1/0", process=uuid7())
    async with slots:
        with contextlib.ExitStack() as line:
            places = [line.enter_context(slots.stand_in_line({1: 2})) for _ in range(4)]
            for place in places[:2]:
                await granted(place)
            assert [place.granted for place in places] == [True, True, False, False]
            places[0].give_back(1)
            await granted(places[2])
            assert not places[3].granted


async def test_no_more_calls_begin_in_a_minute_than_the_rate_says(start: Start) -> None:
    processes = [await start() for _ in range(3)]
    with contextlib.ExitStack() as line:
        places = [
            line.enter_context(processes[n % 3].stand_in_line({1: 50}, rates={1: 4}))
            for n in range(12)
        ]
        for place in places:
            await known(place)
        began = [place for place in places if place.granted]
        assert len(began) == 4
        for place in began:
            place.give_back(1)
        # Who stands elsewhere is served meanwhile; so everybody has looked again.
        for slots in processes:
            with slots.stand_in_line({2: 50}, rates={2: 1000}) as other:
                await granted(other)
        assert [place for place in places if place.granted] == began


async def test_a_model_with_itself_counts_twice_in_the_rate(start: Start) -> None:
    slots = await start()
    with contextlib.ExitStack() as line:
        places = [
            line.enter_context(slots.stand_in_line({1: 9}, requests={1: 2}, rates={1: 5}))
            for _ in range(3)
        ]
        for place in places:
            await known(place)
        assert [place.granted for place in places] == [True, True, False]


async def test_after_the_minute_those_who_wait_go_in(
    redis_client: redis.asyncio.Redis, redis_url: str
) -> None:
    async with EndpointSlots(redis_url, process=uuid7(), minute=0.5) as slots:
        with contextlib.ExitStack() as line:
            for _ in range(5):
                place = line.enter_context(slots.stand_in_line({1: 50}, rates={1: 1}))
                await granted(place)
        assert await redis_client.zcard(LINE) == 0


async def test_what_began_is_told_again_after_a_flush(
    start: Start, redis_client: redis.asyncio.Redis
) -> None:
    one, two = await start(), await start()
    with contextlib.ExitStack() as line:
        for _ in range(3):
            with one.stand_in_line({1: 9}, rates={1: 3}) as place:
                await granted(place)
        await redis_client.flushdb()
        async with asyncio.timeout(LIMIT_SECONDS):
            while True:  # it has no place any more, and says what it began all the same
                if await redis_client.zcard("parity:{slots}:begun:1") == 3:
                    break
                await asyncio.sleep(0.05)
        late = line.enter_context(two.stand_in_line({1: 9}, rates={1: 3}))
        assert await known(late) == 1


async def test_without_redis_each_process_keeps_its_share_of_the_rate() -> None:
    async with EndpointSlots("redis://127.0.0.1:1/0", process=uuid7()) as slots:
        with contextlib.ExitStack() as line:
            first = [
                line.enter_context(slots.stand_in_line({1: 9}, rates={1: 2})) for _ in range(3)
            ]
            for place in first[:2]:
                await granted(place)
                place.give_back(1)
            with slots.stand_in_line({2: 9}) as other:
                await granted(other)
            assert not first[2].granted
