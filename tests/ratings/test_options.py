"""Every option of every fit: honoured as the reference says, or refused with a sentence."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from ratings import (
    Board,
    Comparisons,
    LiveRatings,
    fit_bradley_terry,
    fit_elo,
    fit_slices,
    fit_style_controlled,
    votes_to_flip_first_place,
)
from ratings.arrays import Floats
from ratings.errors import InvalidParameter, RatingsError
from ratings.tally import Tally
from tests.ratings.examples import simulate

LOGIT = 400 / np.log(10)
BOTH_BAD = 3


def some_votes() -> Comparisons:
    """Votes with every outcome, uneven pairs, voters and a feature."""
    votes, _ = simulate(5, 900, seed=4, ties=0.6, voters=40, taste=0.5, effects=(0.3,))
    outcome = votes.outcome.copy()
    outcome[np.flatnonzero(outcome == 2)[::3]] = BOTH_BAD
    keep = (votes.a + votes.b > 2) | (np.arange(900) % 4 == 0)
    return Comparisons(
        votes.models, votes.a, votes.b, outcome, voter=votes.voter, features=votes.features
    ).select(keep)


VOTES = some_votes()


def in_order(board: Board) -> Floats:
    """Ratings in the order of the votes' models."""
    return board.rating[[board.models.index(model) for model in VOTES.models]]


def bradley_terry(votes: Comparisons = VOTES, **options: Any) -> Board:
    return fit_bradley_terry(votes, **options)


def davidson(votes: Comparisons = VOTES, **options: Any) -> Board:
    return fit_bradley_terry(votes, **{"ties": "davidson", **options})


def styled(votes: Comparisons = VOTES, **options: Any) -> Board:
    return fit_style_controlled(votes, **options)


def sliced(votes: Comparisons = VOTES, **options: Any) -> Board:
    return fit_slices(votes, {"all": np.ones(len(votes), dtype=bool)}, **options).boards["all"]


def sliced_style(votes: Comparisons = VOTES, **options: Any) -> Board:
    return sliced(votes, style=True, **options)


def live(votes: Comparisons = VOTES, **options: Any) -> Board:
    began = {name: options.pop(name) for name in ("ties", "both_bad", "prior") if name in options}
    bare = Comparisons(votes.models, votes.a, votes.b, votes.outcome, weight=votes.weight)
    half = len(bare) // 2
    ratings = LiveRatings(bare.select(slice(0, half)), **began)
    ratings.add_votes(bare.select(slice(half, None)))
    board = ratings.board(**options)
    points = {
        name: options[name] for name in options.keys() & {"scale", "base", "center", "anchor"}
    }
    if "pair_weight" not in options:
        np.testing.assert_allclose(ratings.ratings(**points), in_order(board), atol=1e-6)
    return board


FITS: Mapping[str, Callable[..., Board]] = {
    "plain": bradley_terry,
    "davidson": davidson,
    "styled": styled,
    "sliced": sliced,
    "sliced style": sliced_style,
    "live": live,
}
ANCHOR = (VOTES.models[3], 1234.5)


def weighted(weight: Floats) -> Comparisons:
    return Comparisons(
        VOTES.models,
        VOTES.a,
        VOTES.b,
        VOTES.outcome,
        voter=VOTES.voter,
        weight=weight,
        features=VOTES.features,
    )


def pair_weights(bound: float) -> Floats:
    met = Tally.from_comparisons(VOTES).meetings
    return np.asarray(1 / np.maximum(met, bound))[VOTES.a, VOTES.b]


@pytest.mark.parametrize("name", FITS)
def test_scale_base_and_center(name: str) -> None:
    plain, other = FITS[name](), FITS[name](scale=100.0, base=2.0, center=50.0)
    strengths = (in_order(plain) - 1000) / LOGIT
    np.testing.assert_allclose(in_order(other), 50 + 100 / np.log(2) * strengths, atol=1e-6)
    np.testing.assert_allclose(
        other.standard_error / plain.standard_error, 100 / np.log(2) / LOGIT, rtol=1e-6
    )


