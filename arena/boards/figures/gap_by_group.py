"""The gap's charts with a row for each group. Each is None where there is nothing to draw."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from arena.boards.charts.forest import forest
from arena.boards.charts.frame import Cell, Chart, Column
from arena.boards.figures.reading import GapReading
from arena.boards.findings import (
    budget_finding,
    catch_up_finding,
    direct_finding,
    ladder_finding,
    slices_finding,
)
from arena.boards.gap.rules import DEFAULT_CUT
from arena.boards.lists import listed
from arena.boards.sentences import mix_hidden_sentence
from arena.catalog.licences import LicenceClass


def by_category(reading: GapReading) -> Chart | None:
    """Draw the gap in each category."""
    return _by_slice(reading, "category", "gap-by-category", _("Gap by category, in points"))


def by_language(reading: GapReading) -> Chart | None:
    """Draw the gap in each prompt language."""
    return _by_slice(reading, "language", "gap-by-language", _("Gap by prompt language, in points"))


def ladder(reading: GapReading) -> Chart | None:
    """Draw the best of each licence class against the closed frontier."""
    rows = _rungs(reading.ladder, lambda name: str(LicenceClass(name).label))
    if not rows:
        return None
    return _forest_chart(
        "licence-ladder",
        reading.titled(ladder_finding(rows)),
        _("Best model of each licence class against the closed frontier, in points"),
        rows,
        (_("Licence"), _("Model")),
        note=""
        if reading.choice.cut == DEFAULT_CUT
        else _("Every licence class with weights is here, wherever the cut lies."),
    )


def budgets(reading: GapReading) -> Chart | None:
    """Draw the best open model that may fit each memory budget."""
    rows = _rungs(reading.budgets, lambda name: _("%(number)s GB") % {"number": name})
    if not rows:
        return None
    return _forest_chart(
        "practical-gap",
        reading.titled(budget_finding(rows)),
        _("Best open model whose weights fit at four bits, against the closed frontier, in points"),
        rows,
        (_("Memory"), _("Model")),
        note=_(
            "A floor: weights alone at a quarter of their 16-bit size. Cache and overhead come on "
            "top, so a model that fits here may still need more."
        ),
    )


def direct(reading: GapReading) -> Chart | None:
    """Draw the two leaders' own battles: no rating stands between."""
    found = reading.figures.get("direct")
    if not found:
        return None
    leaders = reading.figures["latest"]
    row = {
        "label": leaders["open"]["name"],
        "value": 50 - 100 * found["share"],
        "lower": 50 - 100 * found["upper"],
        "upper": 50 - 100 * found["lower"],
        "note": _("%(wins)d won, %(losses)d lost, %(even)d even")
        % {
            "wins": found["wins"],
            "losses": found["losses"],
            "even": found["ties"] + found["both_bad"],
        },
    }
    return Chart(
        name="direct-check",
        title=reading.titled(direct_finding(found, leaders)),
        subtitle=_(
            "The open leader's score against the closed leader below one half, in points of 100, "
            "with Wilson's 95% interval; ties and both bad count half"
        ),
        spec=forest([row], left=_("open ahead"), right=_("closed ahead")),
        columns=(
            Column(_("Won")),
            Column(_("Lost")),
            Column(_("Tie")),
            Column(_("Both bad")),
            Column(pgettext("of votes", "Share"), 2),
            Column(_("Lower"), 2),
            Column(_("Upper"), 2),
        ),
        rows=[
            tuple(
                found[name]
                for name in ("wins", "losses", "ties", "both_bad", "share", "lower", "upper")
            )
        ],
    )


