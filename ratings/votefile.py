"""Files of votes for the command line: our own columns and the public arenas'.

Models stand in ``model_a`` and ``model_b``. The outcome stands in ``outcome`` (a, b, tie,
both_bad), in ``winner`` (FastChat; LMArena 33k and 140k), or in ``winner_model_a``,
``winner_model_b`` and ``winner_tie`` (LMArena 55k). Voters stand in ``voter``, ``judge``,
``user_id`` or ``evaluation_session_id``. Style is read from pairs of columns such as ``tokens_a``
and ``tokens_b``, or from LMArena's ``conv_metadata``.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet as pq

from ratings.arrays import Flags, Floats
from ratings.comparisons import Comparisons
from ratings.errors import InvalidVotes
from ratings.labels import code_labels

VOTER_COLUMNS = ("voter", "judge", "user_id", "evaluation_session_id")
STYLE_COLUMNS = ("tokens", "headers", "lists", "bold")
_SAME_OUTCOME = {
    "model_a": "a",
    "model_b": "b",
    "tie (bothbad)": "both_bad",
    "bothbad": "both_bad",
}
_CONVERSATION = {
    "tokens": "sum_assistant_{side}_tokens",
    "headers": "header_count_{side}",
    "lists": "list_count_{side}",
    "bold": "bold_count_{side}",
}

type Progress = Callable[[int, int], None]
"""Called with what has been read and what there is to read, in rows or bytes."""


@dataclass(frozen=True, eq=False)
class VoteFile:
    """The rows of a file that were voted blind, as an Arrow table."""

    table: Any
    seen_names: int

    def comparisons(
        self, *, style: bool = False, features: Sequence[str] = (), voter: str | None = None
    ) -> Comparisons:
        """Turn the table into votes.

        Parameters
        ----------
        style : bool
            Read the style of both answers; each feature becomes (a - b) / (a + b).
        features : sequence of str
            Columns that are differences, a minus b, already.
        voter : str, optional
            Column of voters; by default the first of `VOTER_COLUMNS` that is there.
        """
        names, columns = [*features], [self._floats(name) for name in features]
        if style:
            names += STYLE_COLUMNS
            columns += [self._style(name) for name in STYLE_COLUMNS]
        voters = self._voters(voter)
        return Comparisons.from_labels(
            self._column("model_a"),
            self._column("model_b"),
            self._outcome(),
            voter=voters,
            features=np.column_stack(columns) if columns else None,
            feature_names=names,
        )

    def categories(self, name: str) -> dict[str, Flags]:
        """Rows of each value of a column, by ``column=value``; fields of records by dots."""
        codes, labels = code_labels(self._column(name), name)
        return {f"{name}={label}": codes == code for code, label in enumerate(labels)}

    def _column(self, name: str) -> Any:
        column = _field(self.table, name)
        if column is None:
            known = ", ".join(self.table.column_names)
            raise InvalidVotes(f"the file has no column {name!r}; it has {known}")
        return column

    def _floats(self, name: str) -> Floats:
        values = self._column(name).cast(pa.float64()).to_numpy()
        return np.asarray(values, dtype=np.float64)

    def _voters(self, name: str | None) -> Any | None:
        if name is not None:
            return self._column(name)
        for known in VOTER_COLUMNS:
            if known in self.table.column_names:
                return self.table.column(known)
        return None

    def _outcome(self) -> Any:
        names = self.table.column_names
        if "outcome" in names:
            return self.table.column("outcome")
        if "winner" in names:
            codes, labels = code_labels(self.table.column("winner"), "winner")
            same = [_SAME_OUTCOME.get(label, label) for label in labels]
            return pa.DictionaryArray.from_arrays(codes, same, mask=codes < 0)
        hot = [f"winner_{name}" for name in ("model_a", "model_b", "tie")]
        if set(hot) <= set(names):
            flags = np.array([self._floats(name) for name in hot])
            return pa.DictionaryArray.from_arrays(flags.argmax(axis=0), ["a", "b", "tie"])
        raise InvalidVotes("the file has no column 'outcome' or 'winner'")

    def _style(self, name: str) -> Floats:
        a, b = (self._count(name, side) for side in ("a", "b"))
        total = a + b
        return np.divide(a - b, total, out=np.zeros_like(total), where=total > 0)

    def _count(self, name: str, side: str) -> Floats:
        """Tokens, headers, lists or bold passages of one side's answers."""
        if f"{name}_{side}" in self.table.column_names:
            return self._floats(f"{name}_{side}")
        path = f"conv_metadata.{_CONVERSATION[name].format(side=side)}"
        column = _field(self.table, path)
        if column is None:
            raise InvalidVotes(
                f"the file has no style: neither a column '{name}_{side}' nor {path!r}"
            )
        if not pa.types.is_struct(column.type):
            return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
        kinds = [pc.struct_field(column, place) for place in range(column.type.num_fields)]
        counts = [pc.fill_null(kind.cast(pa.float64()), 0.0).to_numpy() for kind in kinds]
        return np.asarray(np.sum(counts, axis=0), dtype=np.float64)