@pytest.mark.parametrize("name", FITS)
def test_anchor(name: str) -> None:
    plain, other = FITS[name](), FITS[name](anchor=ANCHOR)
    shift = ANCHOR[1] - plain.rating[plain.place(ANCHOR[0])]
    np.testing.assert_allclose(in_order(other), in_order(plain) + shift, atol=1e-6)
    np.testing.assert_allclose(other.covariance, plain.covariance, atol=1e-6)
    np.testing.assert_allclose(other.upper - other.lower, plain.upper - plain.lower, atol=1e-6)
    with pytest.raises(InvalidParameter, match="'nobody' is not among the models"):
        FITS[name](anchor=("nobody", 1000.0))


@pytest.mark.parametrize("name", FITS)
def test_level(name: str) -> None:
    plain, other = FITS[name](), FITS[name](level=0.5)
    ratio = (other.upper - other.lower) / (plain.upper - plain.lower)
    np.testing.assert_allclose(ratio, 0.6744897501960817 / 1.959963984540054, rtol=1e-9)
    assert other.level == 0.5
    with pytest.raises(InvalidParameter, match="level must lie between"):
        FITS[name](level=95)
    with pytest.raises(InvalidParameter, match="level must be a number, not 'all'"):
        FITS[name](level="all")


@pytest.mark.parametrize("name", FITS)
@pytest.mark.parametrize("interval", ["model", "sandwich", "clustered", "bootstrap_voters"])
def test_interval(name: str, interval: str) -> None:
    if name == "live" and interval in ("clustered", "bootstrap_voters"):
        with pytest.raises(InvalidParameter, match="needs votes with voters"):
            live(interval=interval)
        return
    board = FITS[name](interval=interval, rounds=20)
    assert board.parameters["interval"] == interval
    assert np.isfinite(board.covariance).all()
    if interval != "sandwich":
        assert not np.allclose(board.standard_error, FITS[name]().standard_error, rtol=1e-3)


@pytest.mark.parametrize("name", FITS)
def test_rounds_and_seed(name: str) -> None:
    def bootstrap(**options: Any) -> Board:
        return FITS[name](interval="bootstrap", **{"rounds": 20, **options})

    first = bootstrap()
    assert first.replicates is not None
    assert len(first.replicates) == 20
    np.testing.assert_array_equal(bootstrap().lower, first.lower)
    assert (bootstrap(seed=1).lower != first.lower).all()
    assert bootstrap(seed=1).id != first.id
    assert bootstrap(rounds=np.int64(20), seed=np.int64(0)).id == first.id
    for wrong in ({"rounds": 1}, {"rounds": 20.0}, {"seed": None}, {"seed": -1}):
        with pytest.raises(InvalidParameter, match=next(iter(wrong))):
            bootstrap(**wrong)


@pytest.mark.parametrize("name", FITS)
@pytest.mark.parametrize("both_bad", ["half", "drop"])
@pytest.mark.parametrize("ties", ["half", "drop", "davidson"])
def test_ties_and_both_bad(name: str, ties: str, both_bad: str) -> None:
    def fit(votes: Comparisons, **options: Any) -> Board:
        return FITS[name](votes, ties=ties, **options)

    if ties == "davidson" and name not in ("plain", "davidson", "sliced"):
        with pytest.raises(InvalidParameter, match="'half' or 'drop'"):
            fit(VOTES, both_bad=both_bad)
        return
    outcome = VOTES.outcome
    gone = np.zeros(len(VOTES), dtype=bool)
    if both_bad == "drop":
        gone |= outcome == BOTH_BAD
    if ties == "drop":
        gone |= outcome == 2
    board, expected = fit(VOTES, both_bad=both_bad), fit(VOTES.select(~gone))
    np.testing.assert_allclose(in_order(board), in_order(expected), atol=1e-6)
    np.testing.assert_allclose(board.covariance, expected.covariance, atol=1e-5)
    np.testing.assert_array_equal(board.votes, expected.votes)


