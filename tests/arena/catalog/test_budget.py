"""Spending: reserved at the worst, settled at what it was, and never over a cap."""

import datetime as dt
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone

from arena.catalog import budget
from arena.catalog.addresses import endpoint_address, kept_token_limit
from arena.catalog.budget import Order, OverBudgetError, reserve, settle
from arena.catalog.models import Budget, DailySpend, Endpoint, Price, Reservation
from arena.catalog.tariffs import (
    Tariff,
    confirm_list_prices,
    price_of,
    set_price,
    tariffs_on,
)
from tests.arena.rows import add_model
from workers.endpoints import Message, Usage, most_prompt_tokens

NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
DAY = NOON.date()
TOMORROW = NOON + dt.timedelta(days=1)
PROMPT: list[Message] = [{"role": "user", "content": "Hello"}]


@pytest.fixture
def endpoint(db: None) -> Endpoint:
    """Return an endpoint whose calls cost at most a cent: a dollar for a million tokens out."""
    return priced("juniper-8b")


def priced(name: str, output: str = "1") -> Endpoint:
    """Add an endpoint whose input is free, and whose answers have at most 10,000 tokens."""
    endpoint = add_model(name, base_url="http://127.0.0.1:9/v1", token_limit=10_000)
    set_price(endpoint, Tariff(Decimal(0), Decimal(output)), since=DAY)
    return endpoint


def order(endpoint: Endpoint) -> Order:
    """Return a call that costs a cent at most."""
    return Order(endpoint=endpoint, messages=PROMPT, token_limit=kept_token_limit(endpoint))


def figures(endpoint: Endpoint | None) -> tuple[str, str, str]:
    """Return what was spent today, in total, and is held, in cents."""
    spend = budget.spend_of([endpoint.pk] if endpoint else [], at=NOON)
    mine = spend[endpoint.pk if endpoint else None]
    return tuple(f"{100 * money:.2f}" for money in (mine.today, mine.total, mine.reserved))  # type: ignore[return-value]


class TestPrices:
    def test_an_endpoint_has_its_own_price_else_its_models_on_that_day(self, db: None) -> None:
        own, listed, unknown = (add_model(n, base_url="http://127.0.0.1:9/v1") for n in "abc")
        for endpoint, of, since, usd in (
            (None, own, "2026-01-01", 9),
            (own, own, "2025-01-01", 1),
            (own, own, "2026-12-01", 2),
            (None, listed, "2026-01-01", 3),
            (None, listed, "2026-06-01", 4),
        ):
            Price.objects.create(
                language_model=of.language_model,
                endpoint=endpoint,
                since=since,
                input_usd=usd,
                output_usd=usd,
            )
        found = tariffs_on(DAY, of=[own, listed, unknown])
        assert {pk: tariff.input_usd for pk, tariff in found.items()} == {own.pk: 1, listed.pk: 4}
        assert tariffs_on(dt.date(2026, 3, 1), of=[listed])[listed.pk].input_usd == 3
        assert tariffs_on(dt.date(2025, 3, 1), of=[listed]) == {}

    def test_a_cost_is_exact_and_rounded_up_to_the_millionth(self) -> None:
        tariff = Tariff(Decimal("0.15"), Decimal("0.6"))
        assert tariff.cost(1_000_000, 1_000_000) == Decimal("0.75")
        assert tariff.cost(1, 0) == Decimal("0.000001")
        assert tariff.cost(7, 3) == Decimal("0.000003")
        assert tariff.cost(0, 0) == 0

    def test_the_same_price_is_not_stored_again(self, endpoint: Endpoint) -> None:
        set_price(endpoint, Tariff(Decimal(0), Decimal(1)), since=DAY + dt.timedelta(days=3))
        assert Price.objects.count() == 1
        set_price(endpoint, Tariff(Decimal(0), Decimal(2)), since=DAY + dt.timedelta(days=3))
        assert Price.objects.count() == 2

    @pytest.mark.parametrize("text", ["Hello", "", "你好，世界", "\U0001f600" * 9, "a" * 30_000])
    def test_no_prompt_has_more_tokens_than_are_reserved(self, text: str) -> None:
        messages: list[Message] = [{"role": "user", "content": text}]
        assert most_prompt_tokens(messages) > len(text.encode())
        parts: list[dict[str, Any]] = [
            {"type": "text", "text": text},
            {"type": "image_url", "image_url": {"url": "x"}},
        ]
        assert most_prompt_tokens([{"role": "user", "content": parts}]) > len(text.encode()) + 2000


