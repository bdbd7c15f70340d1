"""One reply of one endpoint, streamed: the request, the clocks, the caps, and the verdict."""

import asyncio
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
)
from contextlib import AsyncExitStack, aclosing, contextmanager
from dataclasses import dataclass
from typing import Any, cast

import httpx2

from workers.alarm import Alarm
from workers.endpoints.address import EndpointAddress, Limits, Message
from workers.endpoints.chunks import Chunk, FinishReason, parse_chunk
from workers.endpoints.clients import EndpointClients, read_page, typed_errors
from workers.endpoints.connections import Body, Soon
from workers.endpoints.errors import (
    Clock,
    EmptyAnswer,
    EndpointError,
    Malformed,
    TimedOut,
    TooLarge,
    Truncated,
)
from workers.endpoints.sse import EventReader
from workers.endpoints.text import Parts, SafeText, ThinkSplitter, safe_text
from workers.endpoints.usage import TokenEstimate, Usage, estimate_prompt, normalise_usage

# After `[DONE]` a connection can be used again once its body has ended: wait for it, but not long.
_SECONDS_TO_END_OF_BODY = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """What the last read brought. At least one of the two is not empty; both are safe to store."""

    text: str
    reasoning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """``started_at`` on the event loop's monotonic clock; the others in seconds after it."""

    started_at: float
    first_token: float
    total: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The answer is complete.

    ``sent`` is the request without the key and the messages; ``served_model`` is what the server
    called the model, for administrators: it is never trusted and never shown before a vote.
    """

    finish_reason: FinishReason
    usage: Usage
    timings: Timings
    sent: Mapping[str, Any]
    served_model: str | None


async def stream_reply(
    clients: EndpointClients,
    address: EndpointAddress,
    messages: Iterable[Message],
    *,
    limits: Limits | None = None,
    soon: Soon | None = None,
) -> AsyncGenerator[Delta | Finished]:
    """Ask an endpoint for one reply: any number of `Delta`, then one `Finished`.

    ``soon`` says when what has come is read (see `Soon`): where text is shown at a beat, reading
    it at that beat saves half of the work.

    Nothing is retried. Cancelling the task that reads closes the connection at once; so does
    ``aclose()``: wrap the call in `contextlib.aclosing` where the loop may be left early.

    Raises
    ------
    EndpointError
        When there is no complete answer: a success has content *and* a finish reason.
    """
    limits = limits or Limits()
    conversation = outgoing_messages(address, messages)
    clocks = _Clocks(limits)
    answer = _Answer(address, limits)
    with typed_errors(address.api_key), clocks.marking_errors():
        async with AsyncExitStack() as stack:
            http = await _open(stack, clients, address, conversation, clocks)
            body: Body = http.extensions["body"]
            body.soon = soon or body.soon
            stack.enter_context(clocks.ringing(body.expire))
            read = await _reader(stack, http, body)
            pieces = await stack.enter_async_context(aclosing(_read(read, answer, clocks)))
            async for parts in pieces:
                clocks.content()
                yield Delta(text=parts.text, reasoning=parts.reasoning)
                clocks.content()  # the reader's own time is not the endpoint's idle time
        finish_reason = answer.verdict()
    yield Finished(
        finish_reason=finish_reason,
        usage=normalise_usage(
            answer.usage,
            prompt_estimate=estimate_prompt(conversation),
            completion_estimate=answer.estimate.tokens,
        ),
        timings=clocks.timings(),
        sent={"base_url": address.base_url, **_options(address), **address.parameters},
        served_model=answer.model,
    )


async def _open(
    stack: AsyncExitStack,
    clients: EndpointClients,
    address: EndpointAddress,
    conversation: list[Message],
    clocks: "_Clocks",
) -> httpx2.Response:
    """Send the request and return a response that is an event stream."""
    create = clients.openai(
        address.base_url, address.api_key
    ).chat.completions.with_streaming_response.create
    request = create(
        messages=cast("Any", conversation),
        extra_body=dict(address.parameters),
        timeout=httpx2.Timeout(None, connect=clocks.limits.connect),
        **_options(address),
    )
    try:
        async with asyncio.timeout_at(clocks.deadline):
            response = await stack.enter_async_context(request)
    except TimeoutError:
        raise TimedOut(clocks.running) from None
    http: httpx2.Response = response.http_response
    content_type = http.headers.get("content-type", "")
    if not content_type.lower().startswith("text/event-stream"):
        page = await read_page(http)
        raise Malformed(f"content type {content_type!r}: {page}", code="content_type")
    return http


async def _reader(
    stack: AsyncExitStack, http: httpx2.Response, body: Body
) -> Callable[[], Awaitable[bytes]]:
    """Return what reads a body: as it came, or unpacked where it is packed unasked."""
    if "content-encoding" not in http.headers:
        return body.read
    unpacked = await stack.enter_async_context(aclosing(http.aiter_bytes()))
    return lambda: anext(unpacked, b"")


async def _read(
    read: Callable[[], Awaitable[bytes]], answer: "_Answer", clocks: "_Clocks"
) -> AsyncGenerator[Parts]:
    limits = clocks.limits
    reader = EventReader(limits.line_bytes)
    received = 0
    while chunk := await _next_chunk(read, clocks):
        received += len(chunk)
        if received > limits.body_bytes:
            raise TooLarge("body")
        parts = answer.take(reader.feed(chunk))
        if parts.text or parts.reasoning:
            yield parts
        if answer.failure is not None:
            raise answer.failure
        if answer.done:
            clocks.end_within(_SECONDS_TO_END_OF_BODY)
        elif answer.finish_reason:
            clocks.end_within(limits.trailing)
    for parts in (answer.take(reader.finish()), answer.finish()):
        if parts.text or parts.reasoning:
            yield parts
    if answer.failure is not None:
        raise answer.failure


async def _next_chunk(read: Callable[[], Awaitable[bytes]], clocks: "_Clocks") -> bytes:
    """Return what the network brings next; nothing at the end, or when no more is waited for."""
    try:
        clocks.check()
        return await read()
    except TimeoutError:
        if clocks.ending:
            return b""
        raise TimedOut(clocks.running) from None
    except httpx2.DecodingError as error:
        raise Malformed(f"{type(error).__name__}: {error}") from None
    except httpx2.HTTPError as error:
        if clocks.ending:
            return b""
        raise Truncated(f"{type(error).__name__}: {error}") from None


class _Clocks:
    """The four clocks of one call (the connect clock runs in the transport)."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.started_at = self._now()
        self.first_token: float | None = None
        self.ending = False
        self.running: Clock
        self.deadline: float
        self._total = self.started_at + limits.total
        self._alarm: Alarm | None = None
        self._restart("first_token", limits.first_token)

    def content(self) -> None:
        """Note that something of the answer is here, and restart the idle clock."""
        if self.first_token is None:
            self.first_token = self._now() - self.started_at
        if not self.ending:
            self._restart("idle", self.limits.idle)

    def end_within(self, seconds: float) -> None:
        """Allow this long from now, at most, for what may come after the answer."""
        deadline = self._now() + seconds
        self.deadline = min(self.deadline, deadline) if self.ending else deadline
        self.ending = True

    def check(self) -> None:
        """Raise TimeoutError when it is too late to read, and ring when it is too late to wait."""
        if self._now() >= self.deadline:
            raise TimeoutError
        if self._alarm is not None:
            self._alarm.set(self.deadline)

    @contextmanager
    def ringing(self, ring: Callable[[], None]) -> Generator[None]:
        """Call ``ring`` when a clock runs out while a read waits."""
        self._alarm = Alarm(ring)
        try:
            yield
        finally:
            self._alarm.cancel()

    def timings(self) -> Timings:
        """Return the timings of a call that has ended well."""
        total = self._now() - self.started_at
        first = total if self.first_token is None else self.first_token
        return Timings(started_at=self.started_at, first_token=first, total=total)

    @contextmanager
    def marking_errors(self) -> Generator[None]:
        """Say on each error whether anything had been handed on."""
        try:
            yield
        except EndpointError as error:
            error.before_first_token = self.first_token is None
            raise

    def _restart(self, clock: Clock, seconds: float) -> None:
        deadline = self._now() + seconds
        self.running = clock if deadline < self._total else "total"
        self.deadline = min(deadline, self._total)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


