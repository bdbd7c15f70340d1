"""Style control: the effect comes back, ratings are freed of it, and nothing is invented."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ratings import Comparisons, Tally, fit_bradley_terry, fit_style_controlled, style_sorted
from ratings import compiled as switch
from ratings.arrays import AnyFloat, Floats
from ratings.errors import CollinearFeatures, InvalidParameter, InvalidVotes, Separated
from ratings.parameters import Interval
from ratings.style import StyledBoard
from tests.ratings.examples import simulate

LOGIT = 400 / np.log(10)


def with_features(votes: Comparisons, features: AnyFloat, **more: object) -> Comparisons:
    return Comparisons(votes.models, votes.a, votes.b, votes.outcome, features=features, **more)  # type: ignore[arg-type]


def test_a_true_effect_of_a_quarter_comes_back_as_a_quarter() -> None:
    votes, theta = simulate(20, 40_000, effects=(0.25, -0.1, 0.0), ties=0.2)
    board = fit_style_controlled(votes)
    sd = votes.features.std(axis=0)  # type: ignore[union-attr]
    lower, upper = board.coefficient_intervals.T
    truth = np.array([0.25, -0.1, 0.0]) * sd
    assert ((lower < truth) & (truth < upper)).all()
    assert board.coefficients[0] == pytest.approx(0.25, abs=0.03)
    assert upper[0] - lower[0] < 0.06
    place = [votes.models.index(model) for model in board.models]
    inside = np.abs(board.rating - 1000 - LOGIT * theta[place]) < board.upper - board.rating
    assert inside.sum() >= 16


def test_the_answer_does_not_depend_on_the_features_scale() -> None:
    votes, _ = simulate(6, 3000, effects=(0.25, 0.1))
    assert votes.features is not None
    board = fit_style_controlled(votes)
    stretched = fit_style_controlled(with_features(votes, votes.features * [1000.0, 0.001]))
    np.testing.assert_allclose(stretched.coefficients, board.coefficients, rtol=1e-8)
    np.testing.assert_allclose(stretched.rating, board.rating, atol=1e-7)
    raw = fit_style_controlled(votes, standardize=False)
    np.testing.assert_allclose(raw.coefficients * board.feature_scale, board.coefficients)
    np.testing.assert_allclose(
        raw.coefficient_intervals, board.coefficient_intervals / board.feature_scale[:, None]
    )
    np.testing.assert_allclose(raw.rating, board.rating, atol=1e-7)


def direct_fit(votes: Comparisons, ridge: float) -> tuple[Floats, Floats, Floats]:
    """Newton's method with one row per vote and a pseudo-inverse: parameters, bread, scores."""
    n, m = len(votes), len(votes.models)
    assert votes.features is not None
    k = votes.features.shape[1]
    design = np.zeros((n, m + k))
    design[np.arange(n), votes.a] += 1
    design[np.arange(n), votes.b] -= 1
    design[:, m:] = votes.features
    score = np.array([1, 0, 0.5, 0.5])[votes.outcome]
    weight = np.ones(n) if votes.weight is None else votes.weight
    penalty = np.diag([0.0] * m + [ridge] * k)
    parameters = np.zeros(m + k)
    for _ in range(30):
        chance = 1 / (1 + np.exp(-design @ parameters))
        hessian = design.T @ (design * (weight * chance * (1 - chance))[:, None])
        gradient = design.T @ (weight * (score - chance)) - penalty @ parameters
        parameters += np.linalg.pinv(hessian + penalty) @ gradient
    scores = design * (weight * (score - chance))[:, None]
    return parameters, np.linalg.pinv(hessian), scores


def covariance_of(bread: Floats, scores: Floats, voter: Floats | None, interval: str) -> Floats:
    if interval == "model":
        return bread
    correction = 1.0
    if interval == "clustered":
        assert voter is not None
        groups = np.unique(voter)
        n, free, g = len(scores), len(scores) - (len(bread) - 1), len(groups)
        correction = g / (g - 1) * (n - 1) / free
        scores = np.array([scores[voter == group].sum(axis=0) for group in groups])
    return np.asarray(bread @ scores.T @ scores @ bread * correction)


