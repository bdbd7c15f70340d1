"""What the API says of the votes that are left out, the draw and the rules."""

import datetime as dt

from ninja import Schema


class RuleVotes(Schema):
    """How many votes a rule leaves out."""

    rule: str
    votes: int


class RuleChangeRecord(Schema):
    """A version of the rules or of the labelling question, and how many votes it moved."""

    part: str
    version: int
    on: dt.date
    text: str
    votes: int
    left_out: int
    counted: int


class ModelCounts(Schema):
    """A model's battles, their first and last day, its counted votes, those left out by rule."""

    model: str
    battles: int
    first: dt.date
    last: dt.date
    counted: int
    excluded: dict[str, int]


class ClassCounts(Schema):
    """A licence class's places in battles, its counted votes and those left out."""

    licence_class: str
    places: int
    counted: int
    excluded: int


class Influence(Schema):
    """How few votes would change the first place if they were taken away."""

    leader: str
    challenger: str
    votes: int
    share: float


class PolicySpread(Schema):
    """The spread of the ratings, best minus worst, under one way to count even votes."""

    ties: str
    both_bad: str
    spread: float
    models: int


class SamplingRecord(Schema):
    """A change of how a model is drawn: `entered`, `left`, `returned` or `weight`.

    `reason` is a word; empty where none was given.
    """

    at: dt.datetime
    move: str
    weight: float
    reason: str
    note: str


class SampledModel(SamplingRecord):
    """A change of how a model is drawn, with the model."""

    model: str


class TransparencyAnswer(Schema):
    """The public account of a source of votes."""

    source: str
    made_at: dt.datetime
    battles: int
    counted: int
    models: list[ModelCounts]
    rules: list[RuleVotes]
    changes: list[RuleChangeRecord]
    classes: list[ClassCounts]
    # Of the board with `pairs_id`; null before the first.
    pairs_id: str | None
    influence: Influence | None
    policies: list[PolicySpread]
    # Live votes alone come from the draw.
    sampling: list[SampledModel]
