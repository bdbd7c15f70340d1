"""Every write of votes: cast, take back, and the receipt.

A vote is never changed: the database refuses it. That there is one standing vote for a battle is
held by unique constraints, so any number of submits at once store one row.
"""

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.crypto import salted_hmac

from arena.battles.entering import lock_voter
from arena.battles.errors import NotPossibleNow, TooLate
from arena.battles.models import Battle, Outcome, Retraction, Vote
from arena.battles.turns import own_battle

# Letters and digits that nobody confuses when reading them aloud.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_RECEIPT_LENGTH = 4


def cast_vote(
    voter_id: uuid.UUID | None, battle_id: uuid.UUID, outcome: Outcome, *, at: dt.datetime
) -> Vote:
    """Store a vote on a votable battle, or return the one that stands.

    Raises
    ------
    NotFound, NotYours
        When there is no such battle, or it is another voter's; when the voter was erased meanwhile.
    NotPossibleNow
        When the battle cannot be voted on (code ``not_votable``), or never can, because its voter
        chose the models (code ``not_blind``).
    """
    battle = own_battle(voter_id, battle_id)
    if not battle.blind:
        raise NotPossibleNow("not_blind")
    standing = standing_vote(battle)
    if standing is not None:  # the way of nearly all repeats: no lock
        return standing
    with transaction.atomic():
        lock_voter(battle.voter.person_id, at)
        # A turn that starts at this moment waits for us, or we for it.
        battle = own_battle(voter_id, battle_id, lock=True)
        told_at = _last_end(battle)
        if standing_vote(battle) is None and told_at is not None:
            # A turn ends by another process's clock, and what a vote is about ended before it.
            cast_at = max(at, told_at)
            vote = Vote(
                battle=battle,
                outcome=outcome,
                cast_at=cast_at,
                final_at=cast_at + dt.timedelta(seconds=settings.UNDO_SECONDS),
                replaces=_last_retraction(battle),
            )
            Vote.objects.bulk_create([vote], ignore_conflicts=True)
    standing = standing_vote(battle)
    if standing is None:
        raise NotPossibleNow("not_votable")
    return standing


def take_back(voter_id: uuid.UUID | None, battle_id: uuid.UUID) -> None:
    """Retract the standing vote within its undo time; a second time is harmless.

    Raises
    ------
    NotFound, NotYours
        When there is no such battle, or it is another voter's.
    NotPossibleNow
        When there is no vote (code ``no_vote``); `TooLate` when it is final.
    """
    battle = own_battle(voter_id, battle_id)
    with transaction.atomic():
        # The lock is taken before the time is read, here and in `final_vote`: once somebody has
        # seen a vote as final, it stays.
        newest = Vote.objects.select_for_update().filter(battle=battle).order_by("-pk").first()
        if newest is None:
            raise NotPossibleNow("no_vote")
        if Retraction.objects.filter(vote=newest).exists():
            return
        now = timezone.now()
        if now >= newest.final_at:
            raise TooLate(newest.outcome, Outcome(newest.outcome).label, newest.final_at)
        Retraction.objects.create(vote=newest, at=now)


def final_vote(battle: Battle) -> Vote | None:
    """Return the battle's vote if it can no longer be taken back, else None."""
    with transaction.atomic():
        newest = Vote.objects.select_for_update().filter(battle=battle).order_by("-pk").first()
        if newest is None or newest.final_at > timezone.now():
            return None
        return standing_vote(battle)


@contextmanager
def erasing() -> Iterator[None]:
    """Allow votes and retractions to be deleted, in one transaction of this session alone.

    For the removal of simulated votes and imports; nothing else.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL parity.erasing = 'on'")
        yield
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL parity.erasing = 'off'")


def standing_vote(battle: Battle) -> Vote | None:
    """Return the vote of a battle that was not taken back."""
    return Vote.objects.standing().filter(battle=battle).first()


def receipt_code(vote: Vote) -> str:
    """Return the short code on a vote's receipt; it says nothing of the vote."""
    digest = salted_hmac("parity.receipt", str(vote.pk), algorithm="sha256").digest()
    number = int.from_bytes(digest[:8])
    code = ""
    for _ in range(_RECEIPT_LENGTH):
        number, index = divmod(number, len(_ALPHABET))
        code += _ALPHABET[index]
    return code


def _last_end(battle: Battle) -> dt.datetime | None:
    """Return when the last turn of a battle ended, None if it cannot be voted on."""
    votable = Battle.objects.votable().filter(pk=battle.pk)
    last: dt.datetime | None = votable.aggregate(last=Max("turns__ended_at"))["last"]
    return last


def _last_retraction(battle: Battle) -> Retraction | None:
    """Return the retraction that the next vote follows."""
    return Retraction.objects.filter(vote__battle=battle, followed_by=None).first()
