"""Labels to integer codes, at the speed of whatever library already holds the labels.

Nothing is imported for it: an Arrow, Polars or pandas column is recognised by the method it has,
so a caller who brings one has paid for the import already.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ratings.arrays import AnyInteger
from ratings.compiled import even_shares, in_threads, kernels
from ratings.errors import InvalidVotes

_MOST_LABELS = 1 << 14
"""Distinct labels up to which a column is coded here; voters are more, and Arrow's to code."""


def code_labels(column: Any, name: str) -> tuple[AnyInteger, list[Any]]:
    """Give every distinct label of a column a code, in order of first appearance.

    Parameters
    ----------
    column : list, NumPy array, pandas Series, Arrow array, or Polars Series of n labels
    name : str
        What the column is called in an error.

    Returns
    -------
    codes : (n,) integers
        -1 where the label is missing (None, null or NaN).
    labels : list
        The label of each code, as plain Python objects.
    """
    if hasattr(column, "to_arrow"):  # Polars
        column = column.to_arrow()
    if hasattr(column, "dictionary_encode"):  # Arrow
        return _from_arrow(column)
    if hasattr(column, "factorize"):  # pandas, which may hold Arrow's strings
        if hasattr(column, "array") and hasattr(column.array, "__arrow_array__"):
            found = _from_strings(column.array.__arrow_array__())
            if found is not None:
                return found
        codes, labels = column.factorize()
        return np.asarray(codes, dtype=np.int64), list(labels.tolist())
    if isinstance(column, str) or not isinstance(column, Iterable):
        raise InvalidVotes(f"{name} must be a column of labels, not {type(column).__name__}")
    if isinstance(column, np.ndarray):
        column = column.tolist()
    return _from_sequence(column if isinstance(column, Sequence) else list(column), name)


def _from_strings(column: Any) -> tuple[AnyInteger, list[Any]] | None:
    """Code an Arrow column of plain strings in threads; None when it is no such column."""
    width = {"string": np.int32, "large_string": np.int64}.get(str(column.type))
    compiled = kernels(len(column))
    if compiled is None or width is None or column.null_count:
        return None
    codes = np.empty(len(column), dtype=np.int32)
    pieces: list[tuple[AnyInteger, AnyInteger, AnyInteger]] = []
    done = 0
    for chunk in column.chunks if hasattr(column, "chunks") else [column]:
        _, offsets, text = chunk.buffers()
        ends = np.frombuffer(offsets, dtype=width)[chunk.offset :][: len(chunk) + 1]
        letters = np.frombuffer(text or b"", dtype=np.uint8)
        pieces += [
            (ends[first : last + 1], letters, codes[done + first : done + last])
            for first, last in even_shares(len(chunk))
        ]
        done += len(chunk)

    def code(ends: AnyInteger, letters: AnyInteger, own: AnyInteger) -> list[str] | None:
        slots = np.full(4 * _MOST_LABELS, -1, dtype=np.int32)
        firsts = np.empty(_MOST_LABELS, dtype=np.int64)
        distinct = compiled.code_strings(ends, letters, slots, firsts, own)
        rows = firsts[: max(distinct, 0)].tolist()
        labels = [bytes(letters[ends[row] : ends[row + 1]]).decode() for row in rows]
        return labels if distinct >= 0 else None

    labels: dict[str, int] = {}
    for found, (_, _, own) in zip(in_threads(code, pieces), pieces, strict=True):
        if found is None:
            return None
        number = np.array([labels.setdefault(label, len(labels)) for label in found], np.int32)
        if not np.array_equal(number, np.arange(len(number))):
            own[:] = number[own]
    return codes, list(labels)


def _from_arrow(column: Any) -> tuple[AnyInteger, list[Any]]:
    found = _from_strings(column)
    if found is not None:
        return found
    if not hasattr(column.type, "index_type"):
        column = column.dictionary_encode()
    if not hasattr(column, "chunks"):
        return _indices(column), column.dictionary.to_pylist()
    column = column.unify_dictionaries()
    if not column.num_chunks:
        return np.empty(0, dtype=np.int64), []
    codes = np.concatenate([_indices(chunk) for chunk in column.chunks])
    return codes, column.chunk(0).dictionary.to_pylist()


def _indices(encoded: Any) -> AnyInteger:
    indices = encoded.indices
    if indices.null_count:
        indices = indices.cast("int64").fill_null(-1)
    codes: AnyInteger = indices.to_numpy(zero_copy_only=False)
    return codes


def _from_sequence(column: Sequence[Any], name: str) -> tuple[AnyInteger, list[Any]]:
    try:
        distinct = dict.fromkeys(column)
    except TypeError as error:
        raise InvalidVotes(f"{name} holds a value that is not a label: {error}") from None
    labels = [label for label in distinct if not _is_missing(label)]
    code_of = dict.fromkeys(distinct, -1) | {label: code for code, label in enumerate(labels)}
    return np.fromiter(map(code_of.__getitem__, column), np.int64, len(column)), labels


def _is_missing(label: Any) -> bool:
    if label is None:
        return True
    differs = label != label  # noqa: PLR0124 - NaN is the value that differs from itself
    return bool(differs) if isinstance(differs, bool | np.bool_) else True  # pandas' NA says NA


def first_missing(codes: AnyInteger) -> int | None:
    """Row of the first missing label, or None when every row has one."""
    if not codes.size or codes.min() >= 0:
        return None
    return int(np.argmax(codes < 0))
