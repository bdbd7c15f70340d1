"""How sure the strengths are: covariances of a Bradley-Terry fit.

With H the negative Hessian, a Laplacian, and S the sum over votes of the squared score:

- *model*: the pseudo-inverse H+, right when every vote is an independent coin of the fitted bias;
- *sandwich* (White 1982): H+ S H+, right when votes are independent, whatever their law. With
  ties as half wins a vote varies less than a coin, and the model's interval is too wide;
- *clustered* (Liang and Zeger 1986): S sums the scores of each voter before squaring, right when
  a voter's votes hang together. Voters are fewer than votes, so this one has the two corrections
  usual for it: G / (G - 1) * (N - 1) / (N - K) for G voters, N votes and K parameters, and
  Student's t with G - 1 degrees of freedom in place of the normal law.

All are gauge-free: centred on the mean of the models, so that no model is the yardstick.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ratings.arrays import AnyInteger, Flags, Floats, Integers
from ratings.compiled import column, even_shares, in_threads, kernels, pair_kernels
from ratings.errors import NotEnoughVotes
from ratings.linear import quadratic_forms
from ratings.newton import logistic, pseudo_inverse

_SCORES_AT_ONCE = 1 << 22
"""Voters times parameters held as one dense block."""


def residual_square(
    theta: Floats, won: Floats, level: Floats, crossing: Flags | None = None
) -> Floats:
    """Sum over the votes of each pair of (score - chance)^2, shape (m, m), symmetric.

    Parameters
    ----------
    theta : (m,) natural log-odds
    won, level : (m, m)
        Squared weights of decided votes ``won[i, j]`` of i over j, and of undecided votes.
    crossing : (m, m) bool, optional
        Pairs whose votes all went one way because the data are separated there. Their residuals
        say nothing about noise, so the variance the model expects stands in for them.
    """
    chance = logistic(theta[:, None] - theta[None, :])
    lost_chance = 1 - chance
    spread = won * lost_chance**2
    spread = spread + spread.T + level * (0.5 - chance) ** 2
    if crossing is not None:
        expected = (won + won.T + level) * chance * lost_chance
        spread = np.where(crossing, expected, spread)
    return spread


def sandwich_meat(
    theta: Floats, won: Floats, level: Floats, crossing: Flags | None = None
) -> Floats:
    """Sum over votes of the outer square of the score, (m, m): see `residual_square`."""
    compiled = pair_kernels(len(theta))
    if compiled is None or crossing is not None:
        return laplacian_of(residual_square(theta, won, level, crossing))
    meat = np.empty_like(won)
    compiled.pair_residuals(theta, won, level, meat)
    return meat


def laplacian_of(pair: Floats) -> Floats:
    """Sum over pairs of ``pair[i, j] (e_i - e_j)(e_i - e_j)'``."""
    total: Floats = -pair
    total[np.diag_indices_from(total)] += pair.sum(axis=1)
    return total


@dataclass(frozen=True, eq=False)
class Covariance:
    """A covariance kept as its factors: H+, or H+ S H+ when there is a middle.

    The intervals of a board need its diagonal alone, at half the cost of the whole.

    Attributes
    ----------
    bread : (p, p) symmetric
    meat : (p, p) symmetric, or None
    """

    bread: Floats
    meat: Floats | None = None

    def variance(self) -> Floats:
        """Diagonal, (p,)."""
        if self.meat is None:
            return np.diag(self.bread).copy()
        return quadratic_forms(self.bread, self.meat)

    def matrix(self) -> Floats:
        """Return the whole, (p, p), exactly symmetric."""
        if self.meat is None:
            return self.bread
        whole: Floats = self.bread @ self.meat @ self.bread
        return 0.5 * (whole + whole.T)


