"""The test of voters by hand, and on simulated riggers."""

import math

import numpy as np
import pytest
from scipy.stats import chi2, kstest

from ratings import Comparisons, fit_bradley_terry
from ratings.anomaly import (
    FavourTest,
    VoterTest,
    audit_voters,
    favour_test,
    random_stops,
    voter_test,
)
from ratings.arrays import Flags
from ratings.errors import InvalidParameter, InvalidVotes
from ratings.outcomes import BOTH_BAD, TIE, A, B
from ratings.riggers import STRATEGIES, Population, SimulatedVotes, Strategy, simulate
from ratings.surprise import Score, vote_p_values

# Voter 9 says that model 0 beats model 1. Voters 1 to 4 said: 0 won, tie, 1 won, 1 won. Sides are
# swapped in some of the rows.
MODEL_A = np.array([0, 1, 1, 0, 0])
MODEL_B = np.array([1, 0, 0, 1, 1])
OUTCOME = np.array([A, TIE, A, B, A])
VOTER = np.array([1, 2, 3, 4, 9])


def test_a_p_value_by_hand() -> None:
    # One of four past votes has h >= 1: (1 + 1) / (4 + 1).
    p = vote_p_values(MODEL_A, MODEL_B, OUTCOME, VOTER)
    assert p[4] == 2 / 5
    # The others, each against the remaining four (one more win of 0 now): the tie has 2 wins
    # above it: 3/5; a win of 1 is beaten or equalled by all four: 5/5.
    np.testing.assert_allclose(p, [2 / 5, 3 / 5, 1.0, 1.0, 2 / 5])


def test_nobody_is_infinitely_surprising() -> None:
    # All ten others say 1 wins: p = (1 + 0) / (10 + 1), not 0.
    p = vote_p_values([0] * 11, [1] * 11, [B] * 10 + [A], range(11))
    assert p[10] == 1 / 11


def test_a_voters_own_votes_are_not_the_history() -> None:
    # 100 votes of one rigger against three honest ones: still (1 + 0) / (3 + 1).
    voter = np.concatenate((np.zeros(100, dtype=int), [1, 2, 3]))
    outcome = np.concatenate((np.full(100, A), [B, B, B]))
    p = vote_p_values([0] * 103, [1] * 103, outcome, voter)
    np.testing.assert_array_equal(p[:100], 0.25)


def test_a_pair_that_nobody_else_judged_says_nothing() -> None:
    np.testing.assert_array_equal(vote_p_values([0, 0], [1, 1], [A, B], [7, 7]), [1.0, 1.0])


def test_ties_and_both_bad_are_one_outcome() -> None:
    p = vote_p_values([0, 0], [1, 1], [TIE, BOTH_BAD], [1, 2], score="rarity")
    np.testing.assert_array_equal(p, [1.0, 1.0])


def test_rarity_works_in_both_directions() -> None:
    # Nine say 0 wins, one says 1 wins: for either orientation the odd one has, with itself in
    # the table, 1 of 10 as rare: p = 1/10; each of the others has 10 of 10 as rare or rarer.
    for a, b, common, odd in ((0, 1, A, B), (1, 0, A, B), (0, 1, B, A)):
        p = vote_p_values([a] * 10, [b] * 10, [common] * 9 + [odd], range(10), score="rarity")
        np.testing.assert_allclose(p, [1.0] * 9 + [0.1])


def test_a_suspected_target_is_put_first() -> None:
    # Model 1 is the target. By position, a win of 1 over 0 is h = 0: p = 1. Towards 1 it is the
    # extreme outcome: (1 + 1) / (2 + 1).
    votes = ([0, 0, 0], [1, 1, 1], [A, B, B], [1, 2, 3])
    assert vote_p_values(*votes)[2] == 1.0
    np.testing.assert_allclose(vote_p_values(*votes, toward=1), [1.0, 2 / 3, 2 / 3])
    with pytest.raises(InvalidVotes, match="nothing to do with model 2"):
        vote_p_values(*votes, toward=2)


def test_commonness_is_rarity_upside_down() -> None:
    # Nine say 0 wins, one says 1 wins. With itself in the table, a common vote is one of 9 as
    # common of 10; the odd one is as common or less than all.
    p = vote_p_values([0] * 10, [1] * 10, [A] * 9 + [B], range(10), score="commonness")
    np.testing.assert_allclose(p, [0.9] * 9 + [1.0])


