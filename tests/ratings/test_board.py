"""What a board offers besides its columns: draws, ranks, chances, identity."""

import json

import numpy as np
import pytest

from ratings import Comparisons, RatingsError, fit_bradley_terry
from ratings.errors import InvalidParameter
from ratings.ranks import overlap_ranks
from tests.ratings.examples import simulate


def test_draws_have_the_boards_mean_and_covariance() -> None:
    votes, _ = simulate(5, 1500)
    board = fit_bradley_terry(votes)
    draws = board.draws(20_000, seed=1)
    assert draws.shape == (20_000, 5)
    np.testing.assert_allclose(draws.mean(axis=0), board.rating, atol=1)
    np.testing.assert_allclose(
        np.cov(draws.T), board.covariance, atol=0.05 * board.covariance.max()
    )
    np.testing.assert_allclose(draws.mean(axis=1), 1000, atol=1e-4)
    np.testing.assert_array_equal(draws, board.draws(20_000, seed=1))
    assert not np.array_equal(draws, board.draws(20_000, seed=2))


def test_bootstrap_draws_are_its_rounds() -> None:
    votes, _ = simulate(4, 1500)
    board = fit_bradley_terry(votes, interval="bootstrap", rounds=50)
    assert board.replicates is not None
    drawn = {tuple(row) for row in board.draws(50)}
    assert drawn == {tuple(row) for row in board.replicates}
    assert board.draws(120).shape == (120, 4)


def test_a_board_without_an_interval_has_no_draws() -> None:
    votes, _ = simulate(4, 400)
    board = fit_bradley_terry(votes, interval=None)
    with pytest.raises(RatingsError, match="without an interval"):
        board.draws(10)
    with pytest.raises(InvalidParameter, match="at least 1"):
        fit_bradley_terry(votes).draws(0)


def test_win_probabilities_follow_from_ratings() -> None:
    votes, _ = simulate(5, 1000)
    board = fit_bradley_terry(votes)
    chance = board.win_probability()
    np.testing.assert_allclose(chance + chance.T, 1)
    expected = 1 / (1 + 10 ** ((board.rating[3] - board.rating[1]) / 400))
    assert chance[1, 3] == pytest.approx(expected)


def test_differences_come_from_the_joint_fit() -> None:
    votes, _ = simulate(5, 1000)
    board = fit_bradley_terry(votes)
    first, second = board.models[:2]
    difference, error = board.difference(first, second)
    assert difference == pytest.approx(board.rating[0] - board.rating[1])
    spread = np.diff(board.draws(20_000)[:, [1, 0]]).std()
    assert error == pytest.approx(spread, rel=0.05)
    with pytest.raises(InvalidParameter, match="no model 'nobody'"):
        board.difference(first, "nobody")


def test_overlap_ranks_by_hand() -> None:
    lower = np.array([50.0, 30, 35, 0, np.nan])
    upper = np.array([60.0, 40, 55, 10, np.nan])
    best, worst = overlap_ranks(lower, upper)
    # The first is above the second for certain, the third overlaps both, the fourth is below all.
    assert best.tolist() == [1, 2, 1, 4, 0]
    assert worst.tolist() == [2, 3, 3, 4, 0]


def test_simultaneous_ranks_hold_together() -> None:
    votes, theta = simulate(6, 4000, spread=0.5)
    board = fit_bradley_terry(votes)
    best, worst = board.simultaneous_ranks()
    order = np.argsort([-theta[votes.models.index(model)] for model in board.models])
    true_rank = np.argsort(order) + 1
    assert ((best <= true_rank) & (true_rank <= worst)).all()
    assert (worst - best).sum() < 15
    assert (best <= np.arange(1, 7)).all()
    assert (worst >= np.arange(1, 7)).all()


def test_simultaneous_ranks_rarely_miss_the_truth_anywhere() -> None:
    missed = 0
    for seed in range(100):
        votes, theta = simulate(5, 600, seed, spread=0.3)
        board = fit_bradley_terry(votes)
        best, worst = board.simultaneous_ranks(draws=500)
        place = [votes.models.index(model) for model in board.models]
        true_rank = 1 + (theta[place][:, None] < theta[place]).sum(axis=1)
        missed += not ((best <= true_rank) & (true_rank <= worst)).all()
    assert missed <= 10  # 5 expected


def test_the_id_names_votes_parameters_and_code() -> None:
    votes, _ = simulate(5, 500, voters=20)
    board = fit_bradley_terry(votes)
    assert len(board.id) == 64
    assert board.id == fit_bradley_terry(votes).id
    assert board.id == fit_bradley_terry(votes.select(np.arange(500)[::-1])).id
    renumbered = Comparisons(
        votes.models[::-1], 4 - votes.a, 4 - votes.b, votes.outcome, voter=votes.voter
    )
    assert board.id == fit_bradley_terry(renumbered).id
    others = [
        fit_bradley_terry(votes.select(slice(1, None))),
        fit_bradley_terry(votes, interval="model"),
        fit_bradley_terry(votes, interval="clustered"),
        fit_bradley_terry(votes, pair_weight=50),
        fit_bradley_terry(votes, center=1200),
        fit_bradley_terry(votes, interval="bootstrap", rounds=20),
        fit_bradley_terry(votes, interval="bootstrap", rounds=20, seed=1),
    ]
    assert len({board.id, *(other.id for other in others)}) == 8


def test_published_figures_are_rounded_before_they_are_hashed() -> None:
    votes, _ = simulate(5, 500)
    board = fit_bradley_terry(votes)
    published = json.loads(board.canonical_bytes())
    assert published["id"] == board.id
    assert [row["model"] for row in published["rows"]] == list(board.models)
    for row, rating in zip(published["rows"], board.rating, strict=True):
        assert row["rating"] == round(float(rating), 2)
    shuffled = fit_bradley_terry(votes.select(np.random.default_rng(0).permutation(500)))
    assert shuffled.canonical_bytes() == board.canonical_bytes()
    assert shuffled.figures_hash == board.figures_hash
