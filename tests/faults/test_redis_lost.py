"""Redis is killed, flushed or missing in the middle of a battle: the battle goes on."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio

from arena.battles.generation import in_database
from arena.battles.models import Reply
from arena.embedded.layout import Layout
from arena.embedded.valkey import Valkey, redis_url
from tests.arena.battles.conftest import AddModels
from tests.arena.battles.visitor import Transcript, Visitor


@pytest.fixture
def valkey(settings: Any) -> Iterator[Valkey]:
    """Run a Valkey of our own, which may be killed."""
    with tempfile.TemporaryDirectory(prefix="parity-valkey-") as folder:
        # Below pytest's closed folder its data would go to the system's state directory.
        Path(folder).chmod(0o755)
        layout = Layout(Path(folder).resolve())
        layout.make_root()
        layout.make_folders()
        server = Valkey(layout)
        server.start()
        settings.REDIS_URL = redis_url(layout)
        yield server
        server.stop()


async def half_a_battle(visitor: Visitor, turn: Transcript) -> None:
    async with visitor.socket() as socket:
        await socket.send(type="prompt", text="Hello")
        while turn.seq < 4:
            turn.take(await socket.receive())


async def stored() -> dict[str, str]:
    return {r.side: r.text for r in await in_database(lambda: list(Reply.objects.all()))}


async def test_a_flush_loses_no_character(
    valkey: Valkey, add_models: AddModels, settings: Any
) -> None:
    await add_models("steady-4-500", "steady-4-501")
    visitor, turn, fresh = Visitor(), Transcript(), Transcript()
    await half_a_battle(visitor, turn)
    async with redis.asyncio.Redis.from_url(settings.REDIS_URL) as client:
        await client.flushall()
    async with visitor.socket() as one, visitor.socket() as two:
        await one.send(type="resume", battle=turn.battle, after=turn.seq)
        await two.send(type="resume", battle=turn.battle, after=0)
        await asyncio.gather(one.turn(turn), two.turn(fresh))
    assert turn.end["votable"] is True
    assert turn.texts == fresh.texts == await stored()


async def test_a_killed_redis_that_comes_back_loses_no_character(
    valkey: Valkey, add_models: AddModels
) -> None:
    await add_models("steady-4-500", "steady-4-501")
    visitor, turn = Visitor(), Transcript()
    async with visitor.socket() as socket:
        await socket.send(type="prompt", text="Hello")
        while turn.seq < 4:
            turn.take(await socket.receive())
        valkey.stop()
        await asyncio.sleep(0.5)
        await in_database(valkey.start)
        await socket.turn(turn)
    assert turn.end["votable"] is True
    assert turn.texts == await stored()
    assert (await visitor.vote(turn.battle, "b"))[0] == 200


async def test_without_redis_the_answers_are_stored_and_shown_at_the_end(
    valkey: Valkey, add_models: AddModels
) -> None:
    await add_models("steady-4-200", "steady-4-201")
    visitor, turn = Visitor(), Transcript()
    await half_a_battle(visitor, turn)
    valkey.stop()
    async with visitor.socket() as socket:
        await socket.send(type="resume", battle=turn.battle, after=turn.seq)
        await socket.turn(turn)
    assert turn.end["votable"] is True
    assert turn.texts == await stored()
    assert (await visitor.vote(turn.battle, "tie"))[0] == 200
