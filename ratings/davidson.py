"""Ties as an outcome of their own (Davidson 1970).

With d the difference of two strengths in log-odds and nu > 0,

    P(a) : P(b) : P(tie)  =  exp(d/2) : exp(-d/2) : nu

so the odds of a against b, once one of them wins, are those of Bradley and Terry. All parameters,
the strengths and log nu, are fitted together by Newton's method.
"""

from dataclasses import dataclass

import numpy as np

from ratings.arrays import Floats
from ratings.covariance import laplacian_of
from ratings.errors import NotConverged, NotEnoughVotes
from ratings.newton import ground_level, newman_start, permitted_gradient

_MAX_STEPS = 100


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
    tied : (m, m) weight of tied votes, symmetric
    start : (m,) strengths near the answer, optional

    Raises
    ------
    NotEnoughVotes
        No vote, or every vote, is a tie: nu would be 0 or infinite.
    NotConverged
    """
    decided, level = float(won.sum()), float(tied.sum()) / 2
    if level == 0:
        raise NotEnoughVotes("ties='davidson' needs at least one tie; use ties='half'")
    if decided == 0:
        raise NotEnoughVotes("every vote is a tie, so ties='davidson' has no finite answer")
    theta = newman_start(won + tied / 2) if start is None else start - start.mean()
    log_nu = float(np.log(2 * level / decided))
    allowed = permitted_gradient(np.array([decided + level]))
    for _ in range(_MAX_STEPS):
        gradient, hessian = _gradient_and_hessian(theta, log_nu, won, tied)
        if np.abs(gradient).max() <= allowed:
            return TieModel(theta, log_nu, _inverse(hessian))
        step = np.linalg.solve(_grounded(hessian), gradient)
        step *= min(1.0, 2.0 / np.abs(step).max())
        theta = theta + step[:-1] - step[:-1].mean()
        log_nu += float(step[-1])
    raise NotConverged(
        f"after {_MAX_STEPS} steps the largest gradient is {np.abs(gradient).max():.3g} votes"
    )


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
