"""Models that do not exist, and how fast each would be.

The names are made up, so that nobody takes the demo's ratings for those of a product.
"""

from dataclasses import dataclass
from typing import Literal

type Style = Literal["structured", "terse", "tabular", "scholar", "chatty", "practical"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FictionalModel:
    """A contestant of the scripted server.

    ``tokens_per_second`` and ``first_token_seconds`` hold at speed 1. ``licence_class`` is
    ``"open"`` or ``"closed"``.
    """

    name: str
    title: str
    organisation: str
    licence_class: Literal["open", "closed"]
    tokens_per_second: float
    first_token_seconds: float
    style: Style


_OPEN = {"Juniper Commons", "Kestrel Institute", "Lantern Foundation"}

_CAST: tuple[tuple[str, str, float, float, Style], ...] = (
    ("halcyon-3-large", "Halcyon Works", 62, 0.55, "structured"),
    ("halcyon-3-mini", "Halcyon Works", 120, 0.25, "terse"),
    ("meridian-pro", "Meridian Labs", 48, 0.90, "scholar"),
    ("meridian-swift", "Meridian Labs", 95, 0.35, "practical"),
    ("juniper-70b", "Juniper Commons", 38, 0.70, "tabular"),
    ("juniper-8b", "Juniper Commons", 85, 0.30, "chatty"),
    ("kestrel-34b", "Kestrel Institute", 55, 0.50, "practical"),
    ("lantern-120b", "Lantern Foundation", 44, 0.80, "structured"),
)

FICTIONAL_MODELS: tuple[FictionalModel, ...] = tuple(
    FictionalModel(
        name=name,
        title=" ".join(
            word.upper() if word[0].isdigit() else word.capitalize() for word in name.split("-")
        ),
        organisation=organisation,
        licence_class="open" if organisation in _OPEN else "closed",
        tokens_per_second=tokens_per_second,
        first_token_seconds=first_token_seconds,
        style=style,
    )
    for name, organisation, tokens_per_second, first_token_seconds, style in _CAST
)

MODELS_BY_NAME = {model.name: model for model in FICTIONAL_MODELS}
