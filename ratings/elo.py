"""Elo: ratings that follow the votes in their order.

After each vote both models move by K times the surprise (Elo 1978). The answer depends on the
order of the votes, which is why it stands beside Bradley-Terry and not in its place; shuffling
the order many times shows how much.
"""

import math
from typing import Literal

import numpy as np

from ratings.arrays import AnyInteger, Floats, Integers
from ratings.assembly import Estimate, assemble_board
from ratings.board import Board
from ratings.comparisons import Comparisons
from ratings.compiled import column, in_threads, kernels
from ratings.components import NO_VOTES, Components
from ratings.errors import InvalidParameter, InvalidVotes, NotEnoughVotes
from ratings.outcomes import BothBad
from ratings.parameters import Parameters, as_number
from ratings.tally import Tally

type EloInterval = Literal["orders", "bootstrap"]


def fit_elo(
    votes: Comparisons,
    k: float = 4.0,
    initial: float = 1000.0,
    scale: float = 400.0,
    base: float = 10.0,
    *,
    both_bad: BothBad = "half",
    interval: EloInterval | None = None,
    level: float = 0.95,
    rounds: int = 100,
    seed: int = 0,
) -> Board:
    """Rate models by Elo, in the order of the votes.

    Parameters
    ----------
    votes : Comparisons
        In order of time. Ties are half a win for both. Weights have no meaning here.
    k : float
        Points that a complete surprise moves.
    initial, scale, base : float
        Rating before the first vote; points for a factor of `base` in the odds.
    both_bad : {"half", "drop"}
    interval : {"orders", "bootstrap"}, optional
        Percentiles over `rounds` shuffles of the same votes ("orders": how much the order alone
        decides), or of votes drawn with replacement ("bootstrap").
    level, rounds, seed
        Of the interval.

    Returns
    -------
    Board
        The mean rating of the models with votes is `initial`. A model without counted votes has
        no rating.

    Raises
    ------
    NotEnoughVotes, InvalidVotes, InvalidParameter
    """
    k, initial = as_number(k, "k"), as_number(initial, "initial")
    _check(votes, k, initial, interval)
    parameters = Parameters.of(
        interval=None if interval is None else "bootstrap",
        level=level,
        ties="half",
        both_bad=both_bad,
        scale=scale,
        base=base,
        center=initial,
        anchor=None,
        pair_weight=None,
        prior=0.0,
        rounds=rounds,
        seed=seed,
    )
    scores = parameters.scoring.scores
    m = len(votes.models)
    step = k / parameters.scale.points_per_logit
    # Playing keeps one processor busy; another counts meanwhile.
    theta, played = in_threads(
        lambda job: job(),
        [
            (lambda: play(votes.a, votes.b, votes.outcome, scores, m=m, step=step),),
            (lambda: Tally.from_comparisons(votes).counted(parameters.scoring).votes(),),
        ],
    )
    if not played.any():
        raise NotEnoughVotes("there are no counted votes")
    components = _with_votes(played)
    theta = theta[components.main]
    replicates = None
    if interval is not None:
        replicates = _replayed(votes, parameters, step, interval)[:, components.main]
    return assemble_board(
        votes.models,
        played,
        components,
        Estimate(theta, None, replicates),
        parameters,
        record=parameters.record("elo", k=k, interval=interval),
        source=votes,
    )


def _check(votes: Comparisons, k: float, initial: float, interval: EloInterval | None) -> None:
    if not (np.isfinite(k) and k > 0):
        raise InvalidParameter(f"k must be a positive number, not {k}")
    if not np.isfinite(initial):
        raise InvalidParameter(f"initial must be a finite number, not {initial}")
    if interval not in (None, "orders", "bootstrap"):
        raise InvalidParameter(f"interval must be 'orders', 'bootstrap' or None, not {interval!r}")
    if votes.weight is not None:
        raise InvalidVotes("Elo has no weights: leave them out, or use fit_bradley_terry")


def play(
    a: AnyInteger, b: AnyInteger, outcome: AnyInteger, scores: Floats, *, m: int, step: float
) -> Floats:
    """Play the votes one after the other.

    Parameters
    ----------
    a, b : (n,) models
    outcome : (n,) codes
    scores : (4,) score of side A by code, NaN for one that does not count
    m : int
    step : float
        K in natural log-odds.

    Returns
    -------
    (m,) ratings in natural log-odds, 0 before the first vote.
    """
    compiled = kernels(len(a))
    if compiled is None:
        return elo_in_order(a, b, scores[outcome], m, step)
    rating = np.zeros(m)
    told = np.nan_to_num(scores, nan=-1.0)
    compiled.play_elo(column(a), column(b), column(outcome, np.int8), told, step, rating)
    return rating


def elo_in_order(a: AnyInteger, b: AnyInteger, score: Floats, m: int, step: float) -> Floats:
    """`play` in plain Python, which the compiled path is tested against; NaN scores are skipped."""
    rating = [0.0] * m
    for i, j, result in zip(a.tolist(), b.tolist(), score.tolist(), strict=True):
        if result == result:  # noqa: PLR0124 - NaN is the score that differs from itself
            move = step * (result - 1.0 / (1.0 + math.exp(rating[j] - rating[i])))
            rating[i] += move
            rating[j] -= move
    return np.array(rating)


def _replayed(
    votes: Comparisons, parameters: Parameters, step: float, interval: EloInterval
) -> Floats:
    """Play resampled votes `rounds` times, (rounds, m)."""
    rng = np.random.default_rng(parameters.seed)
    scores, m = parameters.scoring.scores, len(votes.models)
    orders = (_order(rng, len(votes), interval) for _ in range(parameters.rounds))
    return np.array(
        [
            play(votes.a[order], votes.b[order], votes.outcome[order], scores, m=m, step=step)
            for order in orders
        ]
    )


def _order(rng: np.random.Generator, n: int, interval: EloInterval) -> Integers:
    if interval == "orders":
        return rng.permutation(n)
    return rng.integers(0, n, n)


def _with_votes(played: Integers) -> Components:
    label = np.where(played > 0, 0, 1).astype(np.int64)
    missing = np.flatnonzero(played == 0).tolist()
    return Components(label, np.flatnonzero(played > 0), dict.fromkeys(missing, NO_VOTES))