def test_fisher_at_every_stop_by_hand() -> None:
    # horizon = stops = 2: the stops are 1 and 2 for everyone. Voter 5 has p = 0.5, 0.01 (in this
    # order), voter 3 one vote with p = 0.001.
    test = voter_test(
        [5, 3, 5], [0.5, 0.001, 0.01], rng=np.random.default_rng(0), stops=2, horizon=2
    )
    np.testing.assert_array_equal(test.voter, [3, 5])
    np.testing.assert_array_equal(test.votes, [1, 2])
    np.testing.assert_array_equal(test.stops, [[1, 2], [1, 2]])
    m = [-2 * math.log(0.001), 0.0, -2 * math.log(0.5), -2 * math.log(0.5 * 0.01)]
    np.testing.assert_allclose(test.statistic.ravel(), m)
    # One p-value combined is itself: 2 * 0.001. Two: tail of chi-squared with 4 degrees at
    # x = 10.597 is exp(-x/2) (1 + x/2) = 0.005 (1 + 5.298) = 0.03149; twice that.
    np.testing.assert_allclose(test.p_value, [0.002, 2 * 0.005 * (1 + m[3] / 2)])
    np.testing.assert_array_equal(test.flagged, [True, False])
    assert test.tested.all()


def test_a_voter_before_the_first_stop_is_not_tested() -> None:
    test = voter_test([1] * 3, [1e-9] * 3, rng=np.random.default_rng(0), stops=1, horizon=10**9)
    assert not test.tested[0]
    assert not test.flagged[0]
    assert test.p_value[0] == 1.0


def test_the_order_of_votes_is_kept_when_voters_are_interleaved() -> None:
    # Only stop 1 is looked at: the first vote of each voter.
    test = voter_test(
        [2, 1, 2, 1], [0.9, 0.8, 0.001, 0.002], rng=np.random.default_rng(0), stops=1, horizon=1
    )
    np.testing.assert_allclose(test.p_value, [0.8, 0.9])


def test_stops_are_distinct_and_every_number_is_as_likely() -> None:
    stops = random_stops(20_000, 5, 12, np.random.default_rng(1))
    assert stops.min() == 1
    assert stops.max() == 12
    assert (np.diff(stops, axis=1) > 0).all()
    counts = np.bincount(stops.ravel(), minlength=13)[1:]
    expected = 20_000 * 5 / 12
    # Each count is binomial with share 5/12: five standard deviations are 349.
    assert np.abs(counts - expected).max() < 5 * math.sqrt(20_000 * 5 / 12 * 7 / 12)


@pytest.mark.parametrize("score", ["first", "rarity", "commonness"])
def test_randomized_p_values_of_exchangeable_voters_are_uniform(score: Score) -> None:
    votes = honest_votes(voters=1500, taste=0.0)
    p = vote_p_values(
        votes.a,
        votes.b,
        votes.outcome,
        votes.voter,
        score=score,
        ties="randomized",
        rng=np.random.default_rng(4),
    )
    assert len(p) > 20_000
    assert kstest(p, "uniform").pvalue > 0.001


@pytest.mark.parametrize("score", ["first", "rarity", "commonness"])
def test_conservative_p_values_are_never_too_small(score: Score) -> None:
    votes = honest_votes(voters=1500, taste=0.0)
    p = vote_p_values(votes.a, votes.b, votes.outcome, votes.voter, score=score)
    assert p.min() > 0
    for level in (0.05, 0.2, 0.5):
        assert (p <= level).mean() <= level + 0.01


def honest_votes(voters: int, taste: float) -> SimulatedVotes:
    population = Population(np.linspace(850, 1150, 8), voters, mean_votes=20, taste=taste)
    return simulate(population, np.random.default_rng(2))


def arena_with_riggers(strategy: Strategy, spread: float, riggers: int = 30) -> SimulatedVotes:
    population = Population(np.linspace(1000 + spread, 1000 - spread, 12), honest=800)
    rng = np.random.default_rng(6)
    return simulate(population, rng, riggers=riggers, strategy=strategy, votes_each=100, target=6)


