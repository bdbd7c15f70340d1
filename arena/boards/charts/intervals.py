"""Ratings with their intervals, a model a row: the leaderboard as a picture."""

from collections.abc import Mapping, Sequence
from typing import Any

from arena.boards.charts.frame import Spec, ink, sheet, side_colour, side_shape

_ROW = 22


def intervals(rows: Sequence[Mapping[str, Any]]) -> Spec:
    """Return a row a model: ``label``, ``rating``, ``lower``, ``upper`` (or None), ``side``."""
    names = {
        "domain": False,
        "ticks": False,
        "labelPadding": 10,
        "labelColor": ink("text"),
        "labelLimit": {"expr": "width < 280 ? 150 : 260"},
    }
    x: Spec = {"field": "rating", "type": "quantitative", "title": None}
    x |= {"scale": {"zero": False, "nice": True}}
    x |= {
        "axis": {
            "tickCount": {"expr": "width < 280 ? 3 : 6"},
            "format": "d",
            "domain": False,
            "ticks": False,
        }
    }
    bounded = [row for row in rows if row["lower"] is not None]
    return sheet(
        [
            {
                "data": {"values": bounded},
                "mark": {"type": "rule", "strokeWidth": 2, "opacity": 0.65},
                "encoding": {
                    "x": {"field": "lower", "type": "quantitative"},
                    "x2": {"field": "upper"},
                    "color": side_colour(),
                },
            },
            {
                "mark": {"type": "point", "filled": True, "size": 44, "opacity": 1},
                "encoding": {"color": side_colour(), "shape": side_shape()},
            },
        ],
        height=_ROW * len(rows),
        data={"values": list(rows)},
        encoding={
            "x": x,
            "y": {"field": "label", "type": "nominal", "sort": None, "title": None, "axis": names},
        },
    )
