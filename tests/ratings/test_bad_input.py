"""Votes from which less, or nothing, can be learnt: each case has its answer or its sentence."""

import numpy as np
import pandas as pd
import pytest

from ratings import Board, Comparisons, fit_bradley_terry, fit_style_controlled
from ratings.components import ISLAND, NO_VOTES, ONLY_LINKED, ONLY_LOST, ONLY_WON
from ratings.errors import InvalidParameter, InvalidVotes, NotConverged, NotEnoughVotes, Separated
from ratings.parameters import Interval
from ratings.tally import Tally
from tests.ratings.examples import FOUR_PLAYERS, from_results, simulate


def assert_unrated(board: Board, model: str, reason: str) -> None:
    """No column of the board has anything that looks like a rating of this model."""
    place = board.place(model)
    assert board.unrated[model] == reason
    assert board.connected[place] != 0
    assert (board.rank_best[place], board.rank_worst[place]) == (0, 0)
    for column in (board.rating, board.lower, board.upper, board.covariance[place]):
        assert np.isnan(np.atleast_1d(column)[place] if column.ndim == 1 else column).all()
    assert np.isnan(board.draws(3)[:, place]).all()
    assert np.isnan(board.win_probability()[place]).all()
    assert board.rows()[place]["rating"] is None


def test_no_votes() -> None:
    empty = Comparisons.from_labels([], [], [])
    with pytest.raises(NotEnoughVotes, match="nothing to compare: no model"):
        fit_bradley_terry(empty)
    none_counted = from_results([("x", "y")]).select(slice(0, 0))
    with pytest.raises(NotEnoughVotes, match="no counted votes"):
        fit_bradley_terry(none_counted)


def test_one_model() -> None:
    nothing = np.empty(0, dtype=np.int64)
    votes = Comparisons(("x",), nothing, nothing, nothing)
    with pytest.raises(NotEnoughVotes, match="nothing to compare: 1 model"):
        fit_bradley_terry(votes)


def test_one_vote() -> None:
    with pytest.raises(Separated, match="no rating is finite"):
        fit_bradley_terry(from_results([("x", "y")]))
    board = fit_bradley_terry(from_results([("x", "y")]), prior=1)
    assert board.models == ("x", "y")
    assert np.isfinite(board.rating).all()
    assert board.upper[1] > board.lower[0]
    assert any("only the prior" in note for note in board.notes)


def test_an_island_is_reported_and_not_rated() -> None:
    votes = from_results([*FOUR_PLAYERS, *[("P", "Q")] * 50, *[("Q", "P")] * 50])
    board = fit_bradley_terry(votes)
    alone = fit_bradley_terry(from_results(FOUR_PLAYERS))
    assert board.models == ("D", "B", "C", "A", "P", "Q")
    np.testing.assert_allclose(board.rating[:4], alone.rating)
    np.testing.assert_allclose(board.covariance[:4, :4], alone.covariance)
    assert board.rating[:4].mean() == pytest.approx(1000)
    assert board.connected.tolist() == [0, 0, 0, 0, 1, 1]
    for model in "PQ":
        assert_unrated(board, model, ISLAND)
        assert_unrated(fit_bradley_terry(votes, prior=1), model, ISLAND)
    with pytest.raises(InvalidParameter, match="the anchor 'P' has no rating"):
        fit_bradley_terry(votes, anchor=("P", 1000.0))


def test_a_model_that_only_won_or_only_lost_has_no_rating_without_a_prior() -> None:
    results = [*FOUR_PLAYERS, ("W", "A"), ("W", "B"), ("C", "L"), ("W", "L")]
    board = fit_bradley_terry(from_results(results))
    alone = fit_bradley_terry(from_results(FOUR_PLAYERS))
    np.testing.assert_allclose(board.rating[:4], alone.rating)
    assert_unrated(board, "W", ONLY_WON)
    assert_unrated(board, "L", ONLY_LOST)
    assert board.votes[board.place("W")] == 3


def test_a_prior_gives_a_separated_model_a_wide_interval_and_says_so() -> None:
    results = [*FOUR_PLAYERS * 20, *[("W", "A")] * 5]
    board = fit_bradley_terry(from_results(results), prior=1)
    assert board.models[0] == "W"
    assert np.isfinite(board.rating).all()
    width = board.upper - board.lower
    assert width[0] > 3 * width[1:].max()
    assert board.parameters["prior"] == 1
    assert any("only the prior" in note for note in board.notes)
    assert board.id != fit_bradley_terry(from_results(results)).id


def test_a_model_reached_only_through_an_unrated_one_is_not_rated() -> None:
    results = [*FOUR_PLAYERS, ("W", "A"), ("W", "X")]
    board = fit_bradley_terry(from_results(results))
    assert_unrated(board, "W", ONLY_WON)
    assert_unrated(board, "X", ONLY_LINKED)


