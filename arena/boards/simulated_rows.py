"""Simulated votes into the database, a hundred thousand at a time: copied once as numbers into a
temporary table, from which Postgres makes battles, votes and facts.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from arena.integrity.categories import USES
from arena.integrity.fact_rows import count_decisions
from arena.integrity.facts import RULE_VERSION
from arena.integrity.models import CategorySource

_SINCE_2000 = dt.datetime(2000, 1, 1, tzinfo=dt.UTC).timestamp()
_COUNTS = tuple(
    f"{count}_{side}" for count in ("tokens", "headers", "lists", "bold") for side in "ab"
)
_FLAGS = ("hard", "longer", "multi_turn", "refusal")
_FIELDS = (
    ("place", "bigint", ">i8"),
    ("battle", "uuid", "V16"),
    ("voter", "uuid", "V16"),
    ("a", "bigint", ">i8"),
    ("b", "bigint", ">i8"),
    ("outcome", "smallint", ">i2"),
    ("at", "timestamptz", ">i8"),
    ("category", "smallint", ">i2"),
    ("language", "smallint", ">i2"),
    *((name, "boolean", "u1") for name in _FLAGS),
    *((name, "integer", ">i4") for name in _COUNTS),
)
_ROW = np.dtype(
    [("fields", ">i2")]
    + [part for name, _kind, kind in _FIELDS for part in ((f"{name}_length", ">i4"), (name, kind))]
)
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"

_TABLE = f"""
    CREATE TEMPORARY TABLE IF NOT EXISTS simulated ({
    ", ".join(f"{name} {kind}" for name, kind, _ in _FIELDS)
}) ON COMMIT DROP
"""
_BATTLES = """
    INSERT INTO battles_battle
        (id, voter_id, model_a_id, model_b_id, pairing, created_at, void_reason)
    SELECT battle, voter, a, b, '{"rule": "simulated"}', at, '' FROM simulated ORDER BY place
"""
_VOTES = """
    INSERT INTO battles_vote (battle_id, outcome, source, cast_at, final_at)
    SELECT battle, (ARRAY['a', 'b', 'tie', 'both_bad'])[outcome + 1], %(source)s, at, at
    FROM simulated ORDER BY place
"""
_FACTS = f"""
    INSERT INTO integrity_votefacts (vote_id, source, revision, counted, not_counted_because,
        category, category_by, language, starter, rule_version, label_version, decided_at,
        {", ".join((*_FLAGS, *_COUNTS))})
    SELECT v.id, %(source)s, %(revision)s, true, '',
        (%(uses)s::text[])[s.category], %(by)s, (%(languages)s::text[])[s.language + 1], false,
        %(version)s, 0, v.final_at, {", ".join(f"s.{name}" for name in (*_FLAGS, *_COUNTS))}
    FROM simulated s JOIN battles_vote v ON v.battle_id = s.battle
"""  # noqa: S608 - names from this module
# They have no texts that a rule could read, so they are decided as they are written.
_DECIDED = """
    DELETE FROM integrity_undecidedvote u USING battles_vote v, simulated s
    WHERE v.battle_id = s.battle AND u.vote_id = v.id
"""


class Drawn(Protocol):
    """The columns of `arena.boards.simulation.Draw`."""

    @property
    def a(self) -> NDArray[np.int64]: ...

    @property
    def b(self) -> NDArray[np.int64]: ...

    @property
    def outcome(self) -> NDArray[np.int64]: ...

    @property
    def voter(self) -> NDArray[np.int64]: ...

    @property
    def seconds(self) -> NDArray[np.float64]: ...

    @property
    def counts(self) -> NDArray[np.int64]: ...

    @property
    def category(self) -> NDArray[np.int64]: ...

    @property
    def language(self) -> NDArray[np.int64]: ...

    @property
    def flags(self) -> NDArray[np.bool_]: ...


class SimulatedRows:
    """Writes drawn votes of one cast, before one moment."""

    def __init__(
        self,
        source: str,
        models: Sequence[int],
        voters: Sequence[uuid.UUID],
        until: dt.datetime,
        languages: Sequence[str],
    ) -> None:
        self._source = source
        self._models = np.array(models, dtype=np.int64)
        self._voters = np.array([voter.bytes for voter in voters], dtype="V16")
        self._until = until.timestamp()
        self._languages = list(languages)

    def write(self, rng: np.random.Generator, draw: Drawn, block: slice) -> None:
        """Write the votes of a block; to be called in a transaction."""
        with connection.cursor() as cursor:
            cursor.execute(_TABLE)
            cursor.execute("TRUNCATE simulated")
            with cursor.copy("COPY simulated FROM STDIN (FORMAT BINARY)") as copying:
                copying.write(_HEADER + self._rows(rng, draw, block).tobytes() + _TRAILER)
            cursor.execute("ANALYZE simulated")
            cursor.execute(_BATTLES)
            cursor.execute(_VOTES, {"source": self._source})
            cursor.execute(
                _FACTS,
                {
                    "source": self._source,
                    "revision": count_decisions(self._source, block.stop - block.start),
                    "uses": list(USES),
                    "languages": self._languages,
                    "by": CategorySource.SIMULATED,
                    "version": RULE_VERSION,
                },
            )
            cursor.execute(_DECIDED)

    def _rows(self, rng: np.random.Generator, draw: Drawn, block: slice) -> NDArray[np.void]:
        at = self._until - draw.seconds[block]
        columns: dict[str, NDArray[np.generic]] = {
            "place": np.arange(len(at)),
            "battle": time_ordered_keys(rng, at),
            "voter": self._voters[draw.voter[block]],
            "a": self._models[draw.a[block]],
            "b": self._models[draw.b[block]],
            "outcome": draw.outcome[block],
            "at": ((at - _SINCE_2000) * 1e6).astype(np.int64),
            "category": draw.category[block],
            "language": draw.language[block],
            **dict(zip(_FLAGS, draw.flags[:, block], strict=True)),
            **dict(zip(_COUNTS, draw.counts.reshape(8, -1)[:, block], strict=True)),
        }
        rows = np.zeros(len(at), dtype=_ROW)
        rows["fields"] = len(_FIELDS)
        for name, values in columns.items():
            rows[f"{name}_length"] = _ROW[name].itemsize
            rows[name] = values
        return rows


def time_ordered_keys(rng: np.random.Generator, at: NDArray[np.float64]) -> NDArray[np.void]:
    """Return a UUIDv7 of each moment, (n,) of 16 bytes, whose random part is drawn from `rng`.

    Parameters
    ----------
    rng : Generator
    at : (n,) float
        Seconds since 1970.
    """
    key = rng.integers(0, 256, (len(at), 16), dtype=np.uint8)
    milliseconds = (at * 1000).astype(">u8")
    key[:, :6] = milliseconds.view(np.uint8).reshape(-1, 8)[:, 2:]
    key[:, 6] = key[:, 6] & 0x0F | 0x70
    key[:, 8] = key[:, 8] & 0x3F | 0x80
    return key.view("V16").ravel()
