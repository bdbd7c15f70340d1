"""Every model against every other: chances to win, and how often they met."""

from collections.abc import Mapping, Sequence
from typing import Any

from arena.boards.charts.frame import WIDE, Spec, ink, sheet

type Pair = Mapping[str, Any]

_CELL = 30


def chances(pairs: Sequence[Pair], names: Sequence[str]) -> Spec:
    """Return the chance that the row's model beats the column's.

    Pairs have ``row``, ``column``, ``value`` between 0 and 1. Above one half the accent, below it
    grey; the further from one half, the stronger.
    """
    shade = {
        "condition": {"test": "datum.value > 0.5", "value": ink("accent")},
        "value": ink("quiet"),
    }
    far = [{**pair, "far": abs(pair["value"] - 0.5)} for pair in pairs]
    strength = _strength("far", 0.5)
    return _matrix(far, names, shade, strength, "round(datum.value * 100)")


def counts(pairs: Sequence[Pair], names: Sequence[str]) -> Spec:
    """Return how many counted battles each two models had; pairs have ``value``, a number."""
    most = max((pair["value"] for pair in pairs), default=1)
    return _matrix(pairs, names, ink("accent"), _strength("value", most), "datum.value")


def _strength(field: str, most: float) -> Spec:
    scale = {"domain": [0, max(most, 1e-9)], "range": [0, 0.55]}
    return {"field": field, "type": "quantitative", "legend": None, "scale": scale}


def _narrow(names: Sequence[str], pixels: int) -> str:
    """Return the test whether a column has less than so many pixels."""
    return f"width / {max(len(names), 1)} < {pixels}"


def _matrix(
    pairs: Sequence[Pair], names: Sequence[str], colour: Spec, strength: Spec, text: str
) -> Spec:
    labels: Spec = {"labelFontSize": 11, "domain": False, "ticks": False, "title": None}
    labels |= {"labelColor": ink("text")}
    # Steep, and small where columns are narrow: names side by side do not cover each other.
    across = labels | {"orient": "top", "labelAngle": -65, "labelAlign": "left"}
    across |= {"labelLimit": 120, "labelFontSize": {"expr": f"{_narrow(names, 13)} ? 8.5 : 11"}}
    down = labels | {"labelLimit": {"expr": f"width < {WIDE - 200} ? 90 : 220"}}
    fill = colour if "condition" in colour else {"value": colour}
    return sheet(
        [
            {
                "mark": {"type": "rect", "stroke": ink("line"), "strokeWidth": 0.5},
                "encoding": {"fill": fill, "fillOpacity": strength},
            },
            {
                "transform": [{"calculate": text, "as": "shown"}],
                "mark": {
                    "type": "text",
                    "fontSize": 10.5,
                    "color": ink("text"),
                    "opacity": {"expr": f"{_narrow(names, 22)} ? 0 : 1"},
                },
                "encoding": {"text": {"field": "shown"}},
            },
        ],
        height=_CELL * len(names),
        data={"values": list(pairs)},
        encoding={
            "x": {"field": "column", "type": "nominal", "sort": list(names), "axis": across},
            "y": {"field": "row", "type": "nominal", "sort": list(names), "axis": down},
        },
    )
