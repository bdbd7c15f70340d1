"""Scores of forecasts by hand."""

import math

import numpy as np
import pytest

from ratings.errors import InvalidParameter, NotEnoughVotes
from ratings.outcomes import BOTH_BAD, TIE, A, B, Scoring
from ratings.prediction import calibrate, chances, log_losses, predictive_check

# 400 log10(3) = 190.85 points are odds of 3 to 1: a chance of 3/4.
THREE_TO_ONE = 400 * math.log10(3)


def test_chances_by_hand() -> None:
    p = chances([THREE_TO_ONE, 0.0, np.nan], [0, 1, 0], [1, 0, 2])
    np.testing.assert_allclose(p[:2], [0.75, 0.25])
    assert np.isnan(p[2])


def test_losses_by_hand() -> None:
    # Said 3/4: a win costs -ln 3/4, a loss -ln 1/4, a tie the mean of both.
    losses = log_losses(np.full(3, 0.75), np.array([1.0, 0.0, 0.5]))
    win, loss = -math.log(0.75), -math.log(0.25)
    np.testing.assert_allclose(losses, [win, loss, (win + loss) / 2])
    with pytest.raises(InvalidParameter, match="strictly between"):
        log_losses(np.array([1.0]), np.array([1.0]))


def test_a_board_against_a_constant_by_hand() -> None:
    # Four votes of a 3 to 1 favourite: three won, one lost. Board: (3 ln 4/3 + ln 4) / 4 = 0.56233
    # nats, Brier (3 * 1/16 + 9/16) / 4 = 3/16. Constant 1/2: ln 2 nats, Brier 1/4.
    check = predictive_check([THREE_TO_ONE, 0.0], [0, 0, 0, 1], [1, 1, 1, 0], [A, A, B, B])
    board, constant = check.forecasts["board"], check.forecasts["constant"]
    expected = (3 * math.log(4 / 3) + math.log(4)) / 4
    assert board.log_loss == pytest.approx(expected)
    assert board.brier == pytest.approx(3 / 16)
    assert constant.log_loss == pytest.approx(math.log(2))
    assert constant.brier == 0.25
    assert check.advantages["constant"].log_loss == pytest.approx(math.log(2) - expected)
    assert (check.votes, check.unpredicted) == (4, 0)


def test_calibration_turns_each_vote_to_the_favourite() -> None:
    # 0.75 twice (one win, one tie) and 0.2, that is 0.8 for the other side, which won. Ten bins
    # of 0.05: [0.75, 0.8) holds 2 votes with 1.5 won, [0.8, 0.85) holds one, won.
    calibration = calibrate(np.array([0.75, 0.75, 0.199]), np.array([1.0, 0.5, 0.0]))
    np.testing.assert_array_equal(calibration.votes, [2, 1])
    np.testing.assert_allclose(calibration.predicted, [0.75, 0.801])
    np.testing.assert_allclose(calibration.observed, [0.75, 1.0])
    assert calibration.error == pytest.approx((2 * 0 + 0.199) / 3)
    assert (calibration.lower <= calibration.observed).all()
    assert (calibration.observed <= calibration.upper + 1e-12).all()


def test_a_sure_favourite_falls_in_the_last_bin() -> None:
    calibration = calibrate(np.array([0.999999, 0.5]), np.array([1.0, 1.0]), bins=2)
    np.testing.assert_array_equal(calibration.votes, [1, 1])


def test_rivals_are_scored_on_the_same_votes() -> None:
    # Elo does not rate model 2, so neither forecaster is scored on the second vote; the third is
    # both bad and dropped.
    check = predictive_check(
        [100.0, 0.0, 50.0],
        [0, 0, 0],
        [1, 2, 1],
        [A, A, BOTH_BAD],
        rivals={"elo": [100.0, 0.0, np.nan]},
        scoring=Scoring(both_bad="drop"),
    )
    assert (check.votes, check.unpredicted) == (1, 2)
    assert check.advantages["elo"].log_loss == 0.0
    assert (check.advantages["elo"].lower, check.advantages["elo"].upper) == (None, None)


def test_the_advantage_is_clustered_by_voter() -> None:
    # Differences d of four votes by two voters; each voter casts one vote twice, so the interval
    # must be that of two votes: wider by sqrt(2) than that of four, before small-sample factors.
    a, b, outcome = [0] * 4, [1] * 4, [A, A, B, B]
    board = [THREE_TO_ONE, 0.0]
    alone = predictive_check(board, a, b, outcome).advantages["constant"]
    clustered = predictive_check(board, a, b, outcome, voter=[7, 7, 9, 9]).advantages["constant"]
    assert alone.lower is not None
    assert clustered.lower is not None
    assert alone.log_loss == clustered.log_loss
    # Deviations are +-e with e = (ln 3)/2. Alone: sqrt(4 e^2 * 4/3) / 4; clustered:
    # sqrt(2 (2e)^2 * 2) / 4.
    e = math.log(3) / 2
    assert alone.log_loss - alone.lower == pytest.approx(1.959964 * e * math.sqrt(16 / 3) / 4)
    assert clustered.log_loss - clustered.lower == pytest.approx(1.959964 * e)


def test_the_true_board_beats_the_constant_and_is_calibrated() -> None:
    rng = np.random.default_rng(3)
    rating = np.linspace(800, 1200, 10)
    a = rng.integers(0, 10, 20_000)
    b = (a + rng.integers(1, 10, 20_000)) % 10
    outcome = np.where(rng.random(20_000) < chances(rating, a, b), A, B)
    check = predictive_check(rating, a, b, outcome, rivals={"flat": np.full(10, 1000.0)})
    won = check.advantages["constant"]
    assert won.lower is not None
    assert won.lower > 0
    assert check.advantages["flat"].log_loss == pytest.approx(won.log_loss)
    calibration = check.forecasts["board"].calibration
    assert len(calibration.votes) > 5
    assert calibration.error < 0.02
    overconfident = predictive_check((rating - 1000) * 3, a, b, outcome).forecasts["board"]
    assert overconfident.calibration.error > 0.1


def test_votes_that_nobody_can_predict_are_an_error_and_not_a_zero() -> None:
    with pytest.raises(NotEnoughVotes, match="every forecaster rates"):
        predictive_check([np.nan, 0.0], [0], [1], [A])
    with pytest.raises(NotEnoughVotes):
        predictive_check([0.0, 0.0], [0], [1], [TIE], scoring=Scoring(ties="drop"))
    with pytest.raises(InvalidParameter, match="constant chance"):
        predictive_check([0.0, 0.0], [0], [1], [A], constant=1.0)
