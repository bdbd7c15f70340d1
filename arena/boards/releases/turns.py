"""Prompts and answers of released votes, without personal data and without pictures."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from arena.battles.models import Reply, Turn, Vote, VoteQuerySet
from arena.battles.moderation.models import TextCheck
from arena.battles.moderation.texts import is_checked
from arena.boards.releases.personal_data import mask

COLUMNS = ("number", "turn", "prompt", "picture", "answer_a", "answer_b")


def released_turns(battles: Sequence[UUID], *, first: int) -> list[dict[str, Any]]:
    """Return what the votes on battles are about, numbered from `first` in this order.

    Battles with such a text that is withheld are left out. What is released stays out for ever, so
    are those whose texts the check has not judged yet.
    """
    number = {battle: first + place for place, battle in enumerate(battles)}
    votes = Vote.objects.standing().filter(battle__in=battles)
    complete = Turn.objects.voted_on(votes).exclude(prompt="")
    complete = complete.exclude(battle__in=_not_public(votes))
    answers: dict[tuple[int, str], str] = {
        (turn, side): text
        for turn, side, text in Reply.objects.filter(turn__in=complete)
        .order_by()
        .values_list("turn_id", "side", "text")
    }
    turns = complete.order_by("battle", "number").values_list(
        "pk", "battle", "number", "prompt", "picture"
    )
    rows = [
        {
            "number": number[battle],
            "turn": turn,
            "prompt": mask(prompt),
            "picture": picture is not None,
            "answer_a": mask(answers.get((pk, "a"), "")),
            "answer_b": mask(answers.get((pk, "b"), "")),
        }
        for pk, battle, turn, prompt, picture in turns
    ]
    return sorted(rows, key=lambda row: (row["number"], row["turn"]))


def _not_public(votes: VoteQuerySet) -> set[UUID]:
    checks = TextCheck.objects.filter(turn__in=Turn.objects.before(votes))
    found = checks.withheld()
    if is_checked():
        found |= checks.pending()
    return set(found.values_list("turn__battle_id", flat=True))
