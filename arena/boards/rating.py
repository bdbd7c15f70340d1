"""Votes into ratings, and ratings into the lines that are shown."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from arena.boards.models import Method, SnapshotRow
from arena.boards.votes import SourceVotes, read_counted
from ratings import Board, Comparisons, fit_bradley_terry, fit_elo, fit_style_controlled
from ratings.errors import CollinearFeatures, NotEnoughVotes, Separated

# What leaves a board without ratings, and is no fault: too few votes, or all for one side.
UNRATABLE = (NotEnoughVotes, Separated, CollinearFeatures)


@dataclass(frozen=True)
class Line:
    """One model on a board; points rounded to 0.01, or None where no number would be honest."""

    model: int
    votes: int
    rating: float | None = None
    lower: float | None = None
    upper: float | None = None
    rank_best: int | None = None
    rank_worst: int | None = None

    @classmethod
    def stored_in(cls, row: SnapshotRow) -> Self:
        """Return the line that a snapshot's row holds."""
        figures = {name: getattr(row, name) for name in _FIGURES}
        return cls(model=row.language_model_id, **figures)

    def columns(self) -> dict[str, Any]:
        """Return what is stored of the line, by the name of its column."""
        return {
            "language_model_id": self.model,
            **{name: getattr(self, name) for name in _FIGURES},
        }


_FIGURES = ("votes", "rating", "lower", "upper", "rank_best", "rank_worst")


@dataclass(frozen=True, eq=False)
class Rated:
    """One method's answer: the fit where there is one, its lines, and what it was made of."""

    method: Method
    votes: SourceVotes
    board: Board | None
    lines: tuple[Line, ...]
    parameters: Mapping[str, Any]
    replay_id: str
    figures_hash: str


@dataclass(frozen=True, eq=False)
class SourceRatings:
    """The boards of all votes of a source, from one reading of them."""

    revision: int
    votes: SourceVotes
    bradley_terry: Rated
    elo: Rated

    @property
    def methods(self) -> tuple[Rated, Rated]:
        """Return the boards, in the order in which a reader chooses among them."""
        return self.bradley_terry, self.elo


def rate_source(source: str, *, min_votes: int) -> SourceRatings:
    """Read and rate the counted votes of a source.

    Parameters
    ----------
    source : str
        ``live``, ``import:NAME`` or ``simulated``. Votes must have been decided
        (`arena.integrity.facts.decide_votes`).
    min_votes : int
        Models with fewer votes are part of the fit, but get a line without a rating.

    Returns
    -------
    SourceRatings
        ``bradley_terry.board`` and ``elo.board`` are the fits of `ratings`, with models named by
        slug; None where the votes allow none.
    """
    counted = read_counted(source)
    votes = counted.votes()
    return SourceRatings(
        revision=counted.revision,
        votes=votes,
        bradley_terry=rate(Method.BRADLEY_TERRY, votes, min_votes=min_votes),
        elo=rate(Method.ELO, votes, min_votes=min_votes),
    )


def rate(method: Method, votes: SourceVotes, *, min_votes: int) -> Rated:
    """Rate votes with one method; with style where they carry it."""
    board = fit(method, votes.comparisons)
    parameters = {**(board.parameters if board else {}), "min_votes": min_votes}
    return Rated(
        method=method,
        votes=votes,
        board=board,
        lines=shown_lines(votes, board, min_votes),
        parameters=parameters,
        replay_id=board.id if board else _unrated_id(method, votes.comparisons),
        figures_hash=board.figures_hash if board else "",
    )


def fit(method: Method, comparisons: Comparisons) -> Board | None:
    """Fit one method; None when no rating would be finite."""
    try:
        return fit_elo(comparisons) if method == Method.ELO else _bradley_terry(comparisons)
    except UNRATABLE:
        return None


def _bradley_terry(comparisons: Comparisons) -> Board:
    """Intervals are clustered by voter; with one voter alone his votes count as independent."""
    fitted = fit_bradley_terry if comparisons.features is None else fit_style_controlled
    try:
        return fitted(comparisons, interval="clustered")
    except NotEnoughVotes:
        return fitted(comparisons, interval="sandwich")


def shown_lines(votes: SourceVotes, board: Board | None, min_votes: int) -> tuple[Line, ...]:
    """Return a line for each model that has counted votes, the best first.

    Ranks are among the models that are shown with a rating.
    """
    counts = _votes_by_model(votes.comparisons)
    ids = dict(zip(votes.comparisons.models, votes.model_ids, strict=True))
    lines = [] if board is None else _rated_lines(board.shown(min_votes), ids)
    rated = {line.model for line in lines}
    others = sorted(
        (-count, slug) for slug, count in counts.items() if ids[slug] not in rated and count
    )
    return (*lines, *(Line(model=ids[slug], votes=-count) for count, slug in others))


def _rated_lines(rows: Iterable[Mapping[str, Any]], ids: Mapping[str, int]) -> list[Line]:
    return [
        Line(model=ids[row["model"]], **{name: row[name] for name in _FIGURES})
        for row in rows
        if row["rating"] is not None
    ]


def _votes_by_model(comparisons: Comparisons) -> dict[str, int]:
    m = len(comparisons.models)
    counts = sum(np.bincount(side, minlength=m) for side in (comparisons.a, comparisons.b))
    return dict(zip(comparisons.models, np.asarray(counts).tolist(), strict=True)) if m else {}


def _unrated_id(method: Method, comparisons: Comparisons) -> str:
    return hashlib.sha256(f"{method} unrated {comparisons.digest()}".encode()).hexdigest()
