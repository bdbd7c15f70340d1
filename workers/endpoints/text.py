"""Text that Postgres, JSON and a browser can take, and reasoning told apart from the answer."""

import re
from typing import NamedTuple

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def safe_text(text: str) -> str:
    """Replace NUL and lone surrogates, which neither UTF-8 nor Postgres can hold, by U+FFFD."""
    return _UNSTORABLE.sub(REPLACEMENT, text) if _UNSTORABLE.search(text) else text


class SafeText:
    """`safe_text` over a stream, where a surrogate pair may be cut in two by a chunk's end."""

    def __init__(self) -> None:
        self._high = ""

    def feed(self, piece: str) -> str:
        """Take a piece of text; return what is certain so far."""
        if self._high:
            piece, self._high = self._high + piece, ""
        elif piece.isascii() and "\x00" not in piece:
            return piece
        if piece and "\ud800" <= piece[-1] <= "\udbff":
            piece, self._high = piece[:-1], piece[-1]
        if not _UNSTORABLE.search(piece):
            return piece
        # A pair that came as two escapes is one character; what stays alone is replaced.
        return safe_text(piece.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))

    def finish(self) -> str:
        """Return what was held back at the end."""
        high, self._high = self._high, ""
        return REPLACEMENT if high else ""


class Parts(NamedTuple):
    """A piece of content, told apart."""

    text: str
    reasoning: str


class ThinkSplitter:
    """Tells ``<think>...</think>`` at the very start of an answer from the answer.

    Only there: an answer that *writes about* the tag stays whole. A tag may be cut by chunks.
    ``opens_in_think`` is for servers whose chat template has already written the opening tag.
    """

    OPEN, CLOSE = "<think>", "</think>"

    def __init__(self, *, opens_in_think: bool = False) -> None:
        self._state = "reasoning" if opens_in_think else "start"
        self._held = ""

    def feed(self, piece: str) -> Parts:
        """Take a piece of content; return what is certain so far."""
        if self._state == "text":
            return Parts(piece, "")
        self._held += piece
        if self._state == "start":
            return self._at_start()
        if self._state == "reasoning":
            return self._in_reasoning()
        return self._after_reasoning("")

    def finish(self) -> Parts:
        """Return what was held back at the end."""
        held, self._held = self._held, ""
        return Parts("", held) if self._state == "reasoning" else Parts(held, "")

    def _at_start(self) -> Parts:
        begun = self._held.lstrip()
        if begun.startswith(self.OPEN):
            self._state, self._held = "reasoning", begun[len(self.OPEN) :]
            return self._in_reasoning()
        if self.OPEN.startswith(begun):  # also when it is still empty
            return Parts("", "")
        self._state, text, self._held = "text", self._held, ""
        return Parts(text, "")

    def _in_reasoning(self) -> Parts:
        reasoning, closed, rest = self._held.partition(self.CLOSE)
        if closed:
            self._state, self._held = "gap", rest
            return self._after_reasoning(reasoning)
        keep = next(
            (n for n in range(len(self.CLOSE) - 1, 0, -1) if reasoning.endswith(self.CLOSE[:n])), 0
        )
        cut = len(reasoning) - keep
        self._held = reasoning[cut:]
        return Parts("", reasoning[:cut])

    def _after_reasoning(self, reasoning: str) -> Parts:
        """Drop the blank lines between the closing tag and the answer."""
        text, self._held = self._held.lstrip(), ""
        if text:
            self._state = "text"
        return Parts(text, reasoning)
