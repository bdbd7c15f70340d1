"""Servers that behave as the presets of `workers.endpoints.presets` say, each in its own way.

`MANNERS` says how, for each preset; `MannerlyServer` is the server. Replicate speaks another
protocol: see `workers.demo.predictions`.
"""

import base64
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from workers.demo.http import Exchange, Request
from workers.demo.model_server import ModelServer, refuse
from workers.demo.performance import Performance, tokens_of

MODEL = "kestrel-9b"
KEY = "sk-mannerly-0123456789"

# By which of red, green and blue is bright.
_COLOURS: Mapping[tuple[bool, ...], str] = {
    (True, False, False): "Red",
    (False, True, False): "Green",
    (False, False, True): "Blue",
    (True, True, False): "Yellow",
    (False, False, False): "Black",
    (True, True, True): "White",
}
_TEXT = "The river keeps its course, and the bank remembers the water that has gone by. "


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How a server behaves where it differs from OpenAI's protocol as it was in 2023.

    ``usage`` says when it counts tokens: where it is asked to, never, in every chunk, or in the
    chunk of the finish reason without being asked. ``limits`` are the names of a token limit that
    it takes; any other is refused. ``context`` is its context in tokens, and ``overflow`` what
    becomes of a longer prompt. ``loading`` is how many requests get 503 first, and ``busy`` the
    length of a round whose first request gets 429. ``laconic`` is all that it ever says;
    ``keeps_limit`` is false where a token limit is taken and ignored, ``sees`` where pictures are
    taken and guessed at. ``listed_as`` is the name in its list, where that is another, and
    ``list_headers`` what the list wants in place of a bearer token; ``{key}`` stands for the key.
    """

    path: str = "/v1"
    key: bool = True
    lists: bool = True
    name: str = MODEL
    listed_as: str = ""
    list_headers: tuple[tuple[str, str], ...] = ()
    only_name: bool = True
    stream_options: Literal["taken", "refused", "ignored"] = "taken"
    usage: Literal["asked", "never", "each_chunk", "last_chunk"] = "asked"
    limits: tuple[str, ...] = ("max_tokens", "max_completion_tokens")
    temperature: Literal["any", "default", "up_to_one"] = "any"
    system: bool = True
    images: bool = False
    context: int = 128_000
    overflow: Literal["refused", "cut"] = "refused"
    overflow_says: str = "This model's maximum context length is {context} tokens."
    loading: int = 0
    busy: int = 0
    laconic: str = ""
    keeps_limit: bool = True
    sees: bool = True
    comments: bool = False
    thinks: Literal["no", "in_content", "in_field"] = "no"
    served_as: str = MODEL
    refuses_parameters: tuple[str, ...] = ()
    extra: tuple[tuple[str, Any], ...] = ()


MANNERS: Mapping[str, Manners] = {
    "openai": Manners(limits=("max_completion_tokens",), temperature="default", images=True),
    "anthropic": Manners(
        temperature="up_to_one",
        list_headers=(("x-api-key", "{key}"), ("anthropic-version", "2023-06-01")),
    ),
    "gemini": Manners(path="/v1beta/openai", usage="each_chunk", images=True),
    "vllm": Manners(key=False, context=4096, images=True),
    "tgi": Manners(key=False, lists=False, name="tgi", limits=("max_tokens",)),
    "ollama": Manners(key=False, limits=("max_tokens",), context=4096, overflow="cut", images=True),
    "lm-studio": Manners(key=False, limits=("max_tokens",), images=True),
    "llama-cpp": Manners(
        key=False,
        limits=("max_tokens",),
        loading=2,
        context=4096,
        overflow_says="the request exceeds the available context size: n_ctx: {context}",
        extra=(("timings", {"predicted_per_second": 48.5}),),
    ),
    "api-for-open-llm": Manners(
        only_name=False, limits=("max_tokens",), usage="never", served_as="gpt-3.5-turbo"
    ),
    "hf-providers": Manners(limits=("max_tokens",), usage="last_chunk"),
    "hf-endpoints": Manners(limits=("max_tokens",), lists=False, name="tgi", loading=3),
    "nvidia": Manners(limits=("max_tokens",)),
    "deepseek": Manners(path="", limits=("max_tokens",), thinks="in_field"),
    "qwen": Manners(path="/compatible-mode/v1", limits=("max_tokens",), lists=False, images=True),
    "zhipu": Manners(
        path="/api/paas/v4",
        stream_options="refused",
        usage="last_chunk",
        limits=("max_tokens",),
        lists=False,
        refuses_parameters=("presence_penalty", "frequency_penalty", "name"),
    ),
    "moonshot": Manners(usage="last_chunk", refuses_parameters=("thinking_budget",)),
    "minimax": Manners(
        limits=("max_completion_tokens",), temperature="up_to_one", thinks="in_content"
    ),
    "mistral": Manners(limits=("max_tokens",), refuses_parameters=("seed",), images=True),
    "cohere": Manners(
        path="/compatibility/v1",
        stream_options="refused",
        usage="never",
        limits=("max_tokens",),
        lists=False,
    ),
    "openrouter": Manners(
        path="/api/v1",
        limits=("max_tokens",),
        comments=True,
        images=True,
        extra=(("provider", "Upstream 7"),),
    ),
    "sglang": Manners(key=False),
}


class MannerlyServer(ModelServer):
    """Serves one model with these manners, at once.

    Parameters
    ----------
    manners : Manners
        How it behaves.
    host, port : str, int
        Where to listen, as in `ModelServer`.
    """

    def __init__(self, manners: Manners, *, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(
            {manners.listed_as or manners.name: "Aviary"},
            host=host,
            port=port,
            require_key=KEY if manners.key else None,
        )
        self.manners = manners
        self._still_loading = manners.loading
        self._asked = 0

    @property
    def base_url(self) -> str:
        """Return the base URL, as an administrator would enter it."""
        return f"{self._scheme}://{self._http.address}{self.manners.path}"

    def credentials(self, request: Request, key: str) -> Mapping[str, str]:
        """Return the key as the route wants it."""
        if request.path.partition("?")[0] == f"{self.manners.path}/models":
            own = {name: value.format(key=key) for name, value in self.manners.list_headers}
            return own or super().credentials(request, key)
        return super().credentials(request, key)

    async def respond(self, exchange: Exchange, body: Mapping[str, Any]) -> None:
        """Answer below the server's own path; elsewhere there is nothing."""
        path, _, _query = exchange.request.path.partition("?")
        route = (exchange.request.method, path)
        if self._still_loading:
            self._still_loading -= 1
            await refuse(exchange, 503, "Loading model")
        elif self.manners.lists and route == ("GET", f"{self.manners.path}/models"):
            await exchange.reply_json(200, self._model_list())
        elif route != ("POST", f"{self.manners.path}/chat/completions"):
            await refuse(exchange, 404, "Not found")
        elif self._is_busy():
            await refuse(exchange, 429, "Too many requests")
        elif complaint := next(_complaints(self.manners, body), None):
            await refuse(exchange, *complaint)
        else:
            await self.complete(exchange, body)

    def _is_busy(self) -> bool:
        self._asked += 1
        return bool(self.manners.busy) and (self._asked - 1) % self.manners.busy == 0

    async def complete(self, exchange: Exchange, body: Mapping[str, Any]) -> None:
        """Stream an answer in the server's own way."""
        await _Speaker(exchange, _as_served(self.manners, body), self.manners).run()