@pytest.mark.parametrize("name", FITS)
def test_weights(name: str) -> None:
    weight = np.random.default_rng(0).integers(1, 4, len(VOTES)).astype(float)
    if name == "live":
        with pytest.raises(InvalidParameter, match="votes without weights"):
            live(weighted(weight))
        return
    repeated = VOTES.select(np.repeat(np.arange(len(VOTES)), weight.astype(int)))
    board = FITS[name](weighted(weight), **({"standardize": False} if "style" in name else {}))
    again = FITS[name](repeated, **({"standardize": False} if "style" in name else {}))
    np.testing.assert_allclose(in_order(board), in_order(again), atol=1e-6)
    assert board.votes.sum() == 2 * len(VOTES)


@pytest.mark.parametrize("name", FITS)
def test_a_weight_of_zero_is_no_vote(name: str) -> None:
    if name == "live":
        return  # it takes no weights, as the test before this one holds
    weight = np.where(np.arange(len(VOTES)) % 3 == 0, 0.0, 1.0)
    board, expected = FITS[name](weighted(weight)), FITS[name](VOTES.select(weight > 0))
    np.testing.assert_allclose(in_order(board), in_order(expected), atol=1e-6)
    np.testing.assert_allclose(board.covariance, expected.covariance, atol=1e-5)
    np.testing.assert_array_equal(board.votes, expected.votes)


@pytest.mark.parametrize("name", FITS)
def test_pair_weight(name: str) -> None:
    board = FITS[name](pair_weight=60)
    fit = FITS["plain" if name == "live" else name]
    expected = fit(weighted(pair_weights(60)))
    np.testing.assert_allclose(in_order(board), in_order(expected), atol=1e-6)
    np.testing.assert_allclose(board.covariance, expected.covariance, rtol=1e-5, atol=1e-5)
    assert not np.allclose(in_order(board), in_order(FITS[name]()), atol=0.5)


@pytest.mark.parametrize("name", FITS)
def test_prior(name: str) -> None:
    if name == "davidson":
        with pytest.raises(InvalidParameter, match="takes no prior"):
            davidson(prior=1)
        return
    strengths = (in_order(FITS[name](prior=40)) - 1000) / LOGIT
    # The score of the penalised likelihood vanishes: votes push, 40 virtual votes pull back.
    pull = 40 * (0.5 - 1 / (1 + np.exp(-strengths)))
    score = np.array([1, 0, 0.5, 0.5])[VOTES.outcome]
    logit = strengths[VOTES.a] - strengths[VOTES.b]
    if "style" in name:
        assert np.ptp(strengths) < np.ptp(in_order(FITS[name]()) / LOGIT)
        return
    residual = score - 1 / (1 + np.exp(-logit))
    push = np.bincount(VOTES.a, residual, 5) - np.bincount(VOTES.b, residual, 5)
    np.testing.assert_allclose(push + pull - pull.mean(), 0, atol=1e-7)


@pytest.mark.parametrize("name", ["styled", "sliced style"])
def test_ridge_standardize_and_position(name: str) -> None:
    fit: Callable[..., Any] = FITS[name]
    plain = fit()
    assert VOTES.features is not None
    sd = VOTES.features.std()
    raw = fit(standardize=False)
    np.testing.assert_allclose(plain.coefficients, raw.coefficients * sd, rtol=1e-6)
    assert abs(fit(ridge=200.0).coefficients[0]) < 0.9 * abs(plain.coefficients[0])
    assert fit(position=True).coefficient_names == ("feature 1", "position")
    for wrong in (-1.0, float("nan")):
        with pytest.raises(InvalidParameter, match="ridge"):
            fit(ridge=wrong)


@pytest.mark.parametrize("name", FITS)
def test_what_is_no_option_is_not_passed_over(name: str) -> None:
    with pytest.raises(TypeError, match="wieght"):
        FITS[name](wieght=2)


