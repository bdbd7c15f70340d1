"""Differences with their intervals, a row each: gaps by category, language, licence and memory."""

from collections.abc import Mapping, Sequence
from typing import Any

from arena.boards.charts.frame import BROKEN, Spec, broken, ink, only_wide, sheet

_ROW = 34


def forest(
    rows: Sequence[Mapping[str, Any]],
    *,
    left: str,
    right: str,
    inks: tuple[str, str] = ("open", "closed"),
) -> Spec:
    """Return a forest plot around 0.

    Parameters
    ----------
    rows : sequence with ``label``, ``value``, ``lower``, ``upper``, ``note``
        In the order in which they are drawn. An interval that includes 0 is drawn quietly.
    left, right : str
        What it means to lie left of 0, and right.
    inks : (str, str)
        The colours of what surely lies left, and right.
    """
    drawn = [{**row, "label": broken(row["label"]), "side": _side(row)} for row in rows]
    colour = {
        "condition": [
            {"test": f"datum.side === '{side}'", "value": ink(name)}
            for side, name in zip(("left", "right"), inks, strict=True)
        ],
        "value": ink("quiet"),
    }
    low, high = (extreme([row[bound] for row in rows]) for extreme, bound in _BOUNDS)
    reach = max(high - low, 1.0)
    # Room at the right for what is written beside the interval.
    scale = {"domain": [min(low, 0), max(high, 0) + 0.02 * reach], "nice": True}
    x = {"field": "value", "type": "quantitative", "title": None, "scale": scale}
    x["axis"] = {
        "tickCount": {"expr": "width < 280 ? 3 : 6"},
        "format": "d",
        "domain": False,
        "ticks": False,
    }
    return sheet(
        [
            _zero(),
            _bar(colour),
            _point(colour, x),
            _note(),
            *_directions(left, right, inks),
        ],
        height=_ROW * len(rows),
        data={"values": drawn},
    )


_BOUNDS: tuple[tuple[Any, str], ...] = ((min, "lower"), (max, "upper"))


def _side(row: Mapping[str, Any]) -> str:
    if row["lower"] > 0:
        return "right"
    return "left" if row["upper"] < 0 else "level"


def _names() -> Spec:
    axis = {
        "domain": False,
        "ticks": False,
        "labelPadding": 10,
        "labelColor": ink("text"),
        "labelFontSize": 13,
        "labelExpr": BROKEN,
        # Two lines stand on both sides of the row's middle.
        "labelBaseline": {
            "condition": {
                "test": "width < 280 && indexof(datum.value, '\\n') > 0",
                "value": "bottom",
            },
            "value": "middle",
        },
        "labelLimit": {"expr": "width < 280 ? 134 : 240"},
    }
    return {"field": "label", "type": "nominal", "sort": None, "title": None, "axis": axis}


def _zero() -> Spec:
    return {
        "data": {"values": [{}]},
        "mark": {"type": "rule", "color": ink("quiet"), "strokeWidth": 1},
        "encoding": {"x": {"datum": 0, "type": "quantitative"}},
    }


def _bar(colour: Spec) -> Spec:
    return {
        "mark": {"type": "rule", "strokeWidth": 2, "opacity": 0.7},
        "encoding": {
            "x": {"field": "lower", "type": "quantitative"},
            "x2": {"field": "upper"},
            "y": _names(),
            "color": colour,
        },
    }


def _point(colour: Spec, x: Spec) -> Spec:
    return {
        "mark": {"type": "point", "filled": True, "size": 64, "opacity": 1},
        "encoding": {"x": x, "y": _names(), "color": colour},
    }


def _note() -> Spec:
    """Return who is compared and on how much, above the interval."""
    return {
        "mark": {
            "type": "text",
            "align": "left",
            "dy": -11,
            "fontSize": 10.5,
            "color": ink("quiet"),
            "opacity": only_wide(),
        },
        "encoding": {
            "x": {"field": "lower", "type": "quantitative"},
            "y": _names(),
            "text": {"field": "note"},
        },
    }


def _directions(left: str, right: str, inks: tuple[str, str]) -> list[Spec]:
    return [
        {
            "data": {"values": [{"label": words}]},
            "mark": {
                "type": "text",
                "align": align,
                "baseline": "bottom",
                "dx": offset,
                "fontSize": 11,
                "color": ink(colour),
            },
            "encoding": {
                "x": {"datum": 0, "type": "quantitative"},
                "y": {"value": -4},
                "text": {"field": "label"},
            },
        }
        for words, align, offset, colour in (
            (left, "right", -6, inks[0]),
            (right, "left", 6, inks[1]),
        )
        if words
    ]
