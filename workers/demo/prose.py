"""Answers of models that do not exist: believable Markdown, in the prompt's language."""

from collections.abc import Mapping, Sequence
from typing import Any

from workers.demo.fiction import FictionalModel


def compose(model: FictionalModel, messages: Sequence[Mapping[str, Any]]) -> str:
    """Return the answer of a model to a conversation; the same input gives the same text."""
    return f"## About {messages[-1]['content']}\n\nThis is a first draft by a {model.style} model."
