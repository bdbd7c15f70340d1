"""Erasing what a voter wrote and was answered. The votes stay, tied to nobody.

What remains of a battle: two models, a vote, and figures; so every board stays as it was. What a
vote's text said about it (category, language) was decided before; a vote that nobody had checked
yet will not count.
"""

import datetime as dt
import uuid

from django.contrib.auth.models import User
from django.db import transaction

from arena.battles.errors import NotPossibleNow, NotYours
from arena.battles.models import (
    Reply,
    SharedBattle,
    Turn,
    TurnState,
    VoteComment,
    VoteReason,
)
from arena.battles.pictures.models import Picture
from arena.voters.accounts.account import delete_account
from arena.voters.models import Voter


@transaction.atomic
def erase_voter(voter_id: uuid.UUID, *, at: dt.datetime) -> int:
    """Erase all texts of a voter: prompts, answers, comments, reasons, links; and the account.

    What the account has adopted is the voter's too. The identity is closed: no prompt, vote or
    comment is taken from it any more (`lock_voter`), so nothing can be written after this. A second
    time is harmless.

    Returns
    -------
    int
        How many turns lost their texts now.

    Raises
    ------
    NotYours
        When another tab signed in meanwhile (``signed_in``).
    NotPossibleNow
        While an answer is being written (``still_streaming``): its text would come afterwards.
    """
    # The account first, as whoever signs in or out does; then the row that starting a turn locks.
    list(User.objects.select_for_update(no_key=True).filter(voter=voter_id))
    own = Voter.objects.select_for_update(no_key=True).filter(pk=voter_id).first()
    if own is None:
        return 0  # never sent a prompt
    if own.adopted_by_id is not None:  # on a page that was open when its visitor signed in
        raise NotYours("signed_in")
    adopted = Voter.objects.select_for_update(no_key=True).filter(adopted_by=own).order_by("pk")
    voters = [own, *adopted]
    turns = Turn.objects.filter(battle__voter__in=voters)
    if turns.filter(state=TurnState.STREAMING).exists():
        raise NotPossibleNow("still_streaming")
    if own.user is not None:
        delete_account(own.user)
    Voter.objects.filter(pk__in=[voter.pk for voter in voters], erased_at=None).update(erased_at=at)
    for rows in (
        SharedBattle.objects.filter(battle__voter__in=voters),
        VoteComment.objects.filter(vote__battle__voter__in=voters),
        VoteReason.objects.filter(vote__battle__voter__in=voters),
    ):
        rows.delete()
    # In this order: a reply may be without text once it is said to be erased.
    Reply.objects.filter(turn__in=turns).update(text="", reasoning="", error_detail="", erased=True)
    pictures = Picture.objects.filter(voter__in=voters)
    pictures.filter(used_at=None).delete()
    pictures.update(content=b"", sha256="")
    return turns.exclude(prompt="").update(prompt="")