def read_votes(
    path: Path, wanted: Iterable[str] = (), progress: Progress | None = None
) -> VoteFile:
    """Read a file of votes: Parquet, CSV, JSON lines, or a JSON array.

    Parameters
    ----------
    path : Path
    wanted : iterable of str
        Columns needed besides those that every fit needs; others are not read.
    progress : callable, optional

    Raises
    ------
    InvalidVotes
        The file cannot be read as what its name says, or has no models.
    """
    readers = {".parquet": _parquet, ".csv": _csv, ".jsonl": _json_lines, ".json": _json}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InvalidVotes(f"{path.name}: the name must end in {', '.join(sorted(readers))}")
    try:
        table = reader(path, {name.split(".")[0] for name in wanted}, progress)
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise InvalidVotes(f"{path.name} cannot be read: {error}") from None
    seen = 0
    if "anony" in table.column_names:  # FastChat keeps votes by people who saw the names
        blind = pc.equal(table.column("anony"), pa.scalar(value=True))
        rows = table.num_rows
        table = table.filter(blind)
        seen = rows - table.num_rows
    return VoteFile(table, seen)


def _needed(names: Iterable[str], wanted: set[str]) -> list[str]:
    known = {"model_a", "model_b", "outcome", "winner", "anony", *VOTER_COLUMNS, "conv_metadata"}
    known |= {f"winner_{name}" for name in ("model_a", "model_b", "tie")}
    known |= {f"{name}_{side}" for name in STYLE_COLUMNS for side in "ab"}
    return [name for name in names if name in known | wanted]


def _parquet(path: Path, wanted: set[str], progress: Progress | None) -> Any:
    with pq.ParquetFile(path) as file:
        names = _needed(file.schema_arrow.names, wanted)
        texts = [name for name in names if pa.types.is_string(file.schema_arrow.field(name).type)]
    with pq.ParquetFile(path, read_dictionary=texts) as file:
        groups, rows = [], 0
        for group in range(file.num_row_groups):
            groups.append(file.read_row_group(group, columns=names))
            rows += groups[-1].num_rows
            if progress is not None:
                progress(rows, file.metadata.num_rows)
        return pa.concat_tables(groups) if groups else file.schema_arrow.empty_table()


def _csv(path: Path, wanted: set[str], progress: Progress | None) -> Any:
    size, batches = path.stat().st_size, []
    with pyarrow.csv.open_csv(path) as reader:
        names = _needed(reader.schema.names, wanted)
        read = 0
        for batch in reader:
            batches.append(batch.select(names))
            read += batch.nbytes
            if progress is not None:
                progress(min(read, size), size)
        return pa.Table.from_batches(batches, pa.schema([reader.schema.field(n) for n in names]))


def _json_lines(path: Path, wanted: set[str], progress: Progress | None) -> Any:
    table = pyarrow.json.read_json(path)
    if progress is not None:
        progress(table.num_rows, table.num_rows)
    return table.select(_needed(table.column_names, wanted))


def _json(path: Path, wanted: set[str], progress: Progress | None) -> Any:
    import json  # noqa: PLC0415 - only for files that are one JSON array

    try:
        rows = json.loads(path.read_bytes())
    except ValueError as error:
        raise InvalidVotes(f"{path.name} is not JSON: {error}") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InvalidVotes(f"{path.name} must hold a JSON array of objects")
    names = _needed(rows[0] if rows else (), wanted)
    if progress is not None:
        progress(len(rows), len(rows))
    return pa.table({name: [row.get(name) for row in rows] for name in names})


def _field(table: Any, path: str) -> Any | None:
    """Return a column, or a field of a record by a dotted path; field names may hold dots."""
    if path in table.column_names:
        return table.column(path)
    for name in table.column_names:
        if path.startswith(f"{name}."):
            return _inside(table.column(name), path.removeprefix(f"{name}."))
    return None


def _inside(column: Any, path: str) -> Any | None:
    if not pa.types.is_struct(column.type):
        return None
    names = [column.type.field(place).name for place in range(column.type.num_fields)]
    if path in names:
        return pc.struct_field(column, names.index(path))
    for place, name in enumerate(names):
        if path.startswith(f"{name}."):
            return _inside(pc.struct_field(column, place), path.removeprefix(f"{name}."))
    return None
