"""Token counts: as the server says, or estimated and marked so."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from workers.endpoints.address import Message

# One token for each of these; the rest is counted at four characters a token.
_IDEOGRAPHS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")

_TEMPLATE_TOKENS, _FRAME_TOKENS = 256, 16
# Above what the dearest known way of counting makes of a picture as we send it: 2,833 tokens and
# 5,667 for each of at most eight tiles (GPT-4o mini).
_PICTURE_TOKENS = 49_152
# What a picture of some megapixels costs at most servers.
_USUAL_PICTURE_TOKENS = 1000
# A call that is cut off goes on until its server notices, and what was not shown may be thinking.
_SECONDS_TO_NOTICE = 2.0
_USUAL_TOKENS_PER_SECOND = 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one call. ``estimated`` is true when either count is not the server's own."""

    prompt_tokens: int
    completion_tokens: int
    estimated: bool


class TokenEstimate:
    """Counts tokens of text roughly and cheaply, piece by piece."""

    def __init__(self) -> None:
        self._ideographs = 0
        self._others = 0

    def add(self, text: str) -> None:
        """Count one more piece of text."""
        wide = 0 if text.isascii() else len(_IDEOGRAPHS.findall(text))
        self._ideographs += wide
        self._others += len(text) - wide

    @property
    def tokens(self) -> int:
        """Tokens so far, rounded up."""
        return self._ideographs + -(-self._others // 4)


def estimate_prompt(messages: Iterable[Message]) -> int:
    """Estimate the tokens of a conversation: text, pictures, four for each message's frame."""
    estimate, frames = TokenEstimate(), 0
    for message in messages:
        frames += 4
        content = message["content"]
        parts = [{"text": content}] if isinstance(content, str) else content
        for part in parts:
            if "text" in part:
                estimate.add(str(part["text"]))
            else:
                frames += _USUAL_PICTURE_TOKENS
    return estimate.tokens + frames


def most_prompt_tokens(messages: Iterable[Message]) -> int:
    """Return more tokens than a conversation can be: no tokenizer makes two of one byte.

    Besides the text there are what a chat template writes around each message and in front of all
    of them, and pictures, which are counted at more than the largest costs anywhere.
    """
    tokens = _TEMPLATE_TOKENS
    for message in messages:
        tokens += _FRAME_TOKENS
        content = message["content"]
        parts = [{"text": content}] if isinstance(content, str) else content
        for part in parts:
            tokens += len(str(part["text"]).encode()) if "text" in part else _PICTURE_TOKENS
    return tokens


def usage_when_cut(
    messages: Iterable[Message], *, received: int, streaming: float, silent: float
) -> Usage:
    """Estimate what a call used that was cut off: more than what came of it, less than its limit.

    The seconds in which nothing came count as if the server had made tokens all the while, as fast
    as it did before or as a fast server does.

    Parameters
    ----------
    messages
        The conversation with its system prompt.
    received
        Tokens that came, reasoning among them.
    streaming, silent
        Seconds from the first piece to the last, and those before the first and after the last.
    """
    speed = max(_USUAL_TOKENS_PER_SECOND, received / max(streaming, 1.0))
    unseen = math.ceil(speed * (silent + _SECONDS_TO_NOTICE))
    return Usage(
        prompt_tokens=estimate_prompt(messages),
        completion_tokens=received + unseen,
        estimated=True,
    )


def normalise_usage(
    reported: Mapping[str, Any] | None, *, prompt_estimate: int, completion_estimate: int
) -> Usage:
    """Take the server's counts where they are positive integers, estimates where they are not.

    A zero is not believed: there was a prompt and there is an answer, but some servers report 0
    for a cached prompt or in every chunk but the last.
    """

    def count(name: str) -> int:
        value = (reported or {}).get(name)
        return value if type(value) is int and 0 < value < 2**31 else 0

    prompt, completion = count("prompt_tokens"), count("completion_tokens")
    return Usage(
        prompt_tokens=prompt or prompt_estimate,
        completion_tokens=completion or completion_estimate,
        estimated=not (prompt and completion),
    )
