"""Replicate, which does not speak chat completions: a prediction is created, then its stream read.

The conversation goes as one prompt, since each model there has a template of its own. What the
inputs are called differs as well: ``parameters`` are merged into them last, so an administrator can
name what a model needs.

A stream is on another host of theirs, wants the same key, and says nothing of why an answer ended:
what has as many tokens as were allowed was cut there. Tokens are in the metrics of models that
count them. Sources: https://replicate.com/docs/topics/predictions/streaming,
https://github.com/replicate/cog-vllm/pull/34, https://github.com/replicate/cog-triton/pull/41
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

import httpx2

from workers.endpoints.address import EndpointAddress, Limits, Message
from workers.endpoints.clients import EndpointClients, authorization, typed_errors
from workers.endpoints.errors import (
    Clock,
    EmptyAnswer,
    EndpointError,
    Malformed,
    ServerFailed,
    TimedOut,
    TooLarge,
    Truncated,
)
from workers.endpoints.replies import Delta, Finished, Timings, outgoing_messages
from workers.endpoints.text import Parts, SafeText, ThinkSplitter
from workers.endpoints.usage import TokenEstimate, estimate_prompt, normalise_usage

_CANCEL_SECONDS = 2.0
# Predictions are made at `api.`, and read at `streaming.api.` or `stream.`.
_DOMAIN = "replicate.com"
_SPEAKERS: Mapping[str, str] = {"user": "User", "assistant": "Assistant", "system": "System"}


class _Event(NamedTuple):
    name: str
    data: str


async def stream_reply(
    clients: EndpointClients,
    address: EndpointAddress,
    messages: Iterable[Message],
    *,
    limits: Limits | None = None,
    **_how: Any,
) -> AsyncGenerator[Delta | Finished]:
    """Ask for one reply, as `workers.endpoints.replies.stream_reply` does; pieces come as they may.

    A prediction that nobody reads to its end is cancelled, since it would go on costing.

    Raises
    ------
    EndpointError
        When there is no complete answer.
    """
    limits = limits or Limits()
    conversation = outgoing_messages(address, messages)
    inputs = _inputs(address, conversation)
    clocks = _Clocks(limits)
    estimate, has_text = TokenEstimate(), False
    try:
        with typed_errors(address.api_key):
            async with _prediction(clients, address, inputs, limits) as urls:
                stream = _texts(_events(clients, address, urls, clocks), limits)
                async with aclosing(stream) as pieces:
                    async for delta in pieces:
                        clocks.content()
                        estimate.add(delta.text + delta.reasoning)
                        has_text = has_text or bool(delta.text.strip())
                        yield delta
                        clocks.content()  # the reader's own time is not the endpoint's idle time
                reported = await _usage(clients, address, urls, limits)
            finish_reason = _finish_reason(reported, address.token_limit)
            if not has_text:
                raise EmptyAnswer(f"finish reason: {finish_reason}")
    except EndpointError as error:
        error.before_first_token = clocks.first_token is None
        raise
    yield Finished(
        finish_reason=finish_reason,
        usage=normalise_usage(
            reported,
            prompt_estimate=estimate_prompt(conversation),
            completion_estimate=estimate.tokens,
        ),
        timings=clocks.timings(),
        sent={
            "base_url": address.base_url,
            "model": address.model_name,
            **{name: value for name, value in inputs.items() if "prompt" not in name},
        },
        served_model=None,
    )


def transcript(conversation: Iterable[Message]) -> str:
    """Return a conversation as one text that ends where the assistant is to speak."""
    turns = [message for message in conversation if message["role"] != "system"]
    texts = [_text_of(message) for message in turns]
    if len(turns) == 1:
        return texts[0]
    said = [f"{_SPEAKERS[turn['role']]}: {text}" for turn, text in zip(turns, texts, strict=True)]
    return "\n\n".join([*said, "Assistant:"])


def _text_of(message: Message) -> str:
    content = message["content"]
    if isinstance(content, str):
        return content
    return "\n".join(str(part["text"]) for part in content if "text" in part)


def _inputs(address: EndpointAddress, conversation: list[Message]) -> dict[str, Any]:
    inputs: dict[str, Any] = {"prompt": transcript(conversation)}
    if address.system_prompt and conversation[0]["role"] == "system":
        inputs["system_prompt"] = conversation[0]["content"]
    if address.token_limit is not None:
        renamed = "max_completion_tokens" in address.quirks
        inputs["max_completion_tokens" if renamed else "max_tokens"] = address.token_limit
    return {**inputs, **address.parameters}


@asynccontextmanager
async def _prediction(
    clients: EndpointClients, address: EndpointAddress, inputs: Mapping[str, Any], limits: Limits
) -> AsyncGenerator[Mapping[str, str]]:
    """Create a prediction and yield its URLs; cancel it if its end was not reached."""
    base = address.base_url.removesuffix("/")
    created = await _call(
        clients,
        address,
        "POST",
        f"{base}/models/{address.model_name}/predictions",
        limits,
        json={"stream": True, "input": inputs},
    )
    urls = created.get("urls")
    if not isinstance(urls, dict) or not isinstance(urls.get("stream"), str):
        raise Malformed("the prediction has no stream")
    complete = False
    try:
        yield urls
        complete = True
    finally:
        if not complete and isinstance(urls.get("cancel"), str):
            await _cancel(clients, address, urls["cancel"], limits)


async def _cancel(
    clients: EndpointClients, address: EndpointAddress, url: str, limits: Limits
) -> None:
    try:
        async with asyncio.timeout(_CANCEL_SECONDS):
            await _call(clients, address, "POST", url, limits)
    except (EndpointError, httpx2.HTTPError, TimeoutError):
        pass  # it ends by itself; the failure that led here is the one to tell


async def _usage(
    clients: EndpointClients, address: EndpointAddress, urls: Mapping[str, str], limits: Limits
) -> Mapping[str, Any] | None:
    """Return the token counts of a finished prediction, where it has any."""
    if not isinstance(urls.get("get"), str):
        return None
    try:
        async with asyncio.timeout(limits.trailing):
            found = await _call(clients, address, "GET", urls["get"], limits)
    except (EndpointError, httpx2.HTTPError, TimeoutError):
        return None  # the answer is whole; its tokens are estimated
    metrics = found.get("metrics")
    if not isinstance(metrics, dict):
        return None
    return {
        "prompt_tokens": metrics.get("input_token_count"),
        "completion_tokens": metrics.get("output_token_count"),
    }


def _finish_reason(
    reported: Mapping[str, Any] | None, limit: int | None
) -> Literal["stop", "length"]:
    """Return ``length`` for an answer of as many tokens as were allowed, by the server's count."""
    tokens = (reported or {}).get("completion_tokens")
    return "length" if limit and type(tokens) is int and tokens >= limit else "stop"


