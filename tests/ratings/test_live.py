"""Live ratings are those of a full fit; slices are boards of their votes."""

import numpy as np
import pytest

from ratings import Comparisons, fit_bradley_terry, fit_style_controlled
from ratings.errors import InvalidParameter, InvalidVotes
from ratings.live import LiveRatings
from ratings.slices import fit_slices
from tests.ratings.examples import simulate


def in_order(votes: Comparisons, **options: object) -> np.ndarray:
    board = fit_bradley_terry(votes, interval=None, **options)  # type: ignore[arg-type]
    return board.rating[[board.models.index(model) for model in votes.models]]


def test_each_vote_moves_the_ratings_to_those_of_a_full_fit() -> None:
    votes, _ = simulate(10, 1200, ties=0.2)
    live = LiveRatings(votes.select(slice(0, 1000)))
    for row in range(1000, 1100):
        live.add(int(votes.a[row]), int(votes.b[row]), int(votes.outcome[row]))
    np.testing.assert_allclose(live.ratings(), in_order(votes.select(slice(0, 1100))), atol=1e-6)
    live.add_votes(votes.select(slice(1100, 1200)))
    np.testing.assert_allclose(live.ratings(), in_order(votes), atol=1e-6)
    assert live.board().id == fit_bradley_terry(votes).id


def test_many_new_votes_at_once_lead_to_a_full_fit() -> None:
    votes, _ = simulate(6, 20_000, ties=0.2)
    live = LiveRatings(votes.select(slice(0, 60)), prior=0.5)
    live.add_votes(votes.select(slice(60, 20_000)))
    np.testing.assert_allclose(live.ratings(), in_order(votes, prior=0.5), atol=1e-6)


def test_a_model_gets_a_rating_when_its_votes_link_it() -> None:
    votes, _ = simulate(4, 200)
    five = Comparisons((*votes.models, "new"), votes.a, votes.b, votes.outcome)
    live = LiveRatings(five)
    assert np.isnan(live.ratings()[4])
    live.add(4, 0, 0)
    assert np.isnan(live.ratings()[4])
    live.add(1, 4, 0)
    rating = live.ratings()
    assert np.isfinite(rating).all()
    longer = Comparisons(
        five.models,
        np.append(five.a, [4, 1]),
        np.append(five.b, [0, 4]),
        np.append(five.outcome, [0, 0]),
    )
    np.testing.assert_allclose(rating, in_order(longer), atol=1e-6)


def test_dropped_outcomes_change_nothing() -> None:
    votes, _ = simulate(4, 200)
    live = LiveRatings(votes, both_bad="drop")
    before = live.ratings()
    live.add(0, 1, 3)
    np.testing.assert_array_equal(live.ratings(), before)
    assert live.tally.count[3, 0, 1] == 1


def test_live_ratings_refuse_what_they_cannot_follow() -> None:
    votes, _ = simulate(4, 200)
    with pytest.raises(InvalidParameter, match="half"):
        LiveRatings(votes, ties="davidson")
    weighted = Comparisons(votes.models, votes.a, votes.b, votes.outcome, weight=np.ones(200) * 2)
    with pytest.raises(InvalidParameter, match="weights"):
        LiveRatings(weighted)
    with pytest.raises(InvalidParameter, match="same models"):
        LiveRatings(votes).add_votes(weighted)


@pytest.mark.parametrize("style", [False, True])
def test_a_slice_is_the_board_of_its_votes(style: bool) -> None:
    votes, _ = simulate(6, 4000, effects=(0.3,), voters=50)
    rows = {
        "even": np.arange(4000) % 2 == 0,
        "first half": np.arange(4000) < 2000,
        "one vote": np.arange(4000) == 7,
    }
    found = fit_slices(votes, rows, style=style)
    assert set(found.boards) == {"even", "first half"}
    assert "no rating is finite" in found.refused["one vote"]
    fit = fit_style_controlled if style else fit_bradley_terry
    for name, board in found.boards.items():
        expected = fit(votes.select(rows[name]))
        assert board.models == expected.models
        np.testing.assert_allclose(board.rating, expected.rating, atol=1e-6)
        np.testing.assert_allclose(board.covariance, expected.covariance, atol=1e-5)


def test_clustered_slices_know_their_voters() -> None:
    votes, _ = simulate(5, 1000, voters=30)
    rows = {"all": np.ones(1000, dtype=bool)}
    board = fit_slices(votes, rows, interval="clustered").boards["all"]
    np.testing.assert_allclose(
        board.covariance, fit_bradley_terry(votes, interval="clustered").covariance
    )


def test_slices_refuse_what_is_no_slice() -> None:
    votes, _ = simulate(5, 100)
    with pytest.raises(InvalidVotes, match="100 booleans"):
        fit_slices(votes, {"short": np.ones(3, dtype=bool)})
    with pytest.raises(InvalidVotes, match="100 booleans"):
        fit_slices(votes, {"list": [True] * 100})  # type: ignore[dict-item]
    with pytest.raises(InvalidParameter):
        fit_slices(votes, {"all": np.ones(100, dtype=bool)}, level=2)
