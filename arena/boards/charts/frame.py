"""What every chart shares: its parts, its inks, its axes and its words.

A specification names colours as parameters (`open`, `closed`, `text`, `quiet`, `line`, `accent`,
`page`); whoever draws it sets them, so that one specification serves light, dark and print.
"""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.dates import MONTHS, MONTHS_3, WEEKDAYS, WEEKDAYS_ABBR

type Spec = dict[str, Any]
type Cell = str | int | float | dt.date | None

# What a renderer without a page of its own draws with: the tokens of static/site/tokens.css.
LIGHT = {
    "open": "#2a5f9e",
    "closed": "#8f5410",
    "unknown": "#66665f",
    "text": "#1c1d1a",
    "quiet": "#5b5c56",
    "line": "#e0ddd5",
    "page": "#faf9f6",
    "accent": "#1d5f49",
}
DARK = {
    "open": "#85b1e3",
    "closed": "#d9a566",
    "unknown": "#a0a097",
    "text": "#e6e4de",
    "quiet": "#a5a49c",
    "line": "#33342f",
    "page": "#171816",
    "accent": "#86c5a9",
}
# Narrower than this, names on the marks would cover each other.
WIDE = 620
# An axis' labels in two lines where the plot is narrow; letters that one line has room for there.
BROKEN = "width < 280 ? split(datum.label, '\\n') : replace(datum.label, '\\n', ' ')"
_SHORT = 16
_MONTH = 31  # days


@dataclass(frozen=True)
class Column:
    """One column of a chart's table: its heading, and the digits its numbers are shown with."""

    label: str
    digits: int | None = None


@dataclass(frozen=True)
class Chart:
    """A drawing with everything that is said about it.

    Attributes
    ----------
    name : str
        In addresses.
    title : str
        A sentence computed from the figures, true of them.
    subtitle : str
        What is drawn, in which unit.
    spec : dict
        Vega-Lite, without title and without fixed colours.
    columns, rows
        The figures as a table; a row has a cell a column, None where there is no figure.
    note : str
        A caveat that belongs beside the drawing wherever it is shown.
    """

    name: str
    title: str
    subtitle: str
    spec: Spec
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    note: str = ""


def sheet(layers: Sequence[Spec], *, height: int = 420, **parts: Any) -> Spec:
    """Return a specification as wide as its container."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": "container",
        "height": height,
        "padding": {"left": 4, "top": 8, "right": 4, "bottom": 4},
        "autosize": {"type": "fit-x", "contains": "padding"},
        "background": None,
        "params": [{"name": name, "value": value} for name, value in LIGHT.items()],
        **parts,
        "layer": list(layers),
        "config": _config(),
    }


def ink(name: str) -> Spec:
    """Return a colour by its name."""
    return {"expr": name}


def side_of(licence_class: str) -> str:
    """Return the ink of a licence class: `closed`, `open` or `unknown`."""
    return licence_class if licence_class in {"closed", "unknown"} else "open"


def only_wide() -> Spec:
    """Return an opacity that leaves a mark out on a narrow page."""
    return {"expr": f"width < {WIDE} ? 0 : 1"}


def by_side(values: Mapping[str, Any]) -> Spec:
    """Return a channel that differs by the field `side`."""
    return {
        "condition": [
            {"test": f"datum.side === '{side}'", "value": value}
            for side, value in values.items()
            if side != "unknown"
        ],
        "value": values["unknown"],
    }


def side_colour() -> Spec:
    """Return the colour channel of marks that have a `side`."""
    return by_side({side: ink(side) for side in ("closed", "open", "unknown")})


def side_shape() -> Spec:
    """Return the shape channel of marks that have a `side`; shape tells what colour tells."""
    return by_side({"closed": "square", "open": "circle", "unknown": "diamond"})


def points_axis(field: str) -> Spec:
    """Return a vertical axis in points."""
    return {
        "field": field,
        "type": "quantitative",
        "title": None,
        "scale": {"zero": False, "nice": True},
        "axis": {"tickCount": 6, "format": "d", "domain": False, "ticks": False, "labelPadding": 8},
    }


def time_axis(since: str, until: str) -> Spec:
    """Return a horizontal axis of days between two ISO dates.

    Where they are less than a month apart every label is a whole date: by itself Vega would say
    weekdays there, and hours.
    """
    axis: Spec = {"grid": False, "tickCount": {"expr": f"width < {WIDE} ? 4 : 9"}}
    first, last = (dt.date.fromisoformat(day[:10]) for day in (since, until))
    if (last - first).days < _MONTH:
        step = max(1, math.ceil((last - first).days / 4))
        axis |= {"format": "%Y-%m-%d", "tickCount": {"interval": "day", "step": step}}
    if first == last:  # one day is no length: it stands in the middle of three
        since, until = (str(first + dt.timedelta(days=way)) for way in (-1, 1))
    return {
        "field": "on",
        "type": "temporal",
        "title": None,
        "scale": {"domain": [since, until], "nice": False},
        "axis": axis,
    }


def broken(label: str) -> str:
    """Return a long label with a line break at the space nearest to its middle, for `BROKEN`."""
    spaces = [place for place, letter in enumerate(label) if letter == " "]
    if len(label) <= _SHORT or not spaces:
        return label
    middle = min(spaces, key=lambda place: abs(place - len(label) / 2))
    return f"{label[:middle]}\n{label[middle + 1 :]}"


def band(values: Sequence[Mapping[str, Any]], colour: str, *, step: bool = True) -> Spec:
    """Return an interval over time, from the fields `lower` and `upper`."""
    mark = {"type": "area", "color": ink(colour), "opacity": 0.13}
    return {
        "data": {"values": list(values)},
        "mark": mark | {"interpolate": "step-after" if step else "linear"},
        "encoding": {"y": points_axis("lower"), "y2": {"field": "upper"}},
    }


def line(
    values: Sequence[Mapping[str, Any]], field: str, colour: str, *, step: bool = True
) -> Spec:
    """Return a line over time."""
    mark = {"type": "line", "color": ink(colour), "strokeWidth": 2.25}
    return {
        "data": {"values": list(values)},
        "mark": mark | {"interpolate": "step-after" if step else "linear"},
        "encoding": {"y": points_axis(field)},
    }


def zero_rule() -> Spec:
    """Return the horizontal line at 0, where neither side leads."""
    return {
        "data": {"values": [{"zero": 0}]},
        "mark": {"type": "rule", "color": ink("quiet"), "strokeWidth": 1},
        "encoding": {"x": None, "y": {"datum": 0, "type": "quantitative"}},
    }


def _config() -> Spec:
    return {
        "font": "system-ui, sans-serif",
        "locale": {"time": _time_words()},
        # The frame around it is one image with a sentence; the table has the figures.
        "aria": False,
        "mark": {"aria": False},
        "view": {"stroke": None},
        "axis": {
            "aria": False,
            "labelColor": ink("quiet"),
            "titleColor": ink("quiet"),
            "titleFontWeight": "normal",
            "gridColor": ink("line"),
            "domainColor": ink("line"),
            "tickColor": ink("line"),
            "labelFontSize": 12,
            # Of labels that would touch, every other one is left out.
            "labelSeparation": 8,
            "titleFontSize": 12,
        },
        "text": {"color": ink("text"), "fontSize": 12},
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
