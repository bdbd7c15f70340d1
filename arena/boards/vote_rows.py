"""Decided votes of one source, as Postgres streams them: fixed rows of integers."""

import uuid
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from arena.integrity.categories import USES
from arena.integrity.languages import TAGS

# Postgres' binary format: a header, rows of a field count and fields each after its length, a
# trailer. No column is ever null, so every row has the same length.
_HEADER, _TRAILER = 19, 2
_FIELDS = (
    ("vote", ">i8"),
    ("revision", ">i8"),
    ("a", ">i8"),
    ("b", ">i8"),
    ("outcome", ">i2"),
    ("bits", ">i2"),
    ("category", ">i2"),
    ("language", ">i2"),
    ("at", ">i8"),
    *(
        (f"{count}_{side}", ">i4")
        for count in ("tokens", "headers", "lists", "bold")
        for side in "ab"
    ),
)
_ROW = np.dtype(
    [("fields", ">i2")]
    + [
        part
        for name, kind in (*_FIELDS, ("voter", "2>u8"))
        for part in ((f"{name}_length", ">i4"), (name, kind))
    ]
)


def _select(table: str) -> str:
    """Return the columns of `_ROW`; outcomes in the order of `ratings.outcomes.OUTCOMES`."""
    counts = ", ".join(f"coalesce(f.{name}, 0)" for name, _ in _FIELDS[9:])
    return f"""
        SELECT v.id, f.revision, b.model_a_id, b.model_b_id,
            (CASE v.outcome WHEN 'a' THEN 0 WHEN 'b' THEN 1 WHEN 'tie' THEN 2 ELSE 3 END)::int2,
            (f.counted::int + 2 * f.hard::int + 4 * f.longer::int + 8 * f.multi_turn::int
             + 16 * f.refusal::int + 32 * f.starter::int + 64 * (f.tokens_a IS NOT NULL)::int
             + 128 * (f.label_version > 0)::int + 256 * f.with_picture::int)::int2,
            coalesce(array_position(%(uses)s::text[], f.category::text), 0)::int2,
            coalesce(array_position(%(tags)s::text[], f.language::text), 1)::int2,
            v.cast_at, {counts}, b.voter_id
        FROM {table} f
        JOIN battles_vote v ON v.id = f.vote_id
        JOIN battles_battle b ON b.id = v.battle_id
    """  # noqa: S608 - names from this module


# The first row is no vote: it says how far the same statement has seen. A revision that is
# visible has all earlier ones behind it (`arena.integrity.fact_rows`).
_SEEN = """
    SELECT 0::bigint, decisions, 0::bigint, 0::bigint, 0::int2, 0::int2, 0::int2, 0::int2,
        'epoch'::timestamptz, 0, 0, 0, 0, 0, 0, 0, 0, epoch
    FROM integrity_decisioncount WHERE source = %(source)s
"""
_STANDING, _PAST = _select("integrity_votefacts"), _select("integrity_pastvotefacts")
_CHANGED = f"{_SEEN} UNION ALL ({_STANDING} WHERE f.source = %(source)s AND f.revision > %(after)s)"
_STILL = f"{_STANDING} WHERE f.source = %(source)s AND f.revision <= %(at)s"
_ENDED = (
    f"{_PAST} WHERE f.source = %(source)s AND f.revision <= %(at)s AND f.until_revision > %(at)s"
    " AND (%(by)s::bigint IS NULL OR f.until_revision <= %(by)s)"
)


@dataclass(frozen=True, eq=False)
class ChangedRows:
    """Rows with a revision above some number, and what the source had come to then.

    Attributes
    ----------
    epoch : UUID or None
        None when the source has no verdicts.
    revision : int
    rows : structured array with the fields of `_ROW`, in no order
    """

    epoch: uuid.UUID | None
    revision: int
    rows: NDArray[np.void]


def changed_rows(source: str, *, after: int) -> ChangedRows:
    """Read the facts of a source that were written after a revision, with one statement."""
    rows = _copy(_CHANGED, source=source, after=after)
    is_vote = rows["vote"] > 0
    seen = rows[~is_vote]
    if not len(seen):
        return ChangedRows(None, 0, rows[:0])
    high, low = (int(half) for half in seen["voter"][0])
    return ChangedRows(uuid.UUID(int=high << 64 | low), int(seen["revision"][0]), rows[is_vote])


def ended_rows(source: str, *, at: int, by: int | None = None) -> NDArray[np.void]:
    """Read the facts that stood at a revision and were replaced since, or by a later revision."""
    return _copy(_ENDED, source=source, at=at, by=by)


def standing_rows(source: str, *, at: int) -> NDArray[np.void]:
    """Read the facts that stood at a revision and still do."""
    return _copy(_STILL, source=source, at=at)


def _copy(query: str, **parameters: Any) -> NDArray[np.void]:
    content = bytearray()
    parameters |= {"uses": list(USES), "tags": list(TAGS)}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '256MB'")  # joins in memory, not on disk
        copy = f"COPY ({query}) TO STDOUT (FORMAT BINARY)"
        with cursor.copy(copy, parameters) as copied:
            for piece in copied:
                content += piece
    count = (len(content) - _HEADER - _TRAILER) // _ROW.itemsize
    return np.frombuffer(content, dtype=_ROW, offset=_HEADER, count=count)
