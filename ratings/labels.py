"""Labels to integer codes, at the speed of whatever library already holds the labels.

Nothing is imported for it: an Arrow, Polars or pandas column is recognised by the method it has,
so a caller who brings one has paid for the import already.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ratings.arrays import AnyInteger
from ratings.errors import InvalidVotes


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
    if hasattr(column, "factorize"):  # pandas
        codes, labels = column.factorize()
        return np.asarray(codes, dtype=np.int64), list(labels.tolist())
    if isinstance(column, str) or not isinstance(column, Iterable):
        raise InvalidVotes(f"{name} must be a column of labels, not {type(column).__name__}")
    if isinstance(column, np.ndarray):
        column = column.tolist()
    return _from_sequence(column if isinstance(column, Sequence) else list(column), name)


def _from_arrow(column: Any) -> tuple[AnyInteger, list[Any]]:
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
    return label is None or label != label  # noqa: PLR0124 - NaN is the value that differs from itself


def first_missing(codes: AnyInteger) -> int | None:
    """Row of the first missing label, or None when every row has one."""
    if not codes.size or codes.min() >= 0:
        return None
    return int(np.argmax(codes < 0))