async def _call(
    clients: EndpointClients,
    address: EndpointAddress,
    method: str,
    url: str,
    limits: Limits,
    **content: Any,
) -> dict[str, Any]:
    """Make one short call and return its JSON object."""
    page = bytearray()
    try:
        async with (
            asyncio.timeout(limits.first_token),
            _request(clients, address, method, url, limits, **content) as response,
        ):
            async for chunk in response.aiter_bytes():
                page += chunk
                if len(page) > limits.line_bytes:
                    raise TooLarge("body")
    except TimeoutError:
        raise TimedOut("first_token") from None
    try:
        found = json.loads(page)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"{type(error).__name__}: {error}") from None
    if not isinstance(found, dict):
        raise Malformed("the prediction is not an object")
    return found


def _request(
    clients: EndpointClients,
    address: EndpointAddress,
    method: str,
    url: str,
    limits: Limits,
    *,
    accept: str = "application/json",
    **content: Any,
) -> Any:
    key = address.api_key if _is_theirs(url, address.base_url) else ""
    return clients.pool(address.base_url).stream(
        method,
        url,
        headers={**authorization(key), "Accept": accept},
        timeout=httpx2.Timeout(None, connect=limits.connect),
        **content,
    )


def _is_theirs(url: str, base_url: str) -> bool:
    """Return whether the key may go to a URL that the server named: to its own, or to theirs."""
    there, own = urlsplit(url), urlsplit(base_url)
    if there[:2] == own[:2]:
        return True
    hosts = f".{there.hostname}", f".{own.hostname}"
    return there.scheme == own.scheme == "https" and all(
        host.endswith(f".{_DOMAIN}") for host in hosts
    )


