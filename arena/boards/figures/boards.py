"""The charts of one board: its ratings, and every model against every other."""

from collections.abc import Callable
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from arena.boards.catalogue import read_facts
from arena.boards.charts import matrix
from arena.boards.charts.frame import Chart, Column, Spec, side_of
from arena.boards.charts.intervals import intervals
from arena.boards.choices import Choice
from arena.boards.findings import rated_finding
from arena.boards.models import Snapshot
from arena.boards.pairs import read_pairs

# A picture with more rows than this is read by nobody.
_MOST_ROWS, _MOST_SQUARE = 40, 20
# Points that multiply the odds by ten.
_SCALE = 400.0

type Builder = Callable[[Choice], Chart | None]


def rated_rows(snapshot: Snapshot, most: int) -> list[dict[str, Any]]:
    """Return the best models of a snapshot as marks, best first."""
    lines = list(snapshot.rows.filter(rating__isnull=False)[:most])
    facts = read_facts(snapshot.created_at.date(), of=[line.language_model_id for line in lines])
    return [
        {
            "model": line.language_model_id,
            "label": facts[line.language_model_id].name,
            "rating": line.rating,
            "lower": line.lower,
            "upper": line.upper,
            "rank_best": line.rank_best,
            "rank_worst": line.rank_worst,
            "votes": line.votes,
            "side": side_of(facts[line.language_model_id].licence_class),
            "licence": facts[line.language_model_id].licence_label,
        }
        for line in lines
    ]


def ratings(choice: Choice) -> Chart | None:
    """Draw the best models of a board with their intervals."""
    snapshot = choice.snapshot()
    rows = rated_rows(snapshot, _MOST_ROWS) if snapshot else []
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


def win_probability(choice: Choice) -> Chart | None:
    """Draw the chance that the row's model beats the column's, from the ratings."""
    snapshot = choice.snapshot()
    rows = rated_rows(snapshot, _MOST_SQUARE) if snapshot else []
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
    return _square(
        "win-probability",
        _("%(top)s would beat %(last)s about %(times)s times in 100")
        % {"top": top, "last": last, "times": f"{100 * chance:.0f}"},
        _("Times in 100 that the row's model is expected to beat the column's, ties as halves"),
        spec=matrix.chances(pairs, names),
        pairs=pairs,
        value=Column(_("Chance"), 2),
    )


def battle_counts(choice: Choice) -> Chart | None:
    """Draw how often each two of the best models met in counted battles."""
    snapshot = choice.snapshot()
    table = read_pairs(snapshot.board) if snapshot else None
    if snapshot is None or table is None:
        return None
    rows = rated_rows(snapshot, _MOST_SQUARE)
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
