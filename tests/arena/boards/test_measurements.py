"""Speed from the arena's own replies, cost from dated prices."""

import datetime as dt
from decimal import Decimal

import pytest

from arena.battles.models import Reply
from arena.boards.measurements import Economy, economies, measure_replies
from arena.catalog.models import Price
from tests.arena.boards.votes import NOW, cast, new_model

pytestmark = pytest.mark.django_db


def test_medians_and_cost_of_a_thousand_answers() -> None:
    alder, birch = new_model("Alder"), new_model("Birch")
    for _ in range(11):
        cast(alder, birch, prompt="Compare trees")
    replies = list(Reply.objects.filter(language_model=alder).order_by("pk"))
    for number, reply in enumerate(replies):
        reply.first_token_seconds, reply.total_seconds = 0.1 * number, 0.1 * number + 2
        reply.prompt_tokens, reply.completion_tokens = 100, 10 * number
    Reply.objects.bulk_update(
        replies, ["first_token_seconds", "total_seconds", "prompt_tokens", "completion_tokens"]
    )
    for day, dollars in (("2026-01-01", 9), ("2026-05-01", 2), ("2027-01-01", 7)):
        since = dt.date.fromisoformat(day)
        Price.objects.create(
            language_model=alder, input_usd=dollars, output_usd=2 * dollars, since=since
        )
    assert measure_replies(dt.datetime.now(dt.UTC)) == 1
    found = economies(NOW.date(), of=[alder.pk, birch.pk])
    assert found[birch.pk] == Economy()
    economy = found[alder.pk]
    assert economy.replies == 11
    assert economy.first_token_seconds == pytest.approx(0.5)
    assert economy.tokens_per_second == pytest.approx(25)
    # 100 prompt tokens at 2 dollars and 50 at 4 dollars a million, a thousand times.
    assert economy.cost_of_thousand == Decimal("0.4000")
    assert economy.priced_since == dt.date(2026, 5, 1)


def test_the_makers_price_comes_before_an_endpoint_s() -> None:
    alder = new_model("Alder")
    day = dt.date(2026, 1, 1)
    Price.objects.create(language_model=alder, input_usd=1, output_usd=1, since=day)
    assert economies(NOW.date(), of=[alder.pk])[alder.pk].input_usd == 1
    assert economies(dt.date(2025, 1, 1), of=[alder.pk])[alder.pk].input_usd is None
