"""A moderation server that flags by plain words, and fails on request.

It serves ``/v1/moderations``. A text with the word ``attack`` is flagged as ``violence``, one with
``insult`` scores 0.6 as ``harassment`` and is not flagged by the server itself; anything else is
clear. ``manner`` says how it answers instead, one of `MANNERS`. Pictures are refused, as by a
server that takes texts alone, unless ``pictures`` says otherwise.

From a shell::

    python -m workers.demo.moderating --port 8002
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

from workers.demo.http import Exchange
from workers.demo.model_server import ModelServer, arguments, refuse, serve_until_stopped

MODEL = "scripted-moderation"
_SECRETS = "scripted-moderation failed on upstream-7.internal.example"


class ModerationServer(ModelServer):
    """The server, as an async context manager.

    Attributes
    ----------
    manner : str
        ``""`` answers; any other is a key of `MANNERS`.
    refuses : str
        A word: texts with it are answered with 400, as a server does that cannot take them.
    pictures : str
        ``refused``: answered with 400. ``seen``: looked at. ``unsaid``: answered without a word on
        whether they were looked at.
    flags_pictures : bool
        Pictures that are looked at are flagged as ``violence``.
    asked : list of str
        The texts that it was asked about, in order; pieces of one text one by one.
    shown : list of str
        The URLs of the pictures that it was asked about, in order.
    """

    def __init__(
        self, *, host: str = "127.0.0.1", port: int = 0, require_key: str | None = None
    ) -> None:
        super().__init__({MODEL: "Nobody"}, host=host, port=port, require_key=require_key)
        self.manner = self.refuses = ""
        self.pictures: Literal["refused", "seen", "unsaid"] = "refused"
        self.flags_pictures = False
        self.asked: list[str] = []
        self.shown: list[str] = []

    async def respond(self, exchange: Exchange, body: Mapping[str, Any]) -> None:
        """Answer one request that was let in."""
        if exchange.request.path != "/v1/moderations":
            await super().respond(exchange, body)
            return
        texts = [body["input"]] if isinstance(body.get("input"), str) else list(body["input"])
        if isinstance(texts[0], dict):
            await self._look(exchange, [part["image_url"]["url"] for part in texts])
            return
        self.asked += texts
        if self.refuses and any(self.refuses in text for text in texts):
            await refuse(exchange, 400, _SECRETS)
        elif self.manner:
            await MANNERS[self.manner](exchange, texts)
        else:
            await exchange.reply_json(200, moderation(texts))

    async def _look(self, exchange: Exchange, urls: list[str]) -> None:
        self.shown += urls
        if self.manner:
            await MANNERS[self.manner](exchange, urls)
        elif self.pictures == "refused" or len(urls) > 1:
            await refuse(exchange, 400, _SECRETS)
        else:
            await exchange.reply_json(200, self._seen() if self.pictures == "seen" else _BLIND)

    def _seen(self) -> dict[str, Any]:
        applied = {"violence": ["image"], "harassment": []}
        result = _result("attack" if self.flags_pictures else "")
        return {"results": [{**result, "category_applied_input_types": applied}]}

    async def complete(self, exchange: Exchange, body: Mapping[str, Any]) -> None:
        """Refuse: no model here talks."""
        await refuse(exchange, 404, f"The model `{body['model']}` does not chat")


def moderation(texts: list[str]) -> dict[str, Any]:
    """Return the whole answer about some texts."""
    return {"id": "modr-1", "model": MODEL, "results": [_result(text) for text in texts]}


def _result(text: str) -> dict[str, Any]:
    violence = 0.97 if "attack" in text else 0.01
    harassment = 0.6 if "insult" in text else 0.02
    return {
        "flagged": violence > 0.5,
        "categories": {"violence": violence > 0.5, "harassment": False},
        "category_scores": {"violence": violence, "harassment": harassment},
    }


_BLIND = {"results": [_result("")]}


async def _hang(_exchange: Exchange, _texts: list[str]) -> None:
    await asyncio.Event().wait()


async def _drip(exchange: Exchange, _texts: list[str]) -> None:
    """Send an answer that never ends, a byte at a time: no clock between bytes ends it."""
    await exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{")
    while True:
        await exchange.raw(b" ")
        await asyncio.sleep(0.05)


async def _flood(exchange: Exchange, _texts: list[str]) -> None:
    await exchange.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{")
    for _ in range(64):
        await exchange.raw(b" " * 2**16)


def _status(status: int) -> Callable[[Exchange, list[str]], Awaitable[None]]:
    async def fail(exchange: Exchange, _texts: list[str]) -> None:
        await refuse(exchange, status, _SECRETS)

    return fail


def _says(value: Any) -> Callable[[Exchange, list[str]], Awaitable[None]]:
    async def say(exchange: Exchange, _texts: list[str]) -> None:
        await exchange.reply_json(200, value)

    return say


async def _html(exchange: Exchange, _texts: list[str]) -> None:
    await exchange.reply(200, f"<html>{_SECRETS}</html>".encode(), "text/html")


def _scored(score: Any) -> dict[str, Any]:
    return {"results": [{"flagged": False, "category_scores": {"violence": score}}]}


MANNERS: Mapping[str, Callable[[Exchange, list[str]], Awaitable[None]]] = {
    **{f"http-{status}": _status(status) for status in (400, 401, 404, 429, 500, 503)},
    "hang": _hang,
    "drip": _drip,
    "flood": _flood,
    "html": _html,
    "list": _says([]),
    "no-results": _says({"error": {"message": _SECRETS}}),
    "too-few": _says({"results": []}),
    "flagged-is-text": _says({"results": [{"flagged": "no"}]}),
    "score-is-text": _says(_scored("high")),
    "score-over-one": _says(_scored(3)),
    "score-not-finite": _says(_scored(float("nan"))),
    "redirect": lambda exchange, _texts: exchange.reply(
        307, b"", "text/plain", {"Location": "/elsewhere"}
    ),
}


def main() -> None:
    """Run the server from a shell."""
    chosen = arguments("workers.demo.moderating", __doc__ or "").parse_args()
    asyncio.run(serve_until_stopped(ModerationServer(host=chosen.host, port=chosen.port)))


if __name__ == "__main__":
    main()