def shares(votes: SimulatedVotes, test: VoterTest | FavourTest) -> tuple[float, float]:
    """Shares of riggers, and of tested honest voters, that are flagged."""
    rigger = votes.rigger[test.voter]
    return float(test.flagged[rigger].mean()), float(test.flagged[~rigger & test.tested].mean())


def test_riggers_for_one_model_are_found_and_the_model_is_named() -> None:
    votes = arena_with_riggers("target_only", spread=150, riggers=10)
    found = favour_test(
        votes.a, votes.b, votes.outcome, votes.voter, range(12), rng=np.random.default_rng(1)
    )
    recall, accused = shares(votes, found)
    assert recall > 0.7
    assert accused < 0.02
    assert (found.favours[votes.rigger[found.voter] & found.flagged] == 6).all()


def test_random_voters_are_found_by_rarity_where_models_differ() -> None:
    votes = arena_with_riggers("random", spread=400)
    rng = np.random.default_rng(1)
    p = vote_p_values(
        votes.a, votes.b, votes.outcome, votes.voter, score="rarity", ties="randomized", rng=rng
    )
    recall, accused = shares(votes, voter_test(votes.voter, p, rng=rng))
    assert recall > 0.7
    assert accused < 0.02


@pytest.mark.parametrize(
    ("strategy", "spread", "why"),
    [("target_only", 200, "favour"), ("ranking", 200, "commonness"), ("everywhere", 300, "rarity")],
)
def test_an_audit_finds_each_kind_of_rigger(strategy: Strategy, spread: float, why: str) -> None:
    votes = arena_with_riggers(strategy, spread, riggers=10)
    audit = audit_voters(
        votes.a,
        votes.b,
        votes.outcome,
        votes.voter,
        models=range(12),
        rng=np.random.default_rng(2),
    )
    rigger = votes.rigger[audit.voter]
    assert audit.flagged[rigger].mean() > 0.6
    assert audit.flagged[~rigger].mean() < 0.02
    p_values = {name: getattr(audit, name) for name in ("rarity", "commonness", "favour")}
    sharpest = min(p_values, key=lambda name: float(np.median(p_values[name][rigger])))
    assert sharpest == why


@pytest.mark.parametrize("strategy", ["target_only", "ranking", "everywhere"])
def test_a_cap_of_votes_bounds_what_riggers_lift_and_an_audit_takes_most_of_the_rest(
    strategy: Strategy,
) -> None:
    votes = arena_with_riggers(strategy, spread=200, riggers=20)
    honest = rating_of_target(votes, ~votes.rigger[votes.voter])
    _, start = np.unique(votes.voter, return_index=True)
    capped = np.arange(len(votes.voter)) - start[votes.voter] < 20
    found = audit_voters(
        votes.a,
        votes.b,
        votes.outcome,
        votes.voter,
        models=range(12),
        rng=np.random.default_rng(2),
    )
    unflagged = ~np.isin(votes.voter, found.voter[found.flagged])
    free = rating_of_target(votes, np.ones_like(capped)) - honest
    assert free > 3
    assert rating_of_target(votes, capped) - honest < 0.75 * free
    assert abs(rating_of_target(votes, unflagged & capped) - honest) < 0.75 * free


def rating_of_target(votes: SimulatedVotes, kept: Flags) -> float:
    """Points of the model that riggers are for, from the votes that are kept."""
    comparisons = Comparisons(
        tuple(f"{number:02}" for number in range(12)),
        votes.a[kept],
        votes.b[kept],
        votes.outcome[kept].astype(np.int8),
    )
    board = fit_bradley_terry(comparisons, interval=None)
    return float(board.rating[board.place("06")])


def test_one_suspected_model_is_one_test() -> None:
    # Voter 9 says 1 beats 0 ten times, where ten others said the opposite: each p is u / 11, at
    # most 1/11, so M_j is at least 4.79 j and any stop is far out.
    a, b = [0] * 20, [1] * 20
    outcome, voter = [A] * 10 + [B] * 10, [*range(10), *[10] * 10]
    found = favour_test(
        a, b, outcome, voter, [1], rng=np.random.default_rng(0), stops=1, horizon=10
    )
    assert found.voter[-1] == 10
    assert found.favours[-1] == 1
    with pytest.raises(InvalidParameter, match="no model is suspected"):
        favour_test(a, b, outcome, voter, [], rng=np.random.default_rng(0))