class TestReserving:
    def test_the_worst_case_is_held_and_the_real_usage_paid(self, endpoint: Endpoint) -> None:
        [held] = reserve([order(endpoint)], at=NOON)
        assert figures(endpoint) == figures(None) == ("0.00", "0.00", "1.00")
        settle(held, usage=Usage(prompt_tokens=9, completion_tokens=2_500, estimated=False))
        assert figures(endpoint) == figures(None) == ("0.25", "0.25", "0.00")
        assert not Reservation.objects.exists()
        days = DailySpend.objects.values_list("endpoint", "day", "calls", "spent", "estimated")
        cent = Decimal("0.0025")
        nothing = Decimal(0)
        assert set(days) == {(endpoint.pk, DAY, 1, cent, nothing), (None, DAY, 1, cent, nothing)}

    def test_a_server_that_reports_more_than_can_be_is_not_believed(
        self, endpoint: Endpoint
    ) -> None:
        [held] = reserve([order(endpoint)], at=NOON)
        settle(held, usage=Usage(prompt_tokens=9, completion_tokens=2**31 - 1, estimated=False))
        assert figures(endpoint) == figures(None) == ("1.00", "1.00", "0.00")

    def test_settling_twice_pays_once(self, endpoint: Endpoint) -> None:
        [held] = reserve([order(endpoint)], at=NOON)
        settle(held)
        settle(held)
        assert figures(endpoint) == ("1.00", "1.00", "0.00")

    def test_what_is_estimated_or_not_known_is_marked(self, endpoint: Endpoint) -> None:
        held = [reserve([order(endpoint)], at=NOON)[0] for _ in range(3)]
        settle(held[0], usage=Usage(prompt_tokens=9, completion_tokens=1_000, estimated=False))
        settle(held[1], usage=Usage(prompt_tokens=9, completion_tokens=2_000, estimated=True))
        settle(held[2])
        today = DailySpend.objects.get(endpoint=endpoint)
        assert (today.calls, today.spent, today.estimated) == (
            *(3, Decimal("0.013"), Decimal("0.012")),
        )

    def test_a_call_that_was_never_made_costs_nothing(self, endpoint: Endpoint) -> None:
        [held] = reserve([order(endpoint)], at=NOON)
        settle(held, charged=False)
        assert figures(endpoint) == ("0.00", "0.00", "0.00")
        assert not DailySpend.objects.exists()

    def test_what_has_no_price_and_no_cap_is_not_counted(self, db: None) -> None:
        free = add_model("free", base_url="http://127.0.0.1:9/v1")
        assert reserve([order(free)], at=NOON) == [None]
        settle(None)
        assert not Budget.objects.exists()

    def test_both_calls_are_reserved_or_neither(self, endpoint: Endpoint) -> None:
        other = priced("halcyon-3-mini")
        budget.set_caps(other, daily_cap=Decimal("0.015"))
        assert len(reserve([order(endpoint), order(other)], at=NOON)) == 2
        with pytest.raises(OverBudgetError) as over:
            reserve([order(endpoint), order(other)], at=NOON)
        assert over.value.refusals == {other.pk: "daily_cap"}
        assert figures(endpoint) == ("0.00", "0.00", "1.00")

    def test_a_model_that_meets_itself_is_reserved_twice(self, endpoint: Endpoint) -> None:
        budget.set_caps(endpoint, daily_cap=Decimal("0.015"))
        with pytest.raises(OverBudgetError):
            reserve([order(endpoint), order(endpoint)], at=NOON)
        budget.set_caps(endpoint, daily_cap=Decimal("0.02"))
        reserve([order(endpoint), order(endpoint)], at=NOON)
        assert figures(endpoint)[2] == "2.00"

    def test_the_sites_cap_holds_for_all_together(self, endpoint: Endpoint) -> None:
        other = priced("halcyon-3-mini")
        budget.set_caps(None, daily_cap=Decimal("0.02"))
        reserve([order(endpoint), order(other)], at=NOON)
        with pytest.raises(OverBudgetError) as over:
            reserve([order(other)], at=NOON)
        assert over.value.refusals == {other.pk: "site_daily_cap"}
        refusals = budget.refusals([endpoint, other], at=NOON)
        assert set(refusals.values()) == {"site_daily_cap"}


