"""One voter's own board: their counted votes, shrunk towards the public live board."""

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from arena.battles.models import Outcome, Side
from arena.boards.intervals import Axis, Mark, Tick
from arena.boards.models import Method, Snapshot
from arena.boards.newest import newest_snapshot
from arena.catalog.models import LanguageModel
from arena.integrity.models import VoteFacts
from arena.voters.models import Voter
from ratings.outcomes import OUTCOMES
from ratings.personal import PersonalBoard, personal_board

PRIOR_SCALE = 100.0
# With fewer the board is nearly the public one, and the page says so.
ENOUGH = 20
_WINNERS: Mapping[str, str] = {Outcome.A: Side.A, Outcome.B: Side.B}


@dataclass(frozen=True)
class OwnVote:
    """A counted vote of one voter: primary keys of the two models, and the outcome."""

    model_a: int
    model_b: int
    outcome: str


@dataclass(frozen=True)
class OwnRow:
    """A model on which the voter has voted. Points; None where the public board has no rating."""

    model: LanguageModel
    won: int
    lost: int
    even: int
    rating: float | None = None
    half_width: float | None = None
    public: float | None = None
    mark: Mark | None = None
    public_at: str = ""

    @property
    def moved(self) -> int | None:
        """Return the whole points by which the voter lifts the model above the public."""
        if self.rating is None or self.public is None:
            return None
        return round(self.rating) - round(self.public)


@dataclass(frozen=True)
class OwnBoard:
    """What the page shows: the best first, models without a rating last."""

    rows: tuple[OwnRow, ...]
    votes: int
    ticks: tuple[Tick, ...] = ()
    snapshot: Snapshot | None = None

    @property
    def is_rated(self) -> bool:
        """Return whether any model of these has a rating."""
        return bool(self.ticks)

    @property
    def is_thin(self) -> bool:
        """Return whether the votes are too few to say much."""
        return self.votes < ENOUGH


def own_board(voter_id: uuid.UUID | None) -> OwnBoard:
    """Return a voter's own board beside the newest live one."""
    votes = counted_votes(voter_id) if voter_id else []
    if not votes:
        return OwnBoard((), 0)
    snapshot = newest_snapshot("live", Method.BRADLEY_TERRY)
    records = _records(votes)
    # The prior is independent from model to model: those without a vote change nothing.
    public = _public_ratings(snapshot, records)
    models = LanguageModel.objects.in_bulk(list(records))
    fitted = _fit(votes, public) if public else None
    places = {pk: number for number, pk in enumerate(public)}
    rows = [
        _row(models[pk], record, fitted, places.get(pk))
        for pk, record in records.items()
        if pk in models
    ]
    rows.sort(key=lambda row: (row.rating is None, -(row.rating or 0.0), row.model.name))
    axis = Axis.over(
        value
        for row in rows
        if row.rating is not None and row.half_width is not None
        for value in (row.rating - row.half_width, row.rating + row.half_width, row.public)
    )
    return OwnBoard(
        rows=tuple(_drawn(row, axis) for row in rows) if axis else tuple(rows),
        votes=len(votes),
        ticks=tuple(axis.ticks()) if axis else (),
        snapshot=snapshot,
    )


def counted_votes(voter_id: uuid.UUID) -> list[OwnVote]:
    """Return a voter's counted live votes; a model against itself is never one."""
    facts = VoteFacts.objects.filter(
        vote__battle__voter__in=Voter.objects.ids_of_person(voter_id), source="live", counted=True
    ).order_by("vote_id")
    columns = ("vote__battle__model_a_id", "vote__battle__model_b_id", "vote__outcome")
    return [OwnVote(*row) for row in facts.values_list(*columns)]


def _public_ratings(snapshot: Snapshot | None, models: Iterable[int]) -> dict[int, float]:
    if snapshot is None:
        return {}
    rows = snapshot.rows.filter(language_model__in=models).order_by("language_model")
    found = rows.values_list("language_model", "rating")
    return {pk: rating for pk, rating in found if rating is not None}


def _fit(votes: Sequence[OwnVote], public: Mapping[int, float]) -> PersonalBoard:
    """Rate the models of the public board; votes on any other are left out."""
    places = {pk: number for number, pk in enumerate(public)}
    used = [vote for vote in votes if vote.model_a in places and vote.model_b in places]
    return personal_board(
        np.array([places[vote.model_a] for vote in used], dtype=np.int64),
        np.array([places[vote.model_b] for vote in used], dtype=np.int64),
        np.array([OUTCOMES.index(vote.outcome) for vote in used], dtype=np.int64),
        list(public.values()),
        prior_scale=PRIOR_SCALE,
    )


def _records(votes: Iterable[OwnVote]) -> dict[int, Counter[str]]:
    """Return how often each model won, lost, and was as good or bad as the other."""
    records: dict[int, Counter[str]] = {}
    for vote in votes:
        for side, model in ((Side.A, vote.model_a), (Side.B, vote.model_b)):
            winner = _WINNERS.get(vote.outcome)
            word = "even" if winner is None else ("won" if winner == side else "lost")
            records.setdefault(model, Counter())[word] += 1
    return records


def _row(
    model: LanguageModel,
    record: Mapping[str, int],
    fitted: PersonalBoard | None,
    place: int | None,
) -> OwnRow:
    won, lost, even = (record.get(word, 0) for word in ("won", "lost", "even"))
    row = OwnRow(model, won=won, lost=lost, even=even)
    if fitted is None or place is None:
        return row
    return replace(
        row,
        rating=float(fitted.rating[place]),
        half_width=float(fitted.upper[place] - fitted.rating[place]),
        public=float(fitted.public[place]),
    )


def _drawn(row: OwnRow, axis: Axis) -> OwnRow:
    if row.rating is None or row.half_width is None or row.public is None:
        return row
    mark = axis.mark(row.rating, row.rating - row.half_width, row.rating + row.half_width)
    return replace(row, mark=mark, public_at=axis.at(row.public))