def test_a_model_without_votes_is_listed_as_such() -> None:
    votes, _ = simulate(4, 200)
    wider = Comparisons((*votes.models, "new"), votes.a, votes.b, votes.outcome)
    assert_unrated(fit_bradley_terry(wider), "new", NO_VOTES)


@pytest.mark.parametrize("interval", ["sandwich", "clustered"])
def test_all_ties_are_equal_and_not_certain(interval: Interval) -> None:
    votes = Comparisons.from_labels(
        ["x", "y", "z"] * 5, ["y", "z", "x"] * 5, ["tie"] * 15, voter=["p", "q", "r", "s", "t"] * 3
    )
    board = fit_bradley_terry(votes, interval=interval)
    np.testing.assert_allclose(board.rating, 1000)
    assert (board.upper - board.lower > 100).all()
    assert any("Every vote is a tie" in note for note in board.notes)
    with pytest.raises(NotEnoughVotes, match="no counted votes"):
        fit_bradley_terry(votes, ties="drop")
    with pytest.raises(NotEnoughVotes, match="every vote is a tie"):
        fit_bradley_terry(votes, ties="davidson")


def test_a_single_voter_cannot_show_how_voters_differ() -> None:
    votes, _ = simulate(4, 200, voters=1)
    with pytest.raises(NotEnoughVotes, match="at least two voters"):
        fit_bradley_terry(votes, interval="clustered")


def test_a_voter_with_nearly_everything_makes_intervals_wide() -> None:
    votes, _ = simulate(4, 400, voters=2, taste=0.9)
    voter = np.where(np.arange(400) < 395, 0, np.arange(400))
    mine = Comparisons(votes.models, votes.a, votes.b, votes.outcome, voter=voter)
    board = fit_bradley_terry(mine, interval="clustered")
    assert np.isfinite(board.covariance).all()
    assert any("cast 99 %" in note for note in board.notes)


def test_weights_of_zero_are_as_good_as_absent() -> None:
    votes, _ = simulate(5, 400)
    weight = np.ones(400)
    weight[100:] = 0
    some = Comparisons(votes.models, votes.a, votes.b, votes.outcome, weight=weight)
    board, expected = fit_bradley_terry(some), fit_bradley_terry(votes.select(slice(0, 100)))
    np.testing.assert_allclose(board.rating, expected.rating, atol=1e-9)
    np.testing.assert_array_equal(board.votes, expected.votes)
    none = Comparisons(votes.models, votes.a, votes.b, votes.outcome, weight=np.zeros(400))
    with pytest.raises(NotEnoughVotes, match="no counted votes"):
        fit_bradley_terry(none)


@pytest.mark.parametrize("size", [1e-9, 1e12])
def test_tiny_and_huge_weights_change_nothing_when_all_are_equal(size: float) -> None:
    votes, _ = simulate(5, 400)
    scaled = Comparisons(votes.models, votes.a, votes.b, votes.outcome, weight=np.full(400, size))
    board, expected = fit_bradley_terry(scaled), fit_bradley_terry(votes)
    np.testing.assert_allclose(board.rating, expected.rating, atol=1e-6)
    np.testing.assert_allclose(board.covariance, expected.covariance, rtol=1e-6, atol=1e-6)


def test_one_huge_weight_decides_and_does_not_break_the_fit() -> None:
    votes, _ = simulate(5, 400)
    weight = np.ones(400)
    weight[0] = 1e9
    board = fit_bradley_terry(
        Comparisons(votes.models, votes.a, votes.b, votes.outcome, weight=weight)
    )
    assert np.isfinite(board.rating).all()
    assert board.id


@pytest.mark.parametrize("heaviest", [1e18, 1e100])
def test_a_rating_that_rounding_has_swallowed_is_refused(heaviest: float) -> None:
    # x won `heaviest` points and y one, so their distance is known; in between sums lose the one.
    votes = Comparisons.from_labels(["x", "y"], ["y", "x"], ["a", "a"], weight=[heaviest, 1.0])
    with pytest.raises(NotConverged, match="weights are so unequal"):
        fit_bradley_terry(votes)
    weight = [heaviest, 1.0, 1.0]
    tied = Comparisons.from_labels(
        ["x", "y", "x"], ["y", "x", "y"], ["a", "a", "tie"], weight=weight
    )
    with pytest.raises(NotConverged, match="weights are so unequal"):
        fit_bradley_terry(tied, ties="davidson")
    light = Comparisons.from_labels(["x", "y"], ["y", "x"], ["a", "a"], weight=[1e9, 1.0])
    rating = fit_bradley_terry(light).rating
    np.testing.assert_allclose(rating[0] - rating[1], 3600, atol=0.01)


