"""Ties as an outcome of their own (Davidson 1970).

With d the difference of two strengths in log-odds and nu > 0,

    P(a) : P(b) : P(tie)  =  exp(d/2) : exp(-d/2) : nu

so the odds of a against b, once one of them wins, are those of Bradley and Terry. All parameters,
the strengths and log nu, are fitted together by Newton's method.

When is the maximum finite? The likelihood is concave, so it is unless some direction (u, e) of
(theta, log nu) never makes a vote less likely. Every win of i over j then asks for u_i - u_j >= 0
and u_i - u_j >= 2 e, every tie for |u_i - u_j| <= 2 e. With e < 0 that needs a world without ties;
with e = 0 models that are not linked by points taken both ways; with e > 0 strengths in which each
win spans at least 2 e and each tie at most that, which exist unless some closed walk, from winner
to loser and across ties, holds more wins than ties (a circle of length below zero in a system of
difference constraints). So: at least one tie, linked models, and one such walk.
"""

from dataclasses import dataclass

import numpy as np

from ratings.arrays import Floats
from ratings.covariance import laplacian_of
from ratings.errors import NotConverged, NotEnoughVotes, Separated
from ratings.newton import ground_level, newman_start, permitted_gradient, refuse_swallowed

_MAX_STEPS = 100
_MAX_HALVINGS = 40


@dataclass(frozen=True, eq=False)
class TieModel:
    """Strengths theta (m,) with mean 0, log nu, and the (m + 1, m + 1) inverse Hessian."""

    theta: Floats
    log_nu: float
    inverse: Floats


def fit_with_ties(won: Floats, tied: Floats, start: Floats | None = None) -> TieModel:
    """Maximise Davidson's likelihood.

    Parameters
    ----------
    won : (m, m) weight of votes the row won against the column
    tied : (m, m) weight of tied votes, symmetric; every model must be linked to every other by
        points taken both ways (`ratings.components`)
    start : (m,) strengths near the answer, optional

    Raises
    ------
    NotEnoughVotes
        No vote, or every vote, is a tie: nu would be 0 or infinite.
    Separated
        The ties have room between the wins: nu and the strengths would grow together for ever.
    NotConverged
    """
    decided, level = float(won.sum()), float(tied.sum()) / 2
    if level == 0:
        raise NotEnoughVotes("ties='davidson' needs at least one tie; use ties='half'")
    if decided == 0:
        raise NotEnoughVotes("every vote is a tie, so ties='davidson' has no finite answer")
    if not is_tie_rate_bounded(won, tied):
        raise Separated(
            "ties='davidson' has no finite answer here: no circle of results, from winner to loser "
            "and across ties, holds more wins than ties, so the tie parameter and the distances "
            "between models would grow together for ever; use ties='half'"
        )
    theta = newman_start(won + tied / 2) if start is None else start - start.mean()
    log_nu = float(np.log(2 * level / decided))
    allowed = permitted_gradient(np.array([decided + level]))
    for _ in range(_MAX_STEPS):
        gradient, hessian = _gradient_and_hessian(theta, log_nu, won, tied)
        if np.abs(gradient).max() <= allowed:
            refuse_swallowed(won + tied / 2, allowed)
            return TieModel(theta, log_nu, _inverse(hessian))
        step = np.linalg.solve(_grounded(hessian), gradient)
        step *= min(1.0, 2.0 / np.abs(step).max())
        theta, log_nu = _advance(theta, log_nu, step, won, tied)
    raise NotConverged(
        f"after {_MAX_STEPS} steps the largest gradient is {np.abs(gradient).max():.3g} votes"
    )


def is_tie_rate_bounded(won: Floats, tied: Floats) -> bool:
    """Whether some closed walk holds more wins than ties, so that nu cannot grow for ever.

    Walks go from winner to loser, and across ties either way; wins cost -1 and ties 1, and the
    search is that of Bellman and Ford for a circle of negative cost.
    """
    beat = won > 0
    if (beat & beat.T).any():
        return True
    cost = np.where(beat, -1.0, np.where(tied > 0, 1.0, np.inf))
    reach = np.zeros(len(cost))
    for _ in range(len(cost)):
        nearer = np.minimum(reach, (reach[:, None] + cost).min(axis=0))
        if (nearer == reach).all():
            return False
        reach = nearer
    return True


