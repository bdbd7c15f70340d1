"""Prompts to begin with, in our own words, written for each language rather than translated.

They stand in `starters/`, one file a language: four for each of the twelve uses, and `traps`, which
say what they probe. A reader sees of a trap only its use.
"""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, TypedDict

_DEFAULT_LANGUAGE = "en"


class StarterPrompt(TypedDict):
    """One prompt and the use it is shown under, both in the page's language."""

    category: str
    text: str


@cache
def starter_prompts(language: str) -> Sequence[StarterPrompt]:
    """Return the prompts of a language, English where there are none."""
    written = read_starters(language) or read_starters(_DEFAULT_LANGUAGE)
    uses = written["uses"]
    texts = [(use, text) for use in uses for text in uses[use]["prompts"]]
    texts += [(trap["use"], trap["text"]) for trap in written["traps"]]
    return [StarterPrompt(category=uses[use]["label"], text=text) for use, text in texts]


def read_starters(language: str) -> Mapping[str, Any]:
    """Return a language's file as it is written; nothing where there is none."""
    file = files("arena.battles") / "starters" / f"{language}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