def catch_up(reading: GapReading) -> Chart | None:
    """Draw how long each closed leader stayed ahead."""
    found = reading.figures.get("catch_up")
    if not found or not found["leaders"]:
        return None
    rows = [
        {
            "label": leader["name"],
            "value": leader["months"],
            "lower": 0.0,
            "upper": leader["months"],
            "note": _("caught up with by %(model)s") % {"model": leader["by"]}
            if leader["caught"]
            else _("not yet caught up with"),
        }
        for leader in found["leaders"]
    ]
    return Chart(
        name="catch-up",
        title=reading.titled(catch_up_finding(found)),
        subtitle=_(
            "Months from the release of each closed leader to the first open model not worse"
        ),
        spec=forest(rows, left="", right=""),
        columns=(
            Column(_("Closed leader")),
            Column(_("Months"), 1),
            Column(_("Caught up with by")),
        ),
        rows=[
            (leader["name"], leader["months"], leader["by"] or _("nobody yet"))
            for leader in found["leaders"]
        ],
        note=_catch_up_note(found),
    )


def _by_slice(reading: GapReading, kind: str, name: str, subtitle: str) -> Chart | None:
    rows = reading.slices(kind)
    if not rows:
        return None
    total = reading.mix_row if kind == "language" else None
    shown = [*rows, *([total] if total else [])]
    drawn = [
        row
        | {
            "note": _("%(open)s against %(closed)s, %(battles)s battles")
            % {**row, "battles": f"{row['battles']:,}"}
        }
        for row in shown
    ]
    return Chart(
        name=name,
        title=slices_finding(rows),
        subtitle=subtitle,
        spec=forest(drawn, left=_("open ahead"), right=_("closed ahead")),
        columns=(
            Column(_("Slice")),
            Column(_("Closed ahead by (points)"), 0),
            Column(_("Lower"), 0),
            Column(_("Upper"), 0),
            Column(_("Battles"), 0),
            Column(_("Best open model")),
            Column(_("Best closed model")),
        ),
        rows=[
            (row["label"], *_bounds(row, "value"), row["battles"], row["open"], row["closed"])
            for row in shown
        ],
        note=_slice_note(reading, kind),
    )


def _slice_note(reading: GapReading, kind: str) -> str:
    """Return what is missing from the chart, and why."""
    thin = reading.thin(kind)
    notes = (
        [_("Too few battles or models yet: %(slices)s.") % {"slices": listed(thin)}] if thin else []
    )
    if kind == "language":
        notes.append(mix_hidden_sentence(reading.mix))
    return " ".join(filter(None, notes))


def _rungs(found: Mapping[str, Any], label: Callable[[str], str]) -> list[dict[str, Any]]:
    return [
        {
            "label": label(key),
            "value": rung["gap"],
            "lower": rung["lower"],
            "upper": rung["upper"],
            "model": rung["name"],
            "note": rung["name"],
            "eligible": rung["eligible"],
        }
        for key, rung in found.items()
        if "gap" in rung
    ]


def _forest_chart(
    name: str,
    title: str,
    subtitle: str,
    rows: Sequence[Mapping[str, Any]],
    labels: tuple[str, str],
    *,
    note: str = "",
) -> Chart:
    return Chart(
        name=name,
        title=title,
        subtitle=subtitle,
        spec=forest(rows, left=_("ahead of closed"), right=_("behind closed")),
        columns=(
            Column(labels[0]),
            Column(labels[1]),
            Column(_("Behind by (points)"), 0),
            Column(_("Lower"), 0),
            Column(_("Upper"), 0),
            Column(_("Eligible models"), 0),
        ),
        rows=[
            (row["label"], row["model"], *_bounds(row, "value"), row["eligible"]) for row in rows
        ],
        note=note,
    )


def _bounds(row: Mapping[str, Any], name: str) -> tuple[Cell, Cell, Cell]:
    return row[name], row["lower"], row["upper"]


def _catch_up_note(found: Mapping[str, Any]) -> str:
    if found["median"] is None:
        return ""
    words = {
        "median": f"{found['median']:.1f}",
        "lower": _bound(found["median_lower"]),
        "upper": _bound(found["median_upper"]),
    }
    return (
        _("Kaplan-Meier median %(median)s months (95%% interval %(lower)s to %(upper)s); leaders "
          "not yet caught up with are censored.")
        % words
    )  # fmt: skip


def _bound(value: float | None) -> str:
    return _("not reached") if value is None else f"{value:.1f}"
