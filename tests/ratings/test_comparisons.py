"""Votes as columns: what is accepted, what is refused, and with which sentence."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from ratings import Comparisons, RatingsError
from ratings.errors import InvalidVotes
from ratings.labels import code_labels

A = ["x", "y", "x", "z"]
B = ["y", "z", "z", "x"]
OUTCOME = ["a", "b", "tie", "both_bad"]


@pytest.mark.parametrize(
    "column",
    [list, tuple, iter, np.array, pd.Series, pl.Series, pa.array, lambda x: pa.chunked_array([x])],
    ids=["list", "tuple", "iterator", "numpy", "pandas", "polars", "arrow", "arrow chunks"],
)
def test_it_takes_labels_of_every_kind(column: Callable[[list[str]], Any]) -> None:
    votes = Comparisons.from_labels(
        column(A), column(B), column(OUTCOME), voter=column(["p", "q", "p", "r"])
    )
    assert votes.models == ("x", "y", "z")
    assert votes.a.tolist() == [0, 1, 0, 2]
    assert votes.b.tolist() == [1, 2, 2, 0]
    assert votes.outcome.tolist() == [0, 1, 2, 3]
    assert votes.voter is not None
    assert votes.voter.tolist() == [0, 1, 0, 2]


@pytest.mark.parametrize(
    "column",
    [
        ["p", None, "q"],
        pd.Series(["p", None, "q"]),
        pd.Series(["p", None, "q"], dtype="category"),
        pl.Series(["p", None, "q"]),
        pl.Series(["p", None, "q"], dtype=pl.Categorical),
        pa.array(["p", None, "q"]),
        pa.array(["p", None, "q"]).dictionary_encode(),
        np.array(["p", None, "q"], dtype=object),
        ["p", float("nan"), "q"],
    ],
    ids=lambda column: f"{type(column).__module__}.{type(column).__name__}",
)
def test_a_missing_label_has_no_code(column: Any) -> None:
    codes, labels = code_labels(column, "voter")
    assert codes.tolist() == [0, -1, 1]
    assert labels == ["p", "q"]


def test_integer_columns_are_not_copied() -> None:
    a, b = np.array([0, 1], dtype=np.int16), np.array([1, 0], dtype=np.int16)
    outcome = np.array([0, 2], dtype=np.int8)
    features = np.ones((2, 1), dtype=np.float32)
    votes = Comparisons(("x", "y"), a, b, outcome, features=features)
    assert votes.a is a
    assert votes.b is b
    assert votes.outcome is outcome
    assert votes.features is features
    assert votes.feature_names == ("feature 1",)


def test_names_that_differ_by_case_are_two_models() -> None:
    votes = Comparisons.from_labels(["GPT", "gpt"], ["gpt", "GPT"], ["a", "a"])
    assert votes.models == ("GPT", "gpt")


def test_integer_names_become_strings() -> None:
    assert Comparisons.from_labels([1, 2], [2, 1], ["a", "a"]).models == ("1", "2")


def test_the_digest_is_of_the_values_not_of_their_storage() -> None:
    wide = Comparisons.from_labels(A, B, OUTCOME, voter=["p", "q", "p", "r"])
    narrow = Comparisons(
        wide.models, wide.a.astype(np.int64), wide.b, wide.outcome, voter=wide.voter
    )
    assert wide.digest() == narrow.digest()
    assert wide.digest() != wide.select(slice(0, 3)).digest()


LABELS: dict[str, Any] = {"model_a": A, "model_b": B, "outcome": OUTCOME}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"outcome": ["a", "b", "tie", "draw"]}, "vote 3 has the outcome 'draw'"),
        ({"outcome": ["a", "b", None, "a"]}, "vote 2 has no outcome"),
        ({"outcome": ["a"]}, "outcome has 1 rows where a has 4"),
        ({"model_a": ["x", "z", "x", "z"]}, "vote 1 compares a model with itself"),
        ({"model_a": ["x", None, "x", "z"]}, "vote 1 has no model_a"),
        ({"model_b": ["y", float("nan"), "y", "x"]}, "vote 1 has no model_b"),
        ({"model_a": ["x", 1.5, "x", "z"]}, "1.5, which is not the name of a model"),
        ({"model_a": ["x", [], "x", "z"]}, "not a label"),
        ({"model_a": "xyxz"}, "must be a column of labels"),
        ({"model_a": ["x", "", "x", "z"]}, "'' is not the name of a model"),
        ({"voter": ["p"]}, "voter has 1 rows"),
        ({"weight": [1, 2, float("nan"), 1]}, "vote 2 has a weight that is not a finite number"),
        ({"weight": [1, 2, float("inf"), 1]}, "vote 2 has a weight that is not a finite number"),
        ({"weight": [1, -2, 1, 1]}, "vote 1 has a negative weight"),
        ({"weight": [1, 2]}, "weight has 2 rows"),
        ({"features": [[1.0], [2.0], [float("nan")], [1.0]]}, "vote 2 has a feature that is not"),
        ({"features": [1.0, 2.0, 3.0, 4.0]}, "features must have shape"),
        ({"features": [[1.0]] * 4, "feature_names": ["length", "lists"]}, "1 features need 1"),
    ],
    ids=str,
)
def test_it_says_what_is_wrong_with_labels(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidVotes, match=sentence.replace("[", r"\[")):
        Comparisons.from_labels(**(LABELS | change))


CODES: dict[str, Any] = {"models": ("x", "y"), "a": [0, 1], "b": [1, 0], "outcome": [0, 1]}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"a": [0, 2]}, "vote 1 has a = 2, but there are 2 models"),
        ({"b": [-1, 0]}, "vote 0 has b = -1"),
        ({"outcome": [0, 4]}, "vote 1 has outcome = 4, but there are 4 outcomes"),
        ({"a": [0.0, 1.0]}, "a must hold integers"),
        ({"a": [[0, 1]]}, "a must be one-dimensional"),
        ({"models": ("x", "x")}, "'x' is listed twice"),
        ({"models": "xy"}, "not one string"),
        ({"models": ("x", "")}, "not the name of a model"),
        ({"weight": [[1.0], [1.0]]}, "weight must be one-dimensional"),
    ],
    ids=str,
)
def test_it_says_what_is_wrong_with_codes(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidVotes, match=sentence):
        Comparisons(**(CODES | change))


def test_every_refusal_is_a_value_error() -> None:
    assert issubclass(RatingsError, ValueError)
