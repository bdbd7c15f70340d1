"""Charts as Vega-Lite specifications. Drawn in the browser, in the colours of the page.

A specification names colours as parameters (`open`, `closed`, `text`, `quiet`, `line`); whoever
draws it sets them, so that one specification serves light, dark and print.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.utils.dates import MONTHS, MONTHS_3, WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import gettext as _

_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
# What a renderer without a page of its own draws with.
_INKS = {
    "open": "#2a5f9e",
    "closed": "#8f5410",
    "text": "#1c1d1a",
    "quiet": "#5b5c56",
    "line": "#e0ddd5",
    "page": "#faf9f6",
}
# Narrower than this, names on the line would cover each other.
_WIDE = 620
# Pixels of the plot on a usual wide page, and of one small letter; both only to leave names out.
_WIDTH, _LETTER = 1050, 6.5

type Spec = dict[str, Any]
type Step = dict[str, Any]


def frontier_chart(gap: dict[str, Any], until: dt.date) -> Spec:
    """Return the two step lines of the gap page.

    Parameters
    ----------
    gap : dict
        A snapshot's `gap`, with at least one frontier that isn't empty.
    until : date
        Where the lines end: the day of the snapshot.
    """
    steps = {side: drawn_steps(gap["frontiers"][side], until) for side in ("closed", "open")}
    return {
        "$schema": _SCHEMA,
        "width": "container",
        "height": 420,
        "padding": {"left": 4, "top": 8, "right": 4, "bottom": 4},
        "autosize": {"type": "fit-x", "contains": "padding"},
        "background": None,
        "params": [{"name": name, "value": value} for name, value in _INKS.items()],
        "encoding": {"x": _time_axis(gap, until)},
        "layer": [
            _space_between(gap, until),
            _other_models(gap),
            *(layer for side, line in steps.items() for layer in _line(side, line)),
            *(layer for side, line in steps.items() for layer in _labels(side, line, until)),
        ],
        "config": _config(),
    }


def leader_changes(steps: Sequence[Step]) -> list[Step]:
    """Return the steps on which another model took the lead."""
    return [
        step
        for place, step in enumerate(steps)
        if place == 0 or steps[place - 1]["model"] != step["model"]
    ]


def drawn_steps(steps: Sequence[Step], until: dt.date) -> list[Step]:
    """Return the steps with one more at the end, so that the last line has a length."""
    if not steps or steps[-1]["on"] >= until.isoformat():
        return list(steps)
    return [*steps, {**steps[-1], "on": until.isoformat()}]


def _time_axis(gap: dict[str, Any], until: dt.date) -> Spec:
    days = [step["on"] for side in gap["frontiers"].values() for step in side]
    return {
        "field": "on",
        "type": "temporal",
        "title": None,
        "scale": {"domain": [min(days), until.isoformat()], "nice": False},
        "axis": {"grid": False, "tickCount": {"expr": f"width < {_WIDE} ? 4 : 9"}},
    }


def _rating(field: str = "rating") -> Spec:
    return {
        "field": field,
        "type": "quantitative",
        "title": None,
        "scale": {"zero": False, "nice": True},
        "axis": {"tickCount": 6, "format": "d", "domain": False, "ticks": False, "labelPadding": 8},
    }


def _space_between(gap: dict[str, Any], until: dt.date) -> Spec:
    """Return the gap itself: the space between the lines, softly filled."""
    both = []
    for day in sorted({step["on"] for side in gap["frontiers"].values() for step in side}):
        on_day = [_on(gap["frontiers"][side], day) for side in ("closed", "open")]
        if all(step is not None for step in on_day):
            closed, opened = (step["rating"] for step in on_day if step is not None)
            both.append({"on": day, "closed": closed, "open": opened})
    return {
        "data": {"values": drawn_steps(both, until)},
        "mark": {
            "type": "area",
            "interpolate": "step-after",
            "color": _ink("quiet"),
            "opacity": 0.09,
        },
        "encoding": {"y": _rating("closed"), "y2": {"field": "open"}},
    }


def _on(steps: Sequence[Step], day: str) -> Step | None:
    return next((step for step in reversed(steps) if step["on"] <= day), None)


def _other_models(gap: dict[str, Any]) -> Spec:
    """Return every dated model as a small faint mark in the shape of its class."""
    leaders = {step["model"] for side in gap["frontiers"].values() for step in side}
    points = [
        {
            "on": model["released_on"],
            "rating": model["rating"],
            "side": "closed" if model["licence_class"] == "closed" else "open",
        }
        for model in gap["models"]
        if model["released_on"]
        and model["licence_class"] != "unknown"
        and model["model"] not in leaders
    ]
    return {
        "data": {"values": points},
        "mark": {"type": "point", "size": 26, "filled": True, "opacity": 0.4, "clip": True},
        "encoding": {"y": _rating(), "color": _side_colour(), "shape": _side_shape()},
    }


def _line(side: str, steps: Sequence[Step]) -> list[Spec]:
    """Return the interval band, the step line and a mark where each leader came out."""
    drawn = {"values": list(steps)}
    changes = {"values": leader_changes(steps)}
    shape = "square" if side == "closed" else "circle"
    return [
        {
            "data": drawn,
            "mark": {
                "type": "area",
                "interpolate": "step-after",
                "color": _ink(side),
                "opacity": 0.13,
            },
            "encoding": {"y": _rating("lower"), "y2": {"field": "upper"}},
        },
        {
            "data": drawn,
            "mark": {
                "type": "line",
                "interpolate": "step-after",
                "color": _ink(side),
                "strokeWidth": 2.25,
            },
            "encoding": {"y": _rating()},
        },
        {
            "data": changes,
            "mark": {"type": "point", "filled": True, "shape": shape, "size": 48, "opacity": 1}
            | {"color": _ink(side)},
            "encoding": {"y": _rating()},
        },
    ]


def _labels(side: str, steps: Sequence[Step], until: dt.date) -> list[Spec]:
    """Return the side's name at the end of its line, and the leaders' names where there is room.

    Names stand outside the band: above the closed line, below the open one.
    """
    if not steps:
        return []
    above = side == "closed"
    bound = "upper" if above else "lower"
    changes = leader_changes(steps)
    side_name, short_name = (_("closed"),) * 2 if above else (_("open weights"), _("open"))
    last = {**changes[-1], "on": steps[-1]["on"], "label": [changes[-1]["name"], side_name]}
    text = {"type": "text", "baseline": "bottom" if above else "top", "color": _ink(side)}
    names = text | {"align": "left", "dx": -3 if above else 5, "dy": -4 if above else 5}
    names |= {"fontSize": 11}
    end = text | {"align": "right", "fontSize": 13, "lineHeight": 16, "fontWeight": 600}
    wide = end | {"dy": -20 if above else 5, "opacity": {"expr": f"width < {_WIDE} ? 0 : 1"}}
    narrow = end | {"dy": -4 if above else 5, "opacity": {"expr": f"width < {_WIDE} ? 1 : 0"}}
    return [
        {
            "data": {"values": [step for step in changes[:-1] if _has_room(step, changes, until)]},
            "mark": names | {"opacity": {"expr": f"width < {_WIDE} ? 0 : 1"}},
            "encoding": {"y": _rating(bound), "text": {"field": "name"}},
        },
        {
            "data": {"values": [last]},
            "mark": wide,
            "encoding": {"y": _rating(bound), "text": {"field": "label"}},
        },
        {
            "data": {"values": [last]},
            "mark": narrow,
            "encoding": {
                "y": _rating(bound),
                "text": {"value": short_name},
            },
        },
    ]


def _has_room(step: Step, changes: Sequence[Step], until: dt.date) -> bool:
    """Return whether a name fits between its step and the next, on a wide page."""
    following = changes[changes.index(step) + 1]
    days = [dt.date.fromisoformat(day["on"]) for day in (changes[0], step, following)]
    share = (days[2] - days[1]) / max(until - days[0], dt.timedelta(days=1))
    return share * _WIDTH >= len(step["name"]) * _LETTER


def _side_colour() -> Spec:
    return {
        "condition": {"test": "datum.side === 'closed'", "value": _ink("closed")},
        "value": _ink("open"),
    }


def _side_shape() -> Spec:
    return {"condition": {"test": "datum.side === 'closed'", "value": "square"}, "value": "circle"}


def _ink(name: str) -> Spec:
    return {"expr": name}


def _config() -> Spec:
    return {
        "font": "system-ui, sans-serif",
        "locale": {"time": _time_words()},
        "view": {"stroke": None},
        "axis": {
            "labelColor": _ink("quiet"),
            "gridColor": _ink("line"),
            "domainColor": _ink("line"),
            "tickColor": _ink("line"),
            "labelFontSize": 12,
        },
    }


def _time_words() -> Spec:
    """Return months and days in the reader's language, as Vega wants them: all or none."""
    from_sunday = (6, 0, 1, 2, 3, 4, 5)
    return {
        "dateTime": "%x %X",
        "date": "%Y-%m-%d",
        "time": "%H:%M:%S",
        "periods": ["AM", "PM"],
        "days": [str(WEEKDAYS[day]) for day in from_sunday],
        "shortDays": [str(WEEKDAYS_ABBR[day]) for day in from_sunday],
        "months": [str(MONTHS[month]) for month in range(1, 13)],
        "shortMonths": [str(MONTHS_3[month]).capitalize() for month in range(1, 13)],
    }