@pytest.mark.parametrize("interval", ["model", "sandwich", "clustered"])
@pytest.mark.parametrize("ridge", [0.0, 30.0])
def test_it_is_the_textbook_fit(interval: Interval, ridge: float) -> None:
    votes, _ = simulate(6, 800, effects=(0.4, -0.2), ties=0.2, voters=50, taste=0.3)
    weight = np.random.default_rng(3).uniform(0.5, 2, len(votes))
    assert votes.features is not None
    votes = with_features(votes, votes.features, voter=votes.voter, weight=weight)
    board = fit_style_controlled(votes, interval=interval, ridge=ridge, standardize=False)
    parameters, bread, scores = direct_fit(votes, ridge)
    place = [votes.models.index(model) for model in board.models]
    np.testing.assert_allclose(board.rating, 1000 + LOGIT * parameters[place], atol=1e-6)
    np.testing.assert_allclose(board.coefficients, parameters[6:], atol=1e-9)
    covariance = covariance_of(bread, scores, votes.voter, interval)  # type: ignore[arg-type]
    np.testing.assert_allclose(
        board.covariance, LOGIT**2 * covariance[np.ix_(place, place)], rtol=1e-6, atol=1e-6
    )
    width = np.diff(board.coefficient_intervals, axis=1)[:, 0]
    ratio = width / np.sqrt(np.diag(covariance)[6:])
    np.testing.assert_allclose(ratio, ratio[0])


def test_a_ridge_is_a_number_of_its_own_and_not_a_share_of_the_votes() -> None:
    votes, _ = simulate(10, 30_000, effects=(0.25,))
    free = fit_style_controlled(votes).coefficients[0]
    held = fit_style_controlled(votes, ridge=1.0).coefficients[0]
    assert 0.995 < held / free < 1


def test_the_bootstrap_agrees_with_the_sandwich() -> None:
    votes, _ = simulate(5, 3000, effects=(0.3,), ties=0.3)
    sandwich = fit_style_controlled(votes)
    bootstrap = fit_style_controlled(votes, interval="bootstrap", rounds=150)
    np.testing.assert_allclose(bootstrap.rating, sandwich.rating)
    ratio = np.diff(bootstrap.coefficient_intervals) / np.diff(sandwich.coefficient_intervals)
    assert ratio[0, 0] == pytest.approx(1, abs=0.2)
    assert bootstrap.draws(20).shape == (20, 5)


def test_position_is_measured_as_an_effect_of_its_own() -> None:
    rng = np.random.default_rng(7)
    votes, theta = simulate(8, 20_000)
    chance = 1 / (1 + np.exp(-(theta[votes.a] - theta[votes.b] + 0.2)))
    outcome = (rng.random(len(votes)) > chance).astype(np.int8)
    moved = Comparisons(votes.models, votes.a, votes.b, outcome)
    board = fit_style_controlled(moved, position=True)
    assert board.coefficient_names == ("position",)
    lower, upper = board.coefficient_intervals[0]
    assert lower < 0.2 < upper
    ones = with_features(moved, np.ones((len(votes), 1)))
    home = fit_style_controlled(ones, standardize=False)
    np.testing.assert_allclose(home.coefficients, board.coefficients)
    np.testing.assert_allclose(home.rating, board.rating)


def test_without_an_effect_it_is_bradley_terry() -> None:
    votes, _ = simulate(6, 4000)
    zeros = np.zeros(4000)
    zeros[:2] = [1e-9, -1e-9]
    styled = fit_style_controlled(with_features(votes, zeros[:, None]), ridge=1e6)
    plain = fit_bradley_terry(votes)
    np.testing.assert_allclose(styled.rating, plain.rating, atol=1e-2)


@pytest.mark.parametrize(
    ("features", "options", "sentence"),
    [
        (lambda n, _a, _b: np.ones((n, 1)), {}, "same value in every vote"),
        (lambda n, _a, _b: np.zeros((n, 1)), {"standardize": False}, "is 0 in every vote"),
        (
            lambda n, _a, _b: np.repeat(np.random.default_rng(0).normal(size=(n, 1)), 2, axis=1),
            {},
            "'feature 1', 'feature 2' cannot be told",
        ),
        (lambda _n, a, b: (np.sqrt(a) - np.sqrt(b))[:, None], {}, "'feature 1' cannot be told"),
    ],
    ids=["constant", "zero", "collinear", "a property of the models"],
)
def test_it_refuses_features_that_say_nothing(
    features: object, options: dict[str, Any], sentence: str
) -> None:
    votes, _ = simulate(5, 500)
    column = features(500, votes.a, votes.b)  # type: ignore[operator]
    with pytest.raises(CollinearFeatures, match=sentence):
        fit_style_controlled(with_features(votes, column), **options)


@pytest.mark.parametrize("size", [1e200, 1e-150, 1e-200])
@pytest.mark.parametrize("kept", [False, True], ids=["as they come", "sorted"])
def test_it_refuses_features_whose_products_cannot_be_summed(size: float, kept: bool) -> None:
    votes, _ = simulate(5, 500, effects=(0.2,))
    assert votes.features is not None
    extreme = with_features(votes, votes.features * size)
    with pytest.raises(InvalidVotes, match=r"'feature 1' is too (small|large)"):
        fit_style_controlled(extreme.sorted() if kept else extreme)


