"""Counted votes as columns of numbers: what every fit of this package takes."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ratings.arrays import AnyFloat, AnyInteger, Flags, Floats, Integers
from ratings.errors import InvalidVotes
from ratings.labels import code_labels, first_missing
from ratings.outcomes import OUTCOMES

if TYPE_CHECKING:
    from ratings.sorted_comparisons import SortedComparisons

HEAVIEST = 1e100
LIGHTEST = 1e-100
"""Weights beyond these could not be squared and summed."""


@dataclass(frozen=True, eq=False)
class Comparisons:
    """n votes between m models, as columns.

    Integer columns are kept as they are, whatever their width: nothing is copied.

    Parameters
    ----------
    models : tuple of str
        The m names. They are compared exactly: ``"GPT-4"`` and ``"gpt-4"`` are two models.
    a, b : (n,) integer arrays
        Which model stood on side A and on side B, as positions in `models`.
    outcome : (n,) integer array
        0 A is better, 1 B is better, 2 tie, 3 both are bad.
    voter : (n,) integer array, optional
        Who voted; any integers. A negative one means unknown: such a vote stands alone.
    weight : (n,) float array, optional
        Importance of each vote, finite and not negative; 0 is as good as absent.
    features : (n, k) float array, optional
        Style differences of the two answers, a minus b.
    feature_names : tuple of k str, optional

    Raises
    ------
    InvalidVotes
        With the name of the column, the first bad row and what is wrong with it.
    """

    models: tuple[str, ...]
    a: AnyInteger
    b: AnyInteger
    outcome: AnyInteger
    voter: AnyInteger | None = None
    weight: AnyFloat | None = None
    features: AnyFloat | None = None
    feature_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        adopt = object.__setattr__  # the dataclass is frozen for its readers, not for its birth
        adopt(self, "models", _checked_models(self.models))
        for column in ("a", "b", "outcome", "voter"):
            if getattr(self, column) is not None:
                adopt(self, column, _integers(getattr(self, column), column))
        if self.weight is not None:
            adopt(self, "weight", _checked_weight(self.weight))
        if self.features is not None:
            adopt(self, "features", _checked_features(self.features))
            adopt(self, "feature_names", _feature_names(self.feature_names, self.features.shape[1]))
        n = len(self.a)
        for column in ("b", "outcome", "voter", "weight", "features"):
            values = getattr(self, column)
            if values is not None and len(values) != n:
                raise InvalidVotes(f"{column} has {len(values)} rows where a has {n}")
        _check_range(self.a, len(self.models), "a", "models")
        _check_range(self.b, len(self.models), "b", "models")
        _check_range(self.outcome, len(OUTCOMES), "outcome", "outcomes (a, b, tie, both_bad)")
        _check_rows(self.a == self.b, "compares a model with itself")

    @classmethod
    def from_labels(
        cls,
        model_a: Any,
        model_b: Any,
        outcome: Any,
        *,
        voter: Any = None,
        weight: Any = None,
        features: Any = None,
        feature_names: Sequence[str] = (),
    ) -> Self:
        """Code columns of labels: lists, NumPy, pandas, Arrow or Polars.

        Models are numbered in sorted order, so that the same votes give the same numbers
        whichever model happened to be met first.

        Parameters
        ----------
        model_a, model_b : n labels, strings or integers
        outcome : n labels out of ``"a"``, ``"b"``, ``"tie"``, ``"both_bad"``
        voter : n labels, optional
            A missing label is an unknown voter.
        weight, features, feature_names
            As in the class.

        Raises
        ------
        InvalidVotes
            A missing name, an unknown outcome, columns of unequal length, and all that the class
            itself refuses.
        """
        (codes_a, names_a), (codes_b, names_b) = (
            _model_codes(column, name)
            for column, name in ((model_a, "model_a"), (model_b, "model_b"))
        )
        models = tuple(sorted({*names_a, *names_b}))
        place = {name: position for position, name in enumerate(models)}
        a, b = (
            np.array([place[name] for name in names], dtype=np.int32)[codes]
            for codes, names in ((codes_a, names_a), (codes_b, names_b))
        )
        return cls(
            models=models,
            a=a,
            b=b,
            outcome=_outcome_codes(outcome),
            voter=None if voter is None else code_labels(voter, "voter")[0],
            weight=weight,
            features=features,
            feature_names=tuple(feature_names),
        )

    def __len__(self) -> int:
        return len(self.a)

    def select(self, rows: Flags | Integers | slice) -> "Comparisons":
        """Return the votes at `rows` only; the models keep their numbers."""
        if isinstance(rows, np.ndarray) and rows.dtype == np.bool_:
            rows = np.flatnonzero(rows)
        chosen = object.__new__(Comparisons)  # rows of checked columns need no second check
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                value = value[rows] if isinstance(rows, slice) else value.take(rows, axis=0)
            object.__setattr__(chosen, field.name, value)
        return chosen

    def sorted(self) -> "SortedComparisons":
        """Sort these votes by pair, for style fits that are several times faster.

        Raises
        ------
        InvalidVotes
            Votes with weights or voters, which have no place there, or without features.
        """
        from ratings.sorted_comparisons import sorted_comparisons  # noqa: PLC0415 - a circle

        return sorted_comparisons(self)

    def digest(self) -> str:
        """SHA-256 of every column, in order and independent of the width it is stored in."""
        state = hashlib.sha256("\0".join(self.models).encode())
        for name, kind in (
            ("a", "<i4"),
            ("b", "<i4"),
            ("outcome", "i1"),
            ("voter", "<i8"),
            ("weight", "<f8"),
            ("features", "<f8"),
        ):
            column = getattr(self, name)
            state.update(b"\1" + name.encode() + b"\2")
            for start in range(0, 0 if column is None else len(column), 1 << 18):
                block = column[start : start + (1 << 18)]
                state.update(np.ascontiguousarray(block, dtype=kind).data)
        return state.hexdigest()


def _model_codes(column: Any, name: str) -> tuple[AnyInteger, list[str]]:
    codes, labels = code_labels(column, name)
    missing = first_missing(codes)
    if missing is not None:
        raise InvalidVotes(f"vote {missing} has no {name}")
    for label in labels:
        if not isinstance(label, str | int | np.integer) or isinstance(label, bool):
            raise InvalidVotes(f"{name} holds {label!r}, which is not the name of a model")
    # A dictionary may hold names that no row has, after a filter for one.
    present = np.bincount(codes, minlength=len(labels)) > 0
    if not present.all():
        codes = (np.cumsum(present) - 1)[codes]
    return codes, [str(label) for label, used in zip(labels, present, strict=True) if used]


def _outcome_codes(column: Any) -> AnyInteger:
    codes, labels = code_labels(column, "outcome")
    unknown = [label for label in labels if label not in OUTCOMES]
    if unknown:
        row = int(np.argmax(codes == labels.index(unknown[0])))
        raise InvalidVotes(
            f"vote {row} has the outcome {unknown[0]!r}; it must be one of {', '.join(OUTCOMES)}"
        )
    missing = first_missing(codes)
    if missing is not None:
        raise InvalidVotes(f"vote {missing} has no outcome")
    known = np.array([OUTCOMES.index(label) for label in labels], dtype=np.int8)
    return known[codes] if labels else codes.astype(np.int8)


def _checked_models(models: Sequence[str]) -> tuple[str, ...]:
    if isinstance(models, str):
        raise InvalidVotes("models must be a sequence of names, not one string")
    names = tuple(models)
    for name in names:
        if not isinstance(name, str) or not name or "\0" in name:
            raise InvalidVotes(f"{name!r} is not the name of a model")
    if len(set(names)) != len(names):
        twice = next(name for position, name in enumerate(names) if name in names[:position])
        raise InvalidVotes(f"the model {twice!r} is listed twice")
    return names


def _integers(column: Any, name: str) -> AnyInteger:
    values = np.asarray(column)
    if values.ndim != 1:
        raise InvalidVotes(f"{name} must be one-dimensional, not of shape {values.shape}")
    if not np.issubdtype(values.dtype, np.integer):
        if values.size:
            raise InvalidVotes(f"{name} must hold integers, not {values.dtype}")
        values = values.astype(np.int64)
    if values.dtype == np.uint64:  # no arithmetic of NumPy keeps it beside signed integers
        beyond = values.size and values.max() > np.iinfo(np.int64).max
        values = np.unique(values, return_inverse=True)[1] if beyond else values.astype(np.int64)
    return values


def _check_range(column: AnyInteger, size: int, name: str, of: str) -> None:
    if not column.size or (column.min() >= 0 and column.max() < size):
        return
    row = int(np.argmax((column < 0) | (column >= size)))
    raise InvalidVotes(f"vote {row} has {name} = {column[row]}, but there are {size} {of}")


def _check_rows(bad: Flags, complaint: str) -> None:
    if bad.any():
        raise InvalidVotes(f"vote {int(np.argmax(bad))} {complaint}")


def _checked_weight(column: Any) -> Floats:
    weight = _floats(column, "weight")
    if weight.ndim != 1:
        raise InvalidVotes(f"weight must be one-dimensional, not of shape {weight.shape}")
    _check_rows(~np.isfinite(weight), "has a weight that is not a finite number")
    _check_rows(weight < 0, "has a negative weight")
    _check_rows(weight > HEAVIEST, f"has a weight above {HEAVIEST:g}")
    _check_rows((weight > 0) & (weight < LIGHTEST), f"has a weight below {LIGHTEST:g}, but not 0")
    return weight


def _floats(column: Any, name: str) -> Floats:
    try:
        return np.asarray(column, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidVotes(f"{name} must hold numbers") from None


def _checked_features(column: Any) -> AnyFloat:
    features = np.asarray(column)
    if features.dtype not in (np.float32, np.float64):
        features = _floats(features, "features")
    if features.ndim != 2:
        raise InvalidVotes(f"features must have shape (votes, k), not {features.shape}")
    with np.errstate(invalid="ignore", over="ignore"):
        total = features.sum()  # one pass with no temporary; the row only when needed
    if not np.isfinite(total):
        _check_rows(~np.isfinite(features).all(axis=1), "has a feature that is not a finite number")
    return features


def _feature_names(names: Sequence[str], k: int) -> tuple[str, ...]:
    if not names:
        return tuple(f"feature {position + 1}" for position in range(k))
    if len(names) != k or len(set(names)) != k:
        raise InvalidVotes(f"{k} features need {k} different names, not {tuple(names)}")
    return tuple(names)
