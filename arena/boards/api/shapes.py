"""What the API answers. Names are those of the tables, forms and exports, and stay."""

import datetime as dt
from decimal import Decimal
from typing import Any

from ninja import Schema

from arena.boards.api.gap_shapes import GapFigures, MixFigures


class Row(Schema):
    """One model on a board; no rating where no number would be honest."""

    model: str
    name: str
    organisation: str
    licence_class: str
    rating: float | None
    lower: float | None
    upper: float | None
    rank_best: int | None
    rank_worst: int | None
    votes: int
    released_on: dt.date | None
    context_tokens: int | None
    params_total_b: float | None
    params_active_b: float | None
    # What it takes as input; empty where it is not known.
    modalities: list[str]
    retired: bool
    first_token_seconds: float | None
    tokens_per_second: float | None
    cost_of_thousand: Decimal | None
    # US dollars per million tokens, at the price in force.
    input_usd: Decimal | None
    output_usd: Decimal | None


# Of a table on its own, which must say what it is of.
ROW_COLUMNS = (*Row.model_fields, "board", "source", "id")


class BoardSummary(Schema):
    """A board, and its newest snapshot in short."""

    board: str
    source: str
    method: str
    category: str
    language: str
    days: int | None
    style_controlled: bool
    id: str
    votes: int
    voters: int
    updated_at: dt.datetime


class BoardKey(Schema):
    """A board, by its name and its source of votes."""

    board: str
    source: str


class SnapshotAnswer(BoardSummary):
    """A frozen board. `id` is made of its votes, its parameters and the code's version."""

    figures_hash: str
    # Other boards with this id: they take the same votes.
    same_votes: list[BoardKey]
    parameters: dict[str, Any]
    since: dt.datetime | None
    published_for: dt.datetime | None
    style: list[dict[str, Any]]
    movement: dict[str, Any]
    rows: list[Row]


class MovedModel(Schema):
    """A model's points before and after; its parts sum to the change."""

    before: float
    after: float
    parts: dict[str, float]


class Movement(Schema):
    """What moved ratings since the board `since`, over so many publications."""

    since: str
    at: dt.datetime
    publications: int
    new_votes: int
    votes_gone: int
    models: dict[str, MovedModel]


class MovementAnswer(BoardSummary):
    """A frozen board, and why its ratings moved since an earlier one."""

    movement: Movement


class GapAnswer(Schema):
    """The open-versus-closed figures of a board: see /method/ for what each means."""

    board: str
    source: str
    id: str
    updated_at: dt.datetime
    gap: GapFigures
    # In a fixed mix of languages, as of the last publication; null before it, and for slices.
    mix: MixFigures | None


class PublishedGap(Schema):
    """The gap as it was published on a day. Points of different `scale` are not to be joined."""

    on: dt.date
    gap: float
    lower: float
    upper: float
    # The names of the two leaders.
    open: str
    closed: str
    # The board of that day.
    id: str
    scale: int


class PublishedGapsAnswer(Schema):
    """The gap of each day's last published board, oldest first."""

    board: str
    source: str
    cut: str
    gaps: list[PublishedGap]


class RecordedDay(Schema):
    """The two leaders of a public board on a day, in points of its own scale."""

    on: dt.date
    # Days of different eras have different scales.
    era: int
    open_model: str
    open_rating: float
    closed_model: str
    closed_rating: float
    gap: float
    # Who kept the copy that the figures were read from.
    copy_of: str


class RecordAnswer(Schema):
    """Chatbot Arena's published frontiers, never joined to those of this arena."""

    days: list[RecordedDay]


class DirectRecord(Schema):
    """The votes between two models, from the first one's side."""

    won: int
    lost: int
    tied: int
    both_bad: int


class Encounter(BoardKey):
    """Two models on one board; points, first minus second, and how often the first would win.

    Intervals are of the difference itself, from the joint fit. Null where one has no rating.
    """

    category: str
    language: str
    id: str
    first_rating: float | None
    second_rating: float | None
    difference: float | None
    lower: float | None
    upper: float | None
    win_probability: float | None
    win_lower: float | None
    win_upper: float | None
    # Further direct votes that would tell the two apart; null also where no number would.
    votes_needed: int | None
    # As of the board with `pairs_id`, which is that of the last publication.
    pairs_id: str
    direct: DirectRecord | None


class CompareAnswer(Schema):
    """Two models against each other, on every board of all time where both stand."""

    first: str
    second: str
    source: str
    boards: list[Encounter]


class PairsAnswer(Schema):
    """Direct votes: row i against column j, from the row's side; ties are symmetric."""

    board: str
    source: str
    id: str
    models: list[str]
    won: list[list[int]]
    tied: list[list[int]]
    both_bad: list[list[int]]


class BoardsPage(Schema):
    """A page of boards; ask again with `after` set to `next`, until it is null."""

    boards: list[BoardSummary]
    next: int | None


class SnapshotsPage(Schema):
    """A page of published snapshots, the newest first; go on with `before` set to `next`."""

    snapshots: list[BoardSummary]
    next: int | None


class ReleaseFile(Schema):
    """A file of a data release."""

    name: str
    bytes: int
    sha256: str
    address: str


class ReleaseAnswer(Schema):
    """A data release: votes as Parquet and JSON lines, with a dictionary and checksums."""

    release: str
    files: list[ReleaseFile]


class ReleasesAnswer(Schema):
    """The data releases."""

    releases: list[ReleaseAnswer]


class Problem(Schema):
    """Why there is no answer."""

    detail: str


class Mistake(Schema):
    """What is wrong with one part of a question."""

    type: str
    loc: list[str | int]
    msg: str


class Refusal(Schema):
    """Why a question cannot be answered as it was asked."""

    detail: list[Mistake]
