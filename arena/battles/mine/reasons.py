"""Why a voter chose so: reasons for each answer and a comment, given after the vote.

They stand in rows of their own, because a vote never changes; the last ones sent replace those
before.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from arena.battles.entering import lock_voter
from arena.battles.errors import NotPossibleNow, PromptRefused
from arena.battles.models import Battle, Reason, Side, Vote, VoteComment, VoteReason
from arena.battles.prompts import storable
from arena.battles.votes import final_vote, standing_vote

MAX_COMMENT_CHARACTERS = 1000


@dataclass(frozen=True)
class Reasons:
    """What a voter says of the two answers of a battle."""

    sides: Mapping[Side, Collection[Reason]]
    comment: str = ""

    @classmethod
    def read(cls, body: Any) -> "Reasons":
        """Read what a script sent: ``{"a": [reason, ...], "b": [...], "comment": text}``.

        Raises
        ------
        PromptRefused
            When it is anything else (``bad_request``), or the comment is too long.
        """
        try:
            sides = {side: frozenset(map(Reason, body[side.value])) for side in Side}
            comment = body["comment"]
        except (ValueError, TypeError, KeyError) as error:
            raise PromptRefused("bad_request") from error
        if not isinstance(comment, str):
            raise PromptRefused("bad_request")
        comment = storable(comment).strip()
        if len(comment) > MAX_COMMENT_CHARACTERS:
            raise PromptRefused("comment_too_long")
        return cls(sides, comment)

    def as_json(self) -> dict[str, Any]:
        """Return what `read` takes, in one order."""
        sides = {
            side.value: [reason.value for reason in Reason if reason in given]
            for side, given in self.sides.items()
        }
        return {**sides, "comment": self.comment}


def reasons_of(vote: Vote) -> Reasons:
    """Return what was said so far of the battle of a vote."""
    sides: dict[Side, set[Reason]] = {side: set() for side in Side}
    for row in vote.reasons.all():
        sides[Side(row.side)].add(Reason(row.reason))
    comment = getattr(vote, "comment", None)
    return Reasons(sides, comment.text if comment else "")


def give_reasons(battle: Battle, reasons: Reasons) -> Reasons:
    """Store a voter's reasons in the place of those before.

    Raises
    ------
    NotYours
        When the voter was erased meanwhile.
    NotPossibleNow
        Before the vote is final (``no_vote``, ``vote_pending``).
    """
    at = timezone.now()
    with transaction.atomic():
        lock_voter(battle.voter.person_id, at)
        vote = _settled(battle)  # its row stays locked, so two tabs do not mix
        vote.reasons.all().delete()
        VoteReason.objects.bulk_create(
            VoteReason(vote=vote, side=side, reason=reason)
            for side, given in reasons.sides.items()
            for reason in given
        )
        if reasons.comment:
            VoteComment.objects.update_or_create(
                vote=vote,
                defaults={"text": reasons.comment, "written_at": at},
            )
        else:
            VoteComment.objects.filter(vote=vote).delete()
    return reasons


def _settled(battle: Battle) -> Vote:
    vote = final_vote(battle)
    if vote is None:
        raise NotPossibleNow("vote_pending" if standing_vote(battle) else "no_vote")
    return vote
