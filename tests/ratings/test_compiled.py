"""The compiled path agrees with the plain NumPy path; importing either costs little."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratings import (
    Board,
    Comparisons,
    LiveRatings,
    fit_bradley_terry,
    fit_elo,
    fit_style_controlled,
)
from ratings import compiled as switch
from ratings.arrays import Floats
from ratings.labels import code_labels
from ratings.style import StyledBoard
from tests.ratings.examples import simulate

pytest.importorskip("numba", reason="NOT RUN: without Numba there is no compiled path")


def both(monkeypatch: pytest.MonkeyPatch, fit: Callable[[], Board]) -> tuple[Board, Board]:
    """A board by the compiled path, however few votes there are, and by the plain one."""
    monkeypatch.setattr(switch, "WORTH_COMPILED", 0)
    assert switch.kernels(1) is not None
    compiled = fit()
    monkeypatch.setenv(switch.SWITCH, "0")
    assert switch.kernels(1) is None
    return compiled, fit()


def assert_same(compiled: Board, plain: Board) -> None:
    assert compiled.models == plain.models
    for column in ("rating", "lower", "upper", "covariance"):
        np.testing.assert_allclose(
            getattr(compiled, column), getattr(plain, column), atol=1e-6, rtol=1e-9
        )
    np.testing.assert_array_equal(compiled.votes, plain.votes)


@st.composite
def random_votes(draw: st.DrawFn) -> Comparisons:
    """Votes between up to 30 models, thin or thick, with voters, weights, styles or without."""
    m = draw(st.integers(2, 30))
    votes, _ = simulate(
        m,
        draw(st.integers(20 * m, 60 * m)),
        draw(st.integers(0, 2**32)),
        spread=draw(st.floats(0, 1)),
        ties=draw(st.floats(0, 0.9)),
        effects=tuple(draw(st.lists(st.floats(-0.5, 0.5), min_size=1, max_size=3))),
        voters=draw(st.integers(2, 200)),
    )
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    kind = draw(st.sampled_from([np.float32, np.float64]))
    assert votes.features is not None
    some_bad = (votes.outcome == 2) & (rng.random(len(votes)) < 0.3)
    return Comparisons(
        votes.models,
        votes.a.astype(draw(st.sampled_from([np.int8, np.int32, np.int64]))),
        votes.b,
        np.where(some_bad, np.int8(3), votes.outcome),
        voter=votes.voter,
        weight=rng.uniform(0, 3, len(votes)) if draw(st.booleans()) else None,
        features=votes.features.astype(kind),
    )


@settings(max_examples=25, deadline=None)
@given(votes=random_votes(), interval=st.sampled_from(["sandwich", "clustered", "model"]))
def test_compiled_boards_agree_with_plain_ones(votes: Comparisons, interval: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        assert_same(*both(patch, lambda: fit_bradley_terry(votes, interval=interval, prior=1)))


@settings(max_examples=25, deadline=None)
@given(votes=random_votes(), interval=st.sampled_from(["sandwich", "clustered", "model"]))
def test_compiled_style_agrees_with_plain_style(votes: Comparisons, interval: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        compiled, plain = both(
            patch,
            lambda: fit_style_controlled(votes, interval=interval, prior=1, both_bad="drop"),
        )
    assert_same(compiled, plain)
    assert isinstance(compiled, StyledBoard)
    assert isinstance(plain, StyledBoard)
    np.testing.assert_allclose(compiled.coefficients, plain.coefficients, atol=1e-9)
    np.testing.assert_allclose(
        compiled.coefficient_intervals, plain.coefficient_intervals, atol=1e-9
    )


@settings(max_examples=25, deadline=None)
@given(votes=random_votes(), both_bad=st.sampled_from(["half", "drop"]))
def test_compiled_elo_agrees_with_plain_elo(votes: Comparisons, both_bad: Any) -> None:
    plain_votes = Comparisons(votes.models, votes.a, votes.b, votes.outcome)
    with pytest.MonkeyPatch.context() as patch:
        assert_same(*both(patch, lambda: fit_elo(plain_votes, both_bad=both_bad)))


@settings(max_examples=25, deadline=None)
@given(votes=random_votes(), interval=st.sampled_from(["sandwich", "model", None]))
def test_votes_sorted_beforehand_give_the_same_style_board(
    votes: Comparisons, interval: Any
) -> None:
    bare = Comparisons(votes.models, votes.a, votes.b, votes.outcome, features=votes.features)
    with pytest.MonkeyPatch.context() as patch:
        compiled, plain = both(
            patch, lambda: fit_style_controlled(bare.sorted(), interval=interval, prior=1)
        )
        unsorted = fit_style_controlled(bare, interval=interval, prior=1)
    assert_same(compiled, plain)
    assert_same(compiled, unsorted)
    assert isinstance(compiled, StyledBoard)
    np.testing.assert_allclose(compiled.coefficients, unsorted.coefficients, atol=1e-9)


@settings(max_examples=15, deadline=None)
@given(votes=random_votes(), seed=st.integers(0, 2**32), half=st.booleans())
def test_compiled_bootstrap_draws_the_same_rounds(
    votes: Comparisons, seed: int, half: bool
) -> None:
    bare = Comparisons(votes.models, votes.a, votes.b, votes.outcome)
    weight = 5.0 if half else None
    with pytest.MonkeyPatch.context() as patch:
        compiled, plain = both(
            patch,
            lambda: fit_bradley_terry(
                bare, interval="bootstrap", rounds=8, seed=seed, pair_weight=weight
            ),
        )
    assert compiled.replicates is not None
    assert plain.replicates is not None
    np.testing.assert_allclose(compiled.replicates, plain.replicates, atol=1e-6)
    assert compiled.notes == plain.notes


@settings(max_examples=15, deadline=None)
@given(votes=random_votes(), prior=st.sampled_from([0.0, 0.5]))
def test_compiled_live_ratings_agree_with_plain_ones(votes: Comparisons, prior: float) -> None:
    bare = Comparisons(votes.models, votes.a, votes.b, votes.outcome)

    def follow() -> Floats:
        live = LiveRatings(bare.select(slice(0, len(bare) // 2)), prior=prior)
        for row in range(len(bare) // 2, len(bare) // 2 + 20):
            live.add(int(bare.a[row]), int(bare.b[row]), int(bare.outcome[row]))
        return live.ratings()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(switch, "WORTH_COMPILED", 0)
        compiled = follow()
        patch.setenv(switch.SWITCH, "0")
        np.testing.assert_allclose(compiled, follow(), atol=1e-6)


@settings(max_examples=50, deadline=None)
@given(
    labels=st.lists(
        st.lists(st.text(max_size=20).filter(lambda text: "\0" not in text), max_size=30),
        min_size=1,
        max_size=3,
    ),
    large=st.booleans(),
    cut=st.integers(0, 5),
)
def test_compiled_coding_of_strings_agrees_with_a_dictionary(
    labels: list[list[str]], large: bool, cut: int
) -> None:
    arrow = pytest.importorskip("pyarrow")
    kind = arrow.large_string() if large else arrow.string()
    column = arrow.chunked_array([arrow.array(part, kind) for part in labels], kind).slice(cut)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(switch, "WORTH_COMPILED", 0)
        codes, found = code_labels(column, "column")
    expected = list(dict.fromkeys(column.to_pylist()))
    assert found == expected
    np.testing.assert_array_equal(codes, [expected.index(text) for text in column.to_pylist()])


def test_a_column_of_many_strings_is_left_to_its_own_library(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arrow = pytest.importorskip("pyarrow")
    monkeypatch.setattr(switch, "WORTH_COMPILED", 0)
    names = [str(number) for number in range(20_000)]
    codes, found = code_labels(arrow.array(names), "column")
    assert found == names
    np.testing.assert_array_equal(codes, np.arange(20_000))


def test_threads_within_threads_do_not_wait_for_each_other() -> None:
    def inner(number: int) -> int:
        return sum(switch.in_threads(abs, [(number,), (number,)]))

    assert switch.in_threads(inner, [(1,), (2,), (3,), (4,)]) == [2, 4, 6, 8]


def test_a_forked_child_has_threads_of_its_own() -> None:
    code = """
