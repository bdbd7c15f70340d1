"""Verdicts on votes that are final: counted or why not, language and category.

Safe to kill at any time and to run twice at once: a block of votes is claimed, judged and marked
done in one transaction, and two runs never hold the same vote.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection, transaction

from arena.battles.models import Reply, Side, Turn, TurnState, Vote
from arena.catalog.models import LanguageModel
from arena.integrity.categories import categorise
from arena.integrity.identity import Names, asks_for_identity
from arena.integrity.languages import detect_language
from arena.integrity.models import (
    CategorySource,
    DecisionCount,
    NotCounted,
    UndecidedVote,
    VoteFacts,
)

# Raise it with any change to a rule: votes decided by an older version are decided again.
RULE_VERSION = 1

_BLOCK = 2000
# Long answers are read this many at a time.
_TEXTS = 200


def decide_votes(now: dt.datetime, *, limit: int | None = None) -> int:
    """Write the facts of votes that are final, standing and not decided; live votes come first.

    Parameters
    ----------
    now : aware datetime
        Votes whose undo time is over by then are decided.
    limit : int, optional
        Stop after about this many; the rest stays for the next call.

    Returns
    -------
    int
        How many votes were decided.
    """
    _ask_again_after_a_new_rule()
    names: _CatalogueNames | None = None
    decided = 0
    while limit is None or decided < limit:
        with transaction.atomic():
            claimed = _claim(now)
            if not claimed:
                break
            names = names or _CatalogueNames()
            _decide(claimed, names, now)
            decided += len(claimed)
    return decided


def count_decisions(source: str, number: int) -> None:
    """Note that verdicts of a source were written or erased, so that its boards are made anew.

    To be called in the transaction that changes them.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO integrity_decisioncount AS c (source, decisions) VALUES (%s, %s)"
            " ON CONFLICT (source) DO UPDATE SET decisions = c.decisions + excluded.decisions",
            [source, number],
        )


def forget_source(source: str) -> None:
    """Forget that a source ever had verdicts, after all its votes were removed."""
    DecisionCount.objects.filter(source=source).delete()


def decisions_by_source() -> dict[str, int]:
    """Return how many verdicts each source has had."""
    return dict(DecisionCount.objects.values_list("source", "decisions"))


def _ask_again_after_a_new_rule() -> None:
    """Put votes that an older version decided back into the line, a bounded number at a time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO integrity_undecidedvote (vote_id, source, final_at)"
            " SELECT v.id, v.source, v.final_at FROM integrity_votefacts f"
            " JOIN battles_vote v ON v.id = f.vote_id"
            " WHERE f.rule_version < %s ORDER BY f.vote_id LIMIT %s"
            " ON CONFLICT DO NOTHING",
            [RULE_VERSION, 10 * _BLOCK],
        )


def _claim(now: dt.datetime) -> list[int]:
    """Lock the next block of undecided votes; those that another run holds are passed over."""
    due = UndecidedVote.objects.due(at=now).select_for_update(skip_locked=True).order_by("vote_id")
    for votes in (due.filter(source="live"), due.exclude(source="live")):
        if claimed := list(votes.values_list("vote_id", flat=True)[:_BLOCK]):
            return claimed
    return []


def _decide(claimed: Sequence[int], names: "_CatalogueNames", now: dt.datetime) -> None:
    standing = Vote.objects.standing().filter(pk__in=claimed).select_related("battle")
    votes = list(standing.defer("battle__pairing"))
    read = _read_battles(votes, names)
    VoteFacts.objects.bulk_create(
        [_verdict(vote, read[vote.battle_id], now) for vote in votes],
        update_conflicts=True,
        unique_fields=["vote"],
        update_fields=[
            "counted",
            "not_counted_because",
            "category",
            "category_by",
            "language",
            "rule_version",
            "decided_at",
        ],
    )
    UndecidedVote.objects.filter(pk__in=claimed).delete()
    for source, number in sorted(Counter(vote.source for vote in votes).items()):
        count_decisions(source, number)


@dataclass
class _Read:
    """What the texts of one battle say, without the texts."""

    first_prompt: str = ""
    reasons: set[str] = field(default_factory=set)


def _verdict(vote: Vote, read: _Read, now: dt.datetime) -> VoteFacts:
    reasons = set(read.reasons)
    if vote.battle.model_a_id == vote.battle.model_b_id:
        reasons.add(NotCounted.SAME_MODEL)
    # Of several reasons the first in the order of `NotCounted` is given.
    reason = next((reason for reason in NotCounted.values if reason in reasons), "")
    category = categorise(read.first_prompt)
    return VoteFacts(
        vote=vote,
        counted=not reason,
        not_counted_because=reason,
        category=category,
        category_by=CategorySource.RULE if category else "",
        language=detect_language(read.first_prompt),
        rule_version=RULE_VERSION,
        decided_at=now,
    )


def _read_battles(votes: Iterable[Vote], names: "_CatalogueNames") -> dict[UUID, _Read]:
    """Read prompts and answers once. Imported and simulated votes were cleaned by their owners,
    so only live ones are searched for identities.
    """
    read: dict[UUID, _Read] = defaultdict(_Read)
    battles = {vote.battle_id for vote in votes}
    models = {
        (vote.battle_id, side): model
        for vote in votes
        for side, model in zip(Side, (vote.battle.model_a_id, vote.battle.model_b_id), strict=True)
    }
    live = {vote.battle_id for vote in votes if vote.source == "live"}
    complete = Turn.objects.filter(battle__in=battles, state=TurnState.COMPLETE)
    prompts = complete.order_by("battle", "number").values_list("battle_id", "number", "prompt")
    for battle, number, prompt in prompts.iterator(chunk_size=_TEXTS):
        if number == 1:
            read[battle].first_prompt = prompt
        if battle in live and names.asked_for(prompt):
            read[battle].reasons.add(NotCounted.IDENTITY_IN_PROMPT)
    answers = Reply.objects.filter(turn__battle__in=live, turn__state=TurnState.COMPLETE).order_by()
    for battle, side, text in answers.values_list("turn__battle_id", "side", "text").iterator(
        chunk_size=_TEXTS
    ):
        if names.given_away(models[battle, Side(side)], text):
            read[battle].reasons.add(NotCounted.IDENTITY_IN_ANSWER)
    return read


class _CatalogueNames:
    """The names of all models that can be met and of their makers, and of each model by itself.

    A maker's name by itself is no verdict: most prompts that say "Google" mean the search.
    """

    def __init__(self) -> None:
        models = LanguageModel.objects.filter(simulated=False)
        names = dict(models.values_list("pk", "name"))
        makers = models.exclude(organisation="").values_list("organisation", flat=True)
        self._models = Names(names.values())
        self._all = Names([*names.values(), *makers])
        self._own = {pk: Names([name]) for pk, name in names.items()}

    def asked_for(self, prompt: str) -> bool:
        """Return whether a prompt names a model, or asks the answerer who it is."""
        return (
            self._models.named_in(prompt)
            or self._all.introduced_in(prompt)
            or asks_for_identity(prompt)
        )

    def given_away(self, model: int, answer: str) -> bool:
        """Return whether an answer names its own model, or introduces itself as any."""
        own = self._own.get(model)
        return bool(own and own.named_in(answer)) or self._all.introduced_in(answer)
