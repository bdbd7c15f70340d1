"""From strengths in log-odds to a board in points: order, scale, anchor, bounds, ranks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ratings.arrays import Floats, Integers
from ratings.board import Board, Digestible
from ratings.components import Components
from ratings.covariance import Covariance
from ratings.parameters import Parameters
from ratings.ranks import overlap_ranks


@dataclass(frozen=True, eq=False)
class Estimate:
    """Strengths of the rated models in natural log-odds, with what is known of their error.

    Attributes
    ----------
    theta : (r,) with mean 0
    covariance : Covariance or None
        Its first r parameters are the strengths. None when no interval was asked for.
    replicates : (rounds, r) or None
        Bootstrap rounds, each with mean 0; bounds are then percentiles.
    degrees : int or None
        Degrees of freedom of Student's t; None for the normal law.
    """

    theta: Floats
    covariance: Covariance | None = None
    replicates: Floats | None = None
    degrees: int | None = None


@dataclass(frozen=True, eq=False)
class Columns:
    """Fields of a board, in board order, and that order."""

    order: Integers
    fields: Mapping[str, Any]


def board_columns(
    models: tuple[str, ...],
    votes: Integers,
    components: Components,
    estimate: Estimate,
    parameters: Parameters,
) -> Columns:
    """Order the models best first and put every column on the published scale.

    Parameters
    ----------
    models : tuple of m str
    votes : (m,)
    components : Components
        Over all m models; `estimate` speaks of ``components.main`` only.
    """
    m, main = len(models), components.main
    scale = parameters.scale
    unit = scale.points_per_logit
    shift = scale.shift(models, components, estimate.theta)
    rating = np.full(m, np.nan)
    rating[main] = shift + unit * estimate.theta
    lower, upper = np.full((2, m), np.nan)
    error = np.full(m, np.nan)
    replicates = None
    if estimate.covariance is not None:
        variance = estimate.covariance.variance()[: main.size]
        error[main] = unit * np.sqrt(np.maximum(variance, 0))
        reach = parameters.quantile(estimate.degrees) * error
        lower, upper = rating - reach, rating + reach
    if estimate.replicates is not None:
        replicates = np.full((len(estimate.replicates), m), np.nan)
        replicates[:, main] = shift + unit * estimate.replicates
        lower[main], upper[main] = percentile_bounds(replicates[:, main], parameters.level)
    place = np.full(m, -1, dtype=np.int64)
    place[main] = np.arange(main.size)
    order = _best_first(models, rating, components.label)
    best, worst = overlap_ranks(lower, upper)
    fields = {
        "models": tuple(models[place] for place in order),
        "rating": rating[order],
        "lower": lower[order],
        "upper": upper[order],
        "rank_best": best[order],
        "rank_worst": worst[order],
        "votes": votes[order],
        "standard_error": error[order],
        "joint": estimate.covariance,
        "joint_place": place[order],
        "connected": components.label[order],
        "unrated": {models[place]: reason for place, reason in components.unrated.items()},
        "scale": scale,
        "level": parameters.level,
        "replicates": None if replicates is None else replicates[:, order],
    }
    return Columns(order, fields)


def percentile_bounds(replicates: Floats, level: float) -> Floats:
    """Lower and upper percentiles over bootstrap rounds, (2, p).

    Places are counted among rounds + 1, as for a new draw from the same law; NumPy's default
    counts among rounds - 1 and is too narrow when rounds are few.
    """
    tail = (1 - level) / 2
    bounds: Floats = np.quantile(replicates, [tail, 1 - tail], axis=0, method="weibull")
    return bounds


def assemble_board(
    models: tuple[str, ...],
    votes: Integers,
    components: Components,
    estimate: Estimate,
    parameters: Parameters,
    *,
    record: Mapping[str, Any],
    source: Digestible,
    notes: Sequence[str] = (),
    tie_strength: float | None = None,
) -> Board:
    """Build the board of an estimate: see `board_columns`."""
    columns = board_columns(models, votes, components, estimate, parameters)
    return Board(
        **columns.fields,
        parameters=record,
        source=source,
        notes=tuple(notes),
        tie_strength=tie_strength,
    )


def _best_first(models: tuple[str, ...], rating: Floats, label: Integers) -> Integers:
    # Rounded as published, so that equal figures are ordered by name on every machine.
    key = np.where(np.isfinite(rating), -np.round(rating, 2), np.inf)
    return np.lexsort((np.array(models), label, key)).astype(np.int64)
