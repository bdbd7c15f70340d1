"""Battles within a budget: who cannot pay is not drawn, and the visitor is told kindly."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from arena.battles.errors import NotPossibleNow, Unavailable
from arena.battles.generation import drain_current, in_database
from arena.battles.models import Reply
from arena.battles.pairing import draw_pair, endpoint_of_model
from arena.battles.turns import start_battle
from arena.catalog import budget
from arena.catalog.budget import set_caps
from arena.catalog.models import Budget, DailySpend, Endpoint, Provider, Reservation
from arena.catalog.tariffs import Tariff, set_price
from arena.ids import uuid7
from tests.arena.battles.conftest import AddModels
from tests.arena.battles.visitor import SECONDS, Transcript, Visitor
from tests.arena.rows import add_model
from workers.demo.scripted import ScriptedServer

NAMES = ("juniper-8b", "halcyon-3-mini", "quarry-70b")
# A dollar a million tokens, 10,000 tokens at most: a cent and what the prompt costs.
DOLLAR = Tariff(Decimal(1), Decimal(1))


def priced(endpoint: Endpoint) -> Endpoint:
    Endpoint.objects.filter(pk=endpoint.pk).update(token_limit=10_000)
    set_price(endpoint, DOLLAR, since=dt.date(2026, 1, 1))
    return endpoint


@pytest.mark.django_db
class TestDraw:
    @pytest.fixture
    def endpoints(self) -> list[Endpoint]:
        return [priced(add_model(name, base_url="http://127.0.0.1:9/v1")) for name in NAMES]

    def test_an_endpoint_at_its_cap_leaves_and_returns_the_next_day(
        self, endpoints: list[Endpoint]
    ) -> None:
        poor, now = endpoints[0], timezone.now()
        budget.set_caps(poor, daily_cap=Decimal("0.012"))
        order = budget.Order(endpoint=poor, messages=(), token_limit=10_000)
        [held] = budget.reserve([order], at=now)
        budget.settle(held)
        for _ in range(20):
            assert poor not in draw_pair(at=now).endpoints.values()
        assert endpoint_of_model(poor.language_model_id, at=now, preferred=poor.pk) is None
        tomorrow = now + dt.timedelta(days=1)
        assert endpoint_of_model(poor.language_model_id, at=tomorrow, preferred=None) == poor

    @pytest.mark.parametrize("chosen", [1, 2], ids=["one", "two"])
    def test_a_chosen_model_answers_within_its_budget_alone(
        self, endpoints: list[Endpoint], chosen: int
    ) -> None:
        poor, now = endpoints[0], timezone.now()
        slugs = [endpoint.language_model.slug for endpoint in endpoints[:chosen]]
        budget.set_caps(poor, daily_cap=Decimal("0.011"))  # enough for a short one

        def start(prompt: str) -> None:
            start_battle(uuid7(), prompt, at=now, runner_id=None, chosen=slugs)  # type: ignore[arg-type]

        with pytest.raises(NotPossibleNow, match="not_served"):
            start("a" * 3_000)
        assert not Reservation.objects.exists()
        start("Hello")
        assert Reservation.objects.count() == chosen
        with pytest.raises(NotPossibleNow, match="not_served"):
            start("Hello")
        assert Reservation.objects.count() == chosen

    def test_a_long_prompt_gets_a_pair_that_can_pay_for_it(self, endpoints: list[Endpoint]) -> None:
        poor, now = endpoints[0], timezone.now()
        budget.set_caps(poor, daily_cap=Decimal("0.011"))  # enough for a short one
        for _ in range(6):
            prompt = "a" * 3_000
            started = start_battle(uuid7(), prompt, at=now, runner_id=None)  # type: ignore[arg-type]
            assert poor.pk not in {call.endpoint.pk for call in started.calls.values()}
        assert Reservation.objects.count() == 12

    def test_without_a_pair_left_the_reason_is_the_budget(self, endpoints: list[Endpoint]) -> None:
        now = timezone.now()
        budget.set_caps(None, daily_cap=Decimal("0.03"))
        start_battle(uuid7(), "Hello", at=now, runner_id=None)  # type: ignore[arg-type]
        with pytest.raises(Unavailable) as told:
            start_battle(uuid7(), "Hello", at=now, runner_id=None)  # type: ignore[arg-type]
        assert told.value.code == "budget_spent"
        assert "come back tomorrow" in told.value.sentence
        Endpoint.objects.update(enabled=False)
        with pytest.raises(Unavailable, match="no_models"):
            draw_pair(at=now)


async def test_a_battle_is_paid_with_what_the_servers_counted(
    add_models: AddModels, scripted: ScriptedServer
) -> None:
    endpoints = await add_models(*NAMES[:2])
    for endpoint in endpoints:
        await in_database(priced, endpoint)
    async with Visitor().socket() as socket:
        await socket.send(type="prompt", text="Hello")
        turn = await socket.turn()
    assert turn.end["votable"] is True
    await drain_current(seconds=SECONDS)  # a reader may be told from the rows before all is paid
    assert all(request.body["max_tokens"] == 10_000 for request in scripted.requests)

    def read() -> tuple[Decimal, Decimal, int, list[Decimal]]:
        site = Budget.objects.get(endpoint=None)
        days = DailySpend.objects.exclude(endpoint=None)
        estimated = [day.estimated for day in days]
        return site.spent_total, sum(day.spent for day in days), len(days), estimated  # type: ignore[return-value]

    spent, by_endpoints, count, estimated = await in_database(read)
    assert 0 < spent == by_endpoints < Decimal("0.02")
    assert (count, estimated) == (2, [Decimal(0), Decimal(0)])
    assert not await in_database(Reservation.objects.exists)


@pytest.mark.parametrize("fault", ["fault:429", "fault:http-503"])
async def test_what_is_refused_before_the_first_word_costs_nothing(
    add_models: AddModels, fault: str
) -> None:
    for endpoint in await add_models(*NAMES[:2]):
        await in_database(priced, endpoint)
    await in_database(Endpoint.objects.update, model_name=fault)
    async with Visitor().socket() as socket:
        await socket.send(type="prompt", text="Hello")
        turn = await socket.turn()
    assert turn.end["void"] == "no_answer"
    await drain_current(seconds=SECONDS)
    assert (await in_database(Budget.objects.get, endpoint=None)).spent_total == 0
    assert not await in_database(Reservation.objects.exists)


@pytest.mark.parametrize(
    ("cap", "preset", "costs_all"),
    [(None, "", False), (Decimal(100), "vllm", False), (Decimal(100), "openrouter", True)],
)
async def test_a_stopped_call_costs_what_came_of_it_but_under_a_cap_what_may_be_billed(
    add_models: AddModels, cap: Decimal | None, preset: str, costs_all: bool
) -> None:
    for endpoint in await add_models("steady-1-5000", "steady-1-5001"):
        await in_database(priced, endpoint)
    await in_database(Provider.objects.update, preset=preset)
    await in_database(set_caps, None, total_cap=cap)
    # A dollar a side: seconds of a busy machine are a small part of it.
    await in_database(Endpoint.objects.update, token_limit=1_000_000)
    turn = Transcript()
    async with Visitor().socket() as socket:
        await socket.send(type="prompt", text="Go")
        while turn.seq < 3:
            turn.take(await socket.receive())
        await socket.send(type="stop", battle=turn.battle)
        await socket.turn(turn)
    assert turn.end["state"] == "stopped"
    await drain_current(seconds=SECONDS)

    def read() -> tuple[Decimal, Decimal, int]:
        day = DailySpend.objects.get(endpoint=None)
        return day.spent, day.estimated, day.calls

    spent, estimated, calls = await in_database(read)
    assert (estimated, calls) == (spent, 2)
    seen = sum(len(text) for text in turn.texts.values()) // 4
    if costs_all:
        assert spent >= 2
    else:
        assert DOLLAR.cost(0, seen) < spent < Decimal("0.5")
    assert not await in_database(Reservation.objects.exists)
    replies = await in_database(lambda: list(Reply.objects.all()))
    assert [reply.completion_tokens for reply in replies] == [None, None]
