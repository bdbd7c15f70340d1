"""Files of rows as Arrow tables: Parquet, CSV, TSV, JSON lines and JSON, with their progress.

Only the columns that are asked for are kept, so that the texts of conversations, which are most of
a public file, do not fill the memory.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from ratings.errors import InvalidVotes

_CSV_BLOCK = 1 << 24
"""Bytes; a row must fit, with the conversation in it."""

_JSON_BLOCK = 1 << 22
_JSON_BATCH = 100_000

type Progress = Callable[[int, int], None]
"""Called with what has been read and what there is to read, in rows or bytes."""

type Choose = Callable[[tuple[str, ...]], Mapping[str, bool]]
"""From the columns of a file to those that are kept, each with whether it holds labels."""


def read_rows(path: Path, choose: Choose, progress: Progress | None = None) -> Any:
    """Read a file as an Arrow table.

    Parameters
    ----------
    path : Path
        Its suffix tells the format.
    choose : callable
        Columns of labels are read as text, whatever they look like at first.
    progress : callable, optional

    Raises
    ------
    InvalidVotes
        The file cannot be read as what its name says.
    """
    readers = {
        ".parquet": _parquet,
        ".csv": _delimited,
        ".tsv": _delimited,
        ".jsonl": _json,
        ".ndjson": _json,
        ".json": _json,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InvalidVotes(f"{path.name}: the name must end in {', '.join(sorted(readers))}")
    try:
        return reader(path, choose, progress or _unseen)
    except (pa.ArrowInvalid, pa.ArrowKeyError, pa.ArrowNotImplementedError) as error:
        raise InvalidVotes(f"{path.name} cannot be read: {error}") from None
    except UnicodeDecodeError as error:
        raise InvalidVotes(f"{path.name} cannot be read: it is not UTF-8, {error}") from None


def _unseen(done: int, total: int) -> None:
    pass


def _parquet(path: Path, choose: Choose, progress: Progress) -> Any:
    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        names = list(choose(tuple(schema.names)))
        texts = [name for name in names if pa.types.is_string(schema.field(name).type)]
    with pq.ParquetFile(path, read_dictionary=texts) as file:
        batches, rows = [], 0
        # In batches, since a row group may be the whole file and nothing would move meanwhile.
        for batch in file.iter_batches(batch_size=1 << 20, columns=names):
            batches.append(batch)
            rows += batch.num_rows
            progress(rows, file.metadata.num_rows)
        if batches:
            return pa.Table.from_batches(batches)
        return file.schema_arrow.empty_table().select(names)


def _delimited(path: Path, choose: Choose, progress: Progress) -> Any:
    size = path.stat().st_size
    parse = pyarrow.csv.ParseOptions(
        delimiter="\t" if path.suffix.lower() == ".tsv" else ",", newlines_in_values=True
    )
    read = pyarrow.csv.ReadOptions(block_size=_CSV_BLOCK)
    with pyarrow.csv.open_csv(path, read_options=read, parse_options=parse) as reader:
        chosen = choose(tuple(reader.schema.names))
    convert = pyarrow.csv.ConvertOptions(
        include_columns=list(chosen),
        column_types={name: pa.string() for name, is_label in chosen.items() if is_label},
    )
    with (
        pa.OSFile(str(path)) as source,
        pyarrow.csv.open_csv(source, read, parse, convert) as reader,
    ):
        batches = []
        for batch in reader:
            batches.append(_encoded(batch, chosen))
            progress(min(source.tell(), size), size)
        if not batches:
            return reader.schema.empty_table()
        return pa.Table.from_batches(batches)


def _encoded(batch: Any, chosen: Mapping[str, bool]) -> Any:
    """Keep each label once: a batch of repeated names is mostly repetition."""
    columns = [
        batch.column(name).dictionary_encode() if is_label else batch.column(name)
        for name, is_label in chosen.items()
    ]
    return pa.RecordBatch.from_arrays(columns, names=list(chosen))


def _json(path: Path, choose: Choose, progress: Progress) -> Any:
    objects = _objects(path, progress)
    tables, names = [], None
    while batch := list(islice(objects, _JSON_BATCH)):
        # A key that only some rows have may come late; those that are needed seldom do.
        present = tuple(dict.fromkeys(key for row in batch for key in row))
        names = list(choose(present)) if names is None else names
        tables.append(pa.table({name: [row.get(name) for row in batch] for name in names}))
    if names is None:
        return pa.table({name: [] for name in choose(())})
    return pa.concat_tables(tables, promote_options="permissive")


def _objects(path: Path, progress: Progress) -> Iterator[dict[str, Any]]:
    """Objects of an array, or of lines, without ever holding the whole file."""
    size, decoder = path.stat().st_size, json.JSONDecoder()
    with path.open("rb") as raw, TextIOWrapper(raw, encoding="utf-8-sig") as file:
        text, place, row = "", 0, 0
        while True:
            place = _past_separators(text, place)
            try:
                found, place = decoder.raw_decode(text, place)
            except ValueError as error:
                more = file.read(max(_JSON_BLOCK, len(text) - place))
                if more:
                    text, place = text[place:] + more, 0
                    progress(min(raw.tell(), size), size)
                    continue
                if place < len(text):
                    raise InvalidVotes(f"{path.name} is not JSON: {error}") from None
                return
            if not isinstance(found, dict):
                raise InvalidVotes(
                    f"{path.name} must hold JSON objects, one for each vote; number {row} is none"
                )
            row += 1
            yield found


def _past_separators(text: str, place: int) -> int:
    while place < len(text) and text[place] in " \t\r\n,[]":
        place += 1
    return place


def keep_only(names: Iterable[str], known: Iterable[str]) -> list[str]:
    """Those of `names` that are among `known`, in their order."""
    wanted = set(known)
    return [name for name in names if name in wanted]
