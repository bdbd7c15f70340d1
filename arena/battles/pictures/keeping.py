"""Every write of pictures, and which a turn may take along."""

import datetime as dt
import hashlib
import uuid

from django.conf import settings
from django.db import models, transaction

from arena.battles.entering import lock_voter, look_at_voter
from arena.battles.errors import NotFound, NotPossibleNow, PromptRefused, TooMany
from arena.battles.models import Battle, TurnState
from arena.battles.pictures.encoding import encode
from arena.battles.pictures.models import Picture
from arena.voters.models import Voter

# Pictures of one voter that no prompt has used yet, and pictures in one battle.
MAX_UNUSED = 20
MAX_IN_BATTLE = 4
_UNUSED_FOR = dt.timedelta(days=1)


def keep_picture(voter_id: uuid.UUID, file: bytes, *, at: dt.datetime) -> Picture:
    """Draw a voter's file anew and keep the picture for a prompt to come.

    Raises
    ------
    BattleError
        When it is no picture or too large, or its voter has too many unused ones or was erased.
    """
    # Drawing costs the most: not for a file that is refused below anyway.
    look_at_voter(voter_id)
    _refuse_too_many(voter_id)
    drawn = encode(file)
    with transaction.atomic():
        lock_voter(voter_id, at)
        _refuse_too_many(voter_id)
        return Picture.objects.create(
            voter_id=voter_id,
            content=drawn.content,
            sha256=hashlib.sha256(drawn.content).hexdigest(),
            width=drawn.width,
            height=drawn.height,
            kept_at=at,
        )


def own_picture(voter_id: uuid.UUID | None, picture_id: uuid.UUID) -> Picture:
    """Return a picture of this person, whose bytes are read when they are asked for.

    Raises
    ------
    NotFound
        When there is none, also when it is another's, or erased.
    """
    found = _own(voter_id).defer("content").filter(pk=picture_id).first() if voter_id else None
    if found is None or found.is_erased:
        raise NotFound
    return found


def take_picture(
    voter_id: uuid.UUID,
    battle: Battle,
    picture_id: uuid.UUID | None,
    *,
    is_first: bool,
    at: dt.datetime,
) -> Picture | None:
    """Mark the picture of a turn that is being opened as used, and return it.

    Raises
    ------
    BattleError
        When it is not the voter's or was erased (``picture_gone``), pictures are off
        (``picture_not_taken``), the battle has enough (``too_many_pictures``), or it is blind and
        began without one (``picture_first``): that a model sees none would tell who it is.
    """
    if picture_id is None:
        return None
    if not settings.IMAGES:
        raise NotPossibleNow("picture_not_taken")
    answered = 0 if is_first else pictures_in(battle)
    if battle.blind and not is_first and not answered:
        raise NotPossibleNow("picture_first")
    if answered >= MAX_IN_BATTLE:
        raise NotPossibleNow("too_many_pictures")
    own = _own(voter_id).filter(pk=picture_id).exclude(content=b"")
    if not own.update(used_at=at):
        raise PromptRefused("picture_gone")
    return own.get()


def pictures_in(battle: Battle) -> int:
    """Return how many pictures are in what was said in a battle so far."""
    answered = battle.turns.filter(state__in=[TurnState.COMPLETE, TurnState.STOPPED])
    return answered.filter(picture__isnull=False).count()


def forget_unused(*, at: dt.datetime) -> int:
    """Delete the pictures that no prompt used for a day; return how many."""
    deleted, _ = Picture.objects.filter(used_at=None, kept_at__lt=at - _UNUSED_FOR).delete()
    return deleted


def _refuse_too_many(voter_id: uuid.UUID) -> None:
    if Picture.objects.filter(voter=voter_id, used_at=None).count() >= MAX_UNUSED:
        raise TooMany("too_many_unused_pictures")


def _own(voter_id: uuid.UUID) -> models.QuerySet[Picture]:
    return Picture.objects.filter(voter__in=Voter.objects.ids_of_person(voter_id))
