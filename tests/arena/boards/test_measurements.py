"""Speed from the arena's own replies, cost from dated prices."""

import datetime as dt
from decimal import Decimal

import pytest
from django.test import Client

from arena.battles.models import Reply
from arena.boards.measurements import Economy, economies, measure_replies
from arena.boards.models import Measurement
from arena.boards.refresh import refresh_boards
from arena.catalog.models import Price
from tests.arena.boards.votes import NOW, cast, cast_many, new_model

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


def test_the_makers_price_comes_before_an_endpoint_s() -> None:
    alder = new_model("Alder")
    day = dt.date(2026, 1, 1)
    Price.objects.create(language_model=alder, input_usd=1, output_usd=1, since=day)
    assert economies(NOW.date(), of=[alder.pk])[alder.pk].input_usd == 1
    assert economies(dt.date(2025, 1, 1), of=[alder.pk])[alder.pk].input_usd is None


@pytest.mark.parametrize(("tokens", "said"), [(10, "$0.003"), (1000, "$0.30"), (0, "$0.00")])
def test_a_small_cost_is_not_rounded_to_nothing(client: Client, tokens: int, said: str) -> None:
    alder = new_model("Alder")
    Measurement.objects.create(
        language_model=alder,
        replies=20,
        prompt_tokens=tokens,
        completion_tokens=tokens,
        measured_at=NOW,
    )
    Price.objects.create(
        language_model=alder, input_usd="0.1", output_usd="0.2", since=dt.date(2026, 1, 1)
    )
    assert f"{said} for 1,000 answers" in client.get("/models/alder/").content.decode()


@pytest.mark.parametrize(("share", "marked"), [(0.0, False), (0.009, False), (0.4, True)])
def test_what_rests_on_estimated_tokens_is_marked(
    client: Client, share: float, marked: bool
) -> None:
    alder, birch = new_model("Alder"), new_model("Birch")
    cast_many(alder, birch, wins=60, losses=40, voters=40)
    refresh_boards(NOW)
    Measurement.objects.create(
        language_model=alder,
        replies=20,
        tokens_per_second=51.2,
        prompt_tokens=100,
        completion_tokens=100,
        estimated_share=share,
        measured_at=NOW,
    )
    Price.objects.create(language_model=alder, input_usd=1, output_usd=2, since=dt.date(2026, 1, 1))
    text = client.get("/models/alder/").content.decode()
    assert ("estimated in 40% of the answers" in text) == marked
    text = client.get("/leaderboard/").content.decode()
    assert ("≈ $0.30" in text, "≈ 51" in text, "≈: " in text) == (marked, marked, marked)
    text = client.get("/which/").content.decode()
    assert ("≈ 51" in text, "≈: " in text) == (marked, marked)
    found = client.get("/which/?format=json").json()
    assert found["best"][0]["tokens_estimated_share"] == share
