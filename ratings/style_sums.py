"""One pass over votes with style features: the sums that Newton's method needs.

For each vote with difference x = e_a - e_b of models and z of style, score y, weight w, and chance
p = 1 / (1 + exp(-(theta_a - theta_b + z beta))), the gradient is the sum of w (y - p) (x, z), the
negative Hessian the sum of w p (1 - p) (x, z)(x, z)', and the middle of the sandwich the sum of
w^2 (y - p)^2 (x, z)(x, z)'. This is the plain NumPy path; `ratings.style_sorted` is compiled and
tested against it.
"""

from dataclasses import dataclass

import numpy as np

from ratings.arrays import AnyFloat, AnyInteger, Floats
from ratings.covariance import laplacian_of
from ratings.newton import logistic

_BLOCK = 1 << 17


@dataclass(eq=False)
class Moment:
    """A weighted second moment of (x, z), in the parts that a pass can sum quickly.

    Attributes
    ----------
    pair : (m, m) sums of the weight by ordered pair (a, b)
    cross : (m, k) sums of the weight times x z'
    gram : (k, k) sums of the weight times z z'
    """

    pair: Floats
    cross: Floats
    gram: Floats

    def matrix(self) -> Floats:
        """Return the whole moment, (m + k, m + k)."""
        strengths = laplacian_of(self.pair + self.pair.T)
        return np.block([[strengths, self.cross], [self.cross.T, self.gram]])


@dataclass(eq=False)
class StyleSums:
    """Gradient (m + k,), curvature, and the squared scores when they were asked for."""

    gradient: Floats
    curvature: Moment
    squares: Moment | None


@dataclass(frozen=True, eq=False)
class StyleVotes:
    """n rated votes as columns: a, b, score (n,), weight (n,) or None, features (n, k)."""

    m: int
    a: AnyInteger
    b: AnyInteger
    score: Floats
    weight: Floats | None
    features: AnyFloat
    kind = None
    """Sides are as they were voted: see `ratings.style_sorted.SortedVotes`."""

    def sums(self, theta: Floats, beta: Floats, *, squares: bool) -> StyleSums:
        """Pass once over all votes at strengths `theta` (m,) and coefficients `beta` (k,)."""
        m, k = self.m, self.features.shape[1]
        gradient = np.zeros(m + k)
        curvature = _empty(m, k)
        squared = _empty(m, k) if squares else None
        for start in range(0, len(self.a), _BLOCK):
            rows = slice(start, start + _BLOCK)
            a, b = self.a[rows].astype(np.int64), self.b[rows].astype(np.int64)
            z = self.features[rows].astype(np.float64)
            chance = logistic(theta[a] - theta[b] + z @ beta)
            weight = 1.0 if self.weight is None else self.weight[rows]
            residual = weight * (self.score[rows] - chance)
            gradient[:m] += np.bincount(a, residual, m) - np.bincount(b, residual, m)
            gradient[m:] += residual @ z
            _add(curvature, a, b, z, weight * chance * (1 - chance))
            if squared is not None:
                _add(squared, a, b, z, residual**2)
        return StyleSums(gradient, curvature, squared)

    def sample(self) -> None:
        """No sample: few votes, or no compiled code, need no better start."""

    def residuals(self, theta: Floats, beta: Floats) -> Floats:
        """Weight times (score - chance) of each vote, (n,)."""
        chance = logistic(theta[self.a] - theta[self.b] + self.features @ beta)
        residual = self.score - chance
        return residual if self.weight is None else residual * self.weight


def _empty(m: int, k: int) -> Moment:
    return Moment(np.zeros((m, m)), np.zeros((m, k)), np.zeros((k, k)))


def _add(moment: Moment, a: AnyInteger, b: AnyInteger, z: Floats, weight: Floats) -> None:
    m, k = moment.cross.shape
    moment.pair += np.bincount(a * m + b, weight, m * m).reshape(m, m)
    for column in range(k):
        pull = weight * z[:, column]
        moment.cross[:, column] += np.bincount(a, pull, m) - np.bincount(b, pull, m)
    moment.gram += z.T @ (weight[:, None] * z)
