"""The two step lines of the gap page: the best closed and the best open model by release date."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from arena.boards.charts.frame import (
    Spec,
    band,
    ink,
    line,
    only_wide,
    points_axis,
    sheet,
    side_colour,
    side_of,
    side_shape,
    time_axis,
)

# Pixels of the plot on a usual wide page, and of one small letter; both only to leave names out.
_WIDTH, _LETTER = 1050, 6.5
# How much of a narrow plot's width the name of a side takes.
_NAME_SHARE = 0.15

type Step = dict[str, Any]


def frontier_spec(gap: dict[str, Any], until: dt.date) -> Spec:
    """Return the frontiers with their bands, the space between, and every other model.

    Parameters
    ----------
    gap : dict
        ``frontiers`` by side, at least one of which isn't empty; ``models`` for the faint marks.
    until : date
        Where the lines end: the day of the snapshot.
    """
    steps = {side: drawn_steps(gap["frontiers"][side], until) for side in ("closed", "open")}
    days = [step["on"] for side in gap["frontiers"].values() for step in side]
    return sheet(
        [
            _space_between(gap, until),
            _other_models(gap),
            *(layer for side, drawn in steps.items() for layer in _line(side, drawn)),
            *(layer for side, drawn in steps.items() for layer in _labels(side, drawn, until)),
        ],
        encoding={"x": time_axis(min(days), until.isoformat())},
    )


def means_spec(lines: Mapping[str, Sequence[Step]], until: dt.date) -> Spec:
    """Return the means of the best of each side as step lines with bands.

    Parameters
    ----------
    lines : mapping of side to steps
        At least one of which isn't empty; each step has ``on``, ``rating``, ``lower``, ``upper``.
    until : date
        Where the lines end.
    """
    drawn = {side: drawn_steps(steps, until) for side, steps in lines.items()}
    days = [step["on"] for steps in lines.values() for step in steps]
    return sheet(
        [
            _space_between({"frontiers": lines}, until),
            *(
                layer
                for side, steps in drawn.items()
                if steps
                for layer in (band(steps, side), line(steps, "rating", side))
            ),
            *(_side_name(side, steps, until) for side, steps in drawn.items() if steps),
        ],
        height=320,
        encoding={"x": time_axis(min(days), until.isoformat())},
    )


def _side_name(side: str, steps: Sequence[Step], until: dt.date) -> Spec:
    """Return the side's name at the end of its line, outside the band as far as it reaches."""
    above = side == "closed"
    edge, outermost = ("upper", max) if above else ("lower", min)
    since = until - (until - dt.date.fromisoformat(steps[0]["on"])) * _NAME_SHARE
    # The last step that begins before the name does goes on under it.
    first = max(
        (place for place, step in enumerate(steps) if step["on"] <= since.isoformat()), default=0
    )
    outside = outermost(step[edge] for step in steps[first:])
    return {
        "data": {"values": [{**steps[-1], edge: outside}]},
        "mark": {
            "type": "text",
            "align": "right",
            "baseline": "bottom" if above else "top",
            "dy": -4 if above else 5,
            "fontSize": 13,
            "fontWeight": 600,
            "color": ink(side),
        },
        "encoding": {
            "y": points_axis(edge),
            "text": {"value": _("closed") if above else _("open")},
        },
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


def _space_between(gap: dict[str, Any], until: dt.date) -> Spec:
    """Return the gap itself: the space between the lines, softly filled."""
    both = []
    for day in sorted({step["on"] for side in gap["frontiers"].values() for step in side}):
        on_day = [_on(gap["frontiers"][side], day) for side in ("closed", "open")]
        if all(step is not None for step in on_day):
            closed, opened = (step["rating"] for step in on_day if step is not None)
            both.append({"on": day, "closed": closed, "open": opened})
    mark = {"type": "area", "interpolate": "step-after", "color": ink("quiet"), "opacity": 0.09}
    return {
        "data": {"values": drawn_steps(both, until)},
        "mark": mark,
        "encoding": {"y": points_axis("closed"), "y2": {"field": "open"}},
    }


def _on(steps: Sequence[Step], day: str) -> Step | None:
    return next((step for step in reversed(steps) if step["on"] <= day), None)


def _other_models(gap: dict[str, Any]) -> Spec:
    """Return every dated model as a small faint mark in the shape of its class."""
    leaders = {step["model"] for side in gap["frontiers"].values() for step in side}
    marks = [
        {
            "on": model["released_on"],
            "rating": model["rating"],
            "side": side_of(model["licence_class"]),
        }
        for model in gap["models"]
        if model["released_on"]
        and model["licence_class"] != "unknown"
        and model["model"] not in leaders
    ]
    return {
        "data": {"values": marks},
        "mark": {"type": "point", "size": 26, "filled": True, "opacity": 0.4, "clip": True},
        "encoding": {
            "y": points_axis("rating"),
            "color": side_colour(),
            "shape": side_shape(),
        },
    }


def _line(side: str, steps: Sequence[Step]) -> list[Spec]:
    """Return the interval band, the step line and a mark where each leader came out."""
    shape = "square" if side == "closed" else "circle"
    mark = {"type": "point", "filled": True, "shape": shape, "size": 48, "opacity": 1}
    return [
        band(steps, side),
        line(steps, "rating", side),
        {
            "data": {"values": leader_changes(steps)},
            "mark": mark | {"color": ink(side)},
            "encoding": {"y": points_axis("rating")},
        },
    ]


def _labels(side: str, steps: Sequence[Step], until: dt.date) -> list[Spec]:
    """Return the side's name at the end of its line, and the leaders' names where there is room.

    Names stand outside the band: above the closed line, below the open one.
    """
    if not steps:
        return []
    above = side == "closed"
    bound = points_axis("upper" if above else "lower")
    changes = leader_changes(steps)
    side_name, short_name = (_("closed"),) * 2 if above else (_("open weights"), _("open"))
    last = {**changes[-1], "on": steps[-1]["on"], "label": [changes[-1]["name"], side_name]}
    text = {"type": "text", "baseline": "bottom" if above else "top", "color": ink(side)}
    names = text | {"align": "left", "dx": -3 if above else 5, "dy": -4 if above else 5}
    names |= {"fontSize": 11}
    end = text | {"align": "right", "fontSize": 13, "lineHeight": 16, "fontWeight": 600}
    narrow = end | {"dy": -4 if above else 5, "opacity": {"expr": "1 - (width < 620 ? 0 : 1)"}}
    roomy = [step for step in changes[:-1] if _has_room(step, changes, until)]
    return [
        {
            "data": {"values": roomy},
            "mark": names | {"opacity": only_wide()},
            "encoding": {"y": bound, "text": {"field": "name"}},
        },
        {
            "data": {"values": [last]},
            "mark": end | {"dy": -20 if above else 5, "opacity": only_wide()},
            "encoding": {"y": bound, "text": {"field": "label"}},
        },
        {
            "data": {"values": [last]},
            "mark": narrow,
            "encoding": {"y": bound, "text": {"value": short_name}},
        },
    ]


def _has_room(step: Step, changes: Sequence[Step], until: dt.date) -> bool:
    """Return whether a name fits between its step and the next, on a wide page."""
    following = changes[changes.index(step) + 1]
    days = [dt.date.fromisoformat(day["on"]) for day in (changes[0], step, following)]
    share = (days[2] - days[1]) / max(until - days[0], dt.timedelta(days=1))
    return share * _WIDTH >= len(step["name"]) * _LETTER
