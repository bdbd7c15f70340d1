"""Records of a file, one at a time: CSV, JSON array, JSON lines or Parquet, told by the content."""

import codecs
import csv
import io
import json
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arena.battles.imports.rows import Fields, ImportRefusedError, RowSkippedError, SkipReason

_PARQUET_MAGIC = b"PAR1"
_PARQUET_ROWS = 1000
_SAMPLE_BYTES = 64 * 2**10
_PEEKED_ROWS = 100
# One field of a CSV file may hold a whole conversation.
_MAX_FIELD = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Record:
    """One row. `number` is its line (CSV, JSON lines) or its place from 1 (JSON array, Parquet);
    `position` is how far into the file it ends, in the file's own unit. A row that cannot be read
    has the reason in place of fields.
    """

    number: int
    position: int
    fields: Fields | RowSkippedError


class VoteFile:
    """A file of records, open for one pass.

    Attributes
    ----------
    columns : tuple of str
        Those of the header, of the schema, or of the first object.
    size : int
        The whole file in the unit of `Record.position`.
    row_word : str
        What `Record.number` counts: line or row.

    Raises
    ------
    ImportRefusedError
        When the file cannot be read at all.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise ImportRefusedError(f"There is no file {path}.")
        try:
            with path.open("rb") as file:
                start = file.read(_SAMPLE_BYTES)
        except OSError as error:
            raise ImportRefusedError(f"{path} cannot be read: {error.strerror}.") from None
        text = start.removeprefix(codecs.BOM_UTF8).lstrip()
        if not text:
            raise ImportRefusedError(f"{path} is empty.")
        self.path = path
        self.columns: tuple[str, ...] = ()
        self.row_word = "row"
        self.size = path.stat().st_size
        if start.startswith(_PARQUET_MAGIC):
            self._records = self._parquet()
        elif text.startswith(b"["):
            self._records = self._json_array()
        elif text.startswith(b"{"):
            self.row_word = "line"
            self._records = self._json_lines()
        else:
            self.row_word = "line"
            self._records = self._csv(start)
        # The columns are known once a row was read; some lines before it may be unreadable.
        self._peeked = list(self._until_columns_are_known())
        if not self._peeked:
            raise ImportRefusedError(f"{path} has no rows.")

    def __iter__(self) -> Iterator[Record]:
        """Yield the records. Only once."""
        with closing(self._records):
            yield from self._peeked
            yield from self._records

    def _until_columns_are_known(self) -> Iterator[Record]:
        for _, record in zip(range(_PEEKED_ROWS), self._records, strict=False):
            yield record
            if self.columns:
                return

    def _parquet(self) -> Generator[Record]:
        import pyarrow as pa  # noqa: PLC0415  a second of start-up, for Parquet alone
        import pyarrow.parquet as pq  # noqa: PLC0415

        try:
            with pq.ParquetFile(self.path) as table:
                self.columns = tuple(table.schema_arrow.names)
                self.size = table.metadata.num_rows
                number = 0
                for batch in table.iter_batches(batch_size=_PARQUET_ROWS):
                    for fields in batch.to_pylist():
                        number += 1
                        yield Record(number, number, fields)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise ImportRefusedError(
                f"{self.path} is not a Parquet file that can be read: {error}"
            ) from None

    def _json_array(self) -> Generator[Record]:
        try:
            items = json.loads(self.path.read_bytes())
        except (ValueError, RecursionError) as error:
            raise ImportRefusedError(f"{self.path} is not JSON: {error}.") from None
        self.size = len(items)
        for number, item in enumerate(items, start=1):
            yield self._object(item, number, number)

    def _json_lines(self) -> Generator[Record]:
        with self.path.open("rb") as file:
            position = 0
            for number, line in enumerate(file, start=1):
                position += len(line)
                text = line.removeprefix(codecs.BOM_UTF8).strip()
                if not text:
                    continue
                try:
                    item = json.loads(text)
                except (ValueError, RecursionError) as error:
                    skipped = RowSkippedError(SkipReason.UNREADABLE, f"not JSON: {error}")
                    yield Record(number, position, skipped)
                    continue
                yield self._object(item, number, position)

    def _object(self, item: object, number: int, position: int) -> Record:
        if not isinstance(item, dict):
            wrong = RowSkippedError(
                SkipReason.UNREADABLE, f"a {type(item).__name__}, not an object"
            )
            return Record(number, position, wrong)
        if not self.columns:
            self.columns = tuple(item)
        return Record(number, position, item)

    def _csv(self, start: bytes) -> Generator[Record]:
        csv.field_size_limit(_MAX_FIELD)
        with self.path.open("rb") as file:
            text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
            rows = csv.reader(text, delimiter=_delimiter(start))
            try:
                self.columns = tuple(name.strip() for name in next(rows))
                self._check_header()
                for row in rows:
                    if row:
                        yield Record(rows.line_num, file.tell(), self._fields(row))
            except UnicodeDecodeError:
                raise ImportRefusedError(
                    f"{self.path} is not UTF-8, near line {rows.line_num + 1}. Save it as UTF-8."
                ) from None
            except csv.Error as error:
                raise ImportRefusedError(f"{self.path}, line {rows.line_num}: {error}.") from None

    def _check_header(self) -> None:
        twice = sorted({name for name in self.columns if self.columns.count(name) > 1})
        if twice:
            raise ImportRefusedError(
                f"{self.path} has the column {twice[0]!r} twice: rename one of them."
            )

    def _fields(self, row: list[str]) -> dict[str, Any] | RowSkippedError:
        if len(row) != len(self.columns):
            return RowSkippedError(
                SkipReason.UNREADABLE, f"{len(row)} fields, the header has {len(self.columns)}"
            )
        return dict(zip(self.columns, row, strict=True))


def _delimiter(start: bytes) -> str:
    header = start.split(b"\n", 1)[0].decode(errors="replace")
    return max(",;\t|", key=header.count)
