"""Ratings from paired comparisons: arrays in, boards out, with honest uncertainty.

Import the names in ``__all__`` from here; they load when first used, so importing this is free.
It never imports Django, `arena` or `workers`, and does no I/O outside its command line.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ratings.anomaly import (
        FavourTest,
        VoterAudit,
        VoterTest,
        audit_voters,
        favour_test,
        voter_test,
    )
    from ratings.board import Board
    from ratings.bradley_terry import fit_bradley_terry
    from ratings.comparisons import Comparisons
    from ratings.contenders import Contenders
    from ratings.eligibility import eligible_models
    from ratings.elo import fit_elo
    from ratings.errors import RatingsError
    from ratings.frontier import Frontier, frontier_values
    from ratings.gap import FrontierGap, frontier_gap
    from ratings.influence import Flip, votes_to_flip_first_place
    from ratings.ladder import gap_by_category, licence_ladder, practical_gap
    from ratings.lag import Lag, lag_at, lag_line
    from ratings.licences import Cut
    from ratings.live import LiveRatings
    from ratings.mix import mixed_draws, vote_weights
    from ratings.personal import PersonalBoard, personal_board
    from ratings.prediction import PredictiveCheck, predictive_check
    from ratings.proportions import (
        DirectCheck,
        clustered_interval,
        direct_check,
        wilson_interval,
    )
    from ratings.records import PairRecord, PairRecords, pair_records, votes_still_needed
    from ratings.scale import Scale
    from ratings.slices import Slices, fit_slices
    from ratings.sorted_comparisons import SortedComparisons
    from ratings.style import StyledBoard, fit_style_controlled
    from ratings.survival import CatchUp, Survival, catch_up, kaplan_meier
    from ratings.tally import Tally

_HOME = {
    "Board": "board",
    "CatchUp": "survival",
    "Comparisons": "comparisons",
    "Contenders": "contenders",
    "Cut": "licences",
    "DirectCheck": "proportions",
    "FavourTest": "anomaly",
    "Flip": "influence",
    "Frontier": "frontier",
    "FrontierGap": "gap",
    "Lag": "lag",
    "LiveRatings": "live",
    "PairRecord": "records",
    "PairRecords": "records",
    "PersonalBoard": "personal",
    "PredictiveCheck": "prediction",
    "RatingsError": "errors",
    "Scale": "scale",
    "Slices": "slices",
    "SortedComparisons": "sorted_comparisons",
    "StyledBoard": "style",
    "Survival": "survival",
    "Tally": "tally",
    "VoterAudit": "anomaly",
    "VoterTest": "anomaly",
    "audit_voters": "anomaly",
    "catch_up": "survival",
    "clustered_interval": "proportions",
    "direct_check": "proportions",
    "eligible_models": "eligibility",
    "favour_test": "anomaly",
    "fit_bradley_terry": "bradley_terry",
    "fit_elo": "elo",
    "fit_slices": "slices",
    "fit_style_controlled": "style",
    "frontier_gap": "gap",
    "frontier_values": "frontier",
    "gap_by_category": "ladder",
    "kaplan_meier": "survival",
    "lag_at": "lag",
    "lag_line": "lag",
    "licence_ladder": "ladder",
    "mixed_draws": "mix",
    "pair_records": "records",
    "personal_board": "personal",
    "practical_gap": "ladder",
    "predictive_check": "prediction",
    "vote_weights": "mix",
    "voter_test": "anomaly",
    "votes_still_needed": "records",
    "votes_to_flip_first_place": "influence",
    "wilson_interval": "proportions",
}

__all__ = [
    "Board",
    "CatchUp",
    "Comparisons",
    "Contenders",
    "Cut",
    "DirectCheck",
    "FavourTest",
    "Flip",
    "Frontier",
    "FrontierGap",
    "Lag",
    "LiveRatings",
    "PairRecord",
    "PairRecords",
    "PersonalBoard",
    "PredictiveCheck",
    "RatingsError",
    "Scale",
    "Slices",
    "SortedComparisons",
    "StyledBoard",
    "Survival",
    "Tally",
    "VoterAudit",
    "VoterTest",
    "audit_voters",
    "catch_up",
    "clustered_interval",
    "direct_check",
    "eligible_models",
    "favour_test",
    "fit_bradley_terry",
    "fit_elo",
    "fit_slices",
    "fit_style_controlled",
    "frontier_gap",
    "frontier_values",
    "gap_by_category",
    "kaplan_meier",
    "lag_at",
    "lag_line",
    "licence_ladder",
    "mixed_draws",
    "pair_records",
    "personal_board",
    "practical_gap",
    "predictive_check",
    "vote_weights",
    "voter_test",
    "votes_still_needed",
    "votes_to_flip_first_place",
    "wilson_interval",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
