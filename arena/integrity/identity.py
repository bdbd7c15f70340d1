"""Does a text name a model? Names come from the catalogue; any script, any spelling of a dash."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable

# Chinese and Japanese write no spaces, so each of their characters is a word of its own.
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|\d+|[^\W\d_{_UNSPACED}]+")
# Shorter names ("o1", "Yi") are met in ordinary text; only their exact spelling counts.
_LEAST_CHARACTERS = 4

_ASKING = re.compile(
    r"(?:what|which) (?:ai |language |large language )*models? (?:are|is) (?:you|this)"
    r"|(?:who|(?:what|which) (?:company|lab|organi[sz]ation))"
    r" (?:made|created|trained|built|developed) you\b"
    r"|你(?:是|叫)(?:什么|什麼|哪个|哪個|哪家)(?:的)?(?:大)?(?:语言|語言)?模型"
    r"|(?:谁|誰|哪家公司)(?:开发|開發|训练|訓練|创造|創造)(?:了)?你"
    r"|你是(?:谁|誰|哪家公司)(?:开发|開發|训练|訓練|创造|創造)的"
)
# "I am ...", "you are ...", "were you made by ...": what follows is somebody's name.
_MAKER = r"[^.?!\n]{0,60}?\b(?:made|created|trained|built|developed) by\b"
_INTRODUCING = re.compile(
    rf"(?:\b(?:i am|i'm|i was|you are|you're|are you|were you){_MAKER}"
    r"|\b(?:i am|i'm|my name is|call me|you are|you're|are you)\b"
    r"|(?:我|你)(?:是不是|是|叫)由?)[\s,，:：*_\"'“「]*(?:an? |the )?",
    re.IGNORECASE,
)
_AFTER_INTRODUCTION = 60


def words_of(text: str) -> list[str]:
    """Split a text into words as names are compared: width and case folded, digits apart."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


class Names:
    """A set of names to look for: one pass over a text, however many names there are."""

    def __init__(self, names: Iterable[str]) -> None:
        self._sequences: dict[str, set[tuple[str, ...]]] = defaultdict(set)
        exact: set[str] = set()
        for name in names:
            words = tuple(words_of(name))
            if sum(map(len, words)) >= _LEAST_CHARACTERS:
                self._sequences[words[0]].add(words)
            elif words:
                exact.add(name.strip())
        self._exact = _exactly(exact) if exact else None

    def named_in(self, text: str) -> bool:
        """Return whether the text holds any of the names, as whole words."""
        if self._exact and self._exact.search(text):
            return True
        words = words_of(text)
        return any(
            tuple(words[place : place + len(name)]) == name
            for place, word in enumerate(words)
            for name in self._sequences.get(word, ())
        )

    def introduced_in(self, text: str) -> bool:
        """Return whether the text says "I am", "are you" or "I was made by" and then a name.

        A name's first word is enough there: "I am Claude" is said by models with longer names.
        """
        folded = unicodedata.normalize("NFKC", text).replace("’", "'")
        return any(
            self._begins(folded[match.end() : match.end() + _AFTER_INTRODUCTION])
            for match in _INTRODUCING.finditer(folded)
        )

    def _begins(self, text: str) -> bool:
        if self._exact and self._exact.match(text):
            return True
        words = words_of(text)
        if not words or words[0] not in self._sequences:
            return False
        # "I am Claude" names somebody; "I am open to that" doesn't, whatever models are called.
        if text[0].isupper() and len(words[0]) >= _LEAST_CHARACTERS:
            return True
        return any(tuple(words[: len(name)]) == name for name in self._sequences[words[0]])


def _exactly(names: set[str]) -> re.Pattern[str]:
    spelled = "|".join(map(re.escape, sorted(names)))
    return re.compile(rf"(?<![a-zA-Z0-9])(?:{spelled})(?![a-zA-Z0-9])")


def asks_for_identity(prompt: str) -> bool:
    """Return whether a prompt asks which model answers, or who made it."""
    return bool(_ASKING.search(unicodedata.normalize("NFKC", prompt).casefold()))
