"""A voter's own board: counted votes alone, shrunk to the public board, plain about few votes."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from arena.boards.own_board import own_board
from arena.boards.refresh import refresh_boards
from arena.integrity.models import VoteFacts
from arena.voters.identity import COOKIE, sign
from arena.voters.models import Voter
from tests.arena.boards.votes import cast, cast_many, new_model

pytestmark = pytest.mark.django_db
NOW = timezone.now() - dt.timedelta(minutes=1)


def page(voter: Voter) -> str:
    client = Client()
    client.cookies[COOKIE] = sign(voter.pk)
    response = client.get("/me/board/")
    assert response.status_code == 200
    return response.content.decode()


def test_it_moves_from_the_public_board_with_the_voters_own_votes() -> None:
    alder, birch, cedar = (new_model(name) for name in ("Alder", "Birch", "Cedar"))
    cast_many(alder, birch, wins=30, losses=14)
    cast_many(birch, cedar, wins=30, losses=14)
    voter = Voter.objects.create()
    for _ in range(6):
        cast(alder, birch, "b", voter=voter, final_at=NOW)
    refresh_boards(timezone.now())
    board = own_board(voter.pk)
    rows = {row.model.slug: row for row in board.rows}
    assert set(rows) == {"alder", "birch"}
    assert (rows["birch"].won, rows["birch"].lost, rows["alder"].lost) == (6, 0, 6)
    assert rows["birch"].rating > rows["birch"].public  # type: ignore[operator]
    assert rows["alder"].rating < rows["alder"].public  # type: ignore[operator]
    assert 0 < (rows["alder"].half_width or 0) < 200
    text = page(voter)
    assert "These are few votes" in text
    assert text.count('class="mine-point"') == 2
    assert "by 6 counted votes of yours" in text


def test_votes_that_do_not_count_are_left_out() -> None:
    voter = Voter.objects.create()
    cast(new_model("Alder"), new_model("Birch"), voter=voter, final_at=NOW, prompt="Hello")
    refresh_boards(timezone.now())
    assert own_board(voter.pk).votes == 1
    VoteFacts.objects.update(counted=False, not_counted_because="identity_in_prompt")
    assert own_board(voter.pk).rows == ()
    assert "None of your votes has been counted yet" in page(voter)


def test_it_says_when_the_public_board_has_no_ratings() -> None:
    voter = Voter.objects.create()
    cast(new_model("Alder"), new_model("Birch"), "both_bad", voter=voter, final_at=NOW)
    refresh_boards(timezone.now())
    text = page(voter)
    assert "has no ratings of these models yet" in text
    assert "0 · 1 · 0" in text
    assert "±" not in text
