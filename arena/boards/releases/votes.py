"""A source's decided votes as they are released: every vote, counted or not and why, and what its
voter said of the answers.
"""

import hashlib
import hmac
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from django.db import connection, transaction

from arena.boards.releases.personal_data import mask

_ROWS_AT_ONCE = 50_000

STYLE_COUNTS = tuple(
    f"{count}_{side}" for count in ("tokens", "headers", "lists", "bold") for side in "ab"
)
SCHEMA = pa.schema(
    [
        ("number", pa.int64()),
        ("model_a", pa.string()),
        ("model_b", pa.string()),
        ("outcome", pa.string()),
        ("voter", pa.string()),
        ("cast_at", pa.timestamp("us", tz="UTC")),
        ("counted", pa.bool_()),
        ("not_counted_because", pa.string()),
        ("category", pa.string()),
        ("category_by", pa.string()),
        ("language", pa.string()),
        ("main_language", pa.string()),
        *((name, pa.bool_()) for name in ("hard", "longer", "multi_turn", "refusal", "starter")),
        ("with_picture", pa.bool_()),
        ("styled", pa.bool_()),
        *((name, pa.int32()) for name in STYLE_COUNTS),
        ("rule_version", pa.int16()),
        ("label_version", pa.int16()),
        *((name, pa.list_(pa.string())) for name in ("reasons_a", "reasons_b")),
        ("comment", pa.string()),
    ]
)
_COLUMNS = ", ".join(
    (
        *("counted", "not_counted_because", "category", "category_by", "language", "hard"),
        *("longer", "multi_turn", "refusal", "starter", "with_picture", *STYLE_COUNTS),
        *("rule_version", "label_version"),
    )
)
# Reasons and comments are not versioned: they are what stands when the release is written.
_REASONS = ", ".join(
    f"""ARRAY(SELECT r.reason FROM battles_votereason r
        WHERE r.vote_id = v.id AND r.side = '{side}' ORDER BY r.reason)"""  # noqa: S608
    for side in "ab"
)
_FACTS = f"""
    SELECT vote_id, {_COLUMNS} FROM integrity_votefacts
    WHERE source = %(source)s AND revision <= %(at)s
    UNION ALL
    SELECT vote_id, {_COLUMNS} FROM integrity_pastvotefacts
    WHERE source = %(source)s AND revision <= %(at)s AND until_revision > %(at)s
"""  # noqa: S608 - names from this module
_QUERY = f"""
    SELECT v.id, b.id, a.slug, o.slug, v.outcome, b.voter_id, v.cast_at, f.counted,
        f.not_counted_because, f.category, f.category_by, f.language,
        split_part(f.language, '-', 1), f.hard, f.longer, f.multi_turn, f.refusal, f.starter,
        f.with_picture, f.tokens_a IS NOT NULL, {", ".join(f"f.{name}" for name in STYLE_COUNTS)},
        f.rule_version, f.label_version, {_REASONS}, coalesce(c.text, '')
    FROM ({_FACTS}) f
    JOIN battles_vote v ON v.id = f.vote_id
    JOIN battles_battle b ON b.id = v.battle_id
    JOIN catalog_languagemodel a ON a.id = b.model_a_id
    JOIN catalog_languagemodel o ON o.id = b.model_b_id
    LEFT JOIN battles_votecomment c ON c.vote_id = v.id
    ORDER BY v.id
"""  # noqa: S608 - names from this module


class Pseudonyms:
    """Voters' names within one release: the same voter, the same name; another release, others.

    The key is deleted when the release is complete, so nobody can find a voter's name again.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, voter: Any) -> str:
        """Return the name of a voter."""
        return hmac.new(self._key, voter.bytes, hashlib.sha256).hexdigest()[:16]


def count_votes(source: str, revision: int) -> int:
    """Return how many votes a release has."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM ({_FACTS}) f",  # noqa: S608
            {"source": source, "at": revision},
        )
        return int(cursor.fetchone()[0])


def vote_tables(
    source: str, revision: int, pseudonyms: Pseudonyms
) -> Iterator[tuple[pa.Table, list[Any]]]:
    """Yield the votes in the order in which they were stored, with the keys of their battles.

    Votes are numbered from 1: a vote's number is its place in the release.
    """
    number = 0
    with transaction.atomic(), connection.cursor() as plain:
        plain.execute("DECLARE released NO SCROLL CURSOR FOR " + _QUERY, _at(source, revision))
        while True:
            plain.execute(f"FETCH {_ROWS_AT_ONCE} FROM released")
            rows = plain.fetchall()
            if not rows:
                plain.execute("CLOSE released")
                return
            columns = [list(column) for column in zip(*rows, strict=True)]
            _ids, battles, a, b, outcome, voters, *facts, comments = columns
            numbers = list(range(number + 1, number + len(rows) + 1))
            number += len(rows)
            names = [pseudonyms.of(voter) for voter in voters]
            said = [comment and mask(comment) for comment in comments]
            content = [numbers, a, b, outcome, names, *facts, said]
            arrays = [
                pa.array(column, field.type) for column, field in zip(content, SCHEMA, strict=True)
            ]
            yield pa.Table.from_arrays(arrays, schema=SCHEMA), battles


def _at(source: str, revision: int) -> dict[str, Any]:
    return {"source": source, "at": revision}