def test_every_option_of_a_fit_is_tried_here() -> None:
    tried = {
        *("interval", "level", "ties", "both_bad", "scale", "base", "center", "anchor"),
        *("pair_weight", "prior", "rounds", "seed"),
    }
    style = {"ridge", "standardize", "position", "start"}  # start: tests/ratings/test_style.py
    assert set(inspect.signature(fit_bradley_terry).parameters) == {"votes"} | tried
    assert set(inspect.signature(fit_style_controlled).parameters) == {"votes"} | tried | style


def test_live_ratings_keep_the_policy_they_began_with() -> None:
    ratings = LiveRatings(VOTES, both_bad="drop", prior=0.5)
    assert ratings.board(both_bad="drop").parameters["both_bad"] == "drop"
    for other in ({"both_bad": "half"}, {"prior": 1.0}, {"ties": "davidson"}):
        with pytest.raises(InvalidParameter, match="were begun with"):
            ratings.board(**other)
    with pytest.raises(InvalidParameter, match="'nobody' is not among"):
        ratings.ratings(anchor=("nobody", 1.0))


def test_elo() -> None:
    plain = fit_elo(VOTES)
    moved = fit_elo(VOTES, k=8.0, initial=0.0, scale=200.0, base=float(np.e))
    step, rating = 8.0 / 200.0, np.zeros(5)
    for a, b, outcome in zip(VOTES.a, VOTES.b, VOTES.outcome, strict=True):
        gain = step * ([1, 0, 0.5, 0.5][outcome] - 1 / (1 + np.exp(rating[b] - rating[a])))
        rating[a] += gain
        rating[b] -= gain
    np.testing.assert_allclose(in_order(moved), 200 * rating, atol=1e-9)
    dropped = fit_elo(VOTES, both_bad="drop")
    np.testing.assert_allclose(
        in_order(dropped), in_order(fit_elo(VOTES.select(VOTES.outcome != BOTH_BAD)))
    )
    assert np.isnan(plain.lower).all()
    for interval in ("orders", "bootstrap"):
        wide, narrow = (
            fit_elo(VOTES, interval=interval, rounds=40, level=level) for level in (0.9, 0.5)
        )
        assert (wide.upper - wide.lower > narrow.upper - narrow.lower).all()
        assert wide.id != narrow.id
    with pytest.raises(RatingsError, match="no weights"):
        fit_elo(weighted(np.ones(len(VOTES))))


def test_influence() -> None:
    half, drop = (votes_to_flip_first_place(VOTES, both_bad=policy) for policy in ("half", "drop"))
    assert half is not None
    assert drop is not None
    expected = votes_to_flip_first_place(VOTES.select(VOTES.outcome != BOTH_BAD))
    assert drop == expected
    assert half != drop
    with pytest.raises(InvalidParameter, match="leave the weights out"):
        votes_to_flip_first_place(weighted(pair_weights(60)))
    with pytest.raises(InvalidParameter, match="'half' or 'drop'"):
        votes_to_flip_first_place(VOTES, ties="davidson")
    with pytest.raises(InvalidParameter, match="challengers"):
        votes_to_flip_first_place(VOTES, challengers=0)


def test_a_tally_of_weighted_votes_has_a_sandwich_but_no_bootstrap() -> None:
    heavy = weighted(np.random.default_rng(0).uniform(0.5, 2, len(VOTES)))
    tally = Tally.from_comparisons(heavy)
    np.testing.assert_allclose(
        fit_bradley_terry(tally).covariance, fit_bradley_terry(heavy).covariance, atol=1e-8
    )
    with pytest.raises(InvalidParameter, match="needs the votes themselves"):
        fit_bradley_terry(tally, interval="bootstrap")
    with pytest.raises(InvalidParameter, match="needs votes with voters"):
        fit_bradley_terry(tally, interval="clustered")
