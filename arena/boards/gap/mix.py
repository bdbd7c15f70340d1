"""The gap in a fixed mix of languages, from votes that are weighed to the mix and fitted together.

One fit of weighed votes keeps the votes of a person in one cluster, whatever languages they voted
in, and asks less of each model than a fit for each language would.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena.boards.catalogue import Facts
from arena.boards.columns import Bit
from arena.boards.gap.rules import DEFAULT_CUT, MIN_BATTLES, MIX
from arena.boards.gap.series import gap_lines
from arena.boards.models import Method
from arena.boards.rating import fit
from arena.boards.slices import Slice
from arena.boards.votes import CountedVotes
from ratings import Comparisons, vote_weights


def mixed_gap(
    votes: CountedVotes,
    members: NDArray[np.bool_],
    facts: Mapping[int, Facts],
    today: dt.date,
    *,
    min_votes: int,
    style: bool = False,
) -> dict[str, Any]:
    """Return the gap that the votes would show if languages stood in the fixed mix.

    Parameters
    ----------
    votes : CountedVotes
    members : (n,) bool
        Of all votes of the source, those of the board.
    facts : mapping by primary key
    today : date
    min_votes : int
        A model needs so many votes in each language of the mix, beside what makes any model
        eligible: what it does in a language it was hardly asked in is not known.
    style : bool
        Whether the board controls for style.

    Returns
    -------
    dict
        ``since``, ``shares``, ``min_battles``, ``min_votes``, and ``votes`` by language. With
        figures: those of the default cut (`gap_lines`), ``cuts`` with the others, and the fit's
        ``id``. Without: ``undefined``, which is ``thin`` (with ``thin``, the languages that have
        too few votes) or ``unrated``. Ready for JSON.
    """
    spoken = _languages(votes, members, style=style)
    counts = {tag: int((spoken == tag).sum()) for tag in MIX.shares}
    content: dict[str, Any] = {
        "since": MIX.since.isoformat(),
        "shares": dict(MIX.shares),
        "min_battles": MIN_BATTLES,
        "min_votes": min_votes,
        "votes": counts,
    }
    if thin := [tag for tag, count in counts.items() if count < MIN_BATTLES]:
        return {**content, "undefined": "thin", "thin": thin}
    weight = vote_weights(spoken, MIX.shares)
    chosen = votes.votes(weight > 0, style=style, weight=weight)
    board = fit(Method.BRADLEY_TERRY, chosen.comparisons)
    if board is None:
        return {**content, "undefined": "unrated"}
    ids = dict(zip(chosen.comparisons.models, chosen.model_ids, strict=True))
    least = _votes_in_the_rarest(chosen.comparisons, spoken[weight > 0])
    among = np.array([least[slug] >= min_votes for slug in board.models], dtype=bool)
    lines = gap_lines(board, [facts[ids[slug]] for slug in board.models], today, among)
    return {**content, "id": board.id, **lines.pop(DEFAULT_CUT), "cuts": lines}


def _languages(votes: CountedVotes, members: NDArray[np.bool_], *, style: bool) -> NDArray[np.str_]:
    """Return the language of each vote as the mix names it; empty for votes that it leaves out."""
    columns = votes.columns
    chosen = members & columns.has(Bit.STYLED) if style else members
    spoken = np.full(len(columns), "", dtype=f"U{max(map(len, MIX.shares))}")
    for tag in MIX.shares:
        spoken[chosen & Slice(language=tag).members(columns, None)] = tag
    return spoken


def _votes_in_the_rarest(comparisons: Comparisons, spoken: NDArray[np.str_]) -> dict[str, int]:
    """Return each model's votes in that language of the mix in which it has the fewest."""
    m = len(comparisons.models)
    counts = np.array(
        [
            sum(
                np.bincount(side[spoken == tag], minlength=m)
                for side in (comparisons.a, comparisons.b)
            )
            for tag in MIX.shares
        ]
    )
    return dict(zip(comparisons.models, counts.min(axis=0).tolist(), strict=True))
