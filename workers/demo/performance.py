"""One streamed chat completion, from the server's side."""

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any

from workers.demo.http import Exchange

# One or two ideographs, or a short piece of a word with the blanks before it.
_TOKEN = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff]{1,2}|\s*[^\s\u3040-\u30ff\u3400-\u9fff]{1,6}|\s+"
)


def tokens_of(text: str) -> list[str]:
    """Cut text into pieces of about a token each; joined, they are the text again."""
    return _TOKEN.findall(text)


class Performance:
    """Sends the chunks of one completion at a set pace.

    ``speed`` divides every delay; `float("inf")` removes them. ``usage_each_chunk`` repeats the
    usage so far in every chunk, as some servers do. ``sent`` counts the tokens so far.
    """

    def __init__(
        self,
        exchange: Exchange,
        body: Mapping[str, Any],
        *,
        speed: float = 1.0,
        usage_each_chunk: bool = False,
    ) -> None:
        self.exchange = exchange
        self.body = body
        self._speed = speed
        self._usage_each_chunk = usage_each_chunk
        self.sent = 0
        asked: Any = body.get("stream_options") or {}
        self._send_usage = bool(asked.get("include_usage"))
        self.prompt_tokens = sum(
            len(tokens_of(str(message.get("content")))) + 4 for message in body["messages"]
        )

    async def pause(self, seconds: float) -> None:
        """Wait, at the set speed."""
        await asyncio.sleep(seconds / self._speed)

    async def begin(self) -> None:
        """Send the headers and the chunk that names the role."""
        await self.exchange.begin_events()
        await self.exchange.event(self.chunk({"role": "assistant", "content": ""}))

    async def say(self, text: str, *, field: str = "content") -> None:
        """Send one piece of text."""
        self.sent += 1
        chunk = self.chunk({field: text})
        if self._usage_each_chunk:
            chunk["usage"] = self.usage
        await self.exchange.event(chunk)

    async def speak(
        self, text: str, tokens_per_second: float = 200.0, *, field: str = "content"
    ) -> bool:
        """Send text token by token on a fixed timetable; stop at the request's token limit.

        Returns
        -------
        bool
            False if the limit cut it short.
        """
        clock = asyncio.get_running_loop().time
        started = clock()
        for position, token in enumerate(tokens_of(text)):
            if self.sent >= self.limit:
                return False
            due = started + position / (tokens_per_second * self._speed)
            if (wait := due - clock()) > 0:
                await asyncio.sleep(wait)
            await self.say(token)
        return True

    async def finish(
        self, reason: str | None = "stop", usage: Mapping[str, Any] | None = None
    ) -> None:
        """Send the finish reason, the usage if it was asked for, and the end.

        Without ``usage`` it is what was counted here.
        """
        if reason is not None:
            await self.exchange.event(self.chunk({}, finish_reason=reason))
        if self._send_usage and not self._usage_each_chunk:
            await self.exchange.event(
                {**self.chunk({}), "choices": [], "usage": usage or self.usage}
            )
        await self.exchange.event("[DONE]")
        await self.exchange.end()

    def chunk(self, delta: Mapping[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
        """Return one chunk."""
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        return {
            "id": "chatcmpl-scripted",
            "object": "chat.completion.chunk",
            "created": 1_790_000_000,
            "model": self.body["model"],
            "choices": [choice],
        }

    def whole(self, text: str) -> dict[str, Any]:
        """Return a completion that is not streamed."""
        tokens = tokens_of(text)
        self.sent = int(min(len(tokens), self.limit))
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": "".join(tokens[: self.sent])},
            "finish_reason": "stop" if self.sent == len(tokens) else "length",
        }
        completion = {**self.chunk({}), "object": "chat.completion", "usage": self.usage}
        return {**completion, "choices": [choice]}

    @property
    def usage(self) -> dict[str, int]:
        """Return the usage so far."""
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.sent,
            "total_tokens": self.prompt_tokens + self.sent,
        }

    @property
    def limit(self) -> float:
        """Return the request's token limit, infinite if it set none."""
        limit = self.body.get("max_completion_tokens") or self.body.get("max_tokens")
        return limit if isinstance(limit, int) else float("inf")


def event_bytes(chunk: Mapping[str, Any]) -> bytes:
    """Return one event as bytes, for those who send it by hand."""
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"
