"""The leaderboard's lines, as the page shows them."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from arena.boards.catalogue import Facts, describe, read_facts
from arena.boards.choices import Choice
from arena.boards.gap.rules import STANDARD
from arena.boards.intervals import Axis, Mark, Tick
from arena.boards.measurements import Economy, economies
from arena.boards.models import Snapshot, SnapshotRow
from arena.catalog.models import LanguageModel


@dataclass(frozen=True)
class Row:
    """One model with a rating."""

    model: Facts
    votes: int
    rank: str
    rating: float
    lower: float | None
    upper: float | None
    mark: Mark
    preliminary: bool = False
    economy: Economy = field(default_factory=Economy)

    @property
    def price_text(self) -> str:
        """Return the cost of 1,000 answers in US dollars, with two digits that mean something."""
        cost = self.economy.cost_of_thousand
        return "" if cost is None else about(dollars(float(cost)), self.economy)

    @property
    def first_text(self) -> str:
        """Return the median time to the first token."""
        seconds = self.economy.first_token_seconds
        return "" if seconds is None else _("%(seconds)s s") % {"seconds": f"{seconds:.1f}"}

    @property
    def speed_text(self) -> str:
        """Return the median tokens a second."""
        speed = self.economy.tokens_per_second
        return "" if speed is None else about(f"{speed:.0f}", self.economy)

    @property
    def context_text(self) -> str:
        """Return the context in thousands of tokens."""
        return context_words(self.model.context_tokens)

    @property
    def rating_text(self) -> str:
        """Return the rating in whole points: more digits would be false ones."""
        return f"{self.rating:.0f}"

    @property
    def half_width_text(self) -> str:
        """Return half of the interval's width in whole points; empty without an interval."""
        if self.lower is None or self.upper is None:
            return ""
        return f"{(self.upper - self.lower) / 2:.0f}"

    @property
    def interval_text(self) -> str:
        """Return the interval in words, for those who can't see it drawn."""
        if self.lower is None or self.upper is None:
            return self.rating_text
        words = {"lower": f"{self.lower:.0f}", "upper": f"{self.upper:.0f}"}
        return _("%(lower)s to %(upper)s") % words

    @property
    def votes_text(self) -> str:
        """Return the votes with their thousands parted."""
        return f"{self.votes:,}"


@dataclass(frozen=True)
class Unrated:
    """One model with too few votes for a rating, or none that tie it to the others."""

    model: Facts
    votes: int
    few: bool

    @property
    def votes_text(self) -> str:
        """Return the votes with their thousands parted."""
        return f"{self.votes:,}"


@dataclass(frozen=True)
class Table:
    """A snapshot's lines after the reader's filter and order."""

    rows: Sequence[Row]
    unrated: Sequence[Unrated]
    ticks: Sequence[Tick]
    hidden: int
    min_votes: int
    organisations: Sequence[str] = ()
    preliminary: int = 0
    has_context: bool = False
    grid: str = ""
    facts: Mapping[int, Facts] = field(default_factory=dict)
    economies: Mapping[int, Economy] = field(default_factory=dict)
    has_price: bool = False
    has_speed: bool = False

    @property
    def has_estimates(self) -> bool:
        """Return whether speed or cost of a model rests on estimated tokens."""
        return any(row.economy.is_estimated for row in self.rows)


def build_table(snapshot: Snapshot | None, choice: Choice, now: dt.datetime) -> Table:
    """Return the table of a snapshot, or of none yet."""
    lines = [] if snapshot is None else list(snapshot.rows.all())
    facts = read_facts(now.date(), of=[line.language_model_id for line in lines])
    rated = [line for line in lines if line.rating is not None]
    axis = Axis.over(value for line in rated for value in (line.rating, line.lower, line.upper))
    economy = economies(now.date(), of=[line.language_model_id for line in rated])
    rows = (
        []
        if axis is None
        else [
            _row(line, facts[line.language_model_id], axis, economy[line.language_model_id])
            for line in rated
        ]
    )
    min_votes = settings.MIN_VOTES_FOR_RATING
    if snapshot is not None:
        min_votes = int(snapshot.parameters.get("min_votes", min_votes))
    unrated = [
        Unrated(facts[line.language_model_id], line.votes, line.votes < min_votes)
        for line in lines
        if line.rating is None
    ]
    if choice.source == "live":
        unrated += _not_met_yet(facts, now)
    chosen = [
        row
        for row in rows
        if choice.includes(row.model) and not (choice.preliminary == "hidden" and row.preliminary)
    ]
    shown = [line for line in unrated if choice.includes(line.model)]
    return Table(
        rows=_sorted(chosen, choice.sort),
        unrated=shown,
        ticks=axis.ticks() if axis else [],
        hidden=len(rows) - len(chosen) + len(unrated) - len(shown),
        min_votes=min_votes,
        organisations=sorted({row.model.organisation for row in rows} - {""}, key=str.casefold),
        preliminary=sum(row.preliminary for row in rows),
        grid=_grid(axis.ticks() if axis else []),
        facts=facts,
        economies=economy,
        has_context=any(row.model.context_tokens for row in rows),
        has_price=any(row.price_text for row in rows),
        has_speed=any(row.speed_text for row in rows),
    )


