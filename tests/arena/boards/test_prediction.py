"""Last week's board is tried on this week's votes, and the method page says how it did."""

import datetime as dt

import pytest
from django.test import Client

from arena.boards.ledger import write_ledgers
from arena.boards.models import Ledger, Snapshot
from arena.boards.pages.method import prediction_finding
from arena.boards.publication import publish_boards
from arena.boards.refresh import refresh_boards
from arena.catalog.models import LanguageModel
from arena.voters.models import Voter
from tests.arena.boards.votes import NOW, cast, new_model

WEEK = dt.timedelta(days=7)


def cast_on(
    day: dt.datetime, first: LanguageModel, second: LanguageModel, *, wins: int, losses: int
) -> None:
    voters = [Voter.objects.create() for _ in range(10)]
    for number, outcome in enumerate(["a"] * wins + ["b"] * losses):
        cast(first, second, outcome, voter=voters[number % 10], final_at=day)


@pytest.fixture
def models() -> tuple[LanguageModel, LanguageModel]:
    """Return two models, of which the first is rated better by a board of eight days ago."""
    alder, birch = new_model("Alder"), new_model("Birch")
    then = NOW - dt.timedelta(days=8)
    cast_on(then - WEEK, alder, birch, wins=90, losses=30)
    refresh_boards(then)
    publish_boards(then)
    return alder, birch


@pytest.mark.django_db
def test_a_board_is_scored_on_the_votes_that_it_had_not_seen(
    client: Client, models: tuple[LanguageModel, LanguageModel]
) -> None:
    cast_on(NOW - dt.timedelta(days=2), *models, wins=78, losses=26)
    cast_on(NOW - dt.timedelta(days=1), models[0], new_model("Cedar"), wins=3, losses=2)
    refresh_boards(NOW)
    publish_boards(NOW)
    write_ledgers(NOW)
    found = Ledger.objects.get(source="live").content["prediction"]
    assert (found["votes"], found["unpredicted"]) == (104, 5)
    old = Snapshot.objects.filter(board__slug="overall").exclude(published_for=None).earliest("pk")
    assert found["board"] == old.replay_id
    assert set(found["forecasts"]) == {"board", "elo", "constant"}
    # Three in four foretold of three in four: the entropy of that, and the square of 1/4 and 3/4.
    assert found["forecasts"]["board"]["log_loss"] == pytest.approx(0.5623, abs=0.001)
    assert found["forecasts"]["board"]["brier"] == pytest.approx(0.1875, abs=0.001)
    assert found["forecasts"]["constant"]["log_loss"] == pytest.approx(0.6931, abs=0.0001)
    assert found["advantages"]["constant"]["lower"] > 0
    assert [row["votes"] for row in found["calibration"]] == [104]
    text = client.get("/method/").content.decode()
    assert "predicted this week&#x27;s votes better than a coin." in text
    assert "104 counted votes from 2026-05-25 to 2026-06-01" in text
    assert "5 more have a model without a rating then." in text


@pytest.mark.django_db
def test_too_few_votes_or_no_board_of_before_are_no_check(
    client: Client, models: tuple[LanguageModel, LanguageModel]
) -> None:
    cast_on(NOW - dt.timedelta(days=2), *models, wins=50, losses=49)
    refresh_boards(NOW)
    publish_boards(NOW)
    write_ledgers(NOW)
    assert Ledger.objects.get(source="live").content["prediction"] is None
    assert (
        "Not counted yet: that needs a board of a week ago"
        in client.get("/method/").content.decode()
    )


@pytest.mark.parametrize(
    ("lower", "upper", "said"),
    [
        *((0.01, 0.02, "better than a coin"), (-0.02, -0.01, "worse than a coin")),
        *((-0.01, 0.01, "cannot be told"), (0.0, 0.01, "cannot be told")),
        (None, None, "cannot be told"),
    ],
)
def test_it_says_no_more_than_the_interval_does(
    lower: float | None, upper: float | None, said: str
) -> None:
    assert said in prediction_finding(lower, upper)
