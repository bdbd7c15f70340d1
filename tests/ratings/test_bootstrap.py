"""Poisson resamples of counts: their law, and rounds that have no finite fit."""

import numpy as np
import pytest

from ratings import Comparisons, Tally, fit_bradley_terry
from ratings.errors import Separated
from ratings.resampling import Cells
from tests.ratings.examples import from_results, simulate


def cells_of(*wins: float) -> Cells:
    """Cells of two models, with so many wins of either."""
    count = np.zeros((4, 2, 2))
    count[0, 0, 1], count[0, 1, 0] = wins
    return Cells.of(Tally.from_counts(("x", "y"), count))


@pytest.mark.parametrize("mean", [0.5, 1.0, 7.0, 255.5, 256.0, 257.0, 1000.0])
def test_draws_have_the_mean_and_the_variance_of_a_poisson_count(mean: float) -> None:
    cells, rng = cells_of(mean, 1), np.random.default_rng(0)
    drawn = np.array([cells.draw(rng)[0][0, 1] for _ in range(4000)])
    error = np.sqrt(mean / len(drawn))
    assert abs(drawn.mean() - mean) < 4 * error
    # The variance of a Poisson sample's variance is (mean + 2 mean^2) / n.
    assert abs(drawn.var() - mean) < 4 * np.sqrt((mean + 2 * mean**2) / len(drawn))
    assert (drawn == np.rint(drawn)).all()


def test_the_chance_of_no_vote_is_that_of_a_poisson_count() -> None:
    cells, rng = cells_of(1, 2), np.random.default_rng(0)
    none = np.mean([cells.draw(rng)[0][0, 1] == 0 for _ in range(8000)])
    assert abs(none - np.exp(-1)) < 4 * np.sqrt(0.37 * 0.63 / 8000)


def test_a_bootstrap_agrees_with_the_sandwich() -> None:
    votes, _ = simulate(20, 40_000, ties=0.3)
    drawn = fit_bradley_terry(votes, interval="bootstrap", rounds=400)
    sandwich = fit_bradley_terry(votes)
    ratio = (drawn.upper - drawn.lower) / (sandwich.upper - sandwich.lower)
    assert 0.93 < ratio.mean() < 1.07
    assert drawn.replicates is not None
    np.testing.assert_allclose(drawn.replicates.mean(axis=1), 1000)


def test_rounds_without_a_finite_fit_are_left_out_and_told() -> None:
    votes = from_results([("x", "y")] * 9 + [("y", "x")] * 3)
    board = fit_bradley_terry(votes, interval="bootstrap", rounds=200)
    assert board.replicates is not None
    assert len(board.replicates) < 200
    assert any("no finite fit" in note for note in board.notes)


def test_too_few_votes_for_a_bootstrap_are_refused() -> None:
    votes = from_results([("x", "y"), ("y", "x"), ("y", "z"), ("z", "x")])
    with pytest.raises(Separated, match="too few votes"):
        fit_bradley_terry(votes, interval="bootstrap", rounds=50)


def test_the_rounds_do_not_depend_on_the_number_of_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    votes, _ = simulate(6, 2000)

    def rounds() -> np.ndarray:
        board = fit_bradley_terry(votes, interval="bootstrap", rounds=20)
        assert board.replicates is not None
        return board.replicates

    several = rounds()
    monkeypatch.setattr("ratings.bootstrap.processors", lambda: 1)
    np.testing.assert_array_equal(several, rounds())


def test_a_bootstrap_takes_votes_that_are_all_of_one_pair() -> None:
    votes = Comparisons(("x", "y"), np.zeros(400, int), np.ones(400, int), np.arange(400) % 4)
    board = fit_bradley_terry(votes, interval="bootstrap", rounds=50)
    assert (board.upper > board.lower).all()
