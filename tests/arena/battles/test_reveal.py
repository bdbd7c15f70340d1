"""What the reveal says beside the names: the pair's record among counted votes, and the cost."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from arena.battles.models import Battle, Reply, Turn, Vote
from arena.battles.reveal import reveal
from arena.catalog.models import LanguageModel
from arena.catalog.tariffs import Tariff, set_price
from arena.integrity.facts import decide_votes
from arena.voters.models import Voter
from tests.arena.boards.votes import cast, new_model
from tests.arena.rows import add_model

pytestmark = pytest.mark.django_db


def of(vote: Vote) -> Battle:
    return Battle.objects.select_related("model_a", "model_b").get(pk=vote.battle_id)


def test_the_record_is_of_counted_votes_and_turned_to_this_battles_sides() -> None:
    alder, birch = new_model("Alder"), new_model("Birch")
    mine = cast(alder, birch, "a")
    cast(alder, birch, "a")
    cast(birch, alder, "a")
    cast(birch, alder, "tie")
    cast(birch, alder, "both_bad")
    decide_votes(timezone.now())
    uncounted = cast(alder, birch, "b")  # not decided yet
    pair = reveal(of(mine))["pair"]
    assert pair == {
        "votes": 4,
        "agreed": 0.25,
        "record": {"a": 2, "b": 1, "tie": 1, "both_bad": 1},
        "path": "/compare/alder/birch/",
    }
    turned = reveal(of(Vote.objects.get(battle__model_a=birch, outcome="tie")))["pair"]
    assert turned["record"] == {"a": 1, "b": 2, "tie": 1, "both_bad": 1}
    assert reveal(of(uncounted))["pair"]["votes"] == 5


def test_my_own_earlier_votes_are_not_those_of_others() -> None:
    alder, birch = new_model("Alder"), new_model("Birch")
    me = Voter.objects.create()
    cast(alder, birch, "a", voter=me)
    again = cast(alder, birch, "a", voter=me)
    decide_votes(timezone.now())
    pair = reveal(of(again))["pair"]
    assert (pair["votes"], pair["agreed"]) == (0, None)
    assert pair["record"]["a"] == 2


def test_an_answer_costs_what_its_tokens_do_and_nothing_is_made_up() -> None:
    endpoints = [add_model(name, base_url="http://127.0.0.1:9/v1") for name in ("alder", "birch")]
    models = [LanguageModel.objects.get(endpoints=endpoint) for endpoint in endpoints]
    vote = cast(models[0], models[1], "a", prompt="Hello")
    Turn.objects.update(ended_at=vote.cast_at)
    set_price(endpoints[0], Tariff(Decimal(10), Decimal(20)), since=dt.date(2020, 1, 1))
    for endpoint, side in zip(endpoints, "ab", strict=True):
        Reply.objects.filter(side=side).update(
            endpoint=endpoint, prompt_tokens=100, completion_tokens=50
        )
    sides = reveal(of(vote))["sides"]
    assert sides["a"]["cost"] == 0.002
    assert sides["b"]["cost"] is None
    Reply.objects.filter(side="a").update(prompt_tokens=None)
    assert reveal(of(vote))["sides"]["a"]["cost"] is None
