"""Bradley-Terry strengths from points per pair, by Newton's method.

The model is P(i beats j) = 1 / (1 + exp(theta_j - theta_i)) (Zermelo 1929; Bradley and Terry
1952), theta in natural log-odds with mean 0. The start is a few of Newman's iterations (2023,
"Efficient computation of rankings from pairwise comparisons"), which bring any data near enough
for Newton's method to converge in three to five steps.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ratings.arrays import Floats
from ratings.compiled import pair_kernels
from ratings.errors import NotConverged
from ratings.linear import Factor

TOLERANCE = 1e-9
"""Largest component of the gradient, in votes, at which a fit counts as converged."""

_ROUNDING = 1e-14
"""A sum of n votes cannot vanish below about this share of n."""

_SWALLOWED = 0.01
"""Share of a model's points within the rounding of others' sums, from which its rating is noise."""

_STARTING_STEPS = 3
_MOST_STARTING_STEPS = 25
_QUICK = 0.4
"""Share of a change that the next iteration may make to be worth its while."""
_MAX_STEPS = 100
_MAX_HALVINGS = 40
_MAX_CHORDS = 40
_SLOW = 0.5
"""A chord step that leaves more than this share of the gradient is slower than a Newton step."""
_FAR = 4.0
"""Log-odds that chord steps may go before a look at the Hessian there is due."""
_SHORT = 0.3
"""Log-odds of a Newton step after which the Hessian is good for more."""


@dataclass(frozen=True, eq=False)
class Strengths:
    """A maximum of the likelihood: theta (m,), its largest gradient, and Newton steps taken."""

    theta: Floats
    gradient: float
    steps: int


def logistic(x: Floats) -> Floats:
    """1 / (1 + exp(-x)), without overflow."""
    half: Floats = np.tanh(0.5 * x)
    half += 1.0
    half *= 0.5
    return half


class PairPoints:
    """Points between m models as the likelihood needs them, by compiled passes where that pays.

    Parameters
    ----------
    points : (m, m) float64
    prior : float
        As in `fit_strengths`.
    """

    def __init__(self, points: Floats, prior: float = 0.0) -> None:
        self.points = points
        self.played = points + points.T
        self.won = points.sum(axis=1)
        self.prior = prior
        self._weight = self.played.sum(axis=1) + prior
        self.allowed = permitted_gradient(self._weight)
        self._kernels = pair_kernels(len(points))
        self._room = np.empty((3, len(points)))

    def gradient(self, theta: Floats) -> Floats:
        """Points taken less points expected, (m,)."""
        if self._kernels is None:
            return gradient(theta, self.played, self.won, self.prior)
        x, chance, missing = self._room
        self._kernels.pair_gradient(theta, self.played, self.won, x, chance, missing)
        return self._with_pull(theta, missing)

    def gradient_and_hessian(self, theta: Floats) -> tuple[Floats, Floats]:
        """The gradient, and minus the Hessian, of which only the upper triangle is filled."""
        if self._kernels is None:
            missing, curvature = gradient_and_curvature(theta, self.played, self.won, self.prior)
            return missing, laplacian(curvature, theta, self.prior)
        x, chance, missing = self._room
        # Zeros, as arithmetic on whatever memory held would warn of numbers that are none.
        hessian = np.zeros_like(self.points)
        self._kernels.pair_curvature(theta, self.played, self.won, x, chance, missing, hessian)
        if self.prior:
            hessian += _bend(theta, self.prior)
        return self._with_pull(theta, missing), hessian

    def add(self, i: int, j: int, score: float) -> None:
        """Take in one vote, of which i won `score`, in place."""
        self.points[i, j] += score
        self.points[j, i] += 1 - score
        self.played[i, j] += 1
        self.played[j, i] += 1
        self.won[i] += score
        self.won[j] += 1 - score
        self._weight[[i, j]] += 1
        self.allowed = permitted_gradient(self._weight)

    def inverse(self, theta: Floats) -> Floats:
        """Moore-Penrose inverse of minus the Hessian at `theta`, without the prior's part."""
        bare = self if not self.prior else PairPoints(self.points)
        _, hessian = bare.gradient_and_hessian(theta)
        return pseudo_inverse(hessian)

    def chord(self, theta: Floats, inverse: Floats) -> tuple[Floats, int] | None:
        """Steps with the inverse of a Hessian from nearby, and how many; None if they are slow."""
        if self._kernels is None or self.prior:
            return _descend(theta, self, inverse.__matmul__)
        there = theta.copy()
        steps: int = self._kernels.chord(
            *(inverse, there, self.played, self.won, self.allowed),
            *(_MAX_CHORDS, _SLOW, _FAR),
        )
        return (there, steps) if steps >= 0 else None

    def _with_pull(self, theta: Floats, missing: Floats) -> Floats:
        if not self.prior:
            return missing.copy()
        pull = self.prior * (0.5 - logistic(theta))
        total: Floats = missing + pull - pull.mean()
        return total


def fit_strengths(
    points: Floats | PairPoints, prior: float = 0.0, start: Floats | None = None
) -> Strengths:
    """Maximise the likelihood of `points`.

    Parameters
    ----------
    points : (m, m) float64, or the PairPoints of them
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
        The gradient did not fall below `TOLERANCE`, or the weights are so unequal that it says
        nothing of some models.
    """
    pairs = points if isinstance(points, PairPoints) else PairPoints(points, prior)
    theta = newman_start(pairs.points) if start is None else start - start.mean()
    for step in range(_MAX_STEPS):
        missing, hessian = pairs.gradient_and_hessian(theta)
        if (np.abs(missing) <= pairs.allowed).all():
            refuse_swallowed(pairs.points, pairs.allowed, pairs.prior)
            return Strengths(theta, float(np.abs(missing).max()), step)
        factor = Factor.of(invertible(hessian))
        direction = factor.solve(missing)
        theta = _advance(theta, direction - direction.mean(), pairs.points, pairs.prior)
        if np.abs(direction).max() < _SHORT:
            found = _descend(theta, pairs, factor.solve)
            theta = theta if found is None else found[0]
    raise NotConverged(
        f"after {_MAX_STEPS} steps the largest gradient is {np.abs(missing).max():.3g} votes"
    )


