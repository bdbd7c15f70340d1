"""Wilson's interval, the direct check and language mixes, by hand."""

import numpy as np
import pytest

from ratings.errors import InvalidParameter, NotEnoughVotes
from ratings.mix import mixed_draws, vote_weights
from ratings.outcomes import BOTH_BAD, TIE, A, B
from ratings.proportions import DirectCheck, clustered_interval, direct_check, wilson_interval
from ratings.undefined import Undefined


def test_wilson_for_one_of_two_by_hand() -> None:
    # z^2 = 3.841459, p = 1/2, n = 2: centre 1/2; half-width
    # z sqrt(1/8 + z^2/16) / (1 + z^2/2) = 1.959964 * sqrt(0.3650912) / 2.9207294 = 0.4054687.
    lower, upper = wilson_interval(1, 2)
    assert float(lower) == pytest.approx(0.5 - 0.4054687, abs=1e-6)
    assert float(upper) == pytest.approx(0.5 + 0.4054687, abs=1e-6)


def test_wilson_at_the_ends_stays_a_share() -> None:
    # None of n: upper end is z^2 / (n + z^2); 10 trials: 3.841459 / 13.841459 = 0.2775328.
    lower, upper = wilson_interval([0, 10], [10, 10])
    np.testing.assert_allclose(lower, [0.0, 1 - 0.2775328], atol=1e-6)
    np.testing.assert_allclose(upper, [0.2775328, 1.0], atol=1e-6)


@pytest.mark.parametrize(("won", "of"), [(0, 0), (3, 2), (-1, 2), (np.nan, 2), (1, np.inf)])
def test_wilson_refuses_what_is_no_share(won: float, of: float) -> None:
    with pytest.raises(InvalidParameter):
        wilson_interval(won, of)


def test_wilson_covers_the_truth_about_as_often_as_it_says() -> None:
    # Exact coverage for n = 40, p = 0.3: the binomial weights of the counts whose interval holds p.
    n, p = 40, 0.3
    counts = np.arange(n + 1)
    lower, upper = wilson_interval(counts, np.full(n + 1, n))
    log_choose = np.concatenate(([0.0], np.cumsum(np.log((n - counts[:-1]) / counts[1:]))))
    weight = np.exp(log_choose + counts * np.log(p) + (n - counts) * np.log(1 - p))
    assert weight.sum() == pytest.approx(1.0)
    assert 0.93 < weight[(lower <= p) & (p <= upper)].sum() < 0.97


def test_a_clustered_share_by_hand() -> None:
    # 6 of 8 by voters with 4 of 4, 2 of 2 and 0 of 2: share 3/4; independent variance
    # (3/16) / 8 = 0.0234375. Deviations 1, 1/2 and -3/2 square to 3.5; 3.5 / 64 * 3/2 = 0.08203125.
    # The design effect is 3.5, so 8 votes are worth 8 / 3.5.
    expected = wilson_interval(0.75 * 8 / 3.5, 8 / 3.5)
    assert clustered_interval([4, 2, 0], [4, 2, 2]) == pytest.approx(tuple(map(float, expected)))


def test_clusters_of_one_and_even_clusters_are_no_surer_than_wilson() -> None:
    wilson = tuple(map(float, wilson_interval(30, 60)))
    assert clustered_interval([1, 0] * 30, [1] * 60) == pytest.approx(wilson, abs=0.002)
    assert clustered_interval([1] * 30, [2] * 30) == pytest.approx(wilson)


@pytest.mark.parametrize(("won", "of"), [([30], [60]), ([5, 5, 5], [5, 5, 5])])
def test_what_clusters_cannot_tell_is_not_taken_as_sure(won: list[int], of: list[int]) -> None:
    worth = len(of)
    share = sum(won) / sum(of)
    expected = tuple(map(float, wilson_interval(share * worth, worth)))
    assert clustered_interval(won, of) == pytest.approx(expected)


def test_a_clustered_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    """Voters with a liking of their own for a side, which plain Wilson takes for certainty."""
    rng = np.random.default_rng(5)
    covered, plain = 0, 0
    for _ in range(1000):
        trials = rng.integers(1, 20, size=60)
        won = rng.binomial(trials, rng.beta(2, 2, size=60))
        lower, upper = clustered_interval(won, trials)
        covered += lower <= 0.5 <= upper
        low, high = wilson_interval(won.sum(), trials.sum())
        plain += bool(low <= 0.5 <= high)
    assert 920 < covered < 980
    assert plain < 850


