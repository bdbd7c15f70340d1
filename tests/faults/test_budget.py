"""Many prompts at once on several processes, and a budget for a few: never a call more."""

import asyncio
import json
import os
from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from arena.battles.generation import in_database
from arena.catalog import budget
from arena.catalog.models import Endpoint, Reservation
from arena.catalog.tariffs import Tariff, set_price
from arena.ids import uuid7
from tests.arena.rows import add_model
from tests.faults.measured import measured
from tests.faults.web_process import ClientConnection, WebProcess, web_process
from workers.demo.scripted import ScriptedServer

FULL = os.environ.get("PARITY_FULL_FAULTS") == "1"
PROMPTS, ROUNDS = (200, 100) if FULL else (40, 3)
CALLS = 10
# What one call is reserved for: 10,000 tokens at a dollar for a million of them.
WORST = Decimal("0.01")
SECONDS = 120.0
# Everybody is one visitor's network here, and nothing but the budget refuses.
MANY = {
    "PARITY_PROMPTS_PER_MINUTE": "1000000",
    "PARITY_REQUESTS_PER_MINUTE": "1000000",
    "PARITY_SOCKETS_PER_VISITOR": "1000",
    "PARITY_VISITORS_PER_NETWORK": "1000000",
    "PARITY_FIRST_TOKEN_SECONDS": "600",
    "PARITY_IDLE_SECONDS": "600",
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600 if FULL else 300)]


# Kinds of messages. Who waits long for a turn's end is told it with the whole battle.
_BEGUN = ("battle",)
_ENDED = ("turn", "failed", "complete", "stopped")


def _state_of(message: Mapping[str, Any]) -> str:
    """Return the state of a battle's last turn."""
    return str(message["turns"][-1]["state"]) if message["type"] == "battle" else ""


