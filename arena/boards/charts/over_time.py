"""One figure over time, with its band: the gap, the lag, a rating's history, the public record."""

from collections.abc import Mapping, Sequence
from typing import Any

from arena.boards.charts.frame import (
    Spec,
    band,
    ink,
    line,
    only_wide,
    points_axis,
    sheet,
    time_axis,
    zero_rule,
)

type Row = Mapping[str, Any]


def steps_over_time(rows: Sequence[Row], *, until: str, labels: tuple[str, str]) -> Spec:
    """Return a step line with its band around a line at 0.

    Parameters
    ----------
    rows : sequence with ``on``, ``value``, ``lower``, ``upper``
    until : str
        ISO date at which the line ends.
    labels : (above, below)
        What it means to be above 0, and below.
    """
    drawn = [*rows, {**rows[-1], "on": until}] if rows[-1]["on"] < until else list(rows)
    return sheet(
        [
            zero_rule(),
            band(drawn, "text"),
            line(drawn, "value", "text"),
            *([_dot(drawn, "text")] if len(drawn) == 1 else []),
            *_meanings(labels, rows),
        ],
        height=280,
        encoding={"x": time_axis(rows[0]["on"], until)},
    )


def line_over_time(rows: Sequence[Row], also: Sequence[Row], *, also_label: str) -> Spec:
    """Return a line with its band, and a second, quieter one: the point lag and the certain lag."""
    ends = [{**also[-1], "label": also_label}] if also else []
    quiet = line(also, "value", "quiet", step=False)
    quiet["mark"] |= {"strokeDash": [4, 4], "strokeWidth": 1.5}
    return sheet(
        [
            band(rows, "text", step=False),
            line(rows, "value", "text", step=False),
            quiet,
            {
                "data": {"values": ends},
                "mark": {"type": "text", "align": "right", "dy": -8, "color": ink("quiet")},
                "encoding": {"y": points_axis("value"), "text": {"field": "label"}},
            },
        ],
        height=280,
        encoding={"x": time_axis(rows[0]["on"], rows[-1]["on"])},
    )


def histories(rows: Sequence[Row], *, colour: str) -> Spec:
    """Return the ratings of several models by day, each named at its end.

    Rows have ``on``, ``value``, ``lower``, ``upper`` and ``name``; a rating without an interval
    has no band.
    """
    names = list(dict.fromkeys(row["name"] for row in rows))
    layers: list[Spec] = []
    for place, name in enumerate(names):
        own = [row for row in rows if row["name"] == name]
        shade = colour if place == 0 else "quiet"
        bounded = [row for row in own if row["lower"] is not None]
        layers += [band(bounded, shade, step=False), line(own, "value", shade, step=False)]
        if len(own) == 1:
            layers.append(_dot(own, shade))
        layers.append(_end_name(own[-1], shade))
    days = sorted(row["on"] for row in rows)
    return sheet(layers, height=280, encoding={"x": time_axis(days[0], days[-1])})


def eras(rows: Sequence[Row], *, until: str, labels: Mapping[str, str]) -> Spec:
    """Return the public record: two lines an era, never joined across eras.

    Rows have ``on``, ``era``, ``closed`` and ``open``.
    """
    layers: list[Spec] = []
    for era in dict.fromkeys(row["era"] for row in rows):
        own = [row for row in rows if row["era"] == era]
        layers.append(
            {
                "data": {"values": own},
                "mark": {
                    "type": "area",
                    "interpolate": "step-after",
                    "color": ink("quiet"),
                    "opacity": 0.09,
                },
                "encoding": {"y": points_axis("closed"), "y2": {"field": "open"}},
            }
        )
        layers += [line(own, side, side) for side in ("closed", "open")]
    last = [row for row in rows if row["era"] == rows[-1]["era"]]
    # Outside the space between: above all of the last closed line, below all of the open one.
    ends = {
        "closed": max(row["closed"] for row in last),
        "open": min(row["open"] for row in last),
    }
    layers += [
        {
            "data": {"values": [{"on": rows[-1]["on"], side: end, "label": labels[side]}]},
            "mark": {
                "type": "text",
                "align": "right",
                "dy": -12 if side == "closed" else 14,
                "fontSize": 13,
                "fontWeight": 600,
                "color": ink(side),
            },
            "encoding": {"y": points_axis(side), "text": {"field": "label"}},
        }
        for side, end in ends.items()
    ]
    return sheet(layers, height=320, encoding={"x": time_axis(rows[0]["on"], until)})


def _meanings(labels: tuple[str, str], rows: Sequence[Row]) -> list[Spec]:
    """Return in words what lies above and below the line at 0; below only where it is seen."""
    sides = [(labels[0], "bottom", -5)]
    if any(row["lower"] < 0 for row in rows):
        sides.append((labels[1], "top", 5))
    return [
        {
            "data": {"values": [{"label": label}]},
            "mark": {
                "type": "text",
                "align": "left",
                "baseline": baseline,
                "dx": 4,
                "dy": offset,
                "color": ink("quiet"),
                "fontSize": 11,
                "opacity": only_wide(),
            },
            "encoding": {
                "x": {"value": 0},
                "y": {"datum": 0, "type": "quantitative"},
                "text": {"field": "label"},
            },
        }
        for label, baseline, offset in sides
        if label
    ]


def _dot(rows: Sequence[Row], colour: str) -> Spec:
    return {
        "data": {"values": list(rows)},
        "mark": {"type": "point", "filled": True, "size": 48, "color": ink(colour)},
        "encoding": {"y": points_axis("value")},
    }


def _end_name(row: Row, colour: str) -> Spec:
    return {
        "data": {"values": [row]},
        "mark": {"type": "text", "align": "right", "dy": -10, "color": ink(colour)},
        "encoding": {"y": points_axis("value"), "text": {"field": "name"}},
    }
