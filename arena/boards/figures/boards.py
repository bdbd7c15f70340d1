"""The charts of one board: its ratings, and every model against every other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from arena.boards.catalogue import Facts, read_facts
from arena.boards.charts import matrix
from arena.boards.charts.frame import Chart, Column, Spec, side_of
from arena.boards.charts.intervals import intervals
from arena.boards.charts.scatter import Across, pareto_front, scatter
from arena.boards.choices import Choice
from arena.boards.findings import front_finding, rated_finding
from arena.boards.lists import listed
from arena.boards.measurements import Economy, economies
from arena.boards.models import Snapshot, SnapshotRow
from arena.boards.pairs import read_pairs

# A picture with more rows than this is read by nobody.
_MOST_ROWS, _MOST_SQUARE, _MOST_MARKS = 40, 20, 500
# Points that multiply the odds by ten.
_SCALE = 400.0


@dataclass(frozen=True)
class BoardReading:
    """A board's newest snapshot, read once for all of its charts."""

    choice: Choice
    # What the page has read already, by primary key.
    facts: Mapping[int, Facts] | None = None
    known: Mapping[int, Economy] | None = None

    @cached_property
    def snapshot(self) -> Snapshot | None:
        """Return the newest snapshot."""
        return self.choice.snapshot()

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """Return the rated models as marks, best first."""
        if self.snapshot is None:
            return []
        lines = list(self.snapshot.rows.filter(rating__isnull=False)[:_MOST_MARKS])
        pks = [line.language_model_id for line in lines]
        facts = self.facts or read_facts(self.snapshot.created_at.date(), of=pks)
        return [_mark(line, facts[line.language_model_id]) for line in lines]

    @cached_property
    def economies(self) -> Mapping[int, Economy]:
        """Return speed and cost of the rated models."""
        return self.known or economies(
            timezone.now().date(), of=[row["model"] for row in self.rows]
        )


type Builder = Callable[[BoardReading], Chart | None]


def _mark(line: SnapshotRow, facts: Facts) -> dict[str, Any]:
    return {
        "model": line.language_model_id,
        "label": facts.name,
        "rating": line.rating,
        "lower": line.lower,
        "upper": line.upper,
        "rank_best": line.rank_best,
        "rank_worst": line.rank_worst,
        "votes": line.votes,
        "side": side_of(facts.licence_class),
        "licence": facts.licence_label,
    }


def ratings(reading: BoardReading) -> Chart | None:
    """Draw the best models of a board with their intervals."""
    rows = reading.rows[:_MOST_ROWS]
    if not rows:
        return None
    drawn = [
        {name: row[name] for name in ("label", "rating", "lower", "upper", "side")} for row in rows
    ]
    return Chart(
        name="ratings",
        title=rated_finding(rows),
        subtitle=_("Ratings in points with 95% intervals; square: closed, circle: open weights"),
        spec=intervals(drawn),
        columns=(
            Column(_("Model")),
            Column(_("Licence")),
            Column(_("Rating"), 0),
            Column(_("Lower"), 0),
            Column(_("Upper"), 0),
            Column(_("Best rank"), 0),
            Column(_("Worst rank"), 0),
            Column(_("Votes"), 0),
        ),
        rows=[
            tuple(
                row[name]
                for name in (
                    *("label", "licence", "rating", "lower", "upper"),
                    *("rank_best", "rank_worst", "votes"),
                )
            )
            for row in rows
        ],
    )


def win_probability(reading: BoardReading) -> Chart | None:
    """Draw the chance that the row's model beats the column's, from the ratings."""
    rows = reading.rows[:_MOST_SQUARE]
    if len(rows) < 2:
        return None
    pairs = [
        {
            "row": first["label"],
            "column": second["label"],
            "value": round(1 / (1 + 10 ** ((second["rating"] - first["rating"]) / _SCALE)), 4),
        }
        for first in rows
        for second in rows
        if first is not second
    ]
    names = [row["label"] for row in rows]
    top, last = names[0], names[-1]
    chance = next(pair["value"] for pair in pairs if (pair["row"], pair["column"]) == (top, last))
    title = _("%(top)s would beat %(last)s about %(times)s times in 100")
    if rows[-1]["lower"] is None:
        title = _(
            "By rating %(top)s would beat %(last)s about %(times)s times in 100; without "
            "intervals it is not known for sure"
        )
    elif rows[-1]["rank_best"] == 1:  # nobody is surely better than a model that may be first
        title = _(
            "By rating %(top)s would beat %(last)s about %(times)s times in 100, but the votes "
            "cannot tell them apart"
        )
    return _square(
        "win-probability",
        title % {"top": top, "last": last, "times": f"{100 * chance:.0f}"},
        _("Times in 100 that the row's model is expected to beat the column's, ties as halves"),
        spec=matrix.chances(pairs, names),
        pairs=pairs,
        value=Column(_("Chance"), 2),
    )


