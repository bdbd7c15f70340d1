"""The likelihood of votes with style, penalised, and its maximum by Newton's method."""

from dataclasses import dataclass

import numpy as np

from ratings.arrays import Floats
from ratings.errors import CollinearFeatures, NotConverged, Separated
from ratings.linear import solve_definite
from ratings.newton import ground_level, logistic, permitted_gradient
from ratings.parameters import Parameters
from ratings.style_sorted import SortedVotes
from ratings.style_sums import StyleSums, StyleVotes

_MAX_STEPS = 60
_FARTHEST = 15.0
"""Log-odds of a typical difference beyond which a coefficient is on its way to infinity."""
_NEARLY_THERE = 1e-3
_ARRIVED = 1e-8
"""Log-odds within which the sums of the interval are those at the maximum, for 0.000001 points."""
_SURELY = 0.01
_ROUGHLY = 0.05
_COLLINEAR = 1e-10
"""Share of a feature's variance, not explained by the rest, below which nothing is left of it."""


@dataclass(frozen=True, eq=False)
class StyleLikelihood:
    """What is maximised: of m strengths and k coefficients.

    Attributes
    ----------
    m : int
    names : tuple of k str
    unit : (k,) what one unit of each coefficient is, in the feature's own units
    typical : (k,) root mean square of each feature, in units
    ridge : float
    parameters : Parameters
        For the prior and for what the interval needs.
    total : float
        Weight of all votes.
    """

    m: int
    names: tuple[str, ...]
    unit: Floats
    typical: Floats
    ridge: float
    parameters: Parameters
    total: float

    def maximise(
        self,
        columns: StyleVotes | SortedVotes,
        theta: Floats,
        beta: Floats,
        *,
        roughly: bool = False,
        near: bool = False,
    ) -> tuple[Floats, Floats, StyleSums]:
        """Newton's method in units of `unit`; returns the sums at the maximum as well.

        `near` says that the start is hardly off; `roughly` stops when the steps are short.
        Otherwise the last step is taken without another pass to see that it arrived: what it
        leaves of any strength's gradient is at most half the square of its length in the norm of
        the Hessian (p (1 - p) changes by no more than itself for each unit of logit), which is
        known beforehand.
        """
        last_move = 0.0 if near else np.inf
        allowed = permitted_gradient(np.array([self.total]))
        for step in range(_MAX_STEPS):
            # Squares are only wanted at the maximum, which a short step just before foretells.
            wanted = self.parameters.interval == "sandwich" and not roughly
            squares = wanted and last_move < _NEARLY_THERE
            sums = self._sums(columns, theta, beta, squares=squares)
            gradient, hessian = self._penalised(sums, theta, beta)
            if step == 0:
                self._check_collinear(sums.curvature.matrix())
            if np.abs(gradient).max() <= allowed:
                if wanted and sums.squares is None:
                    sums = self._sums(columns, theta, beta, squares=True)
                return theta, beta, sums
            move = solve_definite(hessian, gradient)
            last_move = float(np.abs(move).max())
            arrives = last_move < _ARRIVED and move @ gradient < _SURELY * allowed
            move *= min(1.0, 4.0 / last_move)
            theta = theta + move[: self.m] - move[: self.m].mean()
            beta = beta + move[self.m :]
            if (roughly and last_move < _ROUGHLY) or (arrives and squares == wanted):
                return theta, beta, sums
            if np.abs(beta * self.typical).max() > _FARTHEST:
                worst = self.names[int(np.abs(beta * self.typical).argmax())]
                raise Separated(
                    f"the feature {worst!r} predicts every vote it can, so its effect has no "
                    "finite estimate; use ridge > 0"
                )
        raise NotConverged(
            f"after {_MAX_STEPS} steps the largest gradient is {np.abs(gradient).max():.3g} votes"
        )

    def _sums(
        self, columns: StyleVotes | SortedVotes, theta: Floats, beta: Floats, *, squares: bool
    ) -> StyleSums:
        """Sum in the features' own units, then change to the coefficients'."""
        sums = columns.sums(theta, beta / self.unit, squares=squares)
        sums.gradient[self.m :] /= self.unit
        for moment in (sums.curvature, sums.squares):
            if moment is not None:
                moment.cross /= self.unit
                moment.gram /= np.outer(self.unit, self.unit)
        return sums

    def _penalised(self, sums: StyleSums, theta: Floats, beta: Floats) -> tuple[Floats, Floats]:
        m = self.m
        gradient, hessian = sums.gradient.copy(), sums.curvature.matrix()
        gradient[m:] -= self.ridge * beta
        hessian[range(m, m + len(self.unit)), range(m, m + len(self.unit))] += self.ridge
        if self.parameters.prior:
            chance = logistic(theta)
            pull = self.parameters.prior * (0.5 - chance)
            bend = self.parameters.prior * chance * (1 - chance)
            gradient[:m] += pull - pull.mean()
            hessian[:m, :m] += np.diag(bend) - (bend[:, None] + bend) / m + bend.sum() / m**2
        return gradient, grounded(hessian, m)

    def _check_collinear(self, hessian: Floats) -> None:
        """Refuse features that the models, or other features, already explain."""
        if self.ridge and self.parameters.interval is None:
            return
        m = self.m
        gram = hessian[m:, m:]
        explained = hessian[m:, :m] @ solve_definite(grounded(hessian, m)[:m, :m], hessian[:m, m:])
        size = np.sqrt(np.diag(gram))
        if (size == 0).any():
            name = self.names[int(np.argmax(size == 0))]
            raise CollinearFeatures(f"the feature {name!r} is 0 in every vote")
        values, vectors = np.linalg.eigh((gram - explained) / np.outer(size, size))
        if values[0] < _COLLINEAR:
            parts = np.flatnonzero(np.abs(vectors[:, 0]) > 0.1)
            listed = ", ".join(repr(self.names[part]) for part in parts)
            raise CollinearFeatures(
                f"the effect of {listed} cannot be told from that of the other features or of the "
                "models themselves"
            )


def grounded(hessian: Floats, m: int) -> Floats:
    """Fill the direction that moves all strengths together, which no vote can see."""
    filled = hessian.copy()
    filled[:m, :m] += ground_level(hessian[:m, :m])
    return filled