def clustered_meat(
    a: AnyInteger,
    b: AnyInteger,
    residual: Floats,
    voter: AnyInteger,
    *,
    m: int,
    others: Floats | None = None,
) -> tuple[Floats, int]:
    """Sum over voters of the outer square of the voter's summed score.

    Parameters
    ----------
    a, b : (n,) models on both sides
    residual : (n,) weight times (score - chance) of side A
    voter : (n,) any integers; a negative one is a voter of a single vote
    m : int
        Number of models.
    others : (n, k), optional
        Scores of further parameters.

    Returns
    -------
    meat : (m + k, m + k)
        With its correction for the number of voters and parameters.
    degrees : int
        G - 1, for Student's t.

    Raises
    ------
    NotEnoughVotes
        All votes are one voter's.
    """
    cluster, voters = number_voters(voter)
    if voters < 2:
        raise NotEnoughVotes(
            "interval='clustered' needs votes of at least two voters: the votes of one cannot "
            "show how much voters differ"
        )
    k = 0 if others is None else others.shape[1]
    sizes = np.bincount(cluster, minlength=voters)
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    scores = _Scores(a, b, residual, np.empty((len(a), 0)) if others is None else others, m)
    compiled = kernels(len(a))
    if compiled is None:
        meat = scores.meat(np.argsort(cluster, kind="stable"), cluster, bounds)
    else:
        order = np.empty(len(a), dtype=np.int64)
        compiled.order_by_voter(cluster, bounds[:-1].copy(), order)
        meat = scores.compiled_meat(order, bounds, compiled)
    free = max(len(residual) - (m - 1 + k), 1)
    return meat * (voters / (voters - 1) * (len(residual) - 1) / free), voters - 1


@dataclass(frozen=True, eq=False)
class _Scores:
    """Scores of single votes, as columns."""

    a: AnyInteger
    b: AnyInteger
    residual: Floats
    others: Floats
    m: int

    def meat(self, order: Integers, cluster: Integers, bounds: Integers) -> Floats:
        """Sum over voters with dense blocks of voters by parameters."""
        m, size = self.m, self.m + self.others.shape[1]
        total = np.zeros((size, size))
        voters = len(bounds) - 1
        step = max(1, _SCORES_AT_ONCE // size)
        for first in range(0, voters, step):
            last = min(first + step, voters)
            rows = order[bounds[first] : bounds[last]]
            number = cluster[rows] - first
            flat = np.bincount(number * m + self.a[rows], self.residual[rows], (last - first) * m)
            flat -= np.bincount(number * m + self.b[rows], self.residual[rows], (last - first) * m)
            more = [np.bincount(number, column[rows], last - first) for column in self.others.T]
            score = np.column_stack([flat.reshape(last - first, m), *more])
            total += score.T @ score
        return total

    def compiled_meat(self, order: Integers, bounds: Integers, compiled: Any) -> Floats:
        """Sum over voters, visiting only the models each met."""
        size = self.m + self.others.shape[1]
        shares = even_shares(len(bounds) - 1, len(even_shares(len(self.a))))
        parts = np.zeros((len(shares), size, size))

        a, b = column(self.a), column(self.b)
        others = np.ascontiguousarray(self.others)

        def add(share: int, first: int, last: int) -> None:
            compiled.add_voters(
                *(order, bounds, first, last, a, b, self.residual, others),
                *(self.m, parts[share]),
            )

        in_threads(add, [(share, *edges) for share, edges in enumerate(shares)])
        total: Floats = parts.sum(axis=0)
        return total


def number_voters(voter: AnyInteger) -> tuple[Integers, int]:
    """Number voters 0 to G - 1; every unknown voter gets a number of its own."""
    known = voter >= 0
    if voter.size and known.all() and int(voter.max()) < 4 * len(voter):
        present = np.bincount(voter) > 0
        number = np.cumsum(present) - 1
        return number[voter], int(present.sum())
    labels, inverse = np.unique(voter, return_inverse=True)
    cluster = inverse.astype(np.int64)
    alone = np.flatnonzero(~known)
    strangers = int(np.count_nonzero(labels < 0))
    cluster -= strangers
    named = len(labels) - strangers
    cluster[alone] = named + np.arange(alone.size)
    return cluster, named + int(alone.size)


def model_covariance(curvature: Floats) -> Floats:
    """H+ from the (m, m) pair weights n p (1 - p)."""
    return pseudo_inverse(laplacian_of(curvature))
