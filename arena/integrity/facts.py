"""Verdicts on votes that are final: counted or why not, and what kind of vote it is.

Safe to kill at any time and to run twice at once: a block of votes is claimed, judged and marked
done in one transaction, and two runs never hold the same vote.
"""

import datetime as dt
from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter

from django.db import connection, transaction

from arena.battles.models import Vote
from arena.integrity.evidence import CatalogueNames, DueVote, read_evidence
from arena.integrity.fact_rows import (
    count_decisions,
    decisions_by_source,
    forget_source,
    keep_facts,
    write_facts,
)
from arena.integrity.models import (
    CategorySource,
    UndecidedVote,
    UndecidedVoteQuerySet,
    VoteFacts,
)

__all__ = [
    "RULE_VERSION",
    "count_decisions",
    "decide_votes",
    "decisions_by_source",
    "forget_source",
]

# Raise it with any change to a rule: votes decided by an older version are decided again.
RULE_VERSION = 4

_BLOCK = 5000


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
    names: CatalogueNames | None = None
    decided = 0
    due = UndecidedVote.objects.due(at=now)
    for waiting in (due.filter(source="live"), due.exclude(source="live")):
        last = 0
        while limit is None or decided < limit:
            with transaction.atomic():
                claimed = _claim(waiting, after=last)
                if not claimed:
                    break
                names = names or CatalogueNames()
                _decide(claimed, names, now)
            decided += len(claimed)
            last = claimed[-1]
    return decided


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


def _decide(claimed: Sequence[int], names: CatalogueNames, now: dt.datetime) -> None:
    _await_undos(claimed)
    standing = Vote.objects.standing().filter(pk__in=claimed).order_by("source", "pk")
    columns = ("pk", "source", "battle_id", "battle__model_a_id", "battle__model_b_id")
    votes = [DueVote(*row) for row in standing.values_list(*columns)]
    read = read_evidence(votes, names)
    # Facts that stand already may be all that is left of texts that were erased.
    decided = set(VoteFacts.objects.filter(pk__in=claimed).values_list("pk", flat=True))
    kept = {vote.pk for vote in votes if vote.pk in decided and not read[vote.battle].has_text}
    keep_facts(kept, rule_version=RULE_VERSION, now=now)
    for source, members in groupby(votes, key=attrgetter("source")):
        found = [read[vote.battle].facts(vote) for vote in members if vote.pk not in kept]
        write_facts(
            source, found, category_by=CategorySource.RULE, rule_version=RULE_VERSION, now=now
        )
    UndecidedVote.objects.filter(pk__in=claimed).delete()