class TestCaps:
    def test_a_daily_cap_is_new_the_next_day_and_a_total_one_is_not(
        self, endpoint: Endpoint
    ) -> None:
        budget.set_caps(endpoint, daily_cap=Decimal("0.01"), total_cap=Decimal("0.025"))
        [held] = reserve([order(endpoint)], at=NOON)
        settle(held)
        assert budget.refusals([endpoint], at=NOON) == {endpoint.pk: "daily_cap"}
        assert budget.refusals([endpoint], at=TOMORROW) == {}
        reserve([order(endpoint)], at=TOMORROW)
        third = TOMORROW + dt.timedelta(days=1)
        assert budget.refusals([endpoint], at=third) == {endpoint.pk: "total_cap"}
        with pytest.raises(OverBudgetError):
            reserve([order(endpoint)], at=third)

    def test_a_call_over_midnight_is_paid_by_the_day_on_which_it_began(
        self, endpoint: Endpoint
    ) -> None:
        budget.set_caps(endpoint, daily_cap=Decimal("0.02"))
        [late] = reserve([order(endpoint)], at=NOON)
        [early] = reserve([order(endpoint)], at=TOMORROW)
        settle(late)
        settle(early)
        tomorrow = budget.spend_of([endpoint.pk], at=TOMORROW)[endpoint.pk]
        assert (tomorrow.today, tomorrow.total) == (Decimal("0.01"), Decimal("0.02"))
        days = DailySpend.objects.filter(endpoint=endpoint).values_list("day", "spent")
        assert dict(days) == {DAY: Decimal("0.01"), TOMORROW.date(): Decimal("0.01")}

    def test_a_clock_that_is_behind_does_not_open_the_day_again(self, endpoint: Endpoint) -> None:
        budget.set_caps(endpoint, daily_cap=Decimal("0.01"))
        [held] = reserve([order(endpoint)], at=TOMORROW)
        settle(held)
        with pytest.raises(OverBudgetError):
            reserve([order(endpoint)], at=NOON)

    def test_a_clock_that_is_behind_gives_back_what_it_held_of_the_new_day(
        self, endpoint: Endpoint
    ) -> None:
        budget.set_caps(endpoint, daily_cap=Decimal("0.02"))
        budget.set_caps(None, daily_cap=Decimal("0.02"))
        [early] = reserve([order(endpoint)], at=TOMORROW)
        [behind] = reserve([order(endpoint)], at=NOON)
        settle(behind, charged=False)
        settle(early, charged=False)
        held = reserve([order(endpoint), order(endpoint)], at=TOMORROW)
        assert len(set(held)) == 2

    def test_a_cap_wants_a_price(self, db: None) -> None:
        endpoint = add_model("free", base_url="http://127.0.0.1:9/v1")
        budget.set_caps(endpoint, total_cap=Decimal(5))
        assert budget.refusals([endpoint], at=NOON) == {endpoint.pk: "no_price"}
        with pytest.raises(OverBudgetError):
            reserve([order(endpoint)], at=NOON)
        set_price(endpoint, Tariff(Decimal(0), Decimal(0)), since=DAY)
        assert reserve([order(endpoint)], at=NOON) == [None]

    @pytest.mark.parametrize("usd", [0, 3], ids=["a free tier", "a price"])
    @pytest.mark.parametrize("by_site", [True, False])
    def test_a_list_price_holds_no_cap(self, db: None, usd: int, by_site: bool) -> None:
        endpoint = add_model("listed", base_url="http://127.0.0.1:9/v1", token_limit=10_000)
        Price.objects.create(
            language_model=endpoint.language_model, input_usd=usd, output_usd=usd, since=DAY
        )
        assert len(reserve([order(endpoint)], at=NOON)) == 1
        budget.set_caps(None if by_site else endpoint, daily_cap=Decimal(5))
        assert budget.refusals([endpoint], at=NOON) == {endpoint.pk: "no_price"}
        with pytest.raises(OverBudgetError):
            reserve([order(endpoint)], at=NOON)
        left = confirm_list_prices([endpoint], on=DAY)
        assert left == ([] if usd else [endpoint]), "nobody confirms that it is free for many"
        set_price(endpoint, Tariff(Decimal(usd), Decimal(usd)), since=DAY)
        assert budget.refusals([endpoint], at=NOON) == {}

    def test_list_prices_are_confirmed_where_nothing_else_is_known(
        self, endpoint: Endpoint
    ) -> None:
        unknown = add_model("unknown", base_url="http://127.0.0.1:9/v1")
        Price.objects.create(
            language_model=endpoint.language_model, input_usd=9, output_usd=9, since=DAY
        )
        assert confirm_list_prices([endpoint, unknown], on=DAY) == [unknown]
        assert price_of(endpoint, on=DAY) == Tariff(Decimal(0), Decimal(1))
        assert price_of(unknown, on=DAY) is None

    def test_the_price_of_another_model_at_the_same_address_is_not_taken(
        self, endpoint: Endpoint
    ) -> None:
        budget.set_caps(endpoint, daily_cap=Decimal(5))
        endpoint.language_model = add_model("other", base_url="http://x.test/v1").language_model
        assert price_of(endpoint, on=DAY) is None
        assert budget.refusals([endpoint], at=NOON) == {endpoint.pk: "no_price"}

    @pytest.mark.parametrize(
        "found", [{"findings": {"limits_tokens": False}}, {"quirks": ["no_token_limit"]}]
    )
    def test_a_cap_wants_a_token_limit(self, endpoint: Endpoint, found: dict[str, object]) -> None:
        for name, value in found.items():
            setattr(endpoint, name, value)
        assert budget.refusals([endpoint], at=NOON) == {}
        budget.set_caps(endpoint, daily_cap=Decimal(5))
        assert budget.refusals([endpoint], at=NOON) == {endpoint.pk: "no_token_limit"}

    def test_saving_caps_leaves_the_counters_alone(self, endpoint: Endpoint) -> None:
        budget.set_caps(endpoint, daily_cap=Decimal(5))
        opened = Budget.objects.get(endpoint=endpoint)
        reserve([order(endpoint)], at=NOON)
        opened.daily_cap = Decimal(6)
        opened.save()
        assert figures(endpoint)[2] == "1.00"
        assert Budget.objects.get(endpoint=endpoint).daily_cap == 6

    def test_there_is_one_budget_for_the_site(self, db: None) -> None:
        Budget.objects.create()
        with pytest.raises(IntegrityError), transaction.atomic():
            Budget.objects.create()

    def test_changes_of_caps_are_logged_and_spending_is_not(self, endpoint: Endpoint) -> None:
        def logged() -> int:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM staff_change WHERE \"table\" = 'catalog_budget'"
                )
                return int(cursor.fetchone()[0])

        [held] = reserve([order(endpoint)], at=NOON)
        settle(held)
        assert logged() == 0
        budget.set_caps(endpoint, daily_cap=Decimal(5))
        budget.set_caps(None, total_cap=Decimal(100))
        assert logged() == 2


