"""A board that has lost its votes says so: it never goes on showing those it had."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client

from arena.boards.choices import Choice
from arena.boards.figures.reading import GapReading
from arena.boards.models import Board
from arena.boards.newest import newest_snapshot
from arena.boards.pairs import read_pairs
from arena.boards.publication import publish_boards
from arena.boards.replay import replay
from arena.boards.simulation import SOURCE, simulate
from arena.integrity.fact_rows import count_decisions
from arena.integrity.facts import decide_votes
from arena.integrity.models import NotCounted, VoteFacts
from tests.arena.boards.votes import NOW, cast_many, exclude_votes, new_model

pytestmark = pytest.mark.django_db
LONG_AFTER = NOW + dt.timedelta(days=400)


@pytest.fixture
def emptied() -> None:
    """Publish a board of recent days, and once more when all of its votes are old."""
    alder = new_model("Alder", "closed", api_released_on=dt.date(2025, 1, 1))
    cast_many(alder, new_model("Birch", "fully_open"), wins=60, losses=50)
    decide_votes(NOW)
    publish_boards(NOW)
    recent = newest_snapshot("live", "bradley_terry", days=90)
    assert recent is not None
    assert recent.votes == 110
    publish_boards(LONG_AFTER)


def test_a_board_of_recent_days_is_empty_once_all_its_votes_are_old(
    client: Client, emptied: None
) -> None:
    recent = newest_snapshot("live", "bradley_terry", days=90)
    assert recent is not None
    assert (recent.votes, recent.voters, recent.rows.count()) == (0, 0, 0)
    assert recent.created_at == LONG_AFTER
    for address in ("/leaderboard/?days=90", "/leaderboard/table/?days=90"):
        text = client.get(address).content.decode()
        assert "0 counted votes" in text
        assert "No vote is left on this board, so there is nothing to rate." in text
        assert "1,0" not in text
    assert "110 counted votes" in client.get("/leaderboard/").content.decode()
    gap = client.get("/gap/?days=90")
    assert "can&#x27;t be measured yet" in gap.content.decode()


def test_every_board_is_up_to_date_after_each_publication(emptied: None) -> None:
    boards = Board.objects.filter(days=90)
    assert boards.count() > 1
    assert not [board for board in boards if board.snapshots.latest("pk").votes]
    assert publish_boards(LONG_AFTER + dt.timedelta(days=1)) == {"live": 0}


def test_an_empty_board_is_made_again_as_it_was(emptied: None) -> None:
    recent = newest_snapshot("live", "bradley_terry", days=90)
    assert recent is not None
    assert replay(recent).faithful
    table = read_pairs(recent.board)
    assert table is None or len(table.models) == 0


def relabel() -> None:
    coding = VoteFacts.objects.filter(category="coding")
    coding.update(category="advice", revision=count_decisions(SOURCE, coding.count()))


def exclude() -> None:
    votes = VoteFacts.objects.filter(category="coding").values_list("pk", flat=True)
    exclude_votes(list(votes), NotCounted.MANIPULATION, now=NOW)


@pytest.mark.parametrize("lose", [relabel, exclude])
def test_a_slice_loses_votes_that_are_of_another_now_or_of_none(lose: Callable[[], None]) -> None:
    simulate(votes=2000, voters=50, seed=1, until=NOW)
    publish_boards(NOW)
    coding = newest_snapshot(SOURCE, "bradley_terry", category="coding")
    assert coding is not None
    assert coding.votes > 100
    lose()
    publish_boards(NOW + dt.timedelta(days=1))
    newest = newest_snapshot(SOURCE, "bradley_terry", category="coding")
    assert newest is not None
    assert newest.votes == 0
    reading = GapReading.of(Choice(source=SOURCE))
    assert "Coding" in reading.thin("category")
    assert "Coding" not in [row["label"] for row in reading.slices("category")]
