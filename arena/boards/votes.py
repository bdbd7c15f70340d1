"""The votes that a board is made of, in the one form that gives the same board anywhere.

Votes stand in the order in which they were stored; models are those that the votes name, in the
order of their slugs; voters are numbered in the order of their first vote. A file of the same
votes with any pseudonyms gives the same numbers, which is what makes boards replay.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from arena.boards.column_cache import ColumnCache
from arena.boards.columns import STYLE, Bit, VoteColumns
from arena.boards.vote_rows import ended_rows, standing_rows
from arena.catalog.models import LanguageModel
from ratings import Comparisons


@dataclass(frozen=True, eq=False)
class SourceVotes:
    """Votes as a fit takes them.

    Attributes
    ----------
    comparisons : Comparisons
        Models are named by slug.
    model_ids : tuple of m int
        Primary keys, in the order of ``comparisons.models``.
    voters : int
    last_vote_id : int
        0 without votes.
    """

    comparisons: Comparisons
    model_ids: tuple[int, ...]
    voters: int
    last_vote_id: int


@dataclass(frozen=True, eq=False)
class CountedVotes:
    """The counted votes of a source at a revision, from which any slice is taken.

    Attributes
    ----------
    source : str
    revision : int
    columns : VoteColumns
        Counted votes, in the order of their keys.
    """

    source: str
    revision: int
    columns: VoteColumns

    def __len__(self) -> int:
        return len(self.columns)

    def votes(
        self,
        members: NDArray[np.bool_] | None = None,
        *,
        style: bool = False,
        weight: NDArray[np.float64] | None = None,
    ) -> SourceVotes:
        """Return the votes of a slice, or all.

        Parameters
        ----------
        members : (n,) bool, optional
        style : bool
            With the style of the answers; votes whose answers are not known are left out.
        weight : (n,) float64, optional
            Of each vote of the source; without it, a vote is a vote.
        """
        if style:
            styled = self.columns.has(Bit.STYLED)
            members = styled if members is None else members & styled
        whole = members is None or bool(members.all())
        rows = slice(None) if whole or members is None else np.flatnonzero(members)
        places, slugs = self._models
        a, b = (places[side][rows] for side in (0, 1))
        met = np.zeros(len(slugs), dtype=bool)
        met[a], met[b] = True, True
        if not met.all():
            renumber = (np.cumsum(met) - 1).astype(np.int32)
            a, b = renumber[a], renumber[b]
        ids = [pk for pk, is_met in zip(slugs, met, strict=True) if is_met]
        voter, voters = _in_order_of_first_vote(self._voter[rows])
        vote = self.columns.vote[rows]
        return SourceVotes(
            comparisons=Comparisons(
                models=tuple(slugs[pk] for pk in ids),
                a=a,
                b=b,
                outcome=self.columns.outcome[rows],
                voter=voter,
                weight=None if weight is None else weight[rows],
                features=np.asarray(self.columns.style[rows]) if style else None,
                feature_names=STYLE if style else (),
            ),
            model_ids=tuple(ids),
            voters=voters,
            last_vote_id=int(vote[-1]) if len(vote) else 0,
        )

    @cached_property
    def _models(self) -> tuple[tuple[NDArray[np.int32], NDArray[np.int32]], Mapping[int, str]]:
        """Models of both sides as places in the order of slugs, and slugs by key in it."""
        sides = self.columns.a, self.columns.b
        most = max((int(side.max()) for side in sides if len(side)), default=0)
        met = np.zeros(most + 1, dtype=bool)
        for side in sides:
            met[side] = True
        ids = np.flatnonzero(met).tolist()
        named = LanguageModel.objects.filter(pk__in=ids).values_list("pk", "slug")
        slugs = dict(sorted(named, key=lambda model: model[1]))
        place = np.zeros(most + 1, dtype=np.int32)
        place[list(slugs)] = np.arange(len(slugs), dtype=np.int32)
        return (place[sides[0]], place[sides[1]]), slugs

    @cached_property
    def _voter(self) -> NDArray[np.int32]:
        """Voters as numbers below the number of votes, in any order."""
        _keys, number = np.unique(self.columns.voter, return_inverse=True)
        return number.astype(np.int32)


def read_counted(source: str) -> CountedVotes:
    """Return the counted votes of a source now, by way of this machine's column cache."""
    synced = ColumnCache(source).sync()
    return CountedVotes(source, synced.revision, synced.columns.counted())


def counted_at(source: str, revision: int) -> CountedVotes:
    """Return the votes that counted at an earlier revision, from Postgres alone."""
    parts = [VoteColumns.of(read(source, at=revision)) for read in (standing_rows, ended_rows)]
    return CountedVotes(source, revision, VoteColumns.joined(*parts).in_order().counted())


def read_votes(source: str) -> SourceVotes:
    """Return all counted votes of a source as a fit takes them."""
    return read_counted(source).votes()


def _in_order_of_first_vote(number: NDArray[np.int32]) -> tuple[NDArray[np.int32], int]:
    """Number voters from 0 in the order of their first vote."""
    if not len(number):
        return np.empty(0, dtype=np.int32), 0
    first = np.full(int(number.max()) + 1, -1, dtype=np.int64)
    first[number[::-1]] = np.arange(len(number))[::-1]  # the last to be written is the first vote
    met = np.flatnonzero(first >= 0)
    place = np.zeros(len(first), dtype=np.int32)
    place[met[np.argsort(first[met])]] = np.arange(len(met), dtype=np.int32)
    return place[number], len(met)
