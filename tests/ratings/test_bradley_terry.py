"""Bradley-Terry boards against published numbers, direct formulas and the known truth."""

import numpy as np
import pytest
from scipy.stats import t as student_t

from ratings import Comparisons, fit_bradley_terry
from ratings.arrays import Floats
from ratings.board import Board
from ratings.errors import InvalidParameter, NotEnoughVotes
from ratings.outcomes import BothBad, Ties
from ratings.parameters import Interval
from ratings.tally import Tally
from tests.ratings.examples import (
    FOUR_PLAYERS,
    from_results,
    llmfao_scores,
    llmfao_votes,
    need_llmfao,
    simulate,
)

LOGIT = 400 / np.log(10)


def by_name(board: Board, column: Floats) -> Floats:
    """A column in the sorted order of the models."""
    return column[np.argsort(np.array(board.models))]


@pytest.mark.shared
def test_it_agrees_with_published_strengths() -> None:
    need_llmfao()
    board = fit_bradley_terry(llmfao_votes())
    published = llmfao_scores("bradley_terry")
    assert set(board.models) == set(published)
    strength = 10 ** (board.rating / 400)
    expected = np.array([published[model] for model in board.models])
    np.testing.assert_allclose(strength / strength.sum(), expected / expected.sum(), rtol=1e-9)


def test_it_solves_the_four_player_example() -> None:
    board = fit_bradley_terry(from_results(FOUR_PLAYERS))
    strength = 10 ** (by_name(board, board.rating) / 400)
    strength /= np.exp(np.log(strength).mean())
    np.testing.assert_allclose(strength, [0.640, 1.043, 0.660, 2.270], atol=1e-3)


def test_the_gradient_vanishes_at_the_answer() -> None:
    votes, _ = simulate(12, 3000, ties=0.2)
    board = fit_bradley_terry(votes, interval=None)
    rating = dict(zip(board.models, board.rating / LOGIT, strict=True))
    theta = np.array([rating[model] for model in votes.models])
    score = np.array([1, 0, 0.5, 0.5])[votes.outcome]
    residual = score - 1 / (1 + np.exp(theta[votes.b] - theta[votes.a]))
    gradient = np.bincount(votes.a, residual, 12) - np.bincount(votes.b, residual, 12)
    assert np.abs(gradient).max() < 1e-9
    assert np.isnan(board.lower).all()


def direct_covariance(votes: Comparisons, board: Board, interval: str) -> Floats:
    """The textbook formula with one row per vote and a pseudo-inverse."""
    place = [board.models.index(model) for model in votes.models]
    theta = (board.rating / LOGIT)[place]
    n, m = len(votes), len(votes.models)
    design = np.zeros((n, m))
    design[np.arange(n), votes.a] = 1
    design[np.arange(n), votes.b] = -1
    chance = 1 / (1 + np.exp(-design @ theta))
    weight = np.ones(n) if votes.weight is None else votes.weight
    bread = np.linalg.pinv(design.T @ (design * (weight * chance * (1 - chance))[:, None]))
    score = np.array([1, 0, 0.5, 0.5])[votes.outcome]
    scores = design * (weight * (score - chance))[:, None]
    if interval == "model":
        return np.asarray(bread * LOGIT**2)
    if interval == "clustered":
        assert votes.voter is not None
        groups = np.unique(votes.voter)
        scores = np.array([scores[votes.voter == group].sum(axis=0) for group in groups])
        correction = len(groups) / (len(groups) - 1) * (n - 1) / (n - (m - 1))
        scores = scores * np.sqrt(correction)
    return np.asarray(bread @ scores.T @ scores @ bread * LOGIT**2)


@pytest.mark.parametrize("interval", ["model", "sandwich", "clustered"])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_covariance_is_the_textbook_one(interval: Interval, weighted: bool) -> None:
    votes, _ = simulate(7, 900, ties=0.3, voters=40, taste=0.5)
    if weighted:
        weight = np.random.default_rng(1).uniform(0.2, 3, len(votes))
        votes = Comparisons(
            votes.models, votes.a, votes.b, votes.outcome, voter=votes.voter, weight=weight
        )
    board = fit_bradley_terry(votes, interval=interval)
    place = [board.models.index(model) for model in votes.models]
    expected = direct_covariance(votes, board, interval)
    np.testing.assert_allclose(board.covariance[np.ix_(place, place)], expected, atol=1e-8)
    np.testing.assert_allclose(board.covariance.sum(axis=0), 0, atol=1e-8)
    quantile = student_t.ppf(0.975, 39) if interval == "clustered" else 1.959963984540054
    reach = quantile * np.sqrt(np.diag(board.covariance))
    np.testing.assert_allclose(board.upper - board.rating, reach)