def test_coarse_p_values_hide_a_rigger() -> None:
    # The published form: a win of an even pair has p = 1/2 at best, so -2 log p = 1.39 a vote,
    # which never reaches the 2 a vote that the chi-squared distribution expects of the honest.
    votes = arena_with_riggers("target_only", spread=150, riggers=10)
    p = vote_p_values(votes.a, votes.b, votes.outcome, votes.voter)
    recall, _ = shares(votes, voter_test(votes.voter, p, rng=np.random.default_rng(1)))
    assert recall < 0.2
    assert -2 * 100 * math.log(0.5) < chi2.mean(200)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_simulated_riggers_do_what_their_name_says(strategy: Strategy) -> None:
    rating = np.array([1300.0, 1200.0, 1100.0, 1000.0, 900.0])
    target = 2
    votes = simulate(
        Population(rating, honest=50),
        np.random.default_rng(3),
        riggers=20,
        strategy=strategy,
        target=target,
    )
    rigged = votes.rigger[votes.voter]
    assert rigged.sum() == 2000
    assert (votes.a != votes.b).all()
    a, b, outcome = votes.a[rigged], votes.b[rigged], votes.outcome[rigged]
    here = (a == target) | (b == target)
    for_target = np.where(a == target, outcome == A, outcome == B)
    if strategy == "random":
        assert 0.2 < for_target[here].mean() < 0.5
        return
    assert for_target[here].all()
    assert here.all() == (strategy == "target_only")
    above = np.where(rating[a] > rating[b], outcome == A, outcome == B)
    if strategy == "ranking":
        assert above[~here].all()
    if strategy == "everywhere":
        # Model 1 is next to be overtaken: it loses every battle, even against those below it.
        next_ = ~here & ((a == 1) | (b == 1))
        assert next_.sum() > 50
        assert np.where(a == 1, outcome == B, outcome == A)[next_].all()


def test_what_is_no_p_value_or_no_vote_is_refused() -> None:
    rng = np.random.default_rng(0)
    for bad in ([0.0], [1.1], [np.nan]):
        with pytest.raises(InvalidVotes, match="p-value"):
            voter_test([1], bad, rng=rng)
    with pytest.raises(InvalidVotes, match="do not fit"):
        voter_test([1, 2], [0.5], rng=rng)
    with pytest.raises(InvalidParameter, match="horizon"):
        voter_test([1], [0.5], rng=rng, stops=5, horizon=4)
    with pytest.raises(InvalidVotes, match="itself"):
        vote_p_values([0], [0], [A], [1])
    with pytest.raises(InvalidParameter, match="random generator"):
        vote_p_values([0], [1], [A], [1], ties="randomized")
    with pytest.raises(InvalidParameter, match="score='first'"):
        vote_p_values([0], [1], [A], [1], toward=1, score="rarity")
    with pytest.raises(InvalidParameter, match="unknown strategy"):
        simulate(Population(np.zeros(2), 1), rng, strategy="sly")  # type: ignore[arg-type]


def test_no_votes_and_no_voters_are_fine() -> None:
    assert len(vote_p_values([], [], [], [])) == 0
    test = voter_test([], [], rng=np.random.default_rng(0))
    assert len(test.voter) == 0
    assert test.stops.shape == (0, 5)


def test_tie_habits_differ_between_voters_only_when_asked() -> None:
    def spread(habit: float) -> float:
        crowd = Population(np.zeros(4), honest=300, mean_votes=200, tie_habit=habit)
        votes = simulate(crowd, np.random.default_rng(1))
        ties = np.bincount(votes.voter, votes.outcome == TIE) / np.bincount(votes.voter)
        return float(np.std(ties[np.bincount(votes.voter) > 100]))

    assert spread(0.0) < 0.04  # binomial: sqrt(0.25 * 0.75 / 150)
    assert spread(1.0) > 0.12
    with pytest.raises(InvalidParameter, match="tie_share"):
        Population(np.zeros(2), honest=1, tie_share=1.0)
