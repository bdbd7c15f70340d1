"""The style of an answer as counts: how long it is, and how much layout it has."""

import re
from dataclasses import dataclass
from typing import Self

_FENCED = re.compile(r"^([ \t]*)(```|~~~).*?(?:^[ \t]*\2[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)
_INLINE_CODE = re.compile(r"`[^`\n]+`")
_HEADER = re.compile(r"^ {0,3}#{1,6}[ \t]+\S", re.MULTILINE)
_LIST = re.compile(r"^[ \t]*(?:[-*+•]|\d{1,3}[.)、])[ \t]+\S", re.MULTILINE)
_BOLD = re.compile(r"\*\*(?=\S)[^*\n]+?(?<=\S)\*\*|__(?=\S)[^_\n]+?(?<=\S)__")
# One token for each of these; the rest is counted at four characters a token. It depends on the
# text alone, so no model is longer for the sake of its tokenizer.
_IDEOGRAPH = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")


@dataclass(frozen=True)
class Style:
    """Counts over one side's answers; markup inside code is code."""

    tokens: int = 0
    headers: int = 0
    lists: int = 0
    bold: int = 0

    @classmethod
    def of(cls, answer: str) -> Self:
        """Count one answer."""
        prose = _INLINE_CODE.sub(" ", _FENCED.sub("\n", answer))
        return cls(
            tokens=count_tokens(answer),
            headers=len(_HEADER.findall(prose)),
            lists=len(_LIST.findall(prose)),
            bold=len(_BOLD.findall(prose)),
        )

    def __add__(self, other: "Style") -> "Style":
        return Style(
            self.tokens + other.tokens,
            self.headers + other.headers,
            self.lists + other.lists,
            self.bold + other.bold,
        )


def count_tokens(text: str) -> int:
    """Return about how many tokens a text has, by its characters alone."""
    wide = 0 if text.isascii() else len(_IDEOGRAPH.findall(text))
    return wide + -(-(len(text) - wide) // 4)
