"""An OpenAI-compatible server that plays fictional models, and fails on request.

It serves ``/v1/models`` and ``/v1/chat/completions``, streamed or whole. The models are those of
`workers.demo.fiction`; a model named ``fault:...`` fails in the way that `workers.demo.faults`
lists; ``steady-R-N`` streams N words at R tokens a second, and ``stamped-R-N`` N tokens that carry
their send times (`workers.demo.stamped`), for measurements. Any other name is answered with 404.

From a shell::

    python -m workers.demo.scripted --port 8001

prints ``listening: http://127.0.0.1:8001/v1`` once it does. In a test::

    async with ScriptedServer() as server:
        ... server.base_url, server.requests, server.open_connections
"""

import asyncio
import re
import ssl
from collections.abc import Mapping
from typing import Any

from workers.demo.faults import fault_of
from workers.demo.fiction import FICTIONAL_MODELS, MODELS_BY_NAME, FictionalModel
from workers.demo.http import Exchange
from workers.demo.model_server import ModelServer, arguments, refuse, serve_until_stopped
from workers.demo.performance import Performance
from workers.demo.prose import compose
from workers.demo.stamped import play_stamped

_STEADY = re.compile(r"steady-(?P<rate>\d+)-(?P<words>\d+)")
_STAMPED = re.compile(r"stamped-(?P<rate>\d+)-(?P<tokens>\d+)")


class ScriptedServer(ModelServer):
    """The server, as an async context manager.

    Parameters
    ----------
    host, port, share_port : str, int, bool
        Where to listen, as in `ModelServer`.
    require_key : str, optional
        The only key that is let in; without it any is, and none is too.
    speed : float
        Divides every delay; ``float("inf")`` answers at once.
    tls : ssl.SSLContext, optional
        Serves HTTPS with it.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        share_port: bool = False,
        require_key: str | None = None,
        speed: float = 1.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        models = {model.name: model.organisation for model in FICTIONAL_MODELS}
        super().__init__(
            models, host=host, port=port, share_port=share_port, require_key=require_key, tls=tls
        )
        self._speed = speed

    async def complete(self, exchange: Exchange, body: Mapping[str, Any]) -> None:
        """Answer as the named model, or fail as the named fault."""
        name: str = body["model"]
        performance = Performance(exchange, body, speed=self._speed)
        if fault := fault_of(name):
            await fault(performance)
        elif model := MODELS_BY_NAME.get(name):
            await _play(performance, model)
        elif steady := _STEADY.fullmatch(name):
            text = " ".join(["word"] * int(steady["words"]))
            await performance.begin()
            await _say_and_finish(performance, text, float(steady["rate"]))
        elif stamped := _STAMPED.fullmatch(name):
            await play_stamped(performance, int(stamped["rate"]), int(stamped["tokens"]))
        else:
            await refuse(exchange, 404, f"The model `{name}` does not exist")


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


def main() -> None:
    """Run the server from a shell."""
    parser = arguments("workers.demo.scripted", __doc__ or "")
    parser.add_argument("--require-key", help="let only this key in")
    parser.add_argument("--speed", type=float, default=1.0, help="divides every delay")
    chosen = parser.parse_args()
    server = ScriptedServer(
        host=chosen.host,
        port=chosen.port,
        share_port=chosen.share_port,
        require_key=chosen.require_key,
        speed=chosen.speed,
    )
    asyncio.run(serve_until_stopped(server))


if __name__ == "__main__":
    main()