def test_the_bootstrap_agrees_with_the_sandwich() -> None:
    votes, _ = simulate(6, 6000, ties=0.3)
    sandwich = fit_bradley_terry(votes)
    bootstrap = fit_bradley_terry(votes, interval="bootstrap", rounds=600)
    ratio = bootstrap.standard_error / sandwich.standard_error
    assert (np.abs(ratio - 1) < 0.12).all()
    width = (bootstrap.upper - bootstrap.lower) / (sandwich.upper - sandwich.lower)
    assert (np.abs(width - 1) < 0.2).all()


def test_the_bootstrap_knows_weights() -> None:
    votes, _ = simulate(4, 2000)
    weight = np.where(np.arange(2000) % 10 == 0, 10.0, 0.1)
    votes = Comparisons(votes.models, votes.a, votes.b, votes.outcome, weight=weight)
    ratio = (
        fit_bradley_terry(votes, interval="bootstrap", rounds=400).standard_error
        / fit_bradley_terry(votes).standard_error
    )
    assert (np.abs(ratio - 1) < 0.15).all()


def test_clustered_intervals_are_wider_where_voters_have_tastes() -> None:
    votes, _ = simulate(8, 8000, voters=80, taste=0.8)
    plain = fit_bradley_terry(votes).standard_error
    clustered = fit_bradley_terry(votes, interval="clustered").standard_error
    assert (clustered > 1.5 * plain).all()


def test_unknown_voters_stand_alone() -> None:
    votes, _ = simulate(5, 400)
    unknown = Comparisons(
        votes.models, votes.a, votes.b, votes.outcome, voter=np.full(400, -1, dtype=np.int64)
    )
    expected = fit_bradley_terry(votes).covariance * 400 / 396
    clustered = fit_bradley_terry(unknown, interval="clustered").covariance
    np.testing.assert_allclose(clustered, expected, atol=1e-8)


def test_scale_and_anchor_change_no_interval_of_a_difference() -> None:
    votes, _ = simulate(6, 900)
    plain = fit_bradley_terry(votes)
    anchored = fit_bradley_terry(votes, anchor=("model 002", 1114.0))
    assert anchored.rating[anchored.place("model 002")] == pytest.approx(1114.0)
    np.testing.assert_array_equal(plain.covariance, anchored.covariance)
    np.testing.assert_allclose(np.diff(anchored.rating), np.diff(plain.rating))
    assert anchored.id != plain.id
    halved = fit_bradley_terry(votes, scale=200.0, center=0.0)
    np.testing.assert_allclose(halved.covariance * 4, plain.covariance)
    assert halved.rating.mean() == pytest.approx(0, abs=1e-9)
    natural = fit_bradley_terry(votes, scale=1.0, base=float(np.e), center=0.0)
    np.testing.assert_allclose(natural.rating * LOGIT + 1000, plain.rating)


def test_both_bad_and_ties_are_policy() -> None:
    votes, _ = simulate(5, 2000, ties=0.3)
    outcome = votes.outcome.copy()
    outcome[::9] = 3
    votes = Comparisons(votes.models, votes.a, votes.b, outcome)
    policies: list[tuple[Ties, BothBad]] = [("half", "half"), ("half", "drop"), ("drop", "drop")]
    spread = [
        np.ptp(fit_bradley_terry(votes, ties=ties, both_bad=both_bad).rating)
        for ties, both_bad in policies
    ]
    assert spread[0] < spread[1] < spread[2]
    dropped = fit_bradley_terry(votes, ties="drop", both_bad="drop")
    assert dropped.votes.sum() == 2 * np.count_nonzero(outcome < 2)


