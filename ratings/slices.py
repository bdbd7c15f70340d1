"""Many boards of the same votes: categories, languages, windows of time, in one pass.

The key of a vote (outcome and ordered pair) is computed once; every slice then only counts the
keys of its own votes. Other slices take their rows by number, so that a slice costs what its own
votes cost and not what all do. Slices are fitted side by side, one in each processor.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ratings.arrays import Flags, Integers
from ratings.board import Board
from ratings.bradley_terry import fit_bradley_terry
from ratings.comparisons import Comparisons
from ratings.compiled import in_threads
from ratings.errors import InvalidParameter, InvalidVotes, RatingsError
from ratings.style import fit_style_controlled
from ratings.tally import Tally, vote_keys

_VOTERS = ("clustered", "bootstrap_voters")
"""Intervals that need the votes themselves."""


@dataclass(frozen=True)
class Slices:
    """Boards by name, and for each slice that has none the sentence that says why."""

    boards: Mapping[str, Board]
    refused: Mapping[str, str]


def fit_slices(
    votes: Comparisons, slices: Mapping[str, Flags], *, style: bool = False, **options: Any
) -> Slices:
    """Fit one board for each slice.

    Parameters
    ----------
    votes : Comparisons
    slices : mapping of name to (n,) bool
        Slices may overlap.
    style : bool
        Control for style in each slice, with the slice's own standard deviations.
    **options
        Of `ratings.fit_bradley_terry` or `ratings.fit_style_controlled`.

    Returns
    -------
    Slices
        A slice with too few votes stands in ``refused``; it never stops the others.

    Raises
    ------
    InvalidVotes
        A slice is not a boolean column of n rows.
    InvalidParameter
        An option has no meaning; that would refuse every slice alike.
    """
    for name, members in slices.items():
        if getattr(members, "dtype", None) != np.bool_ or members.shape != (len(votes),):
            raise InvalidVotes(f"the slice {name!r} must be {len(votes)} booleans of NumPy")
    tallied = votes.weight is None and not style and options.get("interval") not in _VOTERS
    keys = vote_keys(votes) if tallied else None

    def fit(members: Flags) -> Board | str:
        rows = np.flatnonzero(members)
        try:
            if keys is not None:
                return fit_bradley_terry(_tally(votes.models, keys[rows]), **options)
            fit_one = fit_style_controlled if style else fit_bradley_terry
            return fit_one(votes.select(rows), **options)
        except InvalidParameter:
            raise
        except RatingsError as error:
            return str(error)

    # A slice stays in its thread, which shares better than a thread for half of each pass.
    found = dict(zip(slices, in_threads(fit, [(rows,) for rows in slices.values()]), strict=True))
    return Slices(
        {name: board for name, board in found.items() if isinstance(board, Board)},
        {name: reason for name, reason in found.items() if isinstance(reason, str)},
    )


def _tally(models: tuple[str, ...], keys: Integers) -> Tally:
    m = len(models)
    count = np.bincount(keys, minlength=4 * m * m).astype(np.float64).reshape(4, m, m)
    return Tally.from_counts(models, count)
