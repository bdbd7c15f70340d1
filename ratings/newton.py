"""Bradley-Terry strengths from points per pair, by Newton's method.

The model is P(i beats j) = 1 / (1 + exp(theta_j - theta_i)) (Zermelo 1929; Bradley and Terry
1952), theta in natural log-odds with mean 0. The start is a few of Newman's iterations (2023,
"Efficient computation of rankings from pairwise comparisons"), which bring any data near enough
for Newton's method to converge in three to five steps.
"""

from dataclasses import dataclass

import numpy as np

from ratings.arrays import Floats
from ratings.errors import NotConverged
from ratings.linear import invert_definite, solve_definite

TOLERANCE = 1e-9
"""Largest component of the gradient, in votes, at which a fit counts as converged."""

_ROUNDING = 1e-14
"""A sum of n votes cannot vanish below about this share of n."""

_STARTING_STEPS = 3
_MAX_STEPS = 100
_MAX_HALVINGS = 40
_MAX_CHORDS = 40
_SLOW = 0.5
"""A chord step that leaves more than this share of the gradient is slower than a Newton step."""


@dataclass(frozen=True, eq=False)
class Strengths:
    """A maximum of the likelihood: theta (m,), and the inverse of its Hessian, gauge-free."""

    theta: Floats
    gradient: float
    steps: int


def logistic(x: Floats) -> Floats:
    """1 / (1 + exp(-x)), without overflow."""
    half: Floats = np.tanh(0.5 * x)
    half += 1.0
    half *= 0.5
    return half


def fit_strengths(points: Floats, prior: float = 0.0, start: Floats | None = None) -> Strengths:
    """Maximise the likelihood of `points`.

    Parameters
    ----------
    points : (m, m) float64
        ``points[i, j]`` is the weight of votes that i won against j, half a vote for a tie.
        Every model must have taken points from, and given points to, the others, or `prior` must
        be positive.
    prior : float
        Virtual votes of each model against the mean strength, half won and half lost.
    start : (m,) float64, optional
        A strength near the answer; a warm start needs one or two steps.

    Raises
    ------
    NotConverged
        The gradient did not fall below `TOLERANCE`.
    """
    played = points + points.T
    won = points.sum(axis=1)
    allowed = permitted_gradient(played.sum(axis=1) + prior)
    theta = newman_start(points) if start is None else start - start.mean()
    for step in range(_MAX_STEPS):
        missing, curvature = gradient_and_curvature(theta, played, won, prior)
        if (np.abs(missing) <= allowed).all():
            return Strengths(theta, float(np.abs(missing).max()), step)
        direction = solve_definite(invertible(laplacian(curvature, theta, prior)), missing)
        theta = _advance(theta, direction - direction.mean(), points, prior)
    raise NotConverged(
        f"after {_MAX_STEPS} steps the largest gradient is {np.abs(missing).max():.3g} votes"
    )


class ChordSolver:
    """Fits of points much like some that have been fitted: Newton steps with the old Hessian.

    Each step costs a pass over the pairs and no factorisation; the error shrinks by the relative
    change of the Hessian. Where that is too slow, `fit_strengths` takes over.

    Parameters
    ----------
    points, theta, prior
        The old points and their strengths.
    """

    def __init__(self, points: Floats, theta: Floats, prior: float = 0.0) -> None:
        played = points + points.T
        _, curvature = gradient_and_curvature(theta, played, points.sum(axis=1), prior)
        self._inverse = pseudo_inverse(laplacian(curvature, theta, prior))
        self._theta = theta
        self._prior = prior

    def __call__(self, points: Floats, start: Floats | None = None) -> Floats:
        """Strengths (m,) of `points`, from the old strengths or from `start`."""
        played, won = points + points.T, points.sum(axis=1)
        allowed = permitted_gradient(played.sum(axis=1) + self._prior)
        theta = self._theta if start is None else start
        size, best, nearest = np.inf, np.inf, theta
        for _ in range(_MAX_CHORDS):
            missing = gradient(theta, played, won, self._prior)
            excess = float((np.abs(missing) / allowed).max())
            if excess <= 1:
                return theta
            if excess < best:
                best, nearest = excess, theta
            if excess > _SLOW * size:
                break
            size = excess
            theta = theta + self._inverse @ missing
        return fit_strengths(points, self._prior, nearest).theta