def battle_counts(reading: BoardReading) -> Chart | None:
    """Draw how often each two of the best models met in counted battles."""
    table = read_pairs(reading.snapshot.board) if reading.snapshot else None
    if table is None:
        return None
    rows = reading.rows[:_MOST_SQUARE]
    place = {model: number for number, model in enumerate(table.models)}
    rows = [row for row in rows if row["model"] in place]
    if len(rows) < 2:
        return None
    votes = table.votes
    pairs = [
        {
            "row": first["label"],
            "column": second["label"],
            "value": int(votes[place[first["model"]], place[second["model"]]]),
        }
        for first in rows
        for second in rows
        if first is not second
    ]
    unmet = int(np.sum([pair["value"] == 0 for pair in pairs])) // 2
    title = (
        _("Every two of the %(models)d best models have met in a counted battle")
        if unmet == 0
        else _("Of the pairs among the %(models)d best models, %(unmet)d never met")
    )
    return _square(
        "battle-counts",
        title % {"models": len(rows), "unmet": unmet},
        _("Counted battles between the row's model and the column's"),
        spec=matrix.counts(pairs, [row["label"] for row in rows]),
        pairs=pairs,
        value=Column(_("Battles"), 0),
    )


def rating_and_price(reading: BoardReading) -> Chart | None:
    """Draw ratings against the cost of 1,000 answers of the arena's mean length."""
    return _against(
        reading,
        "rating-and-price",
        lambda economy: economy.cost_of_thousand,
        Across(_("US dollars for 1,000 answers"), logarithmic=True, less_is_better=True),
        subtitle=_(
            "Rating in points with 95% intervals against the cost of 1,000 answers of the model's "
            "own mean length here, at the price in force; dashed: no other is better and cheaper"
        ),
        digits=2,
    )


def rating_and_speed(reading: BoardReading) -> Chart | None:
    """Draw ratings against the speed measured in the arena's own battles."""
    return _against(
        reading,
        "rating-and-speed",
        lambda economy: economy.tokens_per_second,
        Across(_("Tokens per second")),
        subtitle=_(
            "Rating in points with 95% intervals against the median speed of the last 90 days' "
            "answers; dashed: no other is better and faster"
        ),
        digits=0,
    )


def _against(
    reading: BoardReading,
    name: str,
    value: Callable[[Economy], Decimal | float | None],
    across: Across,
    *,
    subtitle: str,
    digits: int,
) -> Chart | None:
    known = {row["label"]: value(reading.economies[row["model"]]) for row in reading.rows}
    found = [
        {
            "x": float(figure),
            "name": row["label"],
            **{part: row[part] for part in ("rating", "lower", "upper", "side")},
        }
        for row in reading.rows
        if (figure := known[row["label"]]) is not None
    ]
    # A logarithmic axis has no place for what costs nothing, but nothing is cheaper.
    marks = [mark for mark in found if mark["x"] > 0 or not across.logarithmic]
    if len(marks) < 2:
        return None
    front = pareto_front(found, less_is_better=across.less_is_better)
    return Chart(
        name=name,
        title=front_finding(front, cheaper=across.less_is_better),
        subtitle=subtitle,
        spec=scatter(marks, across, front=[mark for mark in front if mark in marks]),
        columns=(
            Column(_("Model")),
            Column(across.title, digits),
            Column(_("Rating"), 0),
            Column(_("Lower"), 0),
            Column(_("Upper"), 0),
            Column(_("On the front")),
        ),
        rows=[
            (
                mark["name"],
                mark["x"],
                mark["rating"],
                mark["lower"],
                mark["upper"],
                _("yes") if mark in front else "",
            )
            for mark in found
        ],
        note=_left_out(
            [mark["name"] for mark in found if mark not in marks],
            sum(figure is None for figure in known.values()),
        ),
    )


def _left_out(free: Sequence[str], unknown: int) -> str:
    """Say which rated models a chart has no place for."""
    notes = []
    if free:
        text = _("Not drawn, because they cost nothing, but counted for the front: %(models)s.")
        notes.append(text % {"models": listed(free)})
    if unknown:
        text = ngettext(
            "%(number)d rated model without such a figure is left out.",
            "%(number)d rated models without such a figure are left out.",
            unknown,
        )
        notes.append(text % {"number": unknown})
    return " ".join(notes)


def _square(
    name: str,
    title: str,
    subtitle: str,
    *,
    spec: Spec,
    pairs: list[dict[str, Any]],
    value: Column,
) -> Chart:
    return Chart(
        name=name,
        title=title,
        subtitle=subtitle,
        spec=spec,
        columns=(Column(_("Model")), Column(_("Against")), value),
        rows=[(pair["row"], pair["column"], pair["value"]) for pair in pairs],
    )
