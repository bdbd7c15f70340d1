"""Every write of vote facts, and the counts by which their readers find out.

A write first adds to its source's `DecisionCount`, which locks that row until the transaction
ends, then stores facts with the number it came to. So a source's revisions become visible in
their order, and whoever has seen revision n has seen every one before it.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from typing import NamedTuple

from django.db import connection

from arena.integrity.models import DecisionCount, VoteFacts


class NewFacts(NamedTuple):
    """What the rules found on one vote; counted when there is no reason against it.

    Style is tokens, headers, lists and bold passages, each of side A and of side B; None where
    there are no answers to count in.
    """

    vote: int
    reason: str
    category: str
    language: str
    hard: bool
    longer: bool
    multi_turn: bool
    refusal: bool
    starter: bool
    with_picture: bool
    style: tuple[int, int, int, int, int, int, int, int] | None


# A label given by an endpoint outlasts the rule that stood in for it.
_LABELLED = ("category", "category_by", "hard")
_RULED = (
    *("counted", "not_counted_because", "language", "longer", "multi_turn", "refusal", "starter"),
    "with_picture",
    *("tokens_a", "tokens_b", "headers_a", "headers_b", "lists_a", "lists_b", "bold_a", "bold_b"),
)
_TYPES = {
    **dict.fromkeys(("hard", "longer", "multi_turn", "refusal", "starter", "counted"), "bool"),
    "with_picture": "bool",
    **dict.fromkeys(("not_counted_because", "category", "category_by", "language"), "text"),
    **dict.fromkeys(_RULED[8:], "int"),
}
_COLUMNS = (*_RULED, *_LABELLED)


def _upsert() -> str:
    new = {name: f"excluded.{name}" for name in _RULED}
    new |= {
        name: f"CASE WHEN f.label_version > 0 THEN f.{name} ELSE excluded.{name} END"
        for name in _LABELLED
    }
    before = ", ".join(f"f.{name}" for name in _COLUMNS)
    after = ", ".join(new[name] for name in _COLUMNS)
    return f"""
        INSERT INTO integrity_votefacts AS f (vote_id, {", ".join(_COLUMNS)},
            source, revision, rule_version, label_version, decided_at)
        SELECT vote_id, {", ".join(_COLUMNS)}, %s, %s, %s, 0, %s
        FROM unnest(%s::bigint[], {", ".join(f"%s::{_TYPES[name]}[]" for name in _COLUMNS)})
            AS decided (vote_id, {", ".join(_COLUMNS)})
        ON CONFLICT (vote_id) DO UPDATE SET
            {", ".join(f"{name} = {new[name]}" for name in _COLUMNS)},
            rule_version = excluded.rule_version, decided_at = excluded.decided_at,
            revision = CASE WHEN ({before}) IS DISTINCT FROM ({after})
                THEN excluded.revision ELSE f.revision END
    """  # noqa: S608 - names from this module


_UPSERT = _upsert()


def write_facts(
    source: str, found: Sequence[NewFacts], *, category_by: str, rule_version: int, now: dt.datetime
) -> None:
    """Store facts of votes of one source, over those of an older rule where there are any.

    Facts that come out the same keep their revision. To be called in a transaction.
    """
    if not found:
        return
    revision = count_decisions(source, len(found))
    rows = [
        (
            *(new.reason == "", new.reason, new.language, new.longer, new.multi_turn),
            *(new.refusal, new.starter, new.with_picture, *(new.style or (None,) * 8)),
            *(new.category, category_by if new.category else "", new.hard),
        )
        for new in found
    ]
    columns = [list(column) for column in zip(*rows, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(
            _UPSERT,
            [source, revision, rule_version, now, [new.vote for new in found], *columns],
        )


def keep_facts(votes: Collection[int], *, rule_version: int, now: dt.datetime) -> None:
    """Let facts stand under a new rule: the texts that the rule would read are gone."""
    VoteFacts.objects.filter(pk__in=votes).update(rule_version=rule_version, decided_at=now)


def count_decisions(source: str, number: int) -> int:
    """Add to how many verdicts of a source were written or erased; return the new revision.

    To be called in the transaction that changes them, before it does.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO integrity_decisioncount AS c (source, decisions) VALUES (%s, %s)"
            " ON CONFLICT (source) DO UPDATE SET decisions = c.decisions + excluded.decisions"
            " RETURNING decisions",
            [source, number],
        )
        return int(cursor.fetchone()[0])


def begin_epochs() -> None:
    """Say that what was read of vote facts before is void: after a restore, a change by hand."""
    for count in DecisionCount.objects.select_for_update():
        DecisionCount.objects.filter(pk=count.pk).update(
            epoch=uuid.uuid4(), decisions=count.decisions + 1
        )


def forget_source(source: str) -> None:
    """Forget that a source ever had verdicts, after all its votes were removed."""
    DecisionCount.objects.filter(source=source).delete()


def decisions_by_source() -> dict[str, int]:
    """Return how many verdicts each source has had."""
    return dict(DecisionCount.objects.values_list("source", "decisions"))