@pytest.mark.parametrize(("won", "of"), [([], []), ([1], [0]), ([3], [2]), ([-1, 2], [1, 2])])
def test_a_clustered_interval_refuses_what_is_no_share(won: list[int], of: list[int]) -> None:
    with pytest.raises(InvalidParameter):
        clustered_interval(won, of)


# Model 5 against model 7: on side A a win, a tie and both bad; on side B a win and a loss.
SIDES = np.array([[5, 7, A], [5, 7, TIE], [5, 7, BOTH_BAD], [7, 5, B], [7, 5, A], [5, 6, A]])
MODEL_A, MODEL_B, OUTCOME = SIDES.T


def test_the_direct_check_counts_both_sides() -> None:
    # 2 wins, 1 loss, 1 tie, 1 both bad: (2 + 1/2 + 1/2) / 5 = 0.6; both bad dropped: 2.5 / 4.
    check = direct_check(MODEL_A, MODEL_B, OUTCOME, first=5, second=7)
    assert isinstance(check, DirectCheck)
    assert (check.wins, check.losses, check.ties, check.both_bad) == (2, 1, 1, 1)
    assert check.share == 0.6
    assert (check.lower, check.upper) == tuple(map(float, wilson_interval(3, 5)))
    dropped = direct_check(MODEL_A, MODEL_B, OUTCOME, first=5, second=7, both_bad="drop")
    assert isinstance(dropped, DirectCheck)
    assert dropped.share == 0.625
    other_way = direct_check(MODEL_A, MODEL_B, OUTCOME, first=7, second=5)
    assert isinstance(other_way, DirectCheck)
    assert other_way.share == pytest.approx(0.4)


def test_models_that_never_met_have_no_share() -> None:
    check = direct_check(MODEL_A, MODEL_B, OUTCOME, first=6, second=7)
    assert isinstance(check, Undefined)
    assert check.sentence == "The two models have not met in a counted battle."
    with pytest.raises(InvalidParameter, match="against itself"):
        direct_check(MODEL_A, MODEL_B, OUTCOME, first=5, second=5)


def test_votes_are_weighted_to_the_mix_by_hand() -> None:
    # 3 English, 1 Chinese, wanted half and half: 4 * 0.5 / 3 = 2/3 each, and 4 * 0.5 / 1 = 2.
    weights = vote_weights(["en", "en", "zh", "en"], {"en": 0.5, "zh": 0.5})
    np.testing.assert_allclose(weights, [2 / 3, 2 / 3, 2.0, 2 / 3])
    assert weights.sum() == pytest.approx(4.0)


def test_a_language_outside_the_mix_weighs_nothing() -> None:
    weights = vote_weights(["en", "fr", "zh"], {"en": 0.25, "zh": 0.75})
    np.testing.assert_allclose(weights, [0.5, 0.0, 1.5])


def test_a_language_without_votes_cannot_be_made_up_for() -> None:
    with pytest.raises(NotEnoughVotes, match="50% 'zh', which has no vote"):
        vote_weights(["en"], {"en": 0.5, "zh": 0.5})


@pytest.mark.parametrize("mix", [{"en": 0.5}, {"en": 1.5, "zh": -0.5}, {}, {"en": np.nan}])
def test_shares_that_are_no_mix_are_refused(mix: dict[str, float]) -> None:
    with pytest.raises(InvalidParameter):
        vote_weights(["en", "zh"], mix)


def test_draws_are_mixed_by_hand() -> None:
    # Gap between models 0 and 1: English 100, Chinese -20; at 3/4 and 1/4: 75 - 5 = 70. The
    # centre of the Chinese board (500 lower) makes no difference.
    mixed = mixed_draws(
        {"en": [[1100.0, 1000.0]], "zh": [[480.0, 500.0]], "fr": [[0.0, 9.0]]},
        {"en": 0.75, "zh": 0.25},
    )
    assert mixed.shape == (1, 2)
    assert mixed[0, 0] - mixed[0, 1] == 70.0


def test_draws_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InvalidParameter, match="no draws for 'zh'"):
        mixed_draws({"en": [[1.0]]}, {"en": 0.5, "zh": 0.5})
    with pytest.raises(InvalidParameter, match="unequal shapes"):
        mixed_draws({"en": [[1.0]], "zh": [[1.0, 2.0]]}, {"en": 0.5, "zh": 0.5})
