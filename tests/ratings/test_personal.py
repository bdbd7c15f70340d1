"""A personal board by hand, and where it must lead in the limit."""

import math

import numpy as np
import pytest

from ratings.arrays import Floats
from ratings.errors import InvalidParameter, InvalidVotes
from ratings.outcomes import BOTH_BAD, TIE, A, B
from ratings.personal import PersonalBoard, personal_board
from ratings.scale import Scale

UNIT = Scale().points_per_logit


def test_one_win_between_equals_by_hand() -> None:
    # The winner goes up by x and the loser down by x log-odds, where 1 - p(2x) = x / tau^2.
    # With odds of 3 to 1, 2x = ln 3 and 1 - p = 1/4, so 1 / tau^2 = 1 / (2 ln 3).
    precision = 1 / (2 * math.log(3))
    tau = UNIT / math.sqrt(precision)
    board = personal_board([0], [1], [A], [1000.0, 1000.0], prior_scale=tau)
    three_to_one = 400 * math.log10(3)  # 190.85 points
    np.testing.assert_allclose(board.moved, [three_to_one / 2, -three_to_one / 2], atol=1e-6)
    # Curvature against the difference: precision + 2 * 3/4 * 1/4, so its variance is
    # 2 / (precision + 3/8); along the sum only the prior.
    c = board.covariance / UNIT**2
    assert c[0, 0] + c[1, 1] - 2 * c[0, 1] == pytest.approx(2 / (precision + 3 / 8))
    assert c[0, 0] + c[1, 1] + 2 * c[0, 1] == pytest.approx(2 / precision)
    np.testing.assert_allclose(board.upper - board.rating, 1.959964 * np.sqrt(np.diag(c)) * UNIT)


def test_without_votes_the_public_board_stands_with_the_prior_as_its_interval() -> None:
    board = personal_board([], [], [], [1100.0, 900.0], prior_scale=50.0)
    np.testing.assert_allclose(board.rating, [1100.0, 900.0])
    np.testing.assert_allclose(board.upper - board.rating, 1.959964 * 50.0, rtol=1e-6)
    assert (board.used, board.unused) == (0, 0)


def test_a_model_without_votes_of_this_voter_keeps_its_public_rating() -> None:
    board = personal_board([0] * 5, [1] * 5, [A] * 5, [1000.0, 1000.0, 1050.0])
    assert board.rating[2] == pytest.approx(1050.0)
    assert board.moved[0] > 20
    assert board.votes.tolist() == [5, 5, 0]


def test_more_votes_move_further_and_a_tighter_prior_less() -> None:
    def moved(votes: int, tau: float) -> float:
        board = personal_board([0] * votes, [1] * votes, [A] * votes, [0.0, 0.0], prior_scale=tau)
        return float(board.moved[0])

    assert 0 < moved(1, 100) < moved(10, 100) < moved(100, 100)
    assert 0 < moved(10, 30) < moved(10, 100) < moved(10, 300)


def test_a_favourite_that_always_won_stays_finite() -> None:
    board = personal_board([0] * 1000, [1] * 1000, [A] * 1000, [1000.0, 1000.0])
    assert np.isfinite(board.rating).all()
    assert board.moved[0] < 1000


def test_with_many_votes_and_a_loose_prior_it_is_the_maximum_likelihood() -> None:
    # 30 wins, 10 losses: odds 3 to 1.
    outcome = [A] * 30 + [B] * 10
    board = personal_board([0] * 40, [1] * 40, outcome, [0.0, 0.0], prior_scale=1e5)
    assert board.rating[0] - board.rating[1] == pytest.approx(400 * math.log10(3), abs=0.01)


def test_sides_do_not_matter() -> None:
    left = personal_board([0, 0], [1, 1], [A, TIE], [1000.0, 1010.0])
    right = personal_board([1, 0], [0, 1], [B, TIE], [1000.0, 1010.0])
    np.testing.assert_allclose(left.rating, right.rating)


def test_both_bad_counts_as_a_tie_or_not_at_all() -> None:
    tie, bad, dropped = (
        personal_board([0], [1], [code], [1000.0, 1200.0], both_bad=both_bad)  # type: ignore[arg-type]
        for code, both_bad in ((TIE, "half"), (BOTH_BAD, "half"), (BOTH_BAD, "drop"))
    )
    np.testing.assert_allclose(tie.rating, bad.rating)
    assert tie.moved[0] > 1
    np.testing.assert_allclose(dropped.moved, 0.0, atol=1e-9)
    assert (dropped.used, dropped.unused) == (0, 1)


def test_models_without_a_public_rating_are_left_out_and_said_so() -> None:
    board = personal_board([0, 0], [1, 2], [A, A], [1000.0, np.nan, 1000.0])
    assert np.isnan(board.rating[1])
    assert (board.used, board.unused) == (1, 1)
    assert board.votes.tolist() == [1, 0, 1]


def test_an_uncertain_public_board_gives_way_more_easily() -> None:
    exact = personal_board([0], [1], [A], [0.0, 0.0])
    loose = personal_board([0], [1], [A], [0.0, 0.0], public_covariance=np.eye(2) * 1e4)
    # Variances add: 100^2 + 100^2 is a prior scale of 141.42.
    wider = personal_board([0], [1], [A], [0.0, 0.0], prior_scale=100 * math.sqrt(2))
    assert loose.moved[0] > exact.moved[0]
    np.testing.assert_allclose(loose.rating, wider.rating)


def test_the_interval_covers_tastes_drawn_from_the_prior() -> None:
    # Tastes from the prior itself, 300 voters of 40 votes, 6 models: 1,800 intervals at 95 %.
    rng = np.random.default_rng(8)
    public = np.linspace(900, 1100, 6)
    held = total = 0
    for _ in range(300):
        taste = public + rng.normal(0, 100, 6)
        board = voted(rng, taste, public)
        held += int(((board.lower <= taste) & (taste <= board.upper)).sum())
        total += 6
    assert total == 1800
    assert 0.93 < held / total < 0.97


def voted(rng: np.random.Generator, taste: Floats, public: Floats) -> PersonalBoard:
    a = rng.integers(0, 6, 40)
    b = (a + rng.integers(1, 6, 40)) % 6
    p = 1 / (1 + 10 ** ((taste[b] - taste[a]) / 400))
    return personal_board(a, b, np.where(rng.random(40) < p, A, B), public)


@pytest.mark.parametrize(
    ("a", "b", "outcome", "match"),
    [
        ([0], [0], [A], "with itself"),
        ([0], [2], [A], "b must lie between 0 and 1"),
        ([0], [1], [4], "outcome must lie between 0 and 3"),
        ([0, 1], [1], [A], "equal length"),
    ],
)
def test_votes_that_are_none_are_refused(
    a: list[int], b: list[int], outcome: list[int], match: str
) -> None:
    with pytest.raises(InvalidVotes, match=match):
        personal_board(a, b, outcome, [1000.0, 1000.0])


def test_parameters_that_make_no_sense_are_refused() -> None:
    with pytest.raises(InvalidParameter, match="prior_scale"):
        personal_board([0], [1], [A], [0.0, 0.0], prior_scale=0)
    with pytest.raises(InvalidParameter, match="shape"):
        personal_board([0], [1], [A], [0.0, 0.0], public_covariance=np.eye(3))
    with pytest.raises(InvalidParameter, match="not finite"):
        personal_board([0], [1], [A], [0.0, 0.0], public_covariance=np.full((2, 2), np.nan))