def test_pair_weights_bound_what_one_pair_can_do() -> None:
    rng = np.random.default_rng(0)
    pairs = [(0, 1)] * 1000 + [(0, 2)] * 60 + [(1, 2)] * 20
    a, b = np.array(pairs).T
    outcome = rng.integers(0, 2, len(a)).astype(np.int8)
    votes = Comparisons(("x", "y", "z"), a, b, outcome)
    weight = np.select([b == 1, a == 0], [1 / 1000, 1 / 60], 1 / 50)
    by_hand = Comparisons(("x", "y", "z"), a, b, outcome, weight=weight)
    weighted = fit_bradley_terry(votes, pair_weight=50)
    expected = fit_bradley_terry(by_hand)
    np.testing.assert_allclose(weighted.rating, expected.rating, atol=1e-6)
    np.testing.assert_allclose(weighted.covariance, expected.covariance, rtol=1e-6, atol=1e-6)
    assert tuple(weighted.votes) == tuple(expected.votes)


def test_a_vote_of_weight_two_counts_twice_in_the_rating_but_is_one_vote() -> None:
    votes, _ = simulate(4, 300)
    twice = Comparisons(votes.models, votes.a, votes.b, votes.outcome, weight=np.full(300, 2.0))
    plain, heavy = fit_bradley_terry(votes), fit_bradley_terry(twice)
    np.testing.assert_allclose(heavy.rating, plain.rating, atol=1e-8)
    np.testing.assert_allclose(heavy.covariance, plain.covariance, atol=1e-8)
    np.testing.assert_array_equal(heavy.votes, plain.votes)


def test_votes_and_their_tally_give_the_same_board() -> None:
    votes, _ = simulate(9, 700, ties=0.1)
    tally = Tally.from_comparisons(votes)
    kept = Tally.from_counts(votes.models, tally.count)
    board, from_counts = fit_bradley_terry(votes), fit_bradley_terry(kept)
    np.testing.assert_array_equal(board.rating, from_counts.rating)
    assert board.id == from_counts.id


@pytest.mark.parametrize(
    "wrong",
    [
        {"interval": "exact"},
        {"level": 95},
        {"ties": "ignore"},
        {"both_bad": "both"},
        {"scale": 0},
        {"base": 1},
        {"center": float("nan")},
        {"anchor": ("nobody", 1000)},
        {"anchor": "model 000"},
        {"pair_weight": 0},
        {"prior": -1},
        {"rounds": 1},
        {"interval": "clustered"},
    ],
    ids=str,
)
def test_it_rejects_arguments_without_a_meaning(wrong: dict[str, object]) -> None:
    votes, _ = simulate(4, 100)
    with pytest.raises(InvalidParameter):
        fit_bradley_terry(votes, **wrong)  # type: ignore[arg-type]


def test_drawing_whole_voters_agrees_with_the_clustered_interval() -> None:
    votes, _ = simulate(6, 6000, ties=0.3, voters=150, taste=0.7)
    clustered = fit_bradley_terry(votes, interval="clustered").standard_error
    drawn = fit_bradley_terry(votes, interval="bootstrap_voters", rounds=600)
    assert (np.abs(drawn.standard_error / clustered - 1) < 0.15).all()
    votes_alone = fit_bradley_terry(votes, interval="bootstrap", rounds=300).standard_error
    assert (drawn.standard_error > 1.3 * votes_alone).all()
    assert drawn.parameters["interval"] == "bootstrap_voters"
    again = fit_bradley_terry(votes, interval="bootstrap_voters", rounds=600)
    np.testing.assert_array_equal(again.lower, drawn.lower)


@pytest.mark.parametrize("ties", ["half", "davidson", "drop"])
def test_drawing_voters_of_one_vote_each_is_drawing_votes(ties: Ties) -> None:
    votes, _ = simulate(5, 3000, ties=0.3)
    weight = np.random.default_rng(2).uniform(0.5, 2, 3000)
    alone = Comparisons(
        votes.models,
        votes.a,
        votes.b,
        votes.outcome,
        voter=np.full(3000, -1, dtype=np.int64),
        weight=weight,
    )
    voters, single = (
        fit_bradley_terry(alone, ties=ties, interval=interval, rounds=300).standard_error
        for interval in ("bootstrap_voters", "bootstrap")
    )
    assert (np.abs(voters / single - 1) < 0.15).all()


def test_drawing_voters_needs_voters() -> None:
    votes, _ = simulate(4, 100)
    with pytest.raises(InvalidParameter, match="interval='bootstrap_voters' needs votes with"):
        fit_bradley_terry(votes, interval="bootstrap_voters")
    one = Comparisons(
        votes.models, votes.a, votes.b, votes.outcome, voter=np.zeros(100, dtype=np.int64)
    )
    with pytest.raises(NotEnoughVotes, match="at least two voters"):
        fit_bradley_terry(one, interval="bootstrap_voters")