def _grid(ticks: Sequence[Tick]) -> SafeString:
    """Return the lines that every row repeats, made once."""
    return format_html_join(
        "",
        '<line class="grid" x1="{}" x2="{}" y1="-11" y2="31"/>',
        ((tick.at, tick.at) for tick in ticks),
    )


def is_preliminary(line: SnapshotRow) -> bool:
    """Return whether a rating rests on few votes or has a wide interval."""
    if line.votes < STANDARD.min_votes:
        return True
    wide = line.lower is not None and line.upper is not None
    return wide and ((line.upper or 0) - (line.lower or 0)) / 2 > STANDARD.max_half_width


def context_words(tokens: int | None) -> str:
    """Return a context window in thousands or millions of tokens, as people say it."""
    if not tokens:
        return ""
    if tokens >= 1_000_000:
        return f"{tokens / 1_000_000:.3g} M"
    return f"{tokens / 1000:.0f} k" if tokens >= 1000 else str(tokens)


def rank_text(best: int, worst: int) -> str:
    """Return a rank with its spread."""
    if best == worst:
        return str(best)
    return _("%(best)d to %(worst)d") % {"best": best, "worst": worst}


def ago_text(moment: dt.datetime, now: dt.datetime) -> str:
    """Return how long ago something was, in the largest unit that fits."""
    age = max(0, round((now - moment).total_seconds()))
    units = ago_words()
    seconds, words = next((unit for unit in units if age >= unit[0]), units[-1])
    return words.format(number=age // seconds)


def ago_words() -> list[tuple[int, str]]:
    """Return the units of an age in seconds, largest first, each with how an age is said in it.

    The page's script goes on counting with the same words (`static/boards/live.js`). Units are
    symbols, so that no language needs a plural.
    """
    return [
        (86_400, _("{number} d ago")),
        (3600, _("{number} h ago")),
        (60, _("{number} min ago")),
        (1, _("{number} s ago")),
    ]


def about(figure: str, economy: Economy) -> str:
    """Return a figure made of tokens, marked where these are an estimate."""
    return f"≈ {figure}" if economy.is_estimated else figure


def dollars(amount: float) -> str:
    """Return an amount of US dollars with about three digits, never with false ones."""
    if amount >= 100:
        return f"${amount:,.0f}"
    return f"${amount:.2f}" if amount >= 0.01 or amount == 0 else f"${amount:.2g}"


def _row(line: SnapshotRow, facts: Facts, axis: Axis, economy: Economy) -> Row:
    rating = line.rating or 0.0
    return Row(
        model=facts,
        votes=line.votes,
        rank=rank_text(line.rank_best or 0, line.rank_worst or 0),
        rating=rating,
        lower=line.lower,
        upper=line.upper,
        mark=axis.mark(rating, line.lower, line.upper),
        preliminary=is_preliminary(line),
        economy=economy,
    )


def _not_met_yet(met: Iterable[int], now: dt.datetime) -> list[Unrated]:
    """Return the models that are in battles and have no counted vote yet."""
    waiting = LanguageModel.objects.drawable(at=now).exclude(pk__in=met)
    return [
        Unrated(describe(model, now.date()), 0, few=True)
        for model in waiting.prefetch_related("licensings").order_by("name")
    ]


def _sorted(rows: list[Row], order: str) -> list[Row]:
    if order not in _ORDERS:
        return rows  # as the snapshot stores them: the best first
    value = _ORDERS[order]
    known = [row for row in rows if value(row) is not None]
    unknown = [row for row in rows if value(row) is None]
    return [*sorted(known, key=value), *unknown]


# What each order sorts by, the smallest first; rows without it keep their order at the end.
_ORDERS: dict[str, Callable[[Row], Any]] = {
    "votes": lambda row: (-row.votes, row.model.name),
    "name": lambda row: row.model.name.casefold(),
    "released": lambda row: -day.toordinal() if (day := row.model.released_on) else None,
    "price": lambda row: row.economy.cost_of_thousand,
    "first": lambda row: row.economy.first_token_seconds,
    "speed": lambda row: _descending(row.economy.tokens_per_second),
    "context": lambda row: _descending(row.model.context_tokens),
}


def _descending(value: float | None) -> float | None:
    return None if value is None else -value
