"""The charts of the gap page. Each is None where there is nothing to draw."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from arena.boards.charts.forest import forest
from arena.boards.charts.frame import Cell, Chart, Column
from arena.boards.charts.frontier import frontier_spec, leader_changes
from arena.boards.charts.over_time import line_over_time, steps_over_time
from arena.boards.figures.reading import GapReading
from arena.boards.findings import (
    budget_finding,
    catch_up_finding,
    direct_finding,
    gap_over_time_finding,
    ladder_finding,
    lag_over_time_finding,
    slices_finding,
)
from arena.boards.sentences import gap_sentence
from arena.catalog.licences import LicenceClass

_STATES = {
    "behind": "%(months).1f",
    "more_than": "> %(months).1f",
    "level_or_ahead": "0",
}


def frontiers(reading: GapReading) -> Chart | None:
    """Draw the best closed and the best open model by release date."""
    lines = reading.figures.get("frontiers") or {}
    if not any(lines.values()):
        return None
    drawn = {**reading.figures, "models": reading.content.get("models", [])}
    return Chart(
        name="gap",
        title=gap_sentence(dict(reading.figures)),
        subtitle=_(
            "Best rating so far of closed models and of models with open weights, by release "
            "date, in points with 95% intervals"
        ),
        spec=frontier_spec(drawn, reading.until),
        columns=(
            Column(_("Side")),
            Column(_("Since")),
            Column(_("Model")),
            Column(_("Rating"), 0),
            Column(_("Lower"), 0),
            Column(_("Upper"), 0),
        ),
        rows=[
            (_SIDES[side](), step["on"], step["name"], *_bounds(step, "rating"))
            for side in ("closed", "open")
            for step in leader_changes(lines[side])
        ],
    )


def gap_over_time(reading: GapReading) -> Chart | None:
    """Draw the difference of the two frontiers on each release date."""
    series = reading.figures.get("series") or []
    return _gap_line(
        "gap-over-time",
        reading,
        series,
        title=gap_over_time_finding(series) if series else "",
        subtitle=_("Closed frontier minus open frontier, in points with 95% intervals"),
    )


def top_mean(reading: GapReading) -> Chart | None:
    """Draw the gap between the means of the three best of each side."""
    top = reading.figures.get("top") or {}
    series = top.get("series") or []
    if not series:
        return None
    last = series[-1]
    return _gap_line(
        "gap-top-mean",
        reading,
        series,
        title=_("Between the means of the %(number)d best, closed leads by %(points)s points")
        % {"number": top["of"], "points": f"{last['gap']:.0f}"}
        if round(last["gap"]) >= 0
        else _("Between the means of the %(number)d best, open leads by %(points)s points")
        % {"number": top["of"], "points": f"{-last['gap']:.0f}"},
        subtitle=_(
            "Mean of the best of each side, which suffers less from the luck of a maximum; "
            "points with 95% intervals"
        ),
    )


def lag_over_time(reading: GapReading) -> Chart | None:
    """Draw how many months the best open model stood behind, and what part of it is certain."""
    lags = reading.figures.get("lags") or []
    if len(lags) < 2:
        return None
    rows = [
        {
            "on": step["on"],
            "value": step["point"]["months"],
            "lower": step["lower"]["months"],
            "upper": step["upper"]["months"],
        }
        for step in lags
    ]
    sure = [{"on": step["on"], "value": step["significance"]["months"]} for step in lags]
    return Chart(
        name="lag",
        title=lag_over_time_finding(reading.figures.get("lag")),
        subtitle=_(
            "Months since the closed frontier was last not better than the open leader of the "
            "day, with 95% intervals; dashed: what is certain at 95%"
        ),
        spec=line_over_time(rows, sure, also_label=_("certain")),
        columns=(
            Column(_("Date")),
            Column(_("Months")),
            Column(_("Lower")),
            Column(_("Upper")),
            Column(_("Certain at 95%")),
        ),
        rows=[
            (
                step["on"],
                *(_months(step[name]) for name in ("point", "lower", "upper", "significance")),
            )
            for step in lags
        ],
        note=_("A lag that began before the first closed model is a bound: more than so much."),
    )


def by_category(reading: GapReading) -> Chart | None:
    """Draw the gap in each category."""
    return _by_slice(reading, "category", "gap-by-category", _("Gap by category, in points"))


def by_language(reading: GapReading) -> Chart | None:
    """Draw the gap in each prompt language."""
    return _by_slice(reading, "language", "gap-by-language", _("Gap by prompt language, in points"))


def ladder(reading: GapReading) -> Chart | None:
    """Draw the best of each licence class against the closed frontier."""
    rows = _rungs(reading, "ladder", lambda name: str(LicenceClass(name).label))
    if not rows:
        return None
    return _forest_chart(
        "licence-ladder",
        ladder_finding(rows),
        _("Best model of each licence class against the closed frontier, in points"),
        rows,
        (_("Licence"), _("Model")),
    )


def budgets(reading: GapReading) -> Chart | None:
    """Draw the best open model that may fit each memory budget."""
    rows = _rungs(reading, "budgets", lambda name: _("%(number)s GB") % {"number": name})
    if not rows:
        return None
    return _forest_chart(
        "practical-gap",
        budget_finding(rows),
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
        title=direct_finding(found, leaders),
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
        title=catch_up_finding(found),
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


def as_published(reading: GapReading) -> Chart | None:
    """Draw the gap that each day's published board had. Nothing of it is computed again."""
    rows = reading.published()
    if not rows:
        return None
    same = [row for row in rows if row["rules"] == rows[-1]["rules"]]
    return _gap_line(
        "gap-as-published",
        reading,
        same,
        title=gap_over_time_finding(same),
        subtitle=_("The gap of each day's last published board, as it stood then, in points"),
        note=""
        if len(same) == len(rows)
        else ngettext(
            "%(number)d earlier day was rated by other rules and is not joined to these.",
            "%(number)d earlier days were rated by other rules and are not joined to these.",
            len(rows) - len(same),
        )
        % {"number": len(rows) - len(same)},
    )


