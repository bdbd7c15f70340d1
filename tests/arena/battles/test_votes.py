"""A vote is stored once, never changed, taken back only in time, and never before the answers."""

import datetime as dt
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, connections, transaction
from django.test import override_settings
from django.utils import timezone

from arena.battles import votes
from arena.battles.errors import BattleError, NotFound, NotPossibleNow, NotYours
from arena.battles.models import (
    Battle,
    Outcome,
    Reply,
    Retraction,
    Side,
    Turn,
    TurnState,
    Vote,
)
from arena.voters.models import Voter
from tests.arena.rows import add_model

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def battle(db: None) -> Battle:
    """Return a battle with one complete turn."""
    return new_battle()


@pytest.fixture(autouse=True)
def time_to_undo() -> Iterator[None]:
    """Let no undo be too late on a slow machine."""
    with override_settings(UNDO_SECONDS=600.0):
        yield


def new_battle() -> Battle:
    endpoints = [add_model(name, base_url="http://127.0.0.1:9/v1") for name in ("one", "two")]
    battle = Battle.objects.create(
        voter=Voter.objects.create(),
        model_a=endpoints[0].language_model,
        model_b=endpoints[1].language_model,
    )
    add_turn(battle, TurnState.COMPLETE)
    return battle


def add_turn(battle: Battle, state: TurnState) -> Turn:
    number = battle.turns.count() + 1
    ended = None if state == TurnState.STREAMING else timezone.now() - MINUTE
    turn = Turn.objects.create(
        battle=battle, number=number, prompt="?", state=state, ended_at=ended, last_seq=1
    )
    for side in Side:
        Reply.objects.create(turn=turn, side=side, language_model=battle.model(side), text="!")
    return turn


def cast(battle: Battle, outcome: Outcome = Outcome.A, *, at: dt.datetime | None = None) -> Vote:
    return votes.cast_vote(battle.voter_id, battle.pk, outcome, at=at or timezone.now())


@contextmanager
def refused(kind: type[BattleError], code: str) -> Iterator[None]:
    with pytest.raises(kind) as caught:
        yield
    assert caught.value.code == code
    assert caught.value.sentence


def test_a_repeat_gets_the_stored_vote(battle: Battle) -> None:
    first = cast(battle, Outcome.A)
    assert cast(battle, Outcome.BOTH_BAD) == first
    assert Vote.objects.get().outcome == Outcome.A
    assert votes.receipt_code(first) == votes.receipt_code(Vote.objects.get())


def test_a_vote_is_about_every_turn_before_it_though_clocks_differ(battle: Battle) -> None:
    add_turn(battle, TurnState.COMPLETE)
    vote = cast(battle, at=timezone.now() - 2 * MINUTE)
    assert Turn.objects.voted_on([vote.pk]).count() == 2
    assert vote.final_at - vote.cast_at == dt.timedelta(seconds=settings.UNDO_SECONDS)


def test_another_visitor_is_refused(battle: Battle) -> None:
    for voter in (uuid.uuid4(), None):
        with refused(NotYours, "not_yours"):
            votes.cast_vote(voter, battle.pk, Outcome.A, at=timezone.now())
    with refused(NotFound, "not_found"):
        votes.cast_vote(battle.voter_id, uuid.uuid4(), Outcome.A, at=timezone.now())
    assert not Vote.objects.exists()


@pytest.mark.parametrize("state", [TurnState.STREAMING, TurnState.STOPPED])
def test_it_opens_only_when_both_answers_are_complete(battle: Battle, state: TurnState) -> None:
    add_turn(battle, state)
    with refused(NotPossibleNow, "not_votable"):
        cast(battle)
    assert not Vote.objects.exists()


def test_a_void_battle_is_not_votable(battle: Battle) -> None:
    Battle.objects.filter(pk=battle.pk).update(voided_at=timezone.now(), void_reason="abandoned")
    with refused(NotPossibleNow, "not_votable"):
        cast(battle)


def test_a_vote_taken_back_may_be_cast_again(battle: Battle) -> None:
    first = cast(battle, Outcome.A)
    votes.take_back(battle.voter_id, battle.pk)
    votes.take_back(battle.voter_id, battle.pk)
    assert votes.standing_vote(battle) is None
    second = cast(battle, Outcome.B)
    assert second != first
    assert second.replaces == Retraction.objects.get()
    assert votes.standing_vote(battle) == second
    votes.take_back(battle.voter_id, battle.pk)
    third = cast(battle, Outcome.TIE)
    assert list(Vote.objects.standing()) == [third]
    assert Vote.objects.count() == 3


@override_settings(UNDO_SECONDS=0.0)
def test_a_final_vote_stays(battle: Battle) -> None:
    with refused(NotPossibleNow, "no_vote"):
        votes.take_back(battle.voter_id, battle.pk)
    vote = cast(battle)
    assert votes.final_vote(battle) == vote
    with refused(NotPossibleNow, "too_late"):
        votes.take_back(battle.voter_id, battle.pk)
    assert not Retraction.objects.exists()


def test_a_vote_is_not_final_within_the_undo_time(battle: Battle) -> None:
    vote = cast(battle)
    assert vote.final_at - vote.cast_at == dt.timedelta(seconds=600)
    assert votes.final_vote(battle) is None


def test_the_database_refuses_to_change_a_vote(battle: Battle) -> None:
    vote = cast(battle)
    votes.take_back(battle.voter_id, battle.pk)
    statements = [
        "UPDATE battles_vote SET outcome = 'b'",
        "UPDATE battles_retraction SET at = now()",
        "DELETE FROM battles_retraction",
        "DELETE FROM battles_vote",
    ]
    for statement in statements:
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            connection.cursor().execute(statement)
    with votes.erasing(), pytest.raises(IntegrityError), transaction.atomic():
        Vote.objects.update(outcome=Outcome.B)
    assert Vote.objects.get() == vote


def test_erasing_deletes_within_its_block_only(battle: Battle) -> None:
    cast(battle)
    votes.take_back(battle.voter_id, battle.pk)
    with votes.erasing():
        Retraction.objects.all().delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        Vote.objects.all().delete()
    assert Vote.objects.count() == 1


def test_a_vote_follows_a_retraction_of_its_own_battle(battle: Battle) -> None:
    cast(battle)
    votes.take_back(battle.voter_id, battle.pk)
    other = Battle.objects.create(
        voter_id=battle.voter_id, model_a=battle.model_a, model_b=battle.model_b
    )
    now = timezone.now()
    with pytest.raises(IntegrityError), transaction.atomic():
        Vote.objects.create(
            battle=other,
            outcome=Outcome.A,
            cast_at=now,
            final_at=now,
            replaces=Retraction.objects.get(),
        )


@pytest.mark.django_db(transaction=True)
def test_many_threads_store_one_row(transactional_db: None) -> None:
    battle = new_battle()  # the fixture's rows would be invisible to other connections
    ready = threading.Barrier(8)

    def submit(number: int) -> str:
        try:
            ready.wait()
            return cast(battle, list(Outcome)[number % 4]).outcome
        finally:
            connections.close_all()

    for again in range(5):
        with ThreadPoolExecutor(8) as threads:
            outcomes = set(threads.map(submit, range(8)))
        assert len(outcomes) == 1
        assert Vote.objects.count() == again + 1
        votes.take_back(battle.voter_id, battle.pk)
    assert Vote.objects.standing().count() == 0
    connection.close()


def test_receipts_are_short_and_differ() -> None:
    codes = {votes.receipt_code(Vote(pk=number)) for number in range(1, 300)}
    assert len(codes) > 290
    assert {len(code) for code in codes} == {4}
