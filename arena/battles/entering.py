"""What is asked of a visitor before something of theirs is written, with the voter's row locked."""

import datetime as dt
import uuid

from django.conf import settings
from django.db.models import QuerySet

from arena.battles.errors import NotYours, TooMany
from arena.battles.models import Turn, TurnState
from arena.voters.models import Voter


def lock_voter(voter_id: uuid.UUID, at: dt.datetime) -> None:
    """Lock a voter's row, made at the first time, until the transaction ends.

    Raises
    ------
    NotYours
        When the voter was erased, or signed in meanwhile (code ``signed_in``).
    """
    Voter.objects.bulk_create([Voter(pk=voter_id, created_at=at)], ignore_conflicts=True)
    _refuse_closed(Voter.objects.select_for_update(no_key=True).get(pk=voter_id))


def look_at_voter(voter_id: uuid.UUID) -> None:
    """Refuse what `lock_voter` would, before work that costs; it is to be asked again under a lock.

    Raises
    ------
    NotYours
        As `lock_voter`.
    """
    voter = Voter.objects.filter(pk=voter_id).first()
    if voter is not None:
        _refuse_closed(voter)


def _refuse_closed(voter: Voter) -> None:
    if voter.erased_at is not None:  # a page that was open when its visitor erased everything
        raise NotYours
    if voter.adopted_by_id is not None:  # likewise, when its visitor signed in
        raise NotYours("signed_in")


def admit_turn(voter_id: uuid.UUID, at: dt.datetime) -> None:
    """Lock the voter's row, and hold the limit of battles at once.

    Raises
    ------
    NotYours, TooMany
        As `lock_voter`; when that many are being answered (code ``too_many_battles``).
    """
    lock_voter(voter_id, at)
    if _streaming(voter_id).count() >= settings.MAX_STREAMING_BATTLES:
        raise TooMany("too_many_battles")


def keep_apart(voter_id: uuid.UUID, *, blind: bool) -> None:
    """Refuse a turn beside one of the other kind: a wait for a model that the visitor chose would
    tell that it answers in the visitor's blind battle.

    Raises
    ------
    TooMany
        Code ``one_at_a_time``.
    """
    if _streaming(voter_id).exclude(battle__blind=blind).exists():
        raise TooMany("one_at_a_time")


def _streaming(voter_id: uuid.UUID) -> QuerySet[Turn]:
    """Return what is being answered to a person, whichever cookie asked."""
    voters = Voter.objects.ids_of_person(voter_id)
    return Turn.objects.filter(battle__voter__in=voters, state=TurnState.STREAMING)