def _complaints(manners: Manners, body: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """Yield status and words of each refusal that the request deserves."""
    if manners.only_name and body.get("model") != manners.name:
        yield 404, f"The model `{body.get('model')}` does not exist"
    if "stream_options" in body and manners.stream_options == "refused":
        yield 422, "invalid field: unknown field 'stream_options'"
    for name in {"max_tokens", "max_completion_tokens"} - set(manners.limits):
        if name in body:
            yield 400, f"Unsupported parameter: '{name}'. Use '{manners.limits[0]}' instead."
    for name in manners.refuses_parameters:
        if name in body:
            yield 422, f"extra inputs are not permitted: {name}"
    if not _takes_temperature(manners, body.get("temperature")):
        yield 400, "Unsupported value: 'temperature' is not supported by this model."
    yield from _complaints_of_messages(manners, body["messages"])


def _complaints_of_messages(
    manners: Manners, messages: list[Mapping[str, Any]]
) -> Iterator[tuple[int, str]]:
    if not manners.system and any(message["role"] == "system" for message in messages):
        yield 400, "the system role is not supported"
    if not manners.images and "image_url" in json.dumps(messages):
        yield 400, "this model does not take image_url content"
    if manners.overflow == "refused" and _size(messages) > manners.context:
        yield 400, manners.overflow_says.format(context=manners.context)


def _takes_temperature(manners: Manners, temperature: float | None) -> bool:
    if temperature is None or manners.temperature == "any":
        return True
    if manners.temperature == "up_to_one":
        return 0 < temperature <= 1
    return temperature == 1


def _size(messages: list[Mapping[str, Any]]) -> int:
    return sum(len(tokens_of(str(message["content"]))) + 4 for message in messages)


def _as_served(manners: Manners, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the request as the model sees it: cut where the server cuts it silently."""
    served = {**body, "model": manners.served_as}
    if manners.stream_options == "ignored" or manners.usage != "asked":
        served["stream_options"] = None
    if not manners.keeps_limit:
        served = {name: value for name, value in served.items() if name not in manners.limits}
    if manners.overflow == "cut" and _size(body["messages"]) > manners.context:
        tokens = tokens_of(str(body["messages"][-1]["content"]))[-manners.context + 4 :]
        served["messages"] = [{"role": "user", "content": "".join(tokens)}]
    return served


class _Speaker:
    """One answer in a server's own way."""

    def __init__(self, exchange: Exchange, body: Mapping[str, Any], manners: Manners) -> None:
        self._manners = manners
        self._exchange = exchange
        self._stage = Performance(
            exchange, body, speed=float("inf"), usage_each_chunk=manners.usage == "each_chunk"
        )
        self._asked = body["messages"][-1]["content"]

    async def run(self) -> None:
        """Stream the answer."""
        stage = self._stage
        await stage.begin()
        if self._manners.comments:
            await self._exchange.chunk(b": OPENROUTER PROCESSING\n\n")
        if self._manners.thinks == "in_content":
            await stage.say("<think>Rivers, then.</think>\n\n")
        elif self._manners.thinks == "in_field":
            await stage.say("Rivers, then.", field="reasoning_content")
        complete = await stage.speak(_answer(self._asked, self._manners))
        await self._finish("stop" if complete else "length")

    async def _finish(self, reason: str) -> None:
        if self._manners.usage == "last_chunk":
            last = {**self._stage.chunk({}, finish_reason=reason), "usage": self._stage.usage}
            await self._exchange.event({**last, **dict(self._manners.extra)})
            await self._stage.finish(None)
        elif self._manners.extra:
            extra = {**self._stage.chunk({}, finish_reason=reason), **dict(self._manners.extra)}
            await self._exchange.event(extra)
            await self._stage.finish(None)
        else:
            await self._stage.finish(reason)


def _answer(asked: str | list[dict[str, Any]], manners: Manners) -> str:
    """Return what a good model would say to the questions that are put to it."""
    if not isinstance(asked, str):
        pictures = [part["image_url"]["url"] for part in asked if part["type"] == "image_url"]
        if not pictures:
            return "Nothing."
        return " ".join(_colours_of(pictures[0])) if manners.sees else "Red."
    if manners.laconic:
        return manners.laconic
    if "code word is " in asked:
        return asked.partition("code word is ")[2].partition(".")[0]
    if "Count from 1" in asked:
        return "\n".join(str(number) for number in range(1, 301))
    return _TEXT * 8 if "150 words" in asked else _TEXT


def _colours_of(url: str) -> tuple[str, str]:
    """Return what the left and the right edge of an unfiltered PNG of 8-bit RGB are called."""
    png = base64.b64decode(url.partition(",")[2])
    width = int.from_bytes(png[16:20])
    length = int.from_bytes(png[33:37])
    row = zlib.decompress(png[41 : 41 + length])[1 : 1 + 3 * width]
    left, right = (tuple(value > 127 for value in pixel) for pixel in (row[:3], row[-3:]))
    return _COLOURS[left], _COLOURS[right]
