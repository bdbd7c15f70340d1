"""Models of one GPU group are never asked at the same time, whatever battles begin together."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import pytest

from arena.battles.generation import current, in_database
from arena.battles.models import Battle, Reply, Turn
from arena.battles.turns import StartedTurn, start_battle
from arena.catalog.models import Endpoint
from arena.catalog.slots import EndpointSlots, Place
from arena.ids import uuid7
from tests.arena.battles.visitor import Visitor
from tests.arena.catalog.line import LIMIT_SECONDS, granted
from tests.arena.rows import add_model
from workers.demo.http import Exchange
from workers.demo.scripted import ScriptedServer

ONE, TWO, THREE, FOUR = (f"steady-{rate}-12" for rate in (90, 91, 92, 93))
PROMPTS = 10


class Watching(ScriptedServer):
    """Remembers which models answered at the same time."""

    def __init__(self) -> None:
        super().__init__(speed=5)
        self.answering: list[str] = []
        self.together: set[frozenset[str]] = set()

    async def complete(self, exchange: Exchange, body: Mapping[str, Any]) -> None:
        self.answering.append(body["model"])
        self.together.add(frozenset(self.answering))
        try:
            await super().complete(exchange, body)
        finally:
            self.answering.remove(body["model"])

    def met(self, one: str, other: str) -> bool:
        """Return whether two models ever answered at the same time."""
        return any({one, other} <= models for models in self.together)


def line_at(slots: EndpointSlots, endpoint: Endpoint) -> AbstractContextManager[Place]:
    return slots.stand_in_line({endpoint.pk: 1}, groups={endpoint.pk: endpoint.gpu_group})


async def ended(attempt: int) -> None:
    """Wait until an attempt at the only battle's turn has ended."""
    found = Turn.objects.filter(attempt=attempt).exclude(state="streaming")
    async with asyncio.timeout(LIMIT_SECONDS):
        while True:
            if await in_database(found.exists):
                return
            await asyncio.sleep(0.02)


@pytest.fixture
async def endpoints(process: None) -> AsyncIterator[tuple[Watching, dict[str, Endpoint]]]:
    """Serve four models, the first two of which share a GPU group."""
    group = uuid.uuid4().hex
    async with Watching() as server:

        def add() -> dict[str, Endpoint]:
            return {
                name: add_model(
                    name, base_url=server.base_url, gpu_group=group if name in {ONE, TWO} else ""
                )
                for name in (ONE, TWO, THREE, FOUR)
            }

        yield server, await in_database(add)


async def test_battles_that_begin_at_once_never_load_two_of_a_group(
    endpoints: tuple[Watching, dict[str, Endpoint]],
) -> None:
    server, added = endpoints
    await in_database(Endpoint.objects.filter(pk=added[FOUR].pk).delete)
    asked: set[str] = set()
    async with asyncio.timeout(LIMIT_SECONDS):
        while not {ONE, TWO} <= asked:
            turns = await asyncio.gather(*(Visitor().battle("Hello") for _ in range(PROMPTS)))
            assert all(turn.end["votable"] for turn in turns)
            asked = {str(request.body["model"]) for request in server.requests}
    assert server.met(ONE, THREE)
    assert server.met(TWO, THREE)
    assert not server.met(ONE, TWO)


async def test_who_comes_too_late_for_a_group_gets_another_pair_before_any_call(
    endpoints: tuple[Watching, dict[str, Endpoint]], redis_url: str
) -> None:
    server, added = endpoints
    visitor, two, loop = Visitor(), added[TWO], asyncio.get_running_loop()
    late = Endpoint.objects.filter(pk__in=[two.pk, added[FOUR].pk])
    await in_database(late.update, enabled=False)
    with ExitStack() as stack:
        async with EndpointSlots(redis_url, process=uuid7()) as other:

            async def hold() -> None:
                await granted(stack.enter_context(line_at(other, two)))

            def open_turn(**when: Any) -> StartedTurn:
                """Draw the first model; another process is faster at the second."""
                started = start_battle(visitor.id, "Hello", **when)
                late.update(enabled=True)
                asyncio.run_coroutine_threadsafe(hold(), loop).result(LIMIT_SECONDS)
                return started

            started = await current().start(open_turn)
            assert added[ONE] in {call.endpoint for call in started.calls.values()}
            await ended(2)
    battle = await in_database(Battle.objects.get)
    assert added[ONE].pk not in {battle.endpoint_a_id, battle.endpoint_b_id}
    assert battle.voided_at is None
    assert ONE not in {request.body["model"] for request in server.requests}
    turns = await in_database(lambda: list(Turn.objects.values_list("attempt", "state")))
    assert sorted(turns) == [(1, "failed"), (2, "complete")]


async def test_where_no_other_pair_can_begin_a_battle_waits_for_the_group(
    endpoints: tuple[Watching, dict[str, Endpoint]], redis_url: str
) -> None:
    _, added = endpoints
    others = Endpoint.objects.filter(pk__in=[added[TWO].pk, added[FOUR].pk])
    await in_database(others.update, enabled=False)
    async with EndpointSlots(redis_url, process=uuid7()) as other:
        with line_at(other, added[TWO]) as place:
            await granted(place)
            async with Visitor().socket() as socket:
                await socket.send(type="prompt", text="Hello", battle=None, models=[])
                told = await socket.receive()
                while told["type"] != "queue":
                    told = await socket.receive()
                assert told["position"] == 1
                place.give_back(added[TWO].pk)
                while told["type"] != "turn":
                    told = await socket.receive()
    assert told["votable"] is True
    battle = await in_database(Battle.objects.get)
    assert battle.pairing["waits"] is True
    assert await in_database(Turn.objects.count) == 1


async def test_a_later_turn_waits_for_the_group(
    endpoints: tuple[Watching, dict[str, Endpoint]], redis_url: str
) -> None:
    server, added = endpoints
    others = Endpoint.objects.filter(pk__in=[added[TWO].pk, added[FOUR].pk])
    await in_database(others.update, enabled=False)
    visitor = Visitor()
    first = await visitor.battle("Hello")
    async with EndpointSlots(redis_url, process=uuid7()) as other:
        with line_at(other, added[TWO]) as place:
            await granted(place)
            asked = len(server.requests)
            async with visitor.socket() as socket:
                await socket.send(type="prompt", text="More", battle=first.battle)
                told = await socket.receive()
                while told["type"] != "queue":
                    told = await socket.receive()
                assert len(server.requests) == asked
                place.give_back(added[TWO].pk)
                while told["type"] != "turn":
                    told = await socket.receive()
    assert told["state"] == "complete"
    assert await in_database(Reply.objects.filter(state="failed").count) == 0
