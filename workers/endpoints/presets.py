"""What is known of servers before they are asked; the facts stand in ``presets.toml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from workers.endpoints.address import Protocol, Quirk

_FILE = Path(__file__).with_name("presets.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """One kind of server or hosted API.

    ``quirks`` are where the admission test begins, so that fewer of its calls are refused;
    ``lists`` is None where it is not known whether the server lists its models. Where the list is
    not asked for as OpenAI's is, ``list_query`` and ``list_headers`` say how; ``{key}`` stands for
    the key, which is in no other header then. ``stops_when_cut`` is True where the server is known
    to make no more tokens once nobody listens.
    """

    slug: str
    title: str
    base_url: str
    key: Literal["needed", "optional", "none"]
    hosts: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    protocol: Protocol = "openai"
    quirks: frozenset[Quirk] = frozenset()
    lists: bool | None = None
    list_query: str = ""
    list_headers: Mapping[str, str] = field(default_factory=dict)
    stops_when_cut: bool = False
    notes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@cache
def presets() -> Mapping[str, Preset]:
    """Return every preset by its slug, in the file's order."""
    facts = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {slug: _preset(slug, fact) for slug, fact in facts.items()}


def _preset(slug: str, fact: dict[str, object]) -> Preset:
    lists = {name: tuple(value) for name, value in fact.items() if isinstance(value, list)}
    quirks = frozenset(lists.pop("quirks", ()))
    return Preset(slug=slug, **{**fact, **lists, "quirks": quirks})  # type: ignore[arg-type]


def preset_of(base_url: str) -> Preset | None:
    """Return the preset that a base URL looks like: by its host, else by a server's usual port.

    A port is a guess, good for suggestions: two kinds of server share some of them.
    """
    parts = urlsplit(base_url)
    host, port = (parts.hostname or "").rstrip("."), parts.port
    for preset in presets().values():
        if any(host == name or host.endswith(f".{name}") for name in preset.hosts):
            return preset
    own = (preset for preset in presets().values() if port in preset.ports)
    return next(own, None) if parts.scheme == "http" else None