def test_features_of_any_other_size_are_fitted_alike() -> None:
    votes, _ = simulate(5, 500, effects=(0.2,))
    assert votes.features is not None
    expected = fit_style_controlled(votes)
    for size in (1e-90, 1e90):
        found = fit_style_controlled(with_features(votes, votes.features * size))
        np.testing.assert_allclose(found.rating, expected.rating, atol=1e-6)
        np.testing.assert_allclose(found.coefficients, expected.coefficients, atol=1e-9)


def test_more_features_than_are_summed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba", reason="NOT RUN: without Numba there is no compiled path")
    effects = (0.3, -0.2, 0.1, 0.0, 0.25, -0.3)
    votes, _ = simulate(5, 4000, effects=effects)
    expected = fit_style_controlled(votes)
    monkeypatch.setattr(switch, "WORTH_COMPILED", 0)
    found = fit_style_controlled(votes)
    np.testing.assert_allclose(found.rating, expected.rating, atol=1e-6)
    np.testing.assert_allclose(found.coefficients, expected.coefficients, atol=1e-9)
    np.testing.assert_allclose(found.covariance, expected.covariance, atol=1e-6)


def test_a_sort_in_any_groups_is_one_sort(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba", reason="NOT RUN: without Numba there is no compiled path")
    votes = plain_votes()
    expected = votes.sorted()
    monkeypatch.setattr(switch, "WORTH_COMPILED", 0)
    for bits in (1, 4, 10):
        monkeypatch.setattr(style_sorted, "_FEWEST_BITS", bits)
        assert votes.sorted().digest() == expected.digest()


def test_a_feature_that_predicts_everything_has_no_estimate() -> None:
    votes, _ = simulate(5, 500)
    oracle = np.where(votes.outcome == 0, 1.0, -1.0)[:, None]
    with pytest.raises(Separated, match="predicts every vote"):
        fit_style_controlled(with_features(votes, oracle))
    held = fit_style_controlled(with_features(votes, oracle), ridge=1.0)
    assert np.isfinite(held.coefficients).all()


def test_islands_are_not_rated_with_style_either() -> None:
    votes, _ = simulate(4, 400, effects=(0.3,))
    more = Comparisons(
        (*votes.models, "p", "q"),
        np.append(votes.a, [4, 5]),
        np.append(votes.b, [5, 4]),
        np.append(votes.outcome, [0, 0]),
        features=np.vstack([votes.features, [[0.1], [0.2]]]),  # type: ignore[list-item]
    )
    board = fit_style_controlled(more, standardize=False)
    assert isinstance(board, StyledBoard)
    assert set(board.unrated) == {"p", "q"}
    expected = fit_style_controlled(votes, standardize=False)
    np.testing.assert_allclose(board.rating[:4], expected.rating, atol=1e-8)


def test_it_needs_something_to_control_for() -> None:
    votes, _ = simulate(4, 100)
    with pytest.raises(InvalidParameter, match="no features"):
        fit_style_controlled(votes)
    styled, _ = simulate(4, 100, effects=(0.1,))
    with pytest.raises(InvalidParameter, match="ridge"):
        fit_style_controlled(styled, ridge=-1)
    with pytest.raises(InvalidParameter, match="half"):
        fit_style_controlled(styled, ties="davidson")
    with pytest.raises(InvalidParameter, match="voters"):
        fit_style_controlled(styled, interval="clustered")


def test_drawing_whole_voters_agrees_with_the_clustered_interval() -> None:
    votes, _ = simulate(5, 3000, effects=(0.3,), ties=0.3, voters=60, taste=0.7)
    clustered = fit_style_controlled(votes, interval="clustered")
    drawn = fit_style_controlled(votes, interval="bootstrap_voters", rounds=200)
    assert (np.abs(drawn.standard_error / clustered.standard_error - 1) < 0.25).all()
    ratio = np.diff(drawn.coefficient_intervals) / np.diff(clustered.coefficient_intervals)
    assert ratio[0, 0] == pytest.approx(1, abs=0.3)


def test_rounds_that_link_too_few_models_are_left_out_and_counted() -> None:
    votes, _ = simulate(8, 60, effects=(0.3,), ties=0.3)
    board = fit_style_controlled(votes, interval="bootstrap", rounds=60)
    assert any("had no finite fit and were left out" in note for note in board.notes)
    assert np.ptp(board.draws(40)) < 5000


@pytest.mark.parametrize("interval", ["sandwich", "clustered", "model"])
def test_what_the_prior_alone_holds_gets_the_models_interval(interval: Interval) -> None:
    votes, _ = simulate(4, 600, effects=(0.3,), voters=30)
    assert votes.features is not None
    assert votes.voter is not None
    winner = Comparisons(
        (*votes.models, "winner"),
        np.append(votes.a, [4] * 5),
        np.append(votes.b, [0] * 5),
        np.append(votes.outcome, [0] * 5),
        voter=np.append(votes.voter, range(5)),
        features=np.vstack([votes.features, np.zeros((5, 1))]),
    )
    board = fit_style_controlled(winner, prior=1, interval=interval)
    assert board.models[0] == "winner"
    width = board.upper - board.lower
    assert width[0] > 3 * width[1:].max()
    assert any("only the prior" in note for note in board.notes)


def plain_votes() -> Comparisons:
    return simulate(8, 3000, ties=0.2, effects=(0.25, -0.1))[0]


def test_sorted_votes_are_the_same_votes() -> None:
    votes = plain_votes()
    kept = votes.sorted()
    again = kept.comparisons()
    assert len(kept) == len(votes)

    def rows(these: Comparisons) -> list[tuple[object, ...]]:
        assert these.features is not None
        columns = (these.a.tolist(), these.b.tolist(), these.outcome.tolist())
        return sorted(zip(*columns, *these.features.T.tolist(), strict=True))

    assert rows(again) == rows(votes)
    np.testing.assert_array_equal(kept.tally.count, Tally.from_comparisons(votes).count)
    assert kept.digest() == votes.sorted().digest()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"position": True},
        {"ties": "drop"},
        {"pair_weight": 50},
        {"interval": None},
        {"ridge": 3.0},
        {"interval": "bootstrap", "rounds": 3},
    ],
)
def test_sorted_votes_give_the_same_board_whatever_is_asked(options: dict[str, Any]) -> None:
    votes = plain_votes()
    expected = fit_style_controlled(votes, **options)
    found = fit_style_controlled(votes.sorted(), **options)
    assert found.models == expected.models
    assert found.coefficient_names == expected.coefficient_names
    if options.get("interval") != "bootstrap":  # whose votes are drawn in their order
        np.testing.assert_allclose(found.lower, expected.lower, atol=1e-6)
    np.testing.assert_allclose(found.rating, expected.rating, atol=1e-6)
    np.testing.assert_allclose(found.coefficients, expected.coefficients, atol=1e-9)


