"""One voter's own board: few votes, shrunk to the public board.

A voter's strengths theta, in log-odds, get the prior theta ~ N(mu, tau^2 I + C), mu the public
ratings, tau the prior scale (how far tastes differ) and C, where given, the covariance of the
public ratings themselves. The answer is the mode of the posterior with the likelihood of
Bradley and Terry (1952), ties half a win; the interval is Laplace's, from the curvature there.

The default tau of 100 points is a choice and no estimate. It weighs as much as twelve votes of
a model against opponents of its own strength: with three votes one's own board is close to the
public one, with a hundred a model it is one's own.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from ratings.arrays import Flags, Floats, Integers
from ratings.errors import InvalidParameter, InvalidVotes, NotConverged
from ratings.frontier import check_level
from ratings.newton import TOLERANCE, logistic
from ratings.outcomes import BothBad, Scoring
from ratings.scale import Scale

_MAX_STEPS = 100


@dataclass(frozen=True, eq=False)
class PersonalBoard:
    """m models on the public scale, in the order of the public ratings.

    Attributes
    ----------
    rating, lower, upper : (m,) float64
        Points; NaN where the public board has no rating either.
    public : (m,) float64
        The public ratings, which a model without votes of this voter keeps.
    covariance : (m, m) float64
        Points squared, of the posterior; for differences of two models.
    votes : (m,) int64
        This voter's votes on each model that were used.
    used, unused : int
        Votes of this voter in all; unused are those on unrated models and dropped outcomes.
    """

    rating: Floats
    lower: Floats
    upper: Floats
    public: Floats
    covariance: Floats
    votes: Integers
    used: int
    unused: int
    prior_scale: float
    level: float

    @property
    def moved(self) -> Floats:
        """Points by which this voter's taste lifts each model above the public, (m,)."""
        return self.rating - self.public


def personal_board(
    a: ArrayLike,
    b: ArrayLike,
    outcome: ArrayLike,
    public: ArrayLike,
    *,
    prior_scale: float = 100.0,
    public_covariance: ArrayLike | None = None,
    both_bad: BothBad = "half",
    level: float = 0.95,
    scale: Scale | None = None,
) -> PersonalBoard:
    """Rate models by one voter's votes and the public board.

    Parameters
    ----------
    a, b : (n,) int
        Positions of the models on the two sides; n may be 0.
    outcome : (n,) int
        Codes of `ratings.outcomes`; ties count half.
    public : (m,) float
        Public ratings, points; NaN for a model without one.
    prior_scale : float
        Points, positive: the standard deviation of one voter's taste for one model.
    public_covariance : (m, m) float, optional
        Points squared. Without it the public ratings are taken as exact.
    both_bad : {"half", "drop"}
    level : float
    scale : Scale, optional
        That of the public board; 400 and 10 by default.

    Raises
    ------
    InvalidVotes, InvalidParameter, NotConverged
    """
    check_level(level)
    if not (np.isfinite(prior_scale) and prior_scale > 0):
        raise InvalidParameter(f"prior_scale must be a positive number, not {prior_scale}")
    public = np.asarray(public, dtype=np.float64)
    unit = (scale or Scale()).points_per_logit
    rated = np.isfinite(public)
    votes = _Votes.of(a, b, outcome, rated, Scoring(both_bad=both_bad))
    prior = _prior_covariance(rated, prior_scale, public_covariance) / unit**2
    theta, posterior = _posterior(votes, public[rated] / unit, np.linalg.inv(prior))
    rating, covariance = np.full(len(public), np.nan), np.full((len(public),) * 2, np.nan)
    rating[rated] = theta * unit
    covariance[np.ix_(rated, rated)] = posterior * unit**2
    half = NormalDist().inv_cdf((1 + level) / 2) * np.sqrt(np.diag(covariance))
    counted = np.zeros(len(public), dtype=np.int64)
    counted[rated] = votes.per_model
    return PersonalBoard(
        rating=rating,
        lower=rating - half,
        upper=rating + half,
        public=public,
        covariance=covariance,
        votes=counted,
        used=len(votes.score),
        unused=votes.unused,
        prior_scale=prior_scale,
        level=level,
    )


