"""Rating against something else: price, speed, a published score; with the Pareto front."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from arena.boards.charts.frame import (
    Spec,
    ink,
    only_wide,
    points_axis,
    sheet,
    side_colour,
    side_shape,
)

type Point = Mapping[str, Any]


@dataclass(frozen=True)
class Across:
    """The horizontal axis: its title, whether it is logarithmic, and which end is the better."""

    title: str
    logarithmic: bool = False
    less_is_better: bool = False
    format: str = "~g"


def scatter(points: Sequence[Point], across: Across, *, front: bool = True) -> Spec:
    """Return models as marks in the shape of their side, and a line through the best of them.

    Parameters
    ----------
    points : sequence with ``x``, ``rating``, ``name``, ``side``; ``lower`` and ``upper`` or None
    across : Across
    front : bool
        Draw the Pareto front: models that no other beats on both axes.
    """
    best = pareto_front(points, less_is_better=across.less_is_better) if front else []
    leading = {point["name"] for point in best}
    axis = {"tickCount": 6, "format": across.format, "domain": False, "ticks": False}
    x = {"field": "x", "type": "quantitative", "title": across.title, "axis": axis}
    x["scale"] = {"type": "log"} if across.logarithmic else {"zero": False, "nice": True}
    stepped = sorted(best, key=lambda point: point["x"])
    step = "step-after" if across.less_is_better else "step-before"
    return sheet(
        [
            {
                "data": {"values": stepped},
                "mark": {
                    "type": "line",
                    "interpolate": step,
                    "color": ink("quiet"),
                    "strokeWidth": 1.25,
                    "strokeDash": [3, 3],
                },
                "encoding": {"y": points_axis("rating")},
            },
            _intervals(points),
            {
                "data": {"values": list(points)},
                "mark": {"type": "point", "filled": True, "size": 60, "opacity": 0.85},
                "encoding": {
                    "y": points_axis("rating"),
                    "color": side_colour(),
                    "shape": side_shape(),
                },
            },
            _names([point for point in points if point["name"] in leading or not front]),
        ],
        height=400,
        encoding={"x": x},
    )


def pareto_front(points: Sequence[Point], *, less_is_better: bool) -> list[Point]:
    """Return the points that no other point is better than on one axis and as good on the other.

    From the best `x` on; of equal points all stay.
    """
    sign = 1 if less_is_better else -1
    ordered = sorted(points, key=lambda point: (sign * point["x"], -point["rating"]))
    front: list[Point] = []
    for point in ordered:
        last = front[-1] if front else None
        same = last and (last["x"], last["rating"]) == (point["x"], point["rating"])
        if last is None or same or point["rating"] > last["rating"]:
            front.append(point)
    return front


def _intervals(points: Sequence[Point]) -> Spec:
    bounded = [point for point in points if point.get("lower") is not None]
    return {
        "data": {"values": bounded},
        "mark": {"type": "rule", "strokeWidth": 1, "opacity": 0.35},
        "encoding": {
            "y": points_axis("lower"),
            "y2": {"field": "upper"},
            "color": side_colour(),
        },
    }


def _names(points: Sequence[Point]) -> Spec:
    return {
        "data": {"values": list(points)},
        "mark": {
            "type": "text",
            "align": "left",
            "dx": 8,
            "dy": -6,
            "fontSize": 11,
            "color": ink("text"),
            "opacity": only_wide(),
        },
        "encoding": {"y": points_axis("rating"), "text": {"field": "name"}},
    }
