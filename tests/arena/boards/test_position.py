"""Position bias: what votes on a model against itself say, on the page and in the admin."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from arena.boards.ledger import write_ledgers
from arena.boards.models import Ledger
from arena.boards.refresh import refresh_boards
from arena.catalog.models import LanguageModel
from arena.voters.models import Voter
from ratings import clustered_interval
from tests.arena.boards.votes import NOW, cast, new_model

pytestmark = pytest.mark.django_db
PAGE = "/transparency/"


def against_itself(model: LanguageModel, *by_voter: str) -> None:
    """Store a voter's votes on a model against itself for each word, a vote a letter."""
    outcomes = {"a": "a", "b": "b", "t": "tie", "x": "both_bad"}
    for word in by_voter:
        voter = Voter.objects.create()
        for letter in word:
            cast(model, model, outcomes[letter], voter=voter)


def content() -> dict[str, object]:
    refresh_boards(NOW)
    write_ledgers(NOW)
    found: dict[str, object] = Ledger.objects.get(source="live").content
    return found


def test_the_share_that_chose_a_is_counted_with_its_interval(client: Client) -> None:
    alder, birch = new_model("Alder"), new_model("Birch")
    cast(alder, birch, "a")
    against_itself(alder, "aaaat", "aa", "bbx")
    lower, upper = clustered_interval([4, 2, 0], [4, 2, 2])
    assert content()["position"] == {
        "votes": 8,
        "even": 2,
        "share": 0.75,
        "lower": pytest.approx(lower),
        "upper": pytest.approx(upper),
    }
    page = client.get(PAGE).content.decode()
    assert "Of 8 votes for one of two answers by the same model, 75.0% went to A" in page
    assert f"(95% interval {100 * lower:.1f}% to {100 * upper:.1f}%)" in page
    assert "no more than chance" in page
    assert "2 more votes said tie or both bad" in page


def test_a_bias_that_is_sure_is_said_to_be(client: Client) -> None:
    alder = new_model("Alder")
    cast(alder, new_model("Birch"))
    against_itself(alder, *["a"] * 30, "b")
    content()
    page = client.get(PAGE).content.decode()
    assert "That is more than chance" in page
    client.force_login(User.objects.create_superuser("boss"))
    listed = client.get("/admin/boards/ledger/").content.decode()
    assert "A in 96.8% of 31 votes that chose a side" in listed
    assert "more than chance" in listed
    ledger = Ledger.objects.get(source="live")
    assert client.get(f"/admin/boards/ledger/{ledger.pk}/change/").status_code == 200


def test_without_such_a_vote_nothing_is_said(client: Client) -> None:
    alder = new_model("Alder")
    cast(alder, new_model("Birch"))
    against_itself(alder, "t")
    assert content()["position"] is None
    assert "Does the position matter?" not in client.get(PAGE).content.decode()
    client.force_login(User.objects.create_superuser("boss"))
    assert "not measured" in client.get("/admin/boards/ledger/").content.decode()


def test_votes_left_out_for_another_reason_are_not_in_it() -> None:
    alder = new_model("Alder")
    cast(alder, new_model("Birch"))
    cast(alder, alder, "a", prompt="Which model are you?")
    against_itself(alder, "b")
    found = content()["position"]
    assert isinstance(found, dict)
    assert (found["votes"], found["share"]) == (1, 0.0)
