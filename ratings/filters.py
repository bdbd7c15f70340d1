"""Which rows of a vote file are rated: those with given values, or from a moment on."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ratings.errors import InvalidParameter, InvalidVotes

TIME = "cast_at"
"""The column that says when a vote was cast."""


def filter_columns(where: Sequence[tuple[str, str]], since: str | None) -> list[str]:
    """Return the columns that the filters need."""
    return [*(name for name, _ in where), *([TIME] if since else [])]


def keep_rows(table: Any, where: Sequence[tuple[str, str]], since: str | None) -> Any:
    """Return the rows of an Arrow table that meet every condition.

    Parameters
    ----------
    table : Arrow table
    where : sequence of (column, value)
        The value as it is written in CSV; ``true`` and ``false`` for truth values.
    since : str, optional
        An ISO 8601 moment; rows whose `TIME` is earlier are left out.

    Raises
    ------
    InvalidVotes
        The table has no such column, or its times cannot be read.
    InvalidParameter
        `since` is no moment.
    """
    for name, value in where:
        words = pc.cast(_column(table, name), pa.string())
        table = table.filter(pc.equal(pc.utf8_lower(words), value.casefold()))
    if since is not None:
        moment = pa.timestamp("us", tz="UTC")
        try:
            times = pc.cast(_column(table, TIME), moment)
        except pa.ArrowInvalid as error:
            raise InvalidVotes(f"{TIME!r} holds something that is no time: {error}") from None
        table = table.filter(pc.greater_equal(times, pa.scalar(_moment(since), moment)))
    return _plain(table) if where or since else table


def _plain(table: Any) -> Any:
    """Return a table without dictionaries, which list labels that no row has any more: so labels
    are numbered as in a file that has these rows alone.
    """
    types = [
        pa.field(field.name, field.type.value_type if _is_coded(field) else field.type)
        for field in table.schema
    ]
    return table.cast(pa.schema(types))


def _is_coded(field: Any) -> bool:
    return bool(pa.types.is_dictionary(field.type))


def _moment(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise InvalidParameter(f"{text!r} is no moment such as 2026-01-31T00:00:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _column(table: Any, name: str) -> Any:
    if name not in table.column_names:
        known = ", ".join(table.column_names)
        raise InvalidVotes(f"the file has no column {name!r}; of use here are {known}")
    return table.column(name)