class Asker:
    """A visitor with an open socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.battle: str | None = None

    async def ask(self) -> str:
        """Send a prompt; return ``battle``, or the code of the error."""
        message = await self._answer_to(_BEGUN, type="prompt", text="Hello")
        self.battle = message.get("battle")
        return str(message.get("code", "battle"))

    async def stop(self) -> None:
        """Stop the answers and wait for their end."""
        await self._answer_to(_ENDED, type="stop", battle=self.battle)

    async def _answer_to(self, wanted: Collection[str], **message: Any) -> dict[str, Any]:
        """Send a message and return the first answer of a kind, or the error.

        Where the machine is so busy that the database is taken for dead it is sent again.
        """
        await self._send(**message)
        while True:
            answer = await self._receive()
            if answer.get("code") == "storage_away":
                await self._send(**message)
            elif {answer["type"], _state_of(answer)} & {*wanted, "error"}:
                return answer

    async def _send(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def _receive(self) -> dict[str, Any]:
        async with asyncio.timeout(SECONDS):
            message: dict[str, Any] = json.loads(await self.socket.recv())
            return message


async def open_askers(stack: AsyncExitStack, webs: list[WebProcess], count: int) -> list[Asker]:
    """Open sockets at all processes in turn, a few at a time."""
    askers = []
    for number in range(count):
        socket = webs[number % len(webs)].socket(uuid7())
        askers.append(Asker(await stack.enter_async_context(socket)))
    return askers


async def calls_at(server: ScriptedServer, expected: int) -> None:
    """Wait until so many calls came."""
    async with asyncio.timeout(SECONDS):
        while True:
            if len(server.requests) >= expected:
                return
            await asyncio.sleep(0.02)


async def all_settled() -> None:
    """Wait until nothing is held: whose turn ended may be told so from its row, before it is paid.

    Held over the next round's caps, such a call would take the place of one of its own.
    """
    async with asyncio.timeout(SECONDS):
        while True:
            if not await in_database(Reservation.objects.exists):
                return
            await asyncio.sleep(0.02)


def add_priced(base_url: str) -> list[Endpoint]:
    """Add two models that never begin to speak."""
    endpoints = [
        add_model(
            name,
            base_url=base_url,
            model_name="fault:hang",
            token_limit=10_000,
            max_concurrent=1000,
        )
        for name in ("one", "two")
    ]
    for endpoint in endpoints:
        set_price(endpoint, Tariff(Decimal(0), Decimal(1)), since=timezone.now().date())
    return endpoints


def allow(calls: int, endpoints: list[Endpoint], *, by_site: bool) -> None:
    """Set caps so that so many calls can be paid for now, by the site or by each endpoint."""
    spend = budget.spend_of([endpoint.pk for endpoint in endpoints], at=timezone.now())
    for endpoint in endpoints:
        cap = spend[endpoint.pk].total + WORST * calls / len(endpoints)
        budget.set_caps(endpoint, total_cap=None if by_site else cap)
    budget.set_caps(None, total_cap=spend[None].total + WORST * calls if by_site else None)


def overspent(endpoints: list[Endpoint]) -> list[budget.Spend]:
    """Return what is over its cap, held calls included."""
    spend = budget.spend_of([endpoint.pk for endpoint in endpoints], at=timezone.now())
    return [
        each
        for each in spend.values()
        if each.total_cap is not None and each.total + each.reserved > each.total_cap
    ]


async def test_no_call_is_made_that_the_budget_does_not_cover(
    process: None, scripted: ScriptedServer
) -> None:
    endpoints = await in_database(add_priced, scripted.base_url)
    came: Counter[int] = Counter()
    async with AsyncExitStack() as stack:
        webs = [await stack.enter_async_context(web_process(**MANY)) for _ in range(2)]
        askers = await open_askers(stack, webs, PROMPTS)
        for number in range(ROUNDS):
            scripted.requests.clear()
            await in_database(allow, CALLS, endpoints, by_site=number % 2 == 0)
            told = await asyncio.gather(*(asker.ask() for asker in askers))
            expected = {"battle": CALLS // 2, "budget_spent": PROMPTS - CALLS // 2}
            assert Counter(told) == expected, f"in round {number}"
            await calls_at(scripted, CALLS)
            assert await in_database(overspent, endpoints) == []
            winners = [asker for asker, got in zip(askers, told, strict=True) if got == "battle"]
            await asyncio.gather(*(asker.stop() for asker in winners))
            await all_settled()
            came[len(scripted.requests)] += 1
            assert await in_database(overspent, endpoints) == []
    measured(12, f"{ROUNDS} rounds of {PROMPTS} prompts, budget for {CALLS} calls: {dict(came)}")
    assert came == {CALLS: ROUNDS}
    assert all(request.body["max_tokens"] == 10_000 for request in scripted.requests)


async def test_a_killed_process_gives_nothing_back_that_may_have_been_spent(
    process: None, scripted: ScriptedServer
) -> None:
    endpoints = await in_database(add_priced, scripted.base_url)
    await in_database(allow, CALLS, endpoints, by_site=True)
    async with web_process(**MANY) as first, AsyncExitStack() as stack:
        askers = await open_askers(stack, [first], PROMPTS // 2)
        asking = [asyncio.create_task(asker.ask()) for asker in askers]
        await calls_at(scripted, 1)  # in the middle of it: some are held, some not yet asked for
        first.kill()
        await asyncio.gather(*asking, return_exceptions=True)
        stack.pop_all()  # there is nobody to say good-bye to
    before = len(scripted.requests)
    held = await in_database(Reservation.objects.count)
    assert before <= held <= CALLS
    async with web_process(**MANY) as second, AsyncExitStack() as stack:
        askers = await open_askers(stack, [second], PROMPTS // 2)
        told = Counter(await asyncio.gather(*(asker.ask() for asker in askers)))
        assert told["battle"] == (CALLS - held) // 2
        await calls_at(scripted, before + 2 * told["battle"])
    assert await in_database(overspent, endpoints) == []
    later = timezone.now() + timedelta(hours=1)
    assert await in_database(budget.settle_lost, later) == held + 2 * told["battle"]
    assert await in_database(overspent, endpoints) == []
    site = (await in_database(budget.spend_of, [], at=timezone.now()))[None]
    assert site.reserved == 0
    assert site.total <= WORST * CALLS
    measured(12, f"killed at {before} calls with {held} held: {len(scripted.requests)} in all")