class _Answer:
    """What the stream has said so far."""

    def __init__(self, address: EndpointAddress, limits: Limits) -> None:
        self.finish_reason: FinishReason | None = None
        self.usage: Mapping[str, Any] | None = None
        self.model: str | None = None
        self.done = False
        self.failure: EndpointError | None = None
        self.estimate = TokenEstimate()
        self._has_text = False
        self._room = limits.answer_characters
        self._safe_text, self._safe_reasoning = SafeText(), SafeText()
        self._splitter = ThinkSplitter(opens_in_think="opens_in_think" in address.quirks)

    def take(self, events: Iterable[bytes]) -> Parts:
        """Take events; return what they add to the answer.

        Where one of them fails it is what those before it add, and ``failure`` is set.
        """
        text = reasoning = ""
        try:
            for chunk in self._chunks(events):
                text += chunk.text
                reasoning += chunk.reasoning
        except EndpointError as error:
            self.failure = error
        split = self._splitter.feed(self._safe_text.feed(text))
        return self._counted(split.text, split.reasoning + self._safe_reasoning.feed(reasoning))

    def _chunks(self, events: Iterable[bytes]) -> Iterator[Chunk]:
        for event in events:
            if self.done or event.strip() == b"[DONE]":
                self.done = True
                continue
            chunk = parse_chunk(event)
            self.finish_reason = chunk.finish_reason or self.finish_reason
            self.usage = chunk.usage or self.usage  # some repeat it in every chunk: keep the last
            self.model = chunk.model or self.model
            yield chunk

    def finish(self) -> Parts:
        """Return what was held back for a tag or a character that never came."""
        split = self._splitter.feed(self._safe_text.finish())
        last = self._splitter.finish()
        reasoning = split.reasoning + last.reasoning + self._safe_reasoning.finish()
        return self._counted(split.text + last.text, reasoning)

    def verdict(self) -> FinishReason:
        """Return the finish reason of a complete answer.

        Raises
        ------
        Truncated
            If there is none.
        EmptyAnswer
            If the stream ended in order, but there is no text besides reasoning and blanks.
        """
        if self.finish_reason is None and not (self.done and not self._has_text):
            raise Truncated("the stream ended without a finish reason")
        if self.finish_reason is None or not self._has_text:
            raise EmptyAnswer(f"finish reason: {self.finish_reason}")
        return self.finish_reason

    def _counted(self, text: str, reasoning: str) -> Parts:
        if len(text) + len(reasoning) > self._room:
            self.failure = TooLarge("answer")
            text = text[: self._room]
            reasoning = reasoning[: self._room - len(text)]
        self._room -= len(text) + len(reasoning)
        self.estimate.add(text)
        self.estimate.add(reasoning)
        self._has_text = self._has_text or bool(text and not text.isspace())
        return Parts(text, reasoning)


