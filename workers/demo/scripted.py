"""An OpenAI-compatible server that plays fictional models, and fails on request.

It serves ``/v1/models`` and ``/v1/chat/completions``, streamed or whole. The models are those of
`workers.demo.fiction`; a model named ``fault:...`` fails in the way that `workers.demo.faults`
lists; ``steady-R-N`` streams N words at R tokens a second, for measurements. Any other name is
answered with 404.

From a shell::

    python -m workers.demo.scripted --port 8001

prints ``listening: http://127.0.0.1:8001/v1`` once it does. In a test::

    async with ScriptedServer() as server:
        ... server.base_url, server.requests, server.open_connections
"""

import argparse
import asyncio
import json
import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from workers.demo.faults import fault_of
from workers.demo.fiction import FICTIONAL_MODELS, MODELS_BY_NAME, FictionalModel
from workers.demo.http import Exchange, HTTPServer
from workers.demo.performance import Performance
from workers.demo.prose import compose

_STEADY = re.compile(r"steady-(?P<rate>\d+)-(?P<words>\d+)")


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request as it came. ``body`` is the JSON object, empty where there was none."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]


class ScriptedServer:
    """The server, as an async context manager.

    Parameters
    ----------
    host, port : str, int
        Where to listen; port 0 takes a free one.
    require_key : str, optional
        The only key that is let in; without it any is, and none is too.
    speed : float
        Divides every delay; ``float("inf")`` answers at once.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        require_key: str | None = None,
        speed: float = 1.0,
    ) -> None:
        self._http = HTTPServer(self._answer, host=host, port=port)
        self._require_key = require_key
        self._speed = speed
        self.requests: list[RecordedRequest] = []

    async def __aenter__(self) -> Self:
        await self._http.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._http.stop()

    @property
    def base_url(self) -> str:
        """Return the base URL, as an administrator would enter it."""
        return f"http://{self._http.address}/v1"

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
        authorization = request.headers.get("authorization")
        if self._require_key is not None and authorization != f"Bearer {self._require_key}":
            await _refuse(exchange, 401, f"Incorrect API key provided: {authorization}")
        elif (request.method, request.path) == ("GET", "/v1/models"):
            await exchange.reply_json(200, _model_list())
        elif (request.method, request.path) == ("POST", "/v1/chat/completions"):
            await self._complete(exchange, body)
        else:
            await _refuse(exchange, 404, f"Unknown URL: {request.method} {request.path}")

    async def _complete(self, exchange: Exchange, body: Mapping[str, Any]) -> None:
        name, messages = body.get("model"), body.get("messages")
        if not isinstance(name, str) or not isinstance(messages, list) or not messages:
            await _refuse(exchange, 400, "`model` and `messages` are required")
            return
        performance = Performance(exchange, body, speed=self._speed)
        if fault := fault_of(name):
            await fault(performance)
        elif model := MODELS_BY_NAME.get(name):
            await _play(performance, model)
        elif steady := _STEADY.fullmatch(name):
            await performance.begin()
            text = " ".join(["word"] * int(steady["words"]))
            await _say_and_finish(performance, text, float(steady["rate"]))
        else:
            await _refuse(exchange, 404, f"The model `{name}` does not exist")


async def _play(performance: Performance, model: FictionalModel) -> None:
    text = compose(model, performance.body["messages"])
    if not performance.body.get("stream"):
        await performance.exchange.reply_json(200, performance.whole(text))
        return
    await performance.pause(model.first_token_seconds)
    await performance.begin()
    await _say_and_finish(performance, text, model.tokens_per_second)


async def _say_and_finish(performance: Performance, text: str, tokens_per_second: float) -> None:
    complete = await performance.speak(text, tokens_per_second)
    await performance.finish("stop" if complete else "length")


async def _refuse(exchange: Exchange, status: int, message: str) -> None:
    await exchange.reply_json(status, {"error": {"message": message, "code": status}})


def _model_list() -> dict[str, Any]:
    return {
        "object": "list",
        "data": [
            {"id": model.name, "object": "model", "owned_by": model.organisation}
            for model in FICTIONAL_MODELS
        ],
    }


def _json_object(body: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


async def serve_until_stopped(server: ScriptedServer) -> None:
    """Serve until SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    async with server:
        print(f"listening: {server.base_url}", flush=True)  # noqa: T201 -- the starter waits for it
        await stopped.wait()


def main() -> None:
    """Run the server from a shell."""
    parser = argparse.ArgumentParser(prog="workers.demo.scripted", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--require-key", help="let only this key in")
    parser.add_argument("--speed", type=float, default=1.0, help="divides every delay")
    chosen = parser.parse_args()
    server = ScriptedServer(
        host=chosen.host, port=chosen.port, require_key=chosen.require_key, speed=chosen.speed
    )
    asyncio.run(serve_until_stopped(server))


if __name__ == "__main__":
    main()