async def _events(
    clients: EndpointClients, address: EndpointAddress, urls: Mapping[str, str], clocks: "_Clocks"
) -> AsyncGenerator[_Event]:
    """Yield the events of a stream until the one that says it is done."""
    async with AsyncExitStack() as stack:
        try:
            async with asyncio.timeout_at(clocks.deadline):
                request = _request(
                    clients,
                    address,
                    "GET",
                    urls["stream"],
                    clocks.limits,
                    accept="text/event-stream",
                )
                response = await stack.enter_async_context(request)
            body = await stack.enter_async_context(aclosing(response.aiter_bytes()))
            reader = _EventReader(clocks.limits)
            while True:
                async with asyncio.timeout_at(clocks.deadline):
                    chunk = await anext(body, None)
                if chunk is None:
                    raise Truncated("the stream ended before it was done")
                for event in reader.feed(chunk):
                    yield event
                    if event.name == "done":
                        return
        except TimeoutError:
            raise TimedOut(clocks.running) from None


async def _texts(events: AsyncGenerator[_Event], limits: Limits) -> AsyncGenerator[Delta]:
    """Yield what the events add to the answer, reasoning told apart."""
    safe, splitter, room = SafeText(), ThinkSplitter(), limits.answer_characters
    async with aclosing(events):
        async for name, data in events:
            if name == "error" or (name == "done" and '"error"' in data):
                raise ServerFailed(data)
            if name == "done" and "cancel" in data:
                raise Truncated("the prediction was cancelled")
            room -= len(data)
            if room < 0:
                raise TooLarge("answer")
            parts = splitter.feed(safe.feed(data)) if name == "output" else Parts("", "")
            if parts.text or parts.reasoning:
                yield Delta(text=parts.text, reasoning=parts.reasoning)
    held, last = splitter.feed(safe.finish()), splitter.finish()
    text, reasoning = held.text + last.text, held.reasoning + last.reasoning
    if text or reasoning:
        yield Delta(text=text, reasoning=reasoning)


class _EventReader:
    """Cuts a stream into events with their names, which chat completions do not have."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._rest = b""
        self._received = 0
        self._name, self._data = "message", list[str]()

    def feed(self, chunk: bytes) -> Iterator[_Event]:
        """Take what the network brought and yield the events that it completes."""
        self._received += len(chunk)
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if self._received > self._limits.body_bytes:
            raise TooLarge("body")
        if len(self._rest) > self._limits.line_bytes:
            raise TooLarge("line")
        for line in lines:
            field, _, value = line.decode(errors="replace").removesuffix("\r").partition(":")
            if not field and not value:
                if self._data:
                    yield _Event(self._name, "\n".join(self._data))
                self._name, self._data = "message", []
            elif field == "event":
                self._name = value.strip()
            elif field == "data":
                self._data.append(value.removeprefix(" "))


class _Clocks:
    """First token, idle and total, as in `workers.endpoints.address.Limits`."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._now = asyncio.get_running_loop().time
        self._began = self._now()
        self.first_token: float | None = None
        self.running: Clock = "first_token"
        self.deadline = self._began + min(limits.first_token, limits.total)

    def content(self) -> None:
        """Restart the idle clock."""
        now = self._now()
        if self.first_token is None:
            self.first_token = now - self._began
        total = self._began + self.limits.total
        self.running = "idle" if now + self.limits.idle < total else "total"
        self.deadline = min(now + self.limits.idle, total)

    def timings(self) -> Timings:
        """Return the timings of a call that has ended."""
        total = self._now() - self._began
        return Timings(started_at=self._began, first_token=self.first_token or total, total=total)
