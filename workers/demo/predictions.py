"""A server that speaks Replicate's protocol: predictions are created, then streamed.

``MODEL`` answers; ``aviary/broken`` fails in the middle; ``aviary/endless`` never ends.
"""

import asyncio
import itertools
import json
import ssl
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

    A stream wants the key and ``Accept: text/event-stream``, as is documented at
    https://replicate.com/docs/topics/predictions/streaming; otherwise the prediction comes as JSON.

    Parameters
    ----------
    streams : str, optional
        The base URL that it gives for its streams; by default its own.
    counts : bool
        Whether the metrics have token counts; not all models there count.

    Attributes
    ----------
    cancelled : set of str
        The predictions that were cancelled.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        streams: str = "",
        counts: bool = True,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__({MODEL: "Aviary"}, host=host, port=port, tls=tls)
        self.streams = streams
        self._counts = counts
        self._ids = (f"p{number}" for number in itertools.count(1))
        self._inputs: dict[str, Mapping[str, Any]] = {}
        self._names: dict[str, str] = {}
        self.cancelled: set[str] = set()

    async def respond(self, exchange: Exchange, body: Mapping[str, Any]) -> None:
        """Answer one request by its route; all need the key."""
        match exchange.request.path.strip("/").split("/"):
            case _ if exchange.request.headers.get("authorization") != f"Bearer {KEY}":
                await refuse(exchange, 401, "Unauthenticated")
            case ["v1", "models", owner, name, "predictions"] if owner == "aviary":
                await self._create(exchange, f"{owner}/{name}", body)
            case ["v1", "predictions", identity, "cancel"] if identity in self._inputs:
                self.cancelled.add(identity)
                await exchange.reply_json(200, {"id": identity, "status": "canceled"})
            case ["v1", "predictions", identity] if identity in self._inputs:
                if exchange.request.headers.get("accept") == "text/event-stream":
                    await self._stream(exchange, identity)
                else:
                    await exchange.reply_json(200, self._prediction(identity))
            case _:
                await refuse(exchange, 404, "The requested resource could not be found.")

    async def complete(self, exchange: Exchange, body: Mapping[str, Any]) -> None:
        """Refuse: there are no chat completions here."""
        await refuse(exchange, 404, "The requested resource could not be found.")

    async def _create(self, exchange: Exchange, name: str, body: Mapping[str, Any]) -> None:
        identity = next(self._ids)
        self._inputs[identity], self._names[identity] = body.get("input", {}), name
        urls = {
            "stream": f"{self.streams or self.base_url}/predictions/{identity}",
            "get": f"{self.base_url}/predictions/{identity}",
            "cancel": f"{self.base_url}/predictions/{identity}/cancel",
        }
        created = {"id": identity, "status": "starting", "urls": urls}
        await exchange.reply_json(201, created)

    def _tokens(self, identity: str) -> list[str]:
        return list(tokens_of(_TEXT)[: self._inputs[identity].get("max_tokens", 10**6)])

    def _prediction(self, identity: str) -> Mapping[str, Any]:
        counts = {"input_token_count": 7, "output_token_count": len(self._tokens(identity))}
        metrics = {"predict_time": 0.5, **(counts if self._counts else {})}
        return {"id": identity, "status": "succeeded", "metrics": metrics}

    async def _stream(self, exchange: Exchange, identity: str) -> None:
        await exchange.begin_events()
        await exchange.chunk(b": hi\n\n")
        for number, token in enumerate(self._tokens(identity)):
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
