"""Elo in the order of the votes."""

import numpy as np
import pytest

from ratings import Comparisons, fit_elo
from ratings.errors import InvalidParameter, InvalidVotes, NotEnoughVotes
from tests.ratings.examples import llmfao_scores, llmfao_votes, need_llmfao, simulate


@pytest.mark.shared
def test_it_agrees_with_published_elo() -> None:
    need_llmfao()
    board = fit_elo(llmfao_votes(), k=4.0)
    published = llmfao_scores("elo")
    expected = [published[model] for model in board.models]
    np.testing.assert_allclose(board.rating, expected, rtol=1e-9)


def test_one_vote_moves_both_models_by_half_of_k() -> None:
    board = fit_elo(Comparisons(("x", "y"), np.array([0]), np.array([1]), np.array([0])), k=32)
    assert dict(zip(board.models, board.rating, strict=True)) == {"x": 1016.0, "y": 984.0}
    assert board.id
    assert np.isnan(board.lower).all()


def test_the_order_matters_and_is_reported() -> None:
    votes, _ = simulate(5, 500, ties=0.2)
    forward = fit_elo(votes, k=32)
    backward = fit_elo(votes.select(slice(None, None, -1)), k=32)
    assert np.abs(np.sort(forward.rating) - np.sort(backward.rating)).max() > 1
    shuffled = fit_elo(votes, k=32, interval="orders", rounds=50)
    drawn = fit_elo(votes, k=32, interval="bootstrap", rounds=50)
    np.testing.assert_array_equal(shuffled.rating, forward.rating)
    assert (shuffled.upper > shuffled.lower).all()
    assert (drawn.upper - drawn.lower).mean() > 0.9 * (shuffled.upper - shuffled.lower).mean()
    assert shuffled.draws(10).shape == (10, 5)


def test_both_bad_may_be_dropped_and_unseen_models_have_no_rating() -> None:
    votes = Comparisons(
        ("x", "y", "z"), np.array([0, 0]), np.array([1, 2]), np.array([0, 3], dtype=np.int8)
    )
    board = fit_elo(votes, both_bad="drop")
    assert board.models == ("x", "y", "z")
    assert np.isnan(board.rating[2])
    assert "z" in board.unrated


def test_it_rejects_what_elo_cannot_use() -> None:
    votes, _ = simulate(3, 30)
    with pytest.raises(InvalidParameter, match="k must"):
        fit_elo(votes, k=0)
    with pytest.raises(InvalidParameter, match="interval"):
        fit_elo(votes, interval="sandwich")  # type: ignore[arg-type]
    with pytest.raises(NotEnoughVotes):
        fit_elo(votes.select(slice(0, 0)))
    weighted = Comparisons(votes.models, votes.a, votes.b, votes.outcome, weight=np.ones(30))
    with pytest.raises(InvalidVotes, match="weights"):
        fit_elo(weighted)
