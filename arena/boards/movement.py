"""Why did it move? A board's change since an earlier snapshot, split into parts that sum to it.

The change is walked in a fixed order, and each step is fitted: what a step moves is its part.

1. *method*: the old votes under today's code and parameters;
2. *window*: votes that are too old for a board of recent days by now;
3. *exclusions*: votes of then that are not counted any more, or are again;
4. *rules*: votes of then that today's labels put into the slice, or out of it;
5. *new votes* between models that were there then;
6. *new opponents*: votes on models that were not.

Another order would give other parts, as with any such split; the order is part of the answer.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from arena.boards.columns import VoteColumns
from arena.boards.models import Snapshot
from arena.boards.rating import UNRATABLE, Rated
from arena.boards.slices import EVERYTHING, Slice
from arena.boards.vote_rows import ended_rows
from arena.boards.votes import CountedVotes
from ratings import fit_bradley_terry, fit_style_controlled

PARTS = ("method", "window", "exclusions", "rules", "new_votes", "new_opponents")

type Hundredths = dict[str, int]


def explain(
    before: Snapshot,
    after: Rated,
    votes: CountedVotes,
    part: Slice = EVERYTHING,
    since: dt.datetime | None = None,
) -> dict[str, Any]:
    """Split the change of every model's rating between two boards of the same slice.

    Parameters
    ----------
    before : Snapshot
        A Bradley-Terry board, with or without style, of the same source.
    after : Rated
        The board of now.
    votes : CountedVotes
        The source's counted votes from which `after` was made.
    part : Slice
    since : aware datetime, optional
        Where the slice's span of time begins now.

    Returns
    -------
    dict
        ``from`` (replay id), ``at``, ``votes`` (``new``, ``gone``), and ``models``: by slug the
        points ``before`` and ``after`` and ``parts`` in the order of `PARTS`. A model's parts sum
        to its whole change, to the hundredth of a point. Ready for JSON.
    """
    steps = _Steps.between(before, votes, part, since)
    ratings = [_stored(before)]
    fitted: tuple[tuple[bytes, bytes], Hundredths] | None = None
    for columns in steps.columns():
        key = columns.vote.tobytes(), columns.revision.tobytes()
        if fitted is None or fitted[0] != key:
            fitted = key, _fit(columns, styled=before.board.style_controlled)
        ratings.append(fitted[1])
    ratings.append(_points(after))
    return {
        "from": before.replay_id,
        "at": before.created_at.isoformat(),
        "votes": steps.counts(),
        "models": {slug: _model(slug, ratings) for slug in ratings[-1] if slug in ratings[0]},
    }


@dataclass(frozen=True, eq=False)
class _Steps:
    """The sets of votes that are fitted between the board of then and that of now."""

    then: VoteColumns
    window: VoteColumns
    standing: VoteColumns
    ruled: VoteColumns
    now: VoteColumns

    @classmethod
    def between(
        cls, before: Snapshot, votes: CountedVotes, part: Slice, since: dt.datetime | None
    ) -> Self:
        """Gather the votes of each step."""

        def members(columns: VoteColumns, start: dt.datetime | None) -> VoteColumns:
            return columns.take(part.members(columns, start))

        now = votes.columns
        gone = ended_rows(votes.source, at=before.decisions, by=votes.revision)
        ended = VoteColumns.of(gone).in_order()
        still = now.revision <= before.decisions
        old = VoteColumns.joined(now.take(still), ended.counted()).in_order()
        known = now.take(still | np.isin(now.vote, ended.vote))
        window = members(old, since)
        back = members(known.take(~np.isin(known.vote, old.vote)), since)
        return cls(
            then=members(old, before.since),
            window=window,
            standing=VoteColumns.joined(
                window.take(np.isin(window.vote, now.vote)), back
            ).in_order(),
            ruled=members(known, since),
            now=members(now, since),
        )

    def columns(self) -> Iterable[VoteColumns]:
        """Yield the votes of each step but the last, which is the board of now."""
        yield from (self.then, self.window, self.standing, self.ruled)
        yield self.now.take(_among(self.now, self.ruled))

    def counts(self) -> dict[str, int]:
        """Return how many votes came and went."""
        return {
            "new": int((~np.isin(self.now.vote, self.then.vote)).sum()),
            "gone": int((~np.isin(self.then.vote, self.now.vote)).sum()),
        }


def _among(columns: VoteColumns, earlier: VoteColumns) -> NDArray[np.bool_]:
    """Return which votes are between models that the earlier ones name."""
    models = np.union1d(earlier.a, earlier.b)
    return np.isin(columns.a, models) & np.isin(columns.b, models)


def _fit(columns: VoteColumns, *, styled: bool) -> Hundredths:
    chosen = CountedVotes("", 0, columns).votes(style=styled).comparisons
    fit = fit_style_controlled if styled else fit_bradley_terry
    try:
        board = fit(chosen, interval=None)
    except UNRATABLE:
        return {}
    return _hundredths(zip(board.models, board.rating.tolist(), strict=True))


def _points(rated: Rated) -> Hundredths:
    if rated.board is None:
        return {}
    return _hundredths(zip(rated.board.models, rated.board.rating.tolist(), strict=True))


def _stored(snapshot: Snapshot) -> Hundredths:
    rows = snapshot.rows.exclude(rating=None).values_list("language_model__slug", "rating")
    return _hundredths(rows)


def _hundredths(ratings: Iterable[tuple[str, float | None]]) -> Hundredths:
    return {
        slug: round(points * 100)
        for slug, points in ratings
        if points is not None and np.isfinite(points)
    }


def _model(slug: str, ratings: Sequence[Hundredths]) -> dict[str, Any]:
    """Return one model's parts; a step that leaves it without a rating moves nothing."""
    walked = [ratings[0][slug]]
    for step in ratings[1:]:
        walked.append(step.get(slug, walked[-1]))
    moved = [later - earlier for earlier, later in pairwise(walked)]
    return {
        "before": walked[0] / 100,
        "after": walked[-1] / 100,
        "parts": {name: points / 100 for name, points in zip(PARTS, moved, strict=True)},
    }
