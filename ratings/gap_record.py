"""The open-versus-closed gap of one board as plain values, with an id from which it can be made
again: what is made of the same board, facts, rule and day by the same code has the same id.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from typing import Any

import numpy as np

from ratings.board import Board, canonical_json
from ratings.contenders import Contenders
from ratings.eligibility import eligible_models
from ratings.gap import FrontierGap, gap_between
from ratings.lag import Lag, LagFigure, lag_at
from ratings.licences import LADDER, UNKNOWN, Cut
from ratings.undefined import Undefined

GAP_VERSION = 1
"""Raised when the same board, facts, rule and day give another gap."""

DRAWS = 1000
"""Joint draws behind every interval of a published gap."""


@dataclass(frozen=True)
class ModelFacts:
    """What the gap asks of a model; billions of parameters, None where it is not known."""

    model: str
    licence_class: str = UNKNOWN
    released_on: dt.date | None = None
    params_total_b: float | None = None


@dataclass(frozen=True)
class EligibilityRule:
    """What puts a model on a frontier: counted votes, and half the width of its interval."""

    min_votes: int = 300
    max_half_width: float = 25.0


STANDARD_RULE = EligibilityRule()


def gap_id(
    board_id: str,
    facts: Sequence[ModelFacts],
    day: dt.date,
    rule: EligibilityRule = STANDARD_RULE,
) -> str:
    """SHA-256 of all that a gap is made of.

    Parameters
    ----------
    board_id : str
        Of votes, parameters and numerics.
    facts : sequence of ModelFacts
        Of every model of the board, in any order.
    day : date
        The day on which the lag is measured.
    rule : EligibilityRule
    """
    made_of = {
        "board": board_id,
        "facts": sorted([str(part) for part in astuple(fact)] for fact in facts),
        "day": day.isoformat(),
        "rule": asdict(rule),
        "version": GAP_VERSION,
    }
    return hashlib.sha256(canonical_json(made_of)).hexdigest()


def gap_record(
    board: Board,
    facts: Mapping[str, ModelFacts],
    day: dt.date,
    rule: EligibilityRule = STANDARD_RULE,
) -> dict[str, Any]:
    """Return the gap under every cut.

    Parameters
    ----------
    board : Board
        A fit with an interval.
    facts : mapping by model
        A model that it does not name has no known licence and no date: it is on no frontier.
    day : date
    rule : EligibilityRule

    Returns
    -------
    dict
        ``id``, ``day``, ``rule``, and ``cuts`` by the least open class that counts as open:
        ``eligible`` models of each side, ``undated`` ones, ``series``, ``latest`` and ``lag``.

    Raises
    ------
    RatingsError
        The board has no interval, or a licence class is unknown.
    """
    known = [facts.get(model, ModelFacts(model)) for model in board.models]
    eligible = eligible_models(
        board.votes,
        board.lower,
        board.upper,
        board.connected == 0,
        min_votes=rule.min_votes,
        max_half_width=rule.max_half_width,
    )
    draws = board.draws(DRAWS)
    released = np.array([fact.released_on for fact in known], dtype="datetime64[D]")

    def cut_at(least_open: str) -> dict[str, Any]:
        field = Contenders.of(
            draws,
            released,
            [fact.licence_class for fact in known],
            rating=board.rating,
            eligible=eligible,
            cut=Cut.at(least_open),
        )
        return _figures(field, board.models, day)

    return {
        "id": gap_id(board.id, known, day, rule),
        "day": day.isoformat(),
        "rule": asdict(rule),
        "cuts": {least_open: cut_at(least_open) for least_open in LADDER},
    }


def _figures(field: Contenders, models: Sequence[str], day: dt.date) -> dict[str, Any]:
    gap = gap_between(field)
    sides = {"closed": len(field.closed), "open": len(field.open)}
    return {
        "eligible": sides,
        "undated": gap.undated,
        "series": series(gap),
        "latest": latest(gap, models),
        "lag": lag(lag_at(field, day.isoformat())) if all(sides.values()) else None,
    }


def points(value: float) -> float | None:
    """Return points to 0.01; None where there is no number."""
    return round(float(value), 2) + 0.0 if np.isfinite(value) else None


def series(gap: FrontierGap) -> list[dict[str, Any]]:
    """Return the gap on each day."""
    return [
        {
            "on": str(gap.dates[step]),
            "gap": points(gap.gap[step]),
            "lower": points(gap.lower[step]),
            "upper": points(gap.upper[step]),
        }
        for step in range(len(gap.dates))
    ]


def latest(gap: FrontierGap, models: Sequence[str]) -> dict[str, Any] | None:
    """Return the gap on the last day with the two leaders; None without a gap."""
    if not len(gap.dates):
        return None
    last = gap.latest()
    return {
        **series(gap)[last],
        "closed_ahead": round(float(gap.closed_ahead[last]), 4),
        "win_probability": round(float(gap.win_probability[last]), 4),
        "win_lower": round(float(gap.win_lower[last]), 4),
        "win_upper": round(float(gap.win_upper[last]), 4),
        "closed": models[int(gap.closed_leaders[last, 0])],
        "open": models[int(gap.open_leaders[last, 0])],
    }


def lag(found: Lag | Undefined) -> dict[str, Any] | None:
    """Return a lag with its interval and the part that is certain; None where there is none."""
    if isinstance(found, Undefined):
        return None
    return {
        "point": _months(found.point),
        "lower": _months(found.lower),
        "upper": _months(found.upper),
        "significance": _months(found.significance),
        "lead": points(found.lead),
    }


def _months(figure: LagFigure) -> dict[str, Any]:
    return {"months": round(figure.months, 2), "state": figure.state}