type Builder = Callable[[GapReading], Chart | None]

RETROSPECTIVE: tuple[Builder, ...] = (
    frontiers,
    gap_over_time,
    lag_over_time,
    catch_up,
    by_category,
    by_language,
    ladder,
    budgets,
    direct,
    top_mean,
)


def class_shares(reading: GapReading) -> list[dict[str, Any]]:
    """Return, by licence class, its models, its eligible models and its share of the votes."""
    shares = reading.content.get("shares") or {}
    return [
        {"class": name, "label": str(LicenceClass(name).label), **shares[name]}
        for name in LicenceClass.values
        if name in shares
    ]


def _closed() -> str:
    return _("closed")


def _open() -> str:
    return _("open")


_SIDES = {"closed": _closed, "open": _open}


def _gap_line(
    name: str,
    reading: GapReading,
    series: Sequence[Mapping[str, Any]],
    *,
    title: str,
    subtitle: str,
    note: str = "",
) -> Chart | None:
    if not series:
        return None
    rows = [
        {
            "on": step["on"],
            "value": step["gap"],
            "lower": step["lower"],
            "upper": step["upper"],
        }
        for step in series
    ]
    return Chart(
        name=name,
        title=title,
        subtitle=subtitle,
        spec=steps_over_time(
            rows,
            until=max(reading.until.isoformat(), rows[-1]["on"]),
            labels=(_("closed ahead"), _("open ahead")),
        ),
        columns=(
            Column(_("Date")),
            Column(_("Closed ahead by (points)"), 0),
            Column(_("Lower"), 0),
            Column(_("Upper"), 0),
        ),
        rows=[(step["on"], *_bounds(step, "gap")) for step in series],
        note=note,
    )


def _by_slice(reading: GapReading, kind: str, name: str, subtitle: str) -> Chart | None:
    rows = reading.slices(kind)
    if not rows:
        return None
    thin = reading.thin(kind)
    drawn = [
        row
        | {
            "note": _("%(open)s against %(closed)s, %(battles)s battles")
            % {**row, "battles": f"{row['battles']:,}"}
        }
        for row in rows
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
            for row in rows
        ],
        note=_("Too few battles or models yet: %(slices)s.") % {"slices": ", ".join(thin)}
        if thin
        else "",
    )


def _rungs(reading: GapReading, name: str, label: Callable[[str], str]) -> list[dict[str, Any]]:
    found = reading.content.get(name) or {}
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


def _months(figure: Mapping[str, Any]) -> str:
    return _STATES[figure["state"]] % figure


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