def outgoing_messages(address: EndpointAddress, messages: Iterable[Message]) -> list[Message]:
    """Return the conversation as it is sent: safe text, the system prompt where it belongs."""
    conversation = [_safe_message(message) for message in messages]
    if not address.system_prompt:
        return conversation
    prompt = safe_text(address.system_prompt)
    if "no_system_role" not in address.quirks:
        return [{"role": "system", "content": prompt}, *conversation]
    first, *rest = conversation
    if isinstance(first["content"], str):
        return [{"role": first["role"], "content": f"{prompt}\n\n{first['content']}"}, *rest]
    return [
        {"role": first["role"], "content": [{"type": "text", "text": prompt}, *first["content"]]},
        *rest,
    ]


def _safe_message(message: Message) -> Message:
    content = message["content"]
    if isinstance(content, str):
        return {"role": message["role"], "content": safe_text(content)}
    parts = [{**p, "text": safe_text(p["text"])} if "text" in p else p for p in content]
    return {"role": message["role"], "content": parts}


def _options(address: EndpointAddress) -> dict[str, Any]:
    """Return what this client decides of a request, besides the messages."""
    options: dict[str, Any] = {"model": address.model_name, "stream": True}
    if "no_stream_options" not in address.quirks:
        options["stream_options"] = {"include_usage": True}
    if address.token_limit is not None:
        named = "max_completion_tokens" in address.quirks
        options["max_completion_tokens" if named else "max_tokens"] = address.token_limit
    return options