class TestLostCalls:
    def test_the_sweep_pays_the_worst_case(self, endpoint: Endpoint) -> None:
        reserve([order(endpoint)], at=NOON)
        assert budget.settle_lost(NOON) == 0
        assert budget.settle_lost(TOMORROW) == 1
        assert budget.settle_lost(TOMORROW) == 0
        assert figures(endpoint) == ("1.00", "1.00", "0.00")

    def test_what_a_deleted_endpoint_held_is_settled_for_the_site(self, endpoint: Endpoint) -> None:
        [held] = reserve([order(endpoint)], at=NOON)
        endpoint.delete()
        settle(held)
        assert figures(None) == ("1.00", "1.00", "0.00")


class TestTokenLimits:
    @pytest.mark.parametrize(
        ("fields", "limit"),
        [
            ({}, 10_000),
            ({"findings": {"context_tokens": 4096}}, 2048),
            ({"parameters": {"max_tokens": 300, "temperature": 1}}, 300),
            ({"parameters": {"max_completion_tokens": 20_000}}, 10_000),
            ({"parameters": {"max_tokens": None}}, 10_000),
            ({"quirks": ["no_token_limit"]}, None),
        ],
    )
    def test_a_limit_is_always_sent_where_one_is_taken(
        self, endpoint: Endpoint, fields: dict[str, object], limit: int | None
    ) -> None:
        for name, value in fields.items():
            setattr(endpoint, name, value)
        address = endpoint_address(endpoint)
        assert address.token_limit == limit
        assert not {"max_tokens", "max_completion_tokens"} & address.parameters.keys()
        assert kept_token_limit(endpoint) == limit


@pytest.fixture
def threads(transactional_db: None) -> Iterator[list[threading.Thread]]:
    """Start what the test adds and wait for all of them."""
    started: list[threading.Thread] = []
    yield started
    for thread in started:
        thread.join()


def test_many_at_once_hold_what_the_cap_allows_and_not_a_call_more(
    threads: list[threading.Thread],
) -> None:
    now = timezone.now()
    one, two = priced("juniper-8b"), priced("halcyon-3-mini")
    for each in (one, two):
        set_price(each, Tariff(Decimal(0), Decimal(1)), since=now.date())
    budget.set_caps(one, daily_cap=Decimal("0.10"))
    budget.set_caps(None, total_cap=Decimal("0.15"))
    allowed: list[int] = []
    start = threading.Barrier(8)

    def ask(pair: list[Endpoint]) -> None:
        start.wait()
        try:
            for _ in range(5):
                try:
                    reserve([order(endpoint) for endpoint in pair], at=now)
                    allowed.append(len(pair))
                except OverBudgetError:
                    pass
        finally:
            connections.close_all()

    for number in range(8):
        # In either order, and one alone: nobody waits for a lock that waits for his.
        pair = [[one, two], [two, one], [one], [two]][number % 4]
        threads.append(threading.Thread(target=ask, args=(pair,)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    held = Budget.objects.get(endpoint=None).reserved_total
    assert held == Decimal("0.01") * sum(allowed)
    # Whoever asks alone for the second one is refused by the site alone: so it is used up.
    assert held == Decimal("0.15")
    assert Budget.objects.get(endpoint=one).reserved_total <= Decimal("0.10")
    assert Reservation.objects.count() == sum(allowed)
