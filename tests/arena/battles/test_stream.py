"""Frames through Redis: in order, once, from any number on, and never without bound."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import redis.asyncio

from arena.battles import stream
from arena.battles.stream import (
    MAX_WAITING_CHARACTERS,
    BattleStreams,
    Entry,
    SlowReader,
    Subscription,
)
from arena.ids import uuid7

SECONDS = 20.0


def ignore(*_: object) -> None:
    """Do nothing."""


@pytest.fixture
async def streams(redis_url: str) -> AsyncIterator[BattleStreams]:
    async with BattleStreams(redis_url, process=uuid7(), on_order=ignore) as streams:
        yield streams


async def read(streams: BattleStreams, battle: uuid.UUID, *, after: int, until: int) -> list[Entry]:
    entries: list[Entry] = []
    async with streams.subscribe(battle, after=after, on_overflow=ignore) as subscription:
        while not entries or entries[-1].seq < until:
            entry = await subscription.next(seconds=SECONDS)
            assert entry is not None
            entries.append(entry)
    return entries


def publish(streams: BattleStreams, battle: uuid.UUID, first: int, last: int) -> list[Entry]:
    entries = [Entry(seq, f"frame {seq}", seq == last) for seq in range(first, last + 1)]
    for entry in entries:
        streams.publish(battle, entry)
    return entries


async def test_readers_begin_anywhere_and_get_each_frame_once(streams: BattleStreams) -> None:
    battle = uuid7()
    early = asyncio.create_task(read(streams, battle, after=0, until=50))
    await asyncio.sleep(0)
    entries = publish(streams, battle, 1, 50)
    late = [read(streams, battle, after=after, until=50) for after in (0, 10, 49)]
    results = await asyncio.gather(early, *late)
    assert results == [entries, entries, entries[10:], entries[49:]]


async def test_another_process_reads_the_same(streams: BattleStreams, redis_url: str) -> None:
    battle = uuid7()
    async with BattleStreams(redis_url, process=uuid7(), on_order=ignore) as other:
        reader = asyncio.create_task(read(other, battle, after=3, until=20))
        entries = publish(streams, battle, 1, 20)
        assert await reader == entries[3:]


async def test_the_next_turn_goes_on_counting(streams: BattleStreams) -> None:
    battle = uuid7()
    publish(streams, battle, 1, 5)
    second = publish(streams, battle, 6, 9)
    assert await read(streams, battle, after=5, until=9) == second


async def test_what_redis_lost_is_written_again(streams: BattleStreams, redis_url: str) -> None:
    battle = uuid7()
    for seq in range(1, 6):
        streams.publish(battle, Entry(seq, f"frame {seq}", last=False))
    async with BattleStreams(redis_url, process=uuid7(), on_order=ignore) as other:
        await read(other, battle, after=0, until=5)
        async with redis.asyncio.Redis.from_url(redis_url) as client:
            assert await client.delete(f"parity:battle:{{{battle}}}") == 1
        streams.publish(battle, Entry(6, "frame 6", last=True))
        entries = await read(other, battle, after=0, until=6)
        assert [entry.seq for entry in entries] == [1, 2, 3, 4, 5, 6]


async def test_readers_beside_the_writer_need_no_redis(tmp_path: Path) -> None:
    nowhere = f"unix://{tmp_path}/nothing"
    async with BattleStreams(nowhere, process=uuid7(), on_order=ignore) as streams:
        battle = uuid7()
        streams.open(battle)
        early = asyncio.create_task(read(streams, battle, after=0, until=4))
        await asyncio.sleep(0)
        entries = publish(streams, battle, 1, 4)
        late = read(streams, battle, after=2, until=4)
        assert list(await asyncio.gather(early, late)) == [entries, entries[2:]]


async def test_without_redis_ended_turns_are_not_kept_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "_SECONDS_TO_KEEP", 0.1)
    nowhere = f"unix://{tmp_path}/nothing"
    async with BattleStreams(nowhere, process=uuid7(), on_order=ignore) as streams:
        battle = uuid7()
        publish(streams, battle, 1, 3)
        async with asyncio.timeout(SECONDS):
            await streams.flush(seconds=2 * SECONDS)
        async with streams.subscribe(battle, after=0, on_overflow=ignore) as late:
            assert await late.next(seconds=0.01) is None


async def test_orders_reach_the_process_they_are_for(redis_url: str) -> None:
    obeyed: asyncio.Queue[str] = asyncio.Queue()
    name = uuid7()
    async with (
        BattleStreams(redis_url, process=name, on_order=obeyed.put_nowait),
        BattleStreams(redis_url, process=uuid7(), on_order=ignore) as other,
    ):
        await other.order(name, "17")
        async with asyncio.timeout(SECONDS):
            assert await obeyed.get() == "17"
        assert obeyed.empty()


async def test_a_reader_that_does_not_read_is_cut_off() -> None:
    told: list[bool] = []
    subscription = Subscription(0, lambda: told.append(True))
    big = "x" * 10_000
    for seq in range(1, 1000):
        subscription.put(Entry(seq, big, last=False))
    assert told == [True]
    assert 1000 * len(big) > MAX_WAITING_CHARACTERS
    with pytest.raises(SlowReader):
        await subscription.next(seconds=SECONDS)


async def test_a_reader_hears_when_there_is_nothing_new() -> None:
    subscription = Subscription(0, ignore)
    assert await subscription.next(seconds=0.01) is None
