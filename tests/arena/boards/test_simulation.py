"""Sample votes: the same for a seed, never drawn in battles, gone with one command."""

import datetime as dt
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from arena.battles.models import Battle, Vote
from arena.boards.ledger import write_ledgers
from arena.boards.models import Board, Snapshot
from arena.boards.newest import newest_snapshot
from arena.boards.simulation import simulate
from arena.catalog.models import LanguageModel, Licensing
from arena.integrity.models import DecisionCount, UndecidedVote, VoteFacts
from arena.voters.models import Voter
from tests.arena.boards.votes import NOW, cast, new_model

pytestmark = pytest.mark.django_db


def test_the_command_fills_the_boards_and_the_other_empties_them(client: Client) -> None:
    out = StringIO()
    kept = cast(new_model("Alder"), new_model("Birch"))
    call_command("simulate_votes", votes=1500, voters=40, stdout=out)
    assert "1,500 simulated votes" in out.getvalue()
    snapshot = newest_snapshot("simulated", "bradley_terry")
    assert snapshot is not None
    assert (snapshot.votes, snapshot.voters) == (1500, 40)
    assert snapshot.rows.count() == LanguageModel.objects.filter(simulated=True).count() == 20
    assert not LanguageModel.objects.drawable(at=timezone.now()).exists()

    with pytest.raises(CommandError, match="remove_simulated"):
        call_command("simulate_votes", votes=10)

    write_ledgers(NOW)
    assert client.get("/api/v1/transparency?source=simulated").status_code == 200
    call_command("remove_simulated", stdout=out)
    assert client.get("/api/v1/transparency?source=simulated").status_code == 404
    assert "1,500 simulated votes were removed" in out.getvalue()
    assert list(Vote.objects.all()) == [kept]
    assert VoteFacts.objects.exclude(vote=kept).count() == 0
    assert UndecidedVote.objects.exclude(vote=kept).count() == 0
    assert Battle.objects.get() == kept.battle
    assert Voter.objects.get() == kept.battle.voter
    assert LanguageModel.objects.count() == 2
    assert not Licensing.objects.exists()
    for rows in (Board.objects.filter(source="simulated"), DecisionCount.objects.all()):
        assert not rows.filter(source="simulated").exists()
    assert not Snapshot.objects.filter(board__source="simulated").exists()

    call_command("remove_simulated", stdout=out)
    assert "There were no simulated votes." in out.getvalue()


def test_a_model_is_met_only_after_its_release() -> None:
    simulate(votes=2000, voters=20, seed=3, until=NOW)
    late = LanguageModel.objects.order_by("-api_released_on").first()
    assert late is not None
    assert late.api_released_on is not None
    first = (
        Vote.objects.filter(battle__model_a=late) | Vote.objects.filter(battle__model_b=late)
    ).order_by("cast_at")[0]
    assert first.cast_at.date() >= late.api_released_on - dt.timedelta(days=1)
    assert Vote.objects.filter(cast_at__gte=NOW).count() == 0


def test_the_same_seed_gives_the_same_votes() -> None:
    def votes() -> list[tuple[object, ...]]:
        simulate(votes=200, voters=10, seed=9, until=NOW)
        rows = Vote.objects.order_by("id").values_list(
            "battle", "outcome", "battle__model_a__slug", "battle__voter", "cast_at"
        )
        found: list[tuple[object, ...]] = list(rows)
        call_command("remove_simulated", stdout=StringIO())
        return found

    first = votes()
    assert len(first) == 200
    assert first == votes()


@pytest.mark.parametrize("number", [0, -1])
def test_it_refuses_no_votes(number: int) -> None:
    with pytest.raises(CommandError, match="1 or more"):
        call_command("simulate_votes", votes=number)
