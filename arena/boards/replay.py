"""Making a stored board again from the votes in the database, and comparing every figure."""

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arena.boards.fact_sheets import kept_facts
from arena.boards.gap.mix import mixed_gap
from arena.boards.models import Method, Snapshot
from arena.boards.rating import Line, Rated, rate
from arena.boards.slices import Slice
from arena.boards.snapshots import Origin, gap_of
from arena.boards.votes import CountedVotes, counted_at


@dataclass(frozen=True)
class Replay:
    """A snapshot beside what its votes give today.

    Attributes
    ----------
    snapshot : Snapshot
    replay_id, figures_hash : str
        Of the new fit.
    differing : tuple of str
        Models whose line is not the stored one, by slug.
    same_gap : bool or None
        Whether every figure of the gap is the stored one; None for a board without a gap, and
        where the models' facts of then were not kept: before published boards kept them, and of
        live boards between two publications.
    """

    snapshot: Snapshot
    replay_id: str
    figures_hash: str
    differing: tuple[str, ...]
    same_gap: bool | None

    @property
    def faithful(self) -> bool:
        """Return whether input, parameters, code and every figure are the same."""
        return self.same_input and self.same_figures and self.same_gap is not False

    @property
    def same_input(self) -> bool:
        """Return whether the id, made of input, parameters and code version, is the same."""
        return self.replay_id == self.snapshot.replay_id

    @property
    def same_figures(self) -> bool:
        """Return whether every published figure is the same, bit for bit."""
        return not self.differing and self.figures_hash == self.snapshot.figures_hash


def replay(snapshot: Snapshot, votes: CountedVotes | None = None) -> Replay:
    """Rate the votes that a snapshot was made of once more.

    Parameters
    ----------
    snapshot : Snapshot
    votes : CountedVotes, optional
        Of its source. Without them they are read from Postgres as they counted at the snapshot's
        revision, whatever was decided about them since; no cache has a part in it.
    """
    board = snapshot.board
    part = Slice(board.category, board.language, board.days)
    if votes is None:
        votes = counted_at(board.source, snapshot.decisions)
    members = part.members(votes.columns, snapshot.since)
    rated = rate(
        Method(board.method),
        votes.votes(members, style=board.style_controlled),
        min_votes=int(snapshot.parameters["min_votes"]),
    )
    return Replay(
        snapshot=snapshot,
        replay_id=rated.replay_id,
        figures_hash=rated.figures_hash,
        differing=_differing(snapshot, rated.lines),
        same_gap=_same_gap(snapshot, rated, votes, members),
    )


def _same_gap(
    snapshot: Snapshot, rated: Rated, votes: CountedVotes, members: NDArray[np.bool_]
) -> bool | None:
    """Make the gap again from the facts of then, as of the day of then."""
    # A gap from before gaps had an id was computed otherwise: it tells nothing of its board.
    facts = kept_facts(snapshot) if "id" in snapshot.gap else None
    if facts is None:
        return None
    origin = Origin(snapshot.board.source, votes.revision, facts, snapshot.created_at)
    again = gap_of(snapshot.board, rated, origin)
    if "mix" in snapshot.gap:
        again["mix"] = mixed_gap(
            votes,
            members,
            facts,
            snapshot.created_at.date(),
            min_votes=int(snapshot.parameters["min_votes"]),
            style=snapshot.board.style_controlled,
        )
    return bool(json.loads(json.dumps(again)) == snapshot.gap)


def _differing(snapshot: Snapshot, lines: tuple[Line, ...]) -> tuple[str, ...]:
    now = {line.model: line for line in lines}
    rows = snapshot.rows.select_related("language_model")
    differing = [
        row.language_model.slug
        for row in rows
        if now.pop(row.language_model_id, None) != Line.stored_in(row)
    ]
    return (*differing, *(str(model) for model in now))