@dataclass(frozen=True, eq=False)
class _Votes:
    """Votes on rated models, which are renumbered 0 to m - 1."""

    a: Integers
    b: Integers
    score: Floats
    m: int
    unused: int

    @classmethod
    def of(
        cls, a: ArrayLike, b: ArrayLike, outcome: ArrayLike, rated: Flags, scoring: Scoring
    ) -> "_Votes":
        side_a, side_b, code = (np.asarray(column, dtype=np.int64) for column in (a, b, outcome))
        if not side_a.shape == side_b.shape == code.shape or side_a.ndim != 1:
            raise InvalidVotes("a, b and outcome must be columns of equal length")
        for name, column, count in (
            ("a", side_a, len(rated)),
            ("b", side_b, len(rated)),
            ("outcome", code, 4),
        ):
            if len(column) and not (column.min() >= 0 and column.max() < count):
                raise InvalidVotes(f"{name} must lie between 0 and {count - 1}")
        if (side_a == side_b).any():
            raise InvalidVotes("a vote compares a model with itself")
        score = scoring.scores[code]
        used = rated[side_a] & rated[side_b] & np.isfinite(score)
        place = np.cumsum(rated) - 1
        return cls(
            a=place[side_a[used]],
            b=place[side_b[used]],
            score=score[used],
            m=int(rated.sum()),
            unused=int((~used).sum()),
        )

    @property
    def per_model(self) -> Integers:
        return np.bincount(np.concatenate((self.a, self.b)), minlength=self.m)

    def log_likelihood(self, theta: Floats) -> float:
        d = theta[self.a] - theta[self.b]
        lost = (1 - self.score) * np.logaddexp(0, d)
        return -float((self.score * np.logaddexp(0, -d) + lost).sum())

    def gradient(self, theta: Floats) -> Floats:
        surprise = self.score - logistic(theta[self.a] - theta[self.b])
        gained = np.bincount(self.a, surprise, self.m)
        return np.asarray(gained - np.bincount(self.b, surprise, self.m))

    def information(self, theta: Floats) -> Floats:
        p = logistic(theta[self.a] - theta[self.b])
        joint = np.zeros((self.m, self.m))
        np.add.at(joint, (self.a, self.b), p * (1 - p))
        joint += joint.T
        return np.diag(joint.sum(axis=1)) - joint


def _prior_covariance(rated: Flags, tau: float, public: ArrayLike | None) -> Floats:
    """Spread of tastes plus, where given, the uncertainty of the public board; points squared."""
    taste = tau**2 * np.eye(int(rated.sum()))
    if public is None:
        return taste
    covariance = np.asarray(public, dtype=np.float64)
    if covariance.shape != (len(rated), len(rated)):
        raise InvalidParameter(
            f"public_covariance has shape {covariance.shape} for {len(rated)} models"
        )
    own = covariance[np.ix_(rated, rated)]
    if not np.isfinite(own).all():
        raise InvalidParameter("public_covariance is not finite for a rated model")
    return taste + own


def _posterior(votes: _Votes, mean: Floats, precision: Floats) -> tuple[Floats, Floats]:
    """Mode and inverse curvature of the log-posterior, by Newton's method with halved steps.

    The log-posterior is strictly concave, so the mode exists even for a voter whose favourite
    always won.
    """

    def height(at: Floats) -> float:
        return votes.log_likelihood(at) - float((at - mean) @ precision @ (at - mean)) / 2

    theta = mean.copy()
    for _ in range(_MAX_STEPS):
        gradient = votes.gradient(theta) - precision @ (theta - mean)
        curvature = votes.information(theta) + precision
        if np.abs(gradient).max(initial=0.0) < TOLERANCE * max(1.0, len(votes.score)):
            return theta, np.linalg.inv(curvature)
        step = np.linalg.solve(curvature, gradient)
        size = 1.0
        while size > 1e-9 and height(theta + size * step) < height(theta) - 1e-12:
            size /= 2
        theta = theta + size * step
    raise NotConverged(f"the personal board did not settle in {_MAX_STEPS} Newton steps")