def test_sorted_votes_with_a_model_nobody_met() -> None:
    votes = plain_votes()
    more = Comparisons(
        (*votes.models, "new"), votes.a, votes.b, votes.outcome, features=votes.features
    )
    board = fit_style_controlled(more.sorted())
    assert board.unrated.keys() == {"new"}
    np.testing.assert_allclose(board.rating[:-1], fit_style_controlled(votes).rating, atol=1e-6)


def test_a_start_nearby_changes_no_answer() -> None:
    votes = plain_votes()
    before = fit_style_controlled(votes.select(slice(0, 2900)), standardize=False)
    far = fit_style_controlled(simulate(8, 500, seed=9, effects=(1.0, 1.0))[0])
    expected = fit_style_controlled(votes)
    for start in (before, far, expected):
        found = fit_style_controlled(votes, start=start)
        np.testing.assert_allclose(found.rating, expected.rating, atol=1e-6)
        np.testing.assert_allclose(found.lower, expected.lower, atol=1e-6)
        np.testing.assert_allclose(found.coefficients, expected.coefficients, atol=1e-8)
        assert found.id == expected.id


def test_votes_that_cannot_be_sorted_are_refused() -> None:
    votes, _ = simulate(4, 100, voters=5, effects=(0.1,))
    with pytest.raises(InvalidVotes, match="voters"):
        votes.sorted()


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"bounds": np.zeros(17, dtype=np.int64)}, "bounds"),
        ({"bounds": np.array([0] * 5 + [3000] * 12)}, "i >= j"),
        ({"kind": np.full(3000, 8, dtype=np.int8)}, "between 0 and 7"),
        ({"features": np.zeros((3000, 1))}, "shape"),
        ({"features": np.full((3000, 2), np.nan)}, "finite"),
    ],
)
def test_sorted_columns_that_do_not_fit_are_refused(change: dict[str, Any], match: str) -> None:
    kept = simulate(4, 3000, effects=(0.25, -0.1))[0].sorted()
    with pytest.raises(InvalidVotes, match=match):
        replace(kept, **change)