import os, warnings
warnings.simplefilter("ignore")
from ratings.compiled import in_threads
in_threads(abs, [(1,), (2,)])
child = os.fork()
if child == 0:
    os._exit(sum(in_threads(abs, [(3,), (4,)])))
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert run(code) == "7"


@pytest.mark.parametrize("extreme", [0.0, 1e-300, 1.0, 36.0, 37.0, 700.0, 710.0, 1e6])
def test_the_compiled_logistic_is_exact_everywhere(extreme: float) -> None:
    x = np.concatenate([np.linspace(-extreme, extreme, 1001), [extreme, -extreme]])
    out = np.empty_like(x)
    kernels = switch.kernels(switch.WORTH_COMPILED)
    assert kernels is not None
    kernels.logistic_block(x, len(x), out)
    expected = np.where(x > 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)))
    expected = np.where(x > 0, expected, expected / (1 + expected))
    np.testing.assert_allclose(out, expected, rtol=1e-14, atol=1e-300)


def run(code: str, folder: Path | None = None, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        cwd=folder,
        capture_output=True,
        text=True,
        env=os.environ | environment,
    )
    return done.stdout.strip()


def test_importing_ratings_loads_neither_numba_nor_scipy() -> None:
    code = """
import sys
from ratings import Comparisons, fit_bradley_terry, fit_elo, fit_style_controlled, frontier_gap
print(sorted({"numba", "scipy", "pyarrow", "pandas", "django"} & set(sys.modules)))
"""
    assert run(code) == "[]"


