"""What the API says of a model: facts with their sources, licences, prices, its places."""

import datetime as dt
from decimal import Decimal

from ninja import Schema

from arena.boards.api.account_shapes import SamplingRecord


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
    # The licence's own terms; empty where only the class is known.
    name: str
    commercial_use: str
    derivatives: str
    conditions: str
    text: str


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
    hugging_face: str
    modelscope: str
    simulated: bool
    created_at: dt.datetime
    retired_at: dt.datetime | None


class PriceRecord(Schema):
    """US dollars per million tokens, from a day on: the maker's list price, or an endpoint's."""

    input_usd: Decimal
    output_usd: Decimal
    since: dt.date
    evidence: str
    of_endpoint: bool


class ScoreRecord(Schema):
    """What somebody else measured, as published."""

    benchmark: str
    value: float
    shots: int | None
    harness: str
    source: str
    published_on: dt.date | None


class ServedRecord(Schema):
    """How a model is served, by how many endpoints; empty words where it is not stated."""

    engine: str
    quantisation: str
    endpoints: int


class Reliability(Schema):
    """Of the newest replies that were not stopped, how many came to an end."""

    replies: int
    complete: int


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


class ModelAnswer(Model):
    """A contestant with all that is known."""

    licences: list[LicenceRecord]
    claims: list[ClaimRecord]
    prices: list[PriceRecord]
    scores: list[ScoreRecord]
    served: list[ServedRecord]
    reliability: Reliability | None
    sampling: list[SamplingRecord]
    replies: int
    first_token_seconds: float | None
    tokens_per_second: float | None
    cost_of_thousand: Decimal | None
    boards: list[Place]


class ModelsPage(Schema):
    """A page of models; ask again with `after` set to `next`, until it is null."""

    models: list[Model]
    next: int | None
