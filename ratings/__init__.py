"""Ratings from paired comparisons: arrays in, boards out, with honest uncertainty.

Import the names in ``__all__`` from here; they load when first used, so importing this is free.
It never imports Django, `arena` or `workers`, and does no I/O outside its command line.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ratings.board import Board
    from ratings.bradley_terry import fit_bradley_terry
    from ratings.comparisons import Comparisons
    from ratings.elo import fit_elo
    from ratings.errors import RatingsError
    from ratings.gap import frontier_gap
    from ratings.style import StyledBoard, fit_style_controlled
    from ratings.tally import Tally

_HOME = {
    "Board": "board",
    "Comparisons": "comparisons",
    "RatingsError": "errors",
    "StyledBoard": "style",
    "Tally": "tally",
    "fit_bradley_terry": "bradley_terry",
    "fit_elo": "elo",
    "fit_style_controlled": "style",
    "frontier_gap": "gap",
}

__all__ = [
    "Board",
    "Comparisons",
    "RatingsError",
    "StyledBoard",
    "Tally",
    "fit_bradley_terry",
    "fit_elo",
    "fit_style_controlled",
    "frontier_gap",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value