def test_a_small_fit_does_not_load_numba() -> None:
    code = """
import sys
from ratings import Comparisons, fit_bradley_terry
fit_bradley_terry(Comparisons.from_labels(["x", "y"], ["y", "x"], ["a", "a"]))
print("numba" in sys.modules)
"""
    assert run(code) == "False"


def test_without_numba_the_plain_path_is_taken() -> None:
    code = """
import sys
sys.modules["numba"] = None
from ratings.compiled import kernels
print(kernels(10**9))
"""
    assert run(code) == "None"


def test_with_nowhere_to_cache_the_plain_path_is_taken_and_said(tmp_path: Path) -> None:
    source = Path(switch.__file__).parent
    shutil.copytree(source, tmp_path / "ratings", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "ratings" / "__pycache__").touch()  # no folder, whoever asks, root included
    code = """
import warnings
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    from ratings.compiled import kernels
    print(kernels(10**9), kernels(10**9), *(str(one.message).split(",")[0] for one in said))
"""
    nowhere = os.devnull
    answer = run(code, tmp_path, HOME=nowhere, XDG_CACHE_HOME=nowhere, NUMBA_CACHE_DIR="")
    assert answer == "None None ratings goes on with plain NumPy"


def test_what_is_compiled_beforehand_is_all_that_fits_need() -> None:
    code = """
import numpy as np
import ratings.kernels as kernels
from ratings import *
from ratings.compile import compile_kernels
from ratings.compiled import WORTH_COMPILED

def variants():
    made = {name: getattr(kernels, name) for name in kernels.__all__}
    return {name: made[name].signatures for name in made if hasattr(made[name], "signatures")}

compile_kernels()
before = {name: list(known) for name, known in variants().items()}
inner = {"logistic_block", "logistic_of"}
print([name for name, known in before.items() if not known and name not in inner])
n, rng = WORTH_COMPILED, np.random.default_rng(0)
a = rng.integers(0, 17, n)
b = (a + rng.integers(1, 17, n)) % 17
outcome = rng.integers(0, 4, n)
models, weight = tuple(f"m{one}" for one in range(17)), rng.uniform(0, 2, n)
for kind in (np.int16, np.int64):
    columns = models, a.astype(kind), b.astype(kind), outcome.astype(kind)
    for heavy in (None, weight):
        votes = Comparisons(*columns, voter=rng.integers(-1, 99, n), weight=heavy)
        fit_bradley_terry(votes, prior=1.0)
        for ties in ("half", "davidson"):
            for interval in ("model", "sandwich", "clustered", "bootstrap", "bootstrap_voters"):
                options = {"ties": ties, "pair_weight": 9.0, "both_bad": "drop"}
                fit_bradley_terry(votes, interval=interval, rounds=2, **options)
        for width in (np.float32, np.float64):
            features = rng.normal(size=(n, 2)).astype(width)
            bare = Comparisons(*columns, weight=heavy, features=features)
            fit_style_controlled(bare, position=True)
            fit_style_controlled(bare, interval="bootstrap", rounds=2)
            if heavy is None:
                sorted_votes = bare.sorted()
                start = fit_style_controlled(sorted_votes)
                fit_style_controlled(sorted_votes, start=start, interval="model")
    live = LiveRatings(Comparisons(*columns), prior=0.5)
    live.add_votes(Comparisons(*columns).select(slice(0, 9)))
    fit_elo(Comparisons(*columns), both_bad="drop")
    names = np.array(models, dtype=object)
    Comparisons.from_labels(names[a], names[b], np.array(["a", "b", "tie", "both_bad"])[outcome])
print({name: known for name, known in variants().items() if known != before[name]})
"""
    assert run(code) == "[]\n{}"
