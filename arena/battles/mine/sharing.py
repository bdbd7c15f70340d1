"""A battle shown to whoever has its link: only after the vote, and until the voter ends it."""

import datetime as dt
import secrets
import uuid
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from arena.battles.errors import NotFound, NotPossibleNow
from arena.battles.models import (
    Battle,
    Outcome,
    Reply,
    SharedBattle,
    Side,
    Turn,
    Vote,
)
from arena.battles.moderation.models import TextCheck
from arena.battles.pictures.models import Picture
from arena.battles.turns import own_battle
from arena.battles.votes import final_vote, standing_vote

_BYTES = 16


@dataclass(frozen=True)
class SharedTurn:
    """A prompt and its two answers, by side."""

    number: int
    prompt: str
    answers: dict[Side, str]
    picture: Picture | None


@dataclass(frozen=True)
class Shared:
    """What a link shows: the battle as far as the vote is about it, never who voted."""

    battle: Battle
    vote: Vote
    turns: tuple[SharedTurn, ...]


def share_battle(voter_id: uuid.UUID | None, battle_id: uuid.UUID, *, at: dt.datetime) -> str:
    """Return the token of a battle's link, made when it is shared for the first time.

    Raises
    ------
    NotFound, NotYours
        When there is no such battle, or it is another voter's.
    NotPossibleNow
        Before the vote is final, or while a text waits for a moderator or was withheld by one.
    """
    with transaction.atomic():
        battle = own_battle(voter_id, battle_id, lock=True)
        vote = final_vote(battle)
        if vote is None:
            raise NotPossibleNow("vote_pending" if standing_vote(battle) else "no_vote")
        if Reply.objects.filter(turn__battle=battle, erased=True).exists():
            raise NotFound
        if _is_withheld(vote):
            raise NotPossibleNow("withheld")
        shared, _made = SharedBattle.objects.get_or_create(
            battle=battle,
            defaults={"token": secrets.token_urlsafe(_BYTES), "shared_at": at},
        )
    return shared.token


def end_sharing(voter_id: uuid.UUID | None, battle_id: uuid.UUID) -> None:
    """Make a battle's link dead for ever; sharing again makes another one."""
    battle = own_battle(voter_id, battle_id)
    SharedBattle.objects.filter(battle=battle).delete()


def shared_battle(token: str) -> Shared:
    """Return what a link shows.

    Raises
    ------
    NotFound
        When the link is not, or no longer, a battle's; while one of its texts is withheld.
    """
    battle = (
        Battle.objects.filter(shared__token=token)
        .select_related("model_a", "model_b")
        .prefetch_related("model_a__licensings", "model_b__licensings")
        .first()
    )
    if battle is None:
        raise NotFound
    vote = standing_vote(battle)
    if vote is None or _is_withheld(vote):
        raise NotFound
    turns = (
        Turn.objects.voted_on([vote.pk])
        .order_by("number")
        .select_related("picture")
        .defer("picture__content")
        .prefetch_related("replies")
    )
    return Shared(battle, vote, tuple(map(_turn, turns)))


def verdict_on(shared: Shared) -> str:
    """Return the vote as a sentence."""
    names = {side.value: shared.battle.model(side).name for side in Side}
    sentence = {
        Outcome.A: _("The voter preferred %(a)s."),
        Outcome.B: _("The voter preferred %(b)s."),
        Outcome.TIE: _("The voter called it a tie."),
        Outcome.BOTH_BAD: _("The voter found both bad."),
    }[Outcome(shared.vote.outcome)]
    return sentence % names


def _is_withheld(vote: Vote) -> bool:
    told = Turn.objects.before([vote.pk])
    return TextCheck.objects.filter(turn__in=told).withheld().exists()


def _turn(turn: Turn) -> SharedTurn:
    answers = {Side(reply.side): reply.text for reply in turn.replies.all()}
    return SharedTurn(turn.number, turn.prompt, answers, turn.picture)
