"""What the API says of the open-versus-closed gap. Points, months, shares from 0 to 1, days.

A board of one use or language has the latest figures alone; a figure that was not made is absent or
null. Figures may be added: a client passes over names that it does not know.
"""

import datetime as dt
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class _Figures(BaseModel):
    model_config = ConfigDict(extra="allow")


class GapPoint(_Figures):
    """The gap on a day, closed minus open, with its interval."""

    on: dt.date
    gap: float | None
    lower: float | None
    upper: float | None


class Leader(_Figures):
    """The best model of a side."""

    model: str
    name: str


class LatestGap(GapPoint):
    """The gap on the last day, as points and as the chance that the closed leader wins."""

    closed_ahead: float
    win_probability: float
    win_lower: float
    win_upper: float
    closed: Leader
    open: Leader


class FrontierStep(Leader):
    """Who leads a side from a day on."""

    on: dt.date
    rating: float | None
    lower: float | None
    upper: float | None


class LagMonths(_Figures):
    """Months, and whether they are exact or a bound."""

    months: float
    state: str


class LagFigures(_Figures):
    """How many months the open side is behind."""

    point: LagMonths | None = None
    lower: LagMonths | None = None
    upper: LagMonths | None = None
    significance: LagMonths | None = None
    lead: float | None = None


class DatedLag(LagFigures):
    """The lag on a day."""

    on: dt.date


class GapRule(_Figures):
    """What a model needs to stand on a frontier."""

    min_votes: int
    max_half_width: float


class Sides(_Figures):
    """Eligible models of each side."""

    closed: int
    open: int


class TopGap(_Figures):
    """The gap between the means of the best few of each side."""

    of: int
    series: list[GapPoint] = []


class CaughtLeader(Leader):
    """A closed leader: for how many months it stayed ahead, and who caught up with it."""

    months: float
    caught: bool
    by: str | None = None


class CatchUpFigures(_Figures):
    """Months until a closed leader is caught up with: the estimated median (Kaplan-Meier)."""

    median: float | None = None
    median_lower: float | None = None
    median_upper: float | None = None
    leaders: list[CaughtLeader] = []


class DirectVotes(_Figures):
    """The open leader's own votes against the closed one; `share` is what it won."""

    wins: int
    losses: int
    ties: int
    both_bad: int
    share: float
    lower: float
    upper: float


class CutFigures(_Figures):
    """The figures of one cut between open and closed."""

    rule: GapRule | None = None
    undated: int = 0
    eligible: Sides | None = None
    frontiers: dict[str, list[FrontierStep]] | None = None
    series: list[GapPoint] | None = None
    latest: LatestGap | None = None
    lag: LagFigures | None = None
    lags: list[DatedLag] | None = None
    top: TopGap | None = None
    catch_up: CatchUpFigures | None = None
    direct: DirectVotes | None = None


class GroupFigures(_Figures):
    """A group of open models against the closed frontier, or why there is no figure."""

    undefined: str | None = None
    gap: float | None = None
    lower: float | None = None
    upper: float | None = None
    closed_ahead: float | None = None
    eligible: int | None = None
    model: str | None = None
    name: str | None = None
    closed: str | None = None


class Groups(CutFigures):
    """With the best of each licence class, and of what fits each memory budget in gigabytes."""

    ladder: dict[str, GroupFigures] | None = None
    budgets: dict[str, GroupFigures] | None = None


class ClassShare(_Figures):
    """Models, eligible models and counted votes of a licence class."""

    models: int
    eligible: int
    votes: int
    share: float


class GapModel(Leader):
    """A model as a point of the chart."""

    organisation: str = ""
    licence_class: str
    released_on: dt.date | None = None
    votes: int
    rating: float | None = None
    lower: float | None = None
    upper: float | None = None
    eligible: bool


class GapFigures(Groups):
    """The default cut's figures; `cuts` has the others by their least open class.

    `lowered` has those of a lowered threshold, where the standard one leaves too few models.
    """

    # Of the board, the models' dates and licences, the rule and the day, on which the lag is.
    id: str | None = None
    day: dt.date | None = None
    models: list[GapModel] | None = None
    shares: dict[str, ClassShare] | None = None
    battles: int | None = None
    cuts: dict[str, CutFigures] | None = None
    lowered: Groups | None = None


class MixFigures(CutFigures):
    """The gap in a fixed mix of languages; `undefined` says why there is none."""

    since: dt.date
    shares: dict[str, float]
    min_battles: int
    min_votes: int
    votes: dict[str, int]
    undefined: str | None = None
    thin: list[str] | None = None
    id: str | None = None
    # As it is stored.
    at: Annotated[str, Field(json_schema_extra={"format": "date-time"})] | None = None
    cuts: dict[str, CutFigures] | None = None