def refuse_swallowed(points: Floats, allowed: Floats | float, prior: float = 0.0) -> None:
    """Refuse points so unequal that some vanish in the rounding of the others' sums.

    Parameters
    ----------
    points : (m, m)
    allowed : (m,) or float
        Gradient at which the fit ended.
    prior : float

    Raises
    ------
    NotConverged
    """
    won, lost = points.sum(axis=1), points.sum(axis=0)
    fewest = np.minimum(won, lost) + prior
    if (allowed > _SWALLOWED * fewest).any():
        raise NotConverged(
            "the weights are so unequal that the lightest votes vanish in the rounding of the "
            f"heaviest: a model's points sum to {fewest.min():.3g}, another's to {won.max():.3g}"
        )


def _descend(
    theta: Floats, pairs: PairPoints, solve: Callable[[Floats], Floats]
) -> tuple[Floats, int] | None:
    """Steps with a Hessian from nearby, and how many; None when they are slow.

    Each costs a pass over the pairs and no factorisation, and shrinks the error by the relative
    change of the Hessian.
    """
    size, start = np.inf, theta
    for step in range(_MAX_CHORDS):
        missing = pairs.gradient(theta)
        excess = float((np.abs(missing) / pairs.allowed).max())
        if excess <= 1:
            return theta, step
        if not excess <= _SLOW * size:
            return None
        size = excess
        move = solve(missing)
        theta = theta + (move - move.mean())
        if not np.abs(theta - start).max() < _FAR:
            return None
    return None


class ChordSolver:
    """Fits of points much like some that have been fitted: Newton steps with the old Hessian.

    Where that is too slow, `fit_strengths` takes over.

    Parameters
    ----------
    pairs, theta
        The old points and their strengths.

    Attributes
    ----------
    steps : int
        Steps of the last fit; they grow as the points move away from the old ones.
    """

    def __init__(self, pairs: PairPoints, theta: Floats) -> None:
        _, hessian = pairs.gradient_and_hessian(theta)
        self._inverse = pseudo_inverse(hessian)
        self._theta = theta
        self.steps = 0

    def __call__(self, pairs: PairPoints, start: Floats | None = None) -> Floats:
        """Strengths (m,) of `pairs`, from the old strengths or from `start`."""
        first = self._theta if start is None else start
        found = pairs.chord(first, self._inverse)
        if found is None:
            fit = fit_strengths(pairs, start=first)
            self.steps = _MAX_CHORDS
            return fit.theta
        theta, self.steps = found
        return theta

    def after_one(self, pairs: PairPoints, theta: Floats, i: int, j: int, score: float) -> Floats:
        """Strengths of `pairs` that were at `theta` before one vote, of which i won `score`."""
        surprise = score - 1 / (1 + np.exp(theta[j] - theta[i]))
        move = surprise * (self._inverse[i] - self._inverse[j])
        return self(pairs, theta + move)


def permitted_gradient(weight: Floats) -> Floats:
    """Gradient at which sums over votes of these total weights count as zero.

    The heaviest sum's rounding moves all strengths a little, so it bounds what any can reach.
    """
    permitted: Floats = TOLERANCE * np.minimum(1.0, weight) + _ROUNDING * weight.max()
    return permitted


def newman_start(points: Floats) -> Floats:
    """Strengths by Newman's iterations from equality; finite whatever the data.

    Models that all met converge by a factor of ten or so each time, to the end; compiled, an
    iteration costs a thirtieth of a Newton step, so it goes on while it is that quick.
    """
    compiled = pair_kernels(len(points))
    strength, won, lost = np.ones((3, len(points)))
    last_change = np.inf
    for step in range(_STARTING_STEPS if compiled is None else _MOST_STARTING_STEPS):
        if compiled is None:
            share = points / (strength[:, None] + strength[None, :])
            won, lost = share @ strength, share.sum(axis=0)
        else:
            compiled.newman_step(points, strength, won, lost)
        # A model that never won, or never lost, has no ratio; a third of a point gives it one.
        missing = np.where((won == 0) | (lost == 0), 1 / 3, 0)
        before, strength = strength, (won + missing) / (lost + missing)
        strength = np.clip(strength / np.exp(np.log(strength).mean()), 1e-6, 1e6)
        change = float(np.abs(strength / before - 1).max())
        if change < _ROUNDING or (step >= _STARTING_STEPS and change > _QUICK * last_change):
            break
        last_change = change
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
        hessian += _bend(theta, prior)
    return hessian


def _bend(theta: Floats, prior: float) -> Floats:
    """The prior's part of minus the Hessian.

    P diag(bend) P with P = I - 11'/m: the prior pulls to the mean, wherever the mean is.
    """
    chance = logistic(theta)
    bend = prior * chance * (1 - chance)
    m = len(theta)
    part: Floats = np.diag(bend) - (bend[:, None] + bend[None, :]) / m + bend.sum() / m**2
    return part


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
    return Factor.of(hessian + level).inverse(1 / (m * m * level))


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
