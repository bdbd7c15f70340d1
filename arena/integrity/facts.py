"""Verdicts on votes that are final: counted or why not, language and category.

Safe to kill at any time and to run twice at once: a block of votes is claimed, judged and marked
done in one transaction, and two runs never hold the same vote.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
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
    UndecidedVoteQuerySet,
)

# Raise it with any change to a rule: votes decided by an older version are decided again.
RULE_VERSION = 1

_BLOCK = 5000
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
    due = UndecidedVote.objects.due(at=now)
    for waiting in (due.filter(source="live"), due.exclude(source="live")):
        last = 0
        while limit is None or decided < limit:
            with transaction.atomic():
                claimed = _claim(waiting, after=last)
                if not claimed:
                    break
                names = names or _CatalogueNames()
                _decide(claimed, names, now)
            decided += len(claimed)
            last = claimed[-1]
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


def _claim(waiting: UndecidedVoteQuerySet, *, after: int) -> list[int]:
    """Lock the next block of undecided votes; those that another run holds are passed over.

    Going on `after` the last block spares reading what was deleted there again and again.
    """
    block = waiting.filter(vote_id__gt=after).order_by("vote_id")
    return list(
        block.select_for_update(skip_locked=True).values_list("vote_id", flat=True)[:_BLOCK]
    )


def _await_undos(claimed: Sequence[int]) -> None:
    """Wait for undos that began in time and are not committed; later ones find the vote final."""
    votes = Vote.objects.filter(pk__in=claimed, source="live").order_by("pk")
    list(votes.select_for_update(no_key=True).values_list("pk", flat=True))


def _decide(claimed: Sequence[int], names: "_CatalogueNames", now: dt.datetime) -> None:
    _await_undos(claimed)
    standing = Vote.objects.standing().filter(pk__in=claimed)
    columns = ("pk", "source", "battle_id", "battle__model_a_id", "battle__model_b_id")
    votes = [_Vote(*row) for row in standing.values_list(*columns)]
    read = _read_battles(votes, names)
    _write([_verdict(vote, read[vote.battle]) for vote in votes], now)
    UndecidedVote.objects.filter(pk__in=claimed).delete()
    for source, number in sorted(Counter(vote.source for vote in votes).items()):
        count_decisions(source, number)


class _Vote(NamedTuple):
    """What is needed of a vote; whole rows of the ORM would take most of the time."""

    pk: int
    source: str
    battle: UUID
    model_a: int
    model_b: int


@dataclass
class _Read:
    """What the texts of one battle say, without the texts."""

    first_prompt: str = ""
    reasons: set[str] = field(default_factory=set)


class _Verdict(NamedTuple):
    """One vote's facts; counted when there is no reason against it."""

    vote: int
    reason: str
    category: str
    language: str


def _verdict(vote: _Vote, read: _Read) -> _Verdict:
    reasons = set(read.reasons)
    if vote.model_a == vote.model_b:
        reasons.add(NotCounted.SAME_MODEL)
    # Of several reasons the first in the order of `NotCounted` is given.
    reason = next((reason for reason in NotCounted.values if reason in reasons), "")
    prompt = read.first_prompt
    return _Verdict(vote.pk, reason, categorise(prompt), detect_language(prompt))


def _write(verdicts: Sequence[_Verdict], now: dt.datetime) -> None:
    """Write facts, over those of an older rule where there are any; one statement a block."""
    if not verdicts:
        return
    votes, reasons, categories, languages = map(list, zip(*verdicts, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO integrity_votefacts (vote_id, counted, not_counted_because, category,"
            " category_by, language, rule_version, decided_at)"
            " SELECT vote, reason = '', reason, category,"
            " CASE category WHEN '' THEN '' ELSE %s END, language, %s, %s"
            " FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[])"
            " AS decided (vote, reason, category, language)"
            " ON CONFLICT (vote_id) DO UPDATE SET counted = excluded.counted,"
            " not_counted_because = excluded.not_counted_because, category = excluded.category,"
            " category_by = excluded.category_by, language = excluded.language,"
            " rule_version = excluded.rule_version, decided_at = excluded.decided_at",
            [CategorySource.RULE, RULE_VERSION, now, votes, reasons, categories, languages],
        )


def _read_battles(votes: Iterable[_Vote], names: "_CatalogueNames") -> dict[UUID, _Read]:
    """Read prompts and answers once. Imported and simulated votes were cleaned by their owners,
    so only live ones are searched for identities.
    """
    read: dict[UUID, _Read] = defaultdict(_Read)
    battles = {vote.battle: vote for vote in votes}
    live = {vote.battle for vote in votes if vote.source == "live"}
    complete = Turn.objects.filter(battle__in=battles, state=TurnState.COMPLETE)
    prompts = complete.order_by("battle", "number").values_list("battle_id", "number", "prompt")
    for battle, number, prompt in prompts.iterator(chunk_size=_TEXTS):
        if number == 1:
            read[battle].first_prompt = prompt
        if battle in live and names.asked_for(prompt):
            read[battle].reasons.add(NotCounted.IDENTITY_IN_PROMPT)
    if not live:
        return read
    answers = Reply.objects.filter(turn__battle__in=live, turn__state=TurnState.COMPLETE).order_by()
    for battle, side, text in answers.values_list("turn__battle_id", "side", "text").iterator(
        chunk_size=_TEXTS
    ):
        model = {Side.A: battles[battle].model_a, Side.B: battles[battle].model_b}[Side(side)]
        if names.given_away(model, text):
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
