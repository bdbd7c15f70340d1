"""The gap's charts that have a time axis. Each is None where there is nothing to draw."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from arena.boards.charts.frame import Cell, Chart, Column
from arena.boards.charts.frontier import frontier_spec, leader_changes, means_spec
from arena.boards.charts.over_time import line_over_time, steps_over_time
from arena.boards.figures.reading import GapReading
from arena.boards.findings import (
    gap_over_time_finding,
    lag_over_time_finding,
    mix_finding,
    other_rules_note,
    published_gap_finding,
    top_mean_finding,
    top_means_finding,
)
from arena.boards.lists import listed
from arena.boards.sentences import gap_sentence
from arena.boards.slice_names import mix_text

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
        title=reading.titled(gap_sentence(dict(reading.figures))),
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
    if not series:
        return None
    found = gap_over_time_finding(series[-1]["gap"], reading.figures.get("change"))
    return _gap_line(
        "gap-over-time",
        reading,
        series,
        title=reading.titled(found),
        subtitle=_("Closed frontier minus open frontier, in points with 95% intervals"),
    )


def top_mean(reading: GapReading) -> Chart | None:
    """Draw the gap between the means of the three best of each side."""
    top = reading.figures.get("top") or {}
    series = top.get("series") or []
    if not series:
        return None
    return _gap_line(
        "gap-top-mean",
        reading,
        series,
        title=reading.titled(top_mean_finding(series[-1], top["of"])),
        subtitle=_(
            "Mean of the best of each side, which suffers less from the luck of a maximum; "
            "points with 95% intervals"
        ),
    )


def top_means(reading: GapReading) -> Chart | None:
    """Draw the mean of the three best of each side by release date."""
    top = reading.figures.get("top") or {}
    lines = {side: top.get(side) or [] for side in ("closed", "open")}
    if not any(lines.values()):
        return None
    return Chart(
        name="top-mean",
        title=reading.titled(top_means_finding(lines, top["of"])),
        subtitle=_(
            "Mean rating of the best of each side so far, by release date, in points with 95% "
            "intervals"
        ),
        spec=means_spec(lines, reading.until),
        columns=(
            Column(_("Side")),
            Column(_("Since")),
            Column(_("Models")),
            Column(_("Mean rating"), 0),
            Column(_("Lower"), 0),
            Column(_("Upper"), 0),
        ),
        rows=[
            (_SIDES[side](), step["on"], listed(step["names"]), *_bounds(step, "rating"))
            for side, steps in lines.items()
            for step in steps
        ],
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
        title=reading.titled(lag_over_time_finding(reading.figures.get("lag"))),
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
        title=published_gap_finding(same),
        subtitle=_("The gap of each day's last published board, as it stood then, in points"),
        note=other_rules_note(len(rows) - len(same)),
    )


def fixed_mix(reading: GapReading) -> Chart | None:
    """Draw the gap over time as it would be if languages stood in the fixed mix."""
    mix = reading.mix
    if not mix.get("series"):
        return None
    return _gap_line(
        "gap-fixed-mix",
        reading,
        mix["series"],
        title=mix_finding(mix["latest"], reading.strict.get("latest")),
        subtitle=_(
            "Every vote weighed so that languages stand at %(mix)s; points with 95%% intervals"
        )
        % {"mix": mix_text(mix["shares"])},
        note=_("As of the publication of %(moment)s UTC, fit %(id)s.")
        % {"moment": mix["at"][:16].replace("T", " "), "id": mix["id"][:12]},
    )


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


def _bounds(row: Mapping[str, Any], name: str) -> tuple[Cell, Cell, Cell]:
    return row[name], row["lower"], row["upper"]


def _months(figure: Mapping[str, Any]) -> str:
    return _STATES[figure["state"]] % figure
