"""The picture that stands for a shared battle where its link is posted: prompt, models, verdict."""

import unicodedata
from collections.abc import Sequence

from arena.boards.charts.frame import LIGHT, Spec
from arena.boards.drawing import wrapped

_WIDTH, _HEIGHT, _MARGIN = 1200, 630, 72
_INNER = _WIDTH - 2 * _MARGIN
_COLUMN = _INNER / 2 - 24
_PROMPT, _NAME, _SMALL = 44, 34, 26
_MOST_LINES_OF_PROMPT, _MOST_LINES_OF_NAME = 4, 2
_TICK = "M-0.6,0.05L-0.15,0.5L0.6,-0.5"


def battle_card(
    *, prompt: str, names: Sequence[str], chosen: int | None, verdict: str, site: str, font: str
) -> Spec:
    """Return a Vega-Lite specification of 1200 by 630 pixels.

    Parameters
    ----------
    prompt : str
        As it was written; the beginning is shown.
    names : sequence of two str
        The models on the left and on the right.
    chosen : int or None
        Which of them the voter preferred.
    verdict, site, font : str
        The sentence below, the site's name above, and the type of all of it.
    """
    layers = [
        _text([site], _MARGIN, 60, _SMALL, "quiet"),
        _text(
            _lines(prompt, _INNER, _PROMPT, _MOST_LINES_OF_PROMPT), _MARGIN, 122, _PROMPT, "text"
        ),
        _rule(_MARGIN, 390, _WIDTH - _MARGIN, 390),
        _rule(_WIDTH / 2, 390, _WIDTH / 2, 520),
        _rule(_MARGIN, 520, _WIDTH - _MARGIN, 520),
        _text(_lines(verdict, _INNER, _SMALL, 1), _MARGIN, 548, _SMALL, "quiet"),
    ]
    for place, name in enumerate(names):
        left = _MARGIN if place == 0 else _WIDTH / 2 + 32
        is_chosen = place == chosen
        room = _COLUMN - 48 - 44 * is_chosen
        shown = _lines(name, room, _NAME, _MOST_LINES_OF_NAME)
        layers += [
            _text(["AB"[place]], left, 416, _NAME, "quiet"),
            _text(shown, left + 44, 416, _NAME, "accent" if is_chosen else "text"),
        ]
        if is_chosen:
            layers.append(_tick(left + _COLUMN - 24, 434))
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": _WIDTH,
        "height": _HEIGHT,
        "padding": 0,
        "autosize": "none",
        "background": LIGHT["page"],
        "view": {"stroke": None},
        "data": {"values": [{}]},
        "layer": layers,
        "config": {"font": font},
    }


def _lines(text: str, width: float, size: float, most: int) -> list[str]:
    """Break a text to fit, cut with an ellipsis; what no font of ours has is left out."""
    drawable = "".join(c for c in text if unicodedata.category(c) not in {"So", "Cs", "Co", "Cn"})
    lines = [
        piece
        for line in wrapped(" ".join(drawable[:2000].split()), width / size)
        for piece in _broken(line, width / size)
    ]
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], lines[most - 1].rstrip()[:-1].rstrip(" ,.;:、，。；：") + "…"]


def _broken(line: str, width: float) -> list[str]:
    """Break a word that is longer than the line."""
    most = int(width / 0.54)
    return [line[at : at + most] for at in range(0, len(line), most)] or [""]


def _text(lines: Sequence[str], x: float, y: float, size: float, ink: str) -> Spec:
    mark = {
        "type": "text",
        "text": list(lines),
        "align": "left",
        "baseline": "top",
        "fontSize": size,
        "lineHeight": size * 1.32,
        "color": LIGHT[ink],
    }
    return {"mark": mark, "encoding": {"x": {"value": x}, "y": {"value": y}}}


def _rule(x: float, y: float, right: float, bottom: float) -> Spec:
    ends = {"x": x, "y": y, "x2": right, "y2": bottom}
    return {
        "mark": {"type": "rule", "color": LIGHT["line"], "strokeWidth": 2},
        "encoding": {name: {"value": value} for name, value in ends.items()},
    }


def _tick(x: float, y: float) -> Spec:
    mark = {
        "type": "point",
        "shape": _TICK,
        "size": 900,
        "filled": False,
        "color": LIGHT["accent"],
        "strokeWidth": 5,
        "opacity": 1,
    }
    return {"mark": mark, "encoding": {"x": {"value": x}, "y": {"value": y}}}
