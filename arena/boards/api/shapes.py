"""What the API answers. Names are those of the tables, forms and exports, and stay."""

import datetime as dt
from decimal import Decimal
from typing import Any

from ninja import Schema


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
    first_token_seconds: float | None
    tokens_per_second: float | None
    cost_of_thousand: Decimal | None


ROW_COLUMNS = tuple(Row.model_fields)


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


class GapAnswer(Schema):
    """The open-versus-closed figures of a board: see /method/ for what each means."""

    board: str
    source: str
    id: str
    updated_at: dt.datetime
    gap: dict[str, Any]
    # In a fixed mix of languages, as of the last publication; null before it, and for slices.
    mix: dict[str, Any] | None


class PairsAnswer(Schema):
    """Direct votes: row i against column j, from the row's side; ties are symmetric."""

    board: str
    source: str
    id: str
    models: list[str]
    won: list[list[int]]
    tied: list[list[int]]
    both_bad: list[list[int]]


class ClaimRecord(Schema):
    """What one source says of one fact; the model's own fields hold what the arena goes by."""

    fact: str
    value: str
    source: str
    read_on: dt.date | None


class LicenceRecord(Schema):
    """A licence from a day on, by its SPDX identifier where there is one."""

    licence: str
    licence_class: str
    since: dt.date
    evidence: str


class Model(Schema):
    """A contestant."""

    model: str
    name: str
    organisation: str
    licence_class: str
    weights_released_on: dt.date | None
    api_released_on: dt.date | None
    params_total_b: float | None
    params_active_b: float | None
    context_tokens: int | None
    # What it takes as input; empty where it is not known.
    modalities: list[str]
    link: str
    simulated: bool
    created_at: dt.datetime
    retired_at: dt.datetime | None


class PriceRecord(Schema):
    """US dollars per million tokens, from a day on."""

    input_usd: Decimal
    output_usd: Decimal
    since: dt.date
    evidence: str


class Place(Schema):
    """A model on one board."""

    board: str
    source: str
    id: str
    rating: float | None
    lower: float | None
    upper: float | None
    rank_best: int | None
    rank_worst: int | None
    votes: int


class SamplingRecord(Schema):
    """A change of how a model is drawn: `entered`, `left`, `returned` or `weight`.

    `reason` is a word; empty where none was given.
    """

    at: dt.datetime
    move: str
    weight: float
    reason: str
    note: str


class ModelAnswer(Model):
    """A contestant with all that is known."""

    licences: list[LicenceRecord]
    claims: list[ClaimRecord]
    prices: list[PriceRecord]
    sampling: list[SamplingRecord]
    replies: int
    first_token_seconds: float | None
    tokens_per_second: float | None
    cost_of_thousand: Decimal | None
    boards: list[Place]


class BoardsPage(Schema):
    """A page of boards; ask again with `after` set to `next`, until it is null."""

    boards: list[BoardSummary]
    next: int | None


class ModelsPage(Schema):
    """A page of models; ask again with `after` set to `next`, until it is null."""

    models: list[Model]
    next: int | None


class SnapshotsPage(Schema):
    """A page of published snapshots, the newest first; go on with `before` set to `next`."""

    snapshots: list[BoardSummary]
    next: int | None


class ReleaseFile(Schema):
    """A file of a data release."""

    name: str
    bytes: int
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
