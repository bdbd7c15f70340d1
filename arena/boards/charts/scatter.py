"""Rating against something else: price, speed, a published score; with the Pareto front."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from arena.boards.charts.frame import (
    Spec,
    ink,
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
    format: str = "~r"

    def place(self, value: float) -> float:
        """Return a value in the units in which the axis is even."""
        return math.log10(value) if self.logarithmic else value


def scatter(
    points: Sequence[Point], across: Across, *, front: Sequence[Point] | None = None
) -> Spec:
    """Return models as marks in the shape of their side, and a line through the best of them.

    Parameters
    ----------
    points : sequence with ``x``, ``rating``, ``name``, ``side``; ``lower`` and ``upper`` or None
    across : Across
    front : sequence of points, optional
        Those on the line: by default the Pareto front, the models that no other beats on both
        axes. Where it is empty there is no line, and every point is named that has room.
    """
    best = pareto_front(points, less_is_better=across.less_is_better) if front is None else front
    leading = {point["name"] for point in best}
    x = _across([point["x"] for point in points], across)
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
            *_names(
                points,
                [point for point in points if point["name"] in leading or not leading],
                across,
            ),
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


def _across(values: Sequence[float], across: Across) -> Spec:
    axis: Spec = {"format": across.format, "domain": False, "ticks": False}
    scale: Spec = {"zero": False, "nice": True}
    if across.logarithmic:
        scale = {"type": "log", "nice": False, "padding": 16}
        axis["values"] = round_values(min(values), max(values))
    else:
        axis["tickCount"] = {"expr": "width < 420 ? 4 : 6"}
    return {
        "field": "x",
        "type": "quantitative",
        "title": across.title,
        "axis": axis,
        "scale": scale,
    }


def round_values(least: float, most: float) -> list[float]:
    """Return a logarithmic axis' labels: powers of ten; where they are few, 2 and 5 times them."""
    powers = range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)
    steps = (1,) if len(powers) > 3 else (1, 2, 5)
    return [float(f"{step}e{power}") for power in powers for step in steps]


def _names(points: Sequence[Point], named: Sequence[Point], across: Across) -> list[Spec]:
    """Write names beside the marks, towards the middle of the plot, where there is room."""
    if not named:
        return []
    places = [across.place(point["x"]) for point in points]
    middle = (min(places) + max(places)) / 2
    sides: dict[str, list[Point]] = {"left": [], "right": []}
    for point in _apart(points, named, across):
        sides["left" if across.place(point["x"]) <= middle else "right"].append(point)
    return [
        {
            "data": {"values": members},
            "mark": {
                "type": "text",
                "align": align,
                "dx": 8 if align == "left" else -8,
                "dy": -8,
                "fontSize": 11,
                "limit": {"expr": "width * 0.45"},
                "color": ink("text"),
            },
            "encoding": {"y": points_axis("rating"), "text": {"field": "name"}},
        }
        for align, members in sides.items()
        if members
    ]


def _apart(points: Sequence[Point], named: Sequence[Point], across: Across) -> list[Point]:
    """Return the best of the named points whose names would lie on each other in the plot."""
    places = [across.place(point["x"]) for point in points]
    high, wide = _LINE * _span(points), _NAME * (max(places) - min(places))
    kept: list[Point] = []
    for point in sorted(named, key=lambda point: -point["rating"]):
        near = (
            other
            for other in kept
            if other["rating"] - point["rating"] < high
            and abs(across.place(other["x"]) - across.place(point["x"])) < wide
        )
        if next(near, None) is None:
            kept.append(point)
    return kept


def _span(points: Sequence[Point]) -> float:
    """Return how many points the plot is high: it has room for every interval."""
    ends: list[float] = [
        point["rating"] if point.get(end) is None else point[end]
        for point in points
        for end in ("lower", "upper")
    ]
    return max(max(ends) - min(ends), _LEAST_SPAN)


# A line of text as a share of the plot's height, points that the plot spans at least, and two
# names as a share of its width on a phone.
_LINE, _LEAST_SPAN, _NAME = 0.05, 100.0, 0.6