def chances(theta: Floats, log_nu: float) -> tuple[Floats, Floats]:
    """Chance (m, m) that the row beats the column, and that the two tie."""
    difference = theta[:, None] - theta[None, :]
    up, down, tie = difference / 2, -difference / 2, np.full_like(difference, log_nu)
    peak = np.maximum(np.abs(difference) / 2, log_nu)
    total = np.exp(up - peak) + np.exp(down - peak) + np.exp(tie - peak)
    return np.exp(up - peak) / total, np.exp(tie - peak) / total


def tie_scores(
    theta: Floats, log_nu: float, won: Floats, tied: Floats
) -> tuple[Floats, Floats, Floats]:
    """Sum of squared scores: the (m + 1, m + 1) middle of the sandwich, in parts.

    Parameters
    ----------
    won, tied : (m, m)
        Squared weights of decided and of tied votes.

    Returns
    -------
    strength : (m, m) Laplacian
    cross : (m,)
        Between each strength and log nu.
    nu : (1,)
    """
    win, tie = chances(theta, log_nu)
    lean = (win - win.T) / 2
    # Score in d and in log nu: a win (1/2 - lean, -tie), a loss (-1/2 - lean, -tie), a tie
    # (-lean, 1 - tie).
    square = won * (0.5 - lean) ** 2
    square = square + square.T + tied * lean**2
    lost = won.T
    cross = -tie * (won * (0.5 - lean) + lost * (-0.5 - lean)) - tied * lean * (1 - tie)
    nu = (won * tie**2).sum() + (tied * (1 - tie) ** 2).sum() / 2
    return laplacian_of(square), cross.sum(axis=1), np.array([nu])


def _log_likelihood(theta: Floats, log_nu: float, won: Floats, tied: Floats) -> float:
    half = (theta[:, None] - theta[None, :]) / 2
    total = np.logaddexp(np.logaddexp(half, -half), log_nu)
    return float(np.sum(won * (half - total)) + np.sum(tied * (log_nu - total)) / 2)


def _advance(
    theta: Floats, log_nu: float, step: Floats, won: Floats, tied: Floats
) -> tuple[Floats, float]:
    """Take a Newton step; halve it while it goes downhill, which only a long step can do."""
    move, turn = step[:-1] - step[:-1].mean(), float(step[-1])
    if np.abs(step).max() < 0.5:
        return theta + move, log_nu + turn
    here = _log_likelihood(theta, log_nu, won, tied)
    for halving in range(_MAX_HALVINGS):
        size = 0.5**halving
        if _log_likelihood(theta + size * move, log_nu + size * turn, won, tied) >= here:
            return theta + size * move, log_nu + size * turn
    return theta, log_nu


def _gradient_and_hessian(
    theta: Floats, log_nu: float, won: Floats, tied: Floats
) -> tuple[Floats, Floats]:
    win, tie = chances(theta, log_nu)
    played = won + won.T + tied
    lean = (win - win.T) / 2
    score = (won - won.T) / 2 - played * lean
    m = len(theta)
    gradient = np.empty(m + 1)
    gradient[:m] = score.sum(axis=1)
    gradient[m] = (tied - played * tie).sum() / 2
    # Variance of the score in d is (1 - tie)/4 - lean^2; its covariance with log nu, -lean tie.
    hessian = np.empty((m + 1, m + 1))
    hessian[:m, :m] = laplacian_of(played * ((1 - tie) / 4 - lean**2))
    hessian[m, :m] = hessian[:m, m] = -(played * lean * tie).sum(axis=1)
    hessian[m, m] = (played * tie * (1 - tie)).sum() / 2
    return gradient, hessian


def _grounded(hessian: Floats) -> Floats:
    m = len(hessian) - 1
    filled = hessian.copy()
    filled[:m, :m] += ground_level(hessian[:m, :m])
    return filled


def _inverse(hessian: Floats) -> Floats:
    m = len(hessian) - 1
    inverse = np.linalg.inv(_grounded(hessian))
    inverse[:m, :m] -= 1 / (m * m * ground_level(hessian[:m, :m]))
    return 0.5 * (inverse + inverse.T)
