"""What the demo's model servers have in common: the OpenAI-compatible routes, and being started."""

import argparse
import asyncio
import json
import signal
import ssl
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from workers.demo.http import Exchange, HTTPServer, Request


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request as it came. ``body`` is the JSON object, empty where there was none."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]


class ModelServer(ABC):
    """Serves ``/v1/models`` and ``/v1/chat/completions`` while its context is open.

    Parameters
    ----------
    models : mapping of str to str
        The names that it lists, and whose models they are.
    host, port : str, int
        Where to listen; port 0 takes a free one.
    share_port : bool
        Listen although another copy does: each takes some of the calls, and the one that is left
        takes them all.
    require_key : str, optional
        The only key that is let in; without it any is, and none is too.
    tls : ssl.SSLContext, optional
        Serves HTTPS with it.

    Attributes
    ----------
    requests : deque of RecordedRequest
        The last thousand requests.
    """

    def __init__(
        self,
        models: Mapping[str, str],
        *,
        host: str,
        port: int,
        share_port: bool = False,
        require_key: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._http = HTTPServer(self._answer, host=host, port=port, share_port=share_port, tls=tls)
        self._scheme = "https" if tls else "http"
        self._models = models
        self._require_key = require_key
        self.requests: deque[RecordedRequest] = deque(maxlen=1000)

    @abstractmethod
    async def complete(self, exchange: Exchange, body: Mapping[str, Any]) -> None:
        """Answer a chat completion; ``body`` names a model and has at least one message."""

    async def __aenter__(self) -> Self:
        await self._http.start()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._http.stop()

    @property
    def base_url(self) -> str:
        """Return the base URL, as an administrator would enter it."""
        return f"{self._scheme}://{self._http.address}/v1"

    @property
    def open_connections(self) -> int:
        """Return how many clients are connected, idle ones included."""
        return self._http.open_connections

    @property
    def active_requests(self) -> int:
        """Return how many requests are being answered now."""
        return self._http.active_requests

    async def _answer(self, exchange: Exchange) -> None:
        request = exchange.request
        body = _json_object(request.body)
        self.requests.append(RecordedRequest(request.method, request.path, request.headers, body))
        expected = {} if self._require_key is None else self.credentials(request, self._require_key)
        given = {name: request.headers.get(name) for name in expected}
        if given == expected:
            await self.respond(exchange, body)
        else:
            await refuse(
                exchange, 401, f"Incorrect API key provided: {' '.join(map(str, given.values()))}"
            )

    def credentials(self, request: Request, key: str) -> Mapping[str, str]:
        """Return the headers without which a request is not let in."""
        return {"authorization": f"Bearer {key}"}

    async def respond(self, exchange: Exchange, body: Mapping[str, Any]) -> None:
        """Answer one request that was let in, by its route."""
        request = exchange.request
        if (request.method, request.path) == ("GET", "/v1/models"):
            await exchange.reply_json(200, self._model_list())
        elif (request.method, request.path) != ("POST", "/v1/chat/completions"):
            await refuse(exchange, 404, f"Unknown URL: {request.method} {request.path}")
        elif not _is_chat(body):
            await refuse(exchange, 400, "`model` and `messages` are required")
        else:
            await self.complete(exchange, body)

    def _model_list(self) -> dict[str, Any]:
        listed = [
            {"id": name, "object": "model", "owned_by": owner}
            for name, owner in self._models.items()
        ]
        return {"object": "list", "data": listed}


async def refuse(exchange: Exchange, status: int, message: str) -> None:
    """Send an error as OpenAI's API does."""
    await exchange.reply_json(status, {"error": {"message": message, "code": status}})


def _json_object(body: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _is_chat(body: Mapping[str, Any]) -> bool:
    messages = body.get("messages")
    return (
        isinstance(body.get("model"), str)
        and isinstance(messages, list)
        and bool(messages)
        and all(isinstance(message, dict) for message in messages)
    )


def arguments(program: str, description: str) -> argparse.ArgumentParser:
    """Return a parser with what every model server can be told."""
    parser = argparse.ArgumentParser(
        prog=program,
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--share-port", action="store_true", help="beside another copy")
    return parser


async def serve_until_stopped(server: ModelServer) -> None:
    """Serve until SIGINT or SIGTERM; say when it begins."""
    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    async with server:
        print(f"listening: {server.base_url}", flush=True)  # noqa: T201 -- the starter waits for it
        await stopped.wait()
