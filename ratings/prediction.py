"""Does a board predict the votes that come after it?

A board fitted on votes up to some day gives each later vote a chance p that side A wins. With the
outcome y (1, 0, and one half for a tie) the log-loss is -(y log p + (1 - y) log(1 - p)) in nats
and the score of Brier (1950) is (p - y)^2; lower is better for both. Half outcomes have a loss
even when predicted perfectly, so the figures are read against rivals on the same votes: a
constant, and Elo.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from ratings.arrays import Flags, Floats, Integers
from ratings.errors import InvalidParameter, InvalidVotes, NotEnoughVotes
from ratings.frontier import check_level
from ratings.newton import logistic
from ratings.outcomes import Scoring
from ratings.proportions import wilson_interval
from ratings.scale import Scale


@dataclass(frozen=True, eq=False)
class Calibration:
    """Favourites' predicted chances against what became of them, in c bins that hold votes.

    Every vote is turned so that the predicted favourite comes first, which side it stood on
    aside; so chances run from one half to one.

    Attributes
    ----------
    predicted : (c,) float64
        Mean chance in the bin.
    observed, lower, upper : (c,) float64
        Share won, ties half, with Wilson's interval.
    votes : (c,) int64
    """

    predicted: Floats
    observed: Floats
    lower: Floats
    upper: Floats
    votes: Integers

    @property
    def error(self) -> float:
        """Mean distance of observed from predicted, weighted by votes."""
        return float(np.average(np.abs(self.observed - self.predicted), weights=self.votes))


@dataclass(frozen=True, eq=False)
class Forecast:
    """How one forecaster did: mean log-loss in nats, mean Brier score, calibration."""

    log_loss: float
    brier: float
    calibration: Calibration


@dataclass(frozen=True)
class Advantage:
    """Mean log-loss of a rival minus the board's, in nats a vote; positive: the board is better.

    `lower` and `upper` are None when there are too few votes (or voters) for an interval.
    """

    log_loss: float
    lower: float | None
    upper: float | None


@dataclass(frozen=True, eq=False)
class PredictiveCheck:
    """One board against its rivals, all on the same votes.

    Attributes
    ----------
    forecasts : mapping of name to Forecast
        ``"board"``, ``"constant"`` and the rivals given.
    advantages : mapping of name to Advantage
        Of the board over each other forecaster.
    votes : int
        Votes scored.
    unpredicted : int
        Votes left out because some forecaster has no rating for a model, or whose outcome is
        dropped. A board that rates few models is not praised for it: the share is published.
    """

    forecasts: Mapping[str, Forecast]
    advantages: Mapping[str, Advantage]
    votes: int
    unpredicted: int
    level: float


def chances(rating: ArrayLike, a: ArrayLike, b: ArrayLike, scale: Scale | None = None) -> Floats:
    """Chance of side A in each vote, (n,); NaN where a model has no rating (NaN)."""
    logit = np.asarray(rating, dtype=np.float64) / (scale or Scale()).points_per_logit
    return logistic(logit[np.asarray(a)] - logit[np.asarray(b)])


def predictive_check(
    board: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    outcome: ArrayLike,
    *,
    rivals: Mapping[str, ArrayLike] | None = None,
    constant: float = 0.5,
    voter: ArrayLike | None = None,
    scoring: Scoring | None = None,
    bins: int = 10,
    level: float = 0.95,
    scale: Scale | None = None,
) -> PredictiveCheck:
    """Score a board, a constant and rival ratings on votes that none of them has seen.

    Parameters
    ----------
    board : (m,) float
        Ratings fitted on earlier votes, points; NaN for a model without one.
    a, b, outcome : (n,) int
        The later votes.
    rivals : mapping of name to (m,) float, optional
        Other ratings on the same scale, say ``{"elo": elo.rating}``.
    constant : float
        Chance of side A by the forecaster that knows nothing.
    voter : (n,) int, optional
        For intervals that know a voter's votes hang together.
    scoring : Scoring, optional
        Half for ties and both bad by default.
    bins : int
        Of equal width over one half to one.
    level : float
    scale : Scale, optional

    Raises
    ------
    InvalidParameter
        A constant that is no chance, ratings of another length.
    NotEnoughVotes
        None of the votes can be predicted by all.
    """
    check_level(level)
    if not 0 < constant < 1:
        raise InvalidParameter(f"a constant chance must lie between 0 and 1, not {constant}")
    score = (scoring or Scoring()).scores[np.asarray(outcome)]
    if not len(score) == len(np.asarray(a)) == len(np.asarray(b)):
        raise InvalidVotes("a, b and outcome must be columns of equal length")
    said = {"board": chances(board, a, b, scale), "constant": np.full(len(score), constant)}
    said |= {name: chances(rating, a, b, scale) for name, rating in (rivals or {}).items()}
    scored = _scored(score, said)
    y = score[scored]
    losses = {name: log_losses(p[scored], y) for name, p in said.items()}
    who = np.arange(len(y)) if voter is None else np.asarray(voter)[scored]
    return PredictiveCheck(
        forecasts={
            name: Forecast(
                log_loss=float(losses[name].mean()),
                brier=float(((p[scored] - y) ** 2).mean()),
                calibration=calibrate(p[scored], y, bins=bins, level=level),
            )
            for name, p in said.items()
        },
        advantages={
            name: _advantage(loss - losses["board"], who, level)
            for name, loss in losses.items()
            if name != "board"
        },
        votes=len(y),
        unpredicted=int((~scored).sum()),
        level=level,
    )


def log_losses(chance: Floats, score: Floats) -> Floats:
    """Log-loss of each vote in nats, (n,).

    Raises
    ------
    InvalidParameter
        A chance of exactly 0 or 1, which one vote can make infinitely wrong.
    """
    if not ((chance > 0) & (chance < 1)).all():
        raise InvalidParameter("a forecast must lie strictly between 0 and 1")
    return -(score * np.log(chance) + (1 - score) * np.log1p(-chance))


def calibrate(chance: Floats, score: Floats, *, bins: int = 10, level: float = 0.95) -> Calibration:
    """Compare predicted chances with outcomes; see `Calibration`.

    Parameters
    ----------
    chance, score : (n,) float
        Predicted and scored for side A.
    bins : int
        Of equal width over one half to one; empty ones are left out.
    """
    if bins < 1:
        raise InvalidParameter(f"bins must be at least 1, not {bins}")
    behind = chance < 0.5
    favourite = np.where(behind, 1 - chance, chance)
    won = np.where(behind, 1 - score, score)
    place = np.minimum(((favourite - 0.5) * 2 * bins).astype(np.int64), bins - 1)
    votes = np.bincount(place, minlength=bins)
    held = votes > 0
    predicted, wins = (np.bincount(place, column, bins)[held] for column in (favourite, won))
    lower, upper = wilson_interval(wins, votes[held], level)
    return Calibration(
        predicted=predicted / votes[held],
        observed=wins / votes[held],
        lower=lower,
        upper=upper,
        votes=votes[held],
    )


def _scored(score: Floats, said: Mapping[str, Floats]) -> Flags:
    """Which votes have a counted outcome and a forecast by all."""
    scored: Flags = np.isfinite(score)
    for chance in said.values():
        scored = scored & np.isfinite(chance)
    if not scored.any():
        raise NotEnoughVotes("none of these votes is between models that every forecaster rates")
    return scored


def _advantage(difference: Floats, voter: Integers, level: float) -> Advantage:
    """Mean of paired differences, with an interval clustered by voter."""
    mean = float(difference.mean())
    _, group = np.unique(voter, return_inverse=True)
    sums = np.bincount(group, difference - mean)
    if len(sums) < 2:
        return Advantage(mean, None, None)
    error = np.sqrt((sums**2).sum() * len(sums) / (len(sums) - 1)) / len(difference)
    half = NormalDist().inv_cdf((1 + level) / 2) * float(error)
    return Advantage(mean, mean - half, mean + half)
