"""A server that speaks Replicate's protocol: predictions are created, then streamed.

``MODEL`` answers; ``aviary/broken`` fails in the middle; ``aviary/endless`` never ends.
"""

import asyncio
import itertools
import json
from collections.abc import Mapping
from typing import Any

from workers.demo.http import Exchange
from workers.demo.model_server import ModelServer, refuse
from workers.demo.performance import tokens_of

MODEL = "aviary/kestrel-9b"
KEY = "r8_planted_0123456789"

_TEXT = "The river keeps its course.\nThe bank remembers the water."


class PredictionServer(ModelServer):
    """Serves ``/v1/models/OWNER/NAME/predictions``, its streams, and nothing of OpenAI's.

    Attributes
    ----------
    cancelled : set of str
        The predictions that were cancelled.
    """

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__({MODEL: "Aviary"}, host=host, port=port)
        self._ids = (f"p{number}" for number in itertools.count(1))
        self._inputs: dict[str, Mapping[str, Any]] = {}
        self._names: dict[str, str] = {}
        self.cancelled: set[str] = set()

    async def respond(self, exchange: Exchange, body: Mapping[str, Any]) -> None:
        """Answer one request by its route; only streams need no key."""
        match exchange.request.path.strip("/").split("/"):
            case ["v1", "streams", identity] if identity in self._inputs:
                await self._stream(exchange, identity)
            case _ if exchange.request.headers.get("authorization") != f"Bearer {KEY}":
                await refuse(exchange, 401, "Unauthenticated")
            case ["v1", "models", owner, name, "predictions"] if owner == "aviary":
                await self._create(exchange, f"{owner}/{name}", body)
            case ["v1", "predictions", identity, "cancel"] if identity in self._inputs:
                self.cancelled.add(identity)
                await exchange.reply_json(200, {"id": identity, "status": "canceled"})
            case ["v1", "predictions", identity] if identity in self._inputs:
                metrics = {"input_token_count": 7, "output_token_count": len(tokens_of(_TEXT))}
                await exchange.reply_json(200, {"id": identity, "metrics": metrics})
            case _:
                await refuse(exchange, 404, "The requested resource could not be found.")

    async def complete(self, exchange: Exchange, body: Mapping[str, Any]) -> None:
        """Refuse: there are no chat completions here."""
        await refuse(exchange, 404, "The requested resource could not be found.")

    async def _create(self, exchange: Exchange, name: str, body: Mapping[str, Any]) -> None:
        identity = next(self._ids)
        self._inputs[identity], self._names[identity] = body.get("input", {}), name
        urls = {
            "stream": f"{self.base_url}/streams/{identity}",
            "get": f"{self.base_url}/predictions/{identity}",
            "cancel": f"{self.base_url}/predictions/{identity}/cancel",
        }
        created = {"id": identity, "status": "starting", "urls": urls}
        await exchange.reply_json(201, created)

    async def _stream(self, exchange: Exchange, identity: str) -> None:
        await exchange.begin_events()
        limit = self._inputs[identity].get("max_tokens", 10**6)
        await exchange.chunk(b": hi\n\n")
        for number, token in enumerate(tokens_of(_TEXT)[:limit]):
            await _event(exchange, f"{number}", "output", token)
        match self._names[identity]:
            case "aviary/broken":
                await _event(exchange, "e", "error", json.dumps({"detail": "out of memory"}))
            case "aviary/endless":
                await asyncio.Event().wait()
            case _:
                await _event(exchange, "d", "done", "{}")
        await exchange.end()


async def _event(exchange: Exchange, identity: str, name: str, text: str) -> None:
    lines = [f"event: {name}", f"id: {identity}", *(f"data: {line}" for line in text.split("\n"))]
    await exchange.chunk(("\n".join(lines) + "\n\n").encode())