def permitted_gradient(weight: Floats) -> Floats:
    """Gradient at which sums over votes of these total weights count as zero.

    The heaviest sum's rounding moves all strengths a little, so it bounds what any can reach.
    """
    permitted: Floats = TOLERANCE * np.minimum(1.0, weight) + _ROUNDING * weight.max()
    return permitted


def newman_start(points: Floats, steps: int = _STARTING_STEPS) -> Floats:
    """Strengths after a few of Newman's iterations from equality; finite whatever the data."""
    strength = np.ones(len(points))
    for _ in range(steps):
        share = points / (strength[:, None] + strength[None, :])
        won, lost = share @ strength, share.sum(axis=0)
        # A model that never won, or never lost, has no ratio; a third of a point gives it one.
        missing = np.where((won == 0) | (lost == 0), 1 / 3, 0)
        strength = (won + missing) / (lost + missing)
        strength = np.clip(strength / np.exp(np.log(strength).mean()), 1e-6, 1e6)
    theta: Floats = np.log(strength)
    return theta - theta.mean()


def gradient(theta: Floats, played: Floats, won: Floats, prior: float) -> Floats:
    """Gradient (m,) of the log-likelihood: points taken less points expected."""
    # The chance is (1 + tanh(d / 2)) / 2; by symmetry only the odd part needs the (m, m) pass.
    half = 0.5 * theta
    odd = np.tanh(half[:, None] - half[None, :])
    missing: Floats = won - 0.5 * (played.sum(axis=1) + np.einsum("ij,ij->i", played, odd))
    if prior:
        pull = prior * (0.5 - logistic(theta))
        missing += pull - pull.mean()
    return missing


def gradient_and_curvature(
    theta: Floats, played: Floats, won: Floats, prior: float
) -> tuple[Floats, Floats]:
    """Gradient (m,) of the log-likelihood, and the (m, m) weights n p (1 - p) of its Hessian."""
    chance = logistic(theta[:, None] - theta[None, :])
    expected = played * chance
    missing = won - expected.sum(axis=1)
    if prior:
        pull = prior * (0.5 - logistic(theta))
        missing = missing + pull - pull.mean()
    chance *= -1
    chance += 1
    expected *= chance
    return missing, expected


def laplacian(curvature: Floats, theta: Floats, prior: float) -> Floats:
    """Minus the Hessian: the Laplacian of the pair weights, plus the prior's share."""
    hessian: Floats = -curvature
    hessian[np.diag_indices_from(hessian)] += curvature.sum(axis=1)
    if prior:
        chance = logistic(theta)
        bend = prior * chance * (1 - chance)
        m = len(theta)
        # P diag(bend) P with P = I - 11'/m: the prior pulls to the mean, wherever the mean is.
        hessian += np.diag(bend) - (bend[:, None] + bend[None, :]) / m + bend.sum() / m**2
    return hessian


def invertible(hessian: Floats) -> Floats:
    """Fill the one direction that no vote can see, moving all strengths together."""
    return hessian + ground_level(hessian)


def ground_level(laplacian: Floats) -> float:
    """Size, per entry, of the constant that makes a Laplacian invertible.

    The median keeps it in proportion when one vote weighs more than all others together.
    """
    return float(np.median(np.diag(laplacian))) / len(laplacian)


def pseudo_inverse(hessian: Floats) -> Floats:
    """Moore-Penrose inverse of a Laplacian: the model-based covariance of centred strengths."""
    m = len(hessian)
    level = ground_level(hessian)
    return invert_definite(hessian + level) - 1 / (m * m * level)


def log_likelihood(theta: Floats, points: Floats, prior: float) -> float:
    """Log-likelihood of `points`, with the prior's."""
    difference = theta[:, None] - theta[None, :]
    total = -float(np.sum(points * np.logaddexp(0, -difference)))
    if prior:
        total -= prior * float(np.sum(0.5 * (np.logaddexp(0, theta) + np.logaddexp(0, -theta))))
    return total


def _advance(theta: Floats, direction: Floats, points: Floats, prior: float) -> Floats:
    """Take a Newton step; halve it while it goes downhill, which only a long step can do."""
    if np.abs(direction).max() < 0.5:
        return theta + direction
    here = log_likelihood(theta, points, prior)
    for halving in range(_MAX_HALVINGS):
        there = theta + direction * 0.5**halving
        if log_likelihood(there, points, prior) >= here:
            return there
    return theta
