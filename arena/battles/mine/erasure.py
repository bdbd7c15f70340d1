"""Erasing what a voter wrote and was answered. The votes stay, tied to nobody.

What remains of a battle: two models, a vote, and figures; so every board stays as it was. What a
vote's text said about it (category, language) was decided before; a vote that nobody had checked
yet will not count.
"""

import datetime as dt
import uuid

from django.db import transaction

from arena.battles.errors import NotPossibleNow
from arena.battles.models import (
    Reply,
    SharedBattle,
    Turn,
    TurnState,
    VoteComment,
    VoteReason,
)
from arena.voters.models import Voter


@transaction.atomic
def erase_voter(voter_id: uuid.UUID, *, at: dt.datetime) -> int:
    """Erase all texts of a voter: prompts, answers, comments, reasons, links.

    The identity is closed: no prompt is taken from it any more (`turns` asks), so nothing can be
    written after this. A second time is harmless.

    Returns
    -------
    int
        How many turns lost their texts now.

    Raises
    ------
    NotPossibleNow
        While an answer is being written (``still_streaming``): its text would come afterwards.
    """
    # Whoever starts a turn locks this row too.
    voter = Voter.objects.select_for_update(no_key=True).filter(pk=voter_id).first()
    if voter is None:
        return 0  # never sent a prompt
    turns = Turn.objects.filter(battle__voter=voter)
    if turns.filter(state=TurnState.STREAMING).exists():
        raise NotPossibleNow("still_streaming")
    voter.erased_at, voter.user = voter.erased_at or at, None
    voter.save(update_fields=["erased_at", "user"])
    for rows in (
        SharedBattle.objects.filter(battle__voter=voter),
        VoteComment.objects.filter(vote__battle__voter=voter),
        VoteReason.objects.filter(vote__battle__voter=voter),
    ):
        rows.delete()
    # In this order: a reply may be without text once it is said to be erased.
    Reply.objects.filter(turn__in=turns).update(text="", reasoning="", error_detail="", erased=True)
    return turns.exclude(prompt="").update(prompt="")
