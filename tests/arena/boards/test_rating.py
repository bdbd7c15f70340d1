"""What gets a rating, and what is honest enough to be left without one."""

import pytest

from arena.boards.rating import rate_source
from arena.integrity.facts import decide_votes
from ratings import Comparisons, fit_bradley_terry
from tests.arena.boards.votes import NOW, cast, cast_many, new_model

pytestmark = pytest.mark.django_db


def test_it_rates_what_the_library_rates() -> None:
    alder, birch, cedar = new_model("Alder"), new_model("Birch"), new_model("Cedar")
    cast_many(alder, birch, wins=8, losses=4)
    cast_many(birch, cedar, wins=7, losses=5)
    decide_votes(NOW)
    rated = rate_source("live", min_votes=1).bradley_terry
    expected = fit_bradley_terry(
        Comparisons.from_labels(
            ["alder"] * 12 + ["birch"] * 12,
            ["birch"] * 12 + ["cedar"] * 12,
            ["a"] * 8 + ["b"] * 4 + ["a"] * 7 + ["b"] * 5,
        ),
        interval=None,
    )
    assert [line.model for line in rated.lines] == [alder.pk, birch.pk, cedar.pk]
    assert [line.rating for line in rated.lines] == [round(x, 2) for x in expected.rating.tolist()]
    assert [line.votes for line in rated.lines] == [12, 24, 12]
    assert rated.parameters["interval"] == "clustered"


def test_one_voter_alone_gets_an_interval_that_is_not_clustered() -> None:
    cast_many(new_model("Alder"), new_model("Birch"), wins=8, losses=4, voters=1)
    decide_votes(NOW)
    rated = rate_source("live", min_votes=1).bradley_terry
    assert rated.parameters["interval"] == "sandwich"
    assert all(line.lower is not None for line in rated.lines)


def test_a_model_with_too_few_votes_has_a_count_and_no_rating() -> None:
    alder, birch, cedar = new_model("Alder"), new_model("Birch"), new_model("Cedar")
    cast_many(alder, birch, wins=6, losses=6)
    cast_many(cedar, birch, wins=1, losses=1)
    decide_votes(NOW)
    for rated in rate_source("live", min_votes=3).methods:
        lines = {line.model: line for line in rated.lines}
        assert lines[cedar.pk].votes == 2
        assert lines[cedar.pk].rating is None
        assert lines[alder.pk].rating is not None
        # Ranks are among the models that are shown.
        assert max(line.rank_worst or 0 for line in rated.lines) <= 2


def test_an_island_and_a_model_that_only_won_have_no_rating() -> None:
    alder, birch = new_model("Alder"), new_model("Birch")
    cedar, dogwood, elm = new_model("Cedar"), new_model("Dogwood"), new_model("Elm")
    cast_many(alder, birch, wins=9, losses=7)
    cast_many(cedar, dogwood, wins=3, losses=4)
    cast_many(elm, alder, wins=5, losses=0)
    decide_votes(NOW)
    lines = {line.model: line for line in rate_source("live", min_votes=1).bradley_terry.lines}
    assert {pk for pk, line in lines.items() if line.rating is not None} == {alder.pk, birch.pk}
    assert lines[elm.pk].votes == 5


def test_votes_that_allow_no_rating_still_count() -> None:
    alder, birch = new_model("Alder"), new_model("Birch")
    cast(alder, birch, "a")
    decide_votes(NOW)
    rated = rate_source("live", min_votes=1).bradley_terry
    assert rated.board is None
    assert [(line.votes, line.rating) for line in rated.lines] == [(1, None), (1, None)]
    assert len(rated.replay_id) == 64
