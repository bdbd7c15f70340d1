"""Prompts to begin with, in the page's language."""

from typing import TypedDict

class StarterPrompt(TypedDict):
    category: str
    text: str

def starter_prompts(language: str) -> list[StarterPrompt]:
    return [{"category": "Writing", "text": "Explain tail recursion to a cook."}]