def test_four_hundred_models_with_a_vote_each() -> None:
    models = tuple(f"m{number}" for number in range(400))
    a, b = np.arange(0, 400, 2), np.arange(1, 400, 2)
    votes = Comparisons(models, a, b, np.zeros(200, dtype=np.int8))
    with pytest.raises(Separated):
        fit_bradley_terry(votes)
    ring = Comparisons(models, np.arange(400), (np.arange(400) + 1) % 400, np.zeros(400, int))
    board = fit_bradley_terry(ring)
    np.testing.assert_allclose(board.rating, 1000, atol=1e-6)


def test_a_bootstrap_says_when_rounds_had_no_fit() -> None:
    votes = from_results(FOUR_PLAYERS)
    board = fit_bradley_terry(votes, interval="bootstrap", rounds=200)
    assert any("bootstrap rounds had no finite fit" in note for note in board.notes)
    assert board.replicates is not None
    assert len(board.replicates) < 200
    with pytest.raises(Separated, match="too few votes for a bootstrap"):
        fit_bradley_terry(from_results([("x", "y"), ("y", "x")]), interval="bootstrap")


def test_names_that_differ_by_case_stay_apart() -> None:
    board = fit_bradley_terry(from_results([("GPT", "gpt"), ("gpt", "GPT"), ("GPT", "gpt")]))
    assert board.models == ("GPT", "gpt")


def test_counts_are_checked() -> None:
    with pytest.raises(ValueError, match="shape"):
        Tally.from_counts(("x", "y"), np.zeros((4, 3, 3)))
    with pytest.raises(ValueError, match="negative"):
        Tally.from_counts(("x", "y"), np.full((4, 2, 2), -1.0))
    with pytest.raises(ValueError, match="itself"):
        Tally.from_counts(("x", "y"), np.ones((4, 2, 2)))


def test_all_ties_with_style_have_the_models_interval_and_a_note() -> None:
    rng = np.random.default_rng(0)
    votes = Comparisons.from_labels(
        [*"xyz"] * 20,
        [*"yzx"] * 20,
        ["tie"] * 60,
        voter=list(range(6)) * 10,
        features=rng.normal(size=(60, 1)),
    )
    for interval in ("sandwich", "clustered"):
        board = fit_style_controlled(votes, interval=interval)
        np.testing.assert_allclose(board.rating, 1000, atol=1e-6)
        assert (board.upper - board.lower > 50).all()
        assert any("no variation" in note for note in board.notes)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"weight": ["heavy"] * 2}, "weight must hold numbers"),
        ({"weight": 2.0}, "weight must be one-dimensional"),
        ({"weight": [1e200, 1.0]}, "vote 0 has a weight above 1e.100"),
        ({"weight": [1.0, 1e-200]}, "vote 1 has a weight below 1e-100, but not 0"),
        ({"features": [["long"], ["short"]]}, "features must hold numbers"),
        ({"features": [[np.inf], [-np.inf]]}, "vote 0 has a feature that is not a finite"),
        ({"features": 1.0}, "features must have shape"),
    ],
    ids=str,
)
def test_columns_that_hold_no_usable_numbers(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidVotes, match=sentence):
        Comparisons.from_labels(["x", "y"], ["y", "x"], ["a", "a"], **change)  # type: ignore[arg-type]


def test_a_weight_of_a_billion_votes_is_taken_as_it_is() -> None:
    weight = np.ones(200)
    votes, _ = simulate(4, 200)
    weight[0] = 1e9
    heavy = Comparisons(votes.models, votes.a, votes.b, votes.outcome, weight=weight)
    board = fit_bradley_terry(heavy)
    won, lost = (votes.models[side[0]] for side in (votes.a, votes.b))
    if votes.outcome[0] == 1:
        won, lost = lost, won
    assert board.place(won) < board.place(lost)
    assert np.isfinite(board.standard_error).all()


def test_unsigned_columns_and_missing_voters_of_pandas_are_taken() -> None:
    votes = Comparisons(
        ("x", "y"),
        np.array([0, 1, 0], np.uint64),
        np.array([1, 0, 1], np.uint8),
        np.array([0, 0, 2], np.uint8),
        voter=np.array([1, 2, 2**63 + 1], np.uint64),
    )
    board = fit_bradley_terry(votes, interval="clustered")
    np.testing.assert_allclose(board.rating, 1000)
    labels = Comparisons.from_labels(["x", "y"], ["y", "x"], ["a", "a"], voter=["p", pd.NA])
    assert labels.voter is not None
    assert labels.voter.tolist() == [0, -1]
