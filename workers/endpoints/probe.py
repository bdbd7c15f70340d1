"""Looking at an endpoint before it is used: which models it lists, and whether it answers."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

import httpx2

from workers.endpoints.address import EndpointAddress, Limits, Message
from workers.endpoints.clients import EndpointClients, authorization, typed_errors
from workers.endpoints.errors import (
    AddressRefused,
    EndpointError,
    Malformed,
    RateLimited,
    TimedOut,
    TooLarge,
)
from workers.endpoints.presets import Preset, preset_of
from workers.endpoints.protocols import stream_reply
from workers.endpoints.replies import Delta, Finished
from workers.endpoints.text import safe_text

_LIST_BYTES = 8 * 2**20
_LIST_SECONDS = 20.0
# Enough for a model that thinks first; the others stop long before.
_CHECK_TOKENS = 512
_TEXT_KEPT = 500
_HELLO: tuple[Message, ...] = ({"role": "user", "content": "Say hello in one short sentence."},)
PROBE_LIMITS = Limits(first_token=30.0, idle=15.0, total=60.0)
# What servers call the context of a listed model: OpenRouter, vLLM, LM Studio, Groq, Mistral,
# Anthropic.
_CONTEXT_FIELDS = (
    *("context_length", "max_model_len", "max_context_length"),
    *("context_window", "max_context_window", "max_input_tokens"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What a probe found. For administrators: ``detail`` may quote the upstream.

    ``code`` is ``"ok"`` or the code of the error; ``allowance`` is that of an `AddressRefused`;
    ``text`` is the beginning of the answer, ``pieces`` how many reads it came in,
    ``closes_think`` whether it ends a thought that it never began, ``charged`` whether the endpoint
    may charge for the call, and ``retry_after`` the seconds that a busy one wants to be left alone.
    """

    code: str
    detail: str = ""
    allowance: str = ""
    text: str = ""
    pieces: int = 0
    closes_think: bool = False
    charged: bool = True
    retry_after: float | None = None
    finished: Finished | None = None

    @property
    def ok(self) -> bool:
        """Whether the endpoint gave a complete answer."""
        return self.code == "ok"

    @property
    def cut_by_limit(self) -> bool:
        """Whether the token limit ended the answer, also before its first word."""
        if self.finished:
            return self.finished.finish_reason == "length"
        return self.code == "empty" and self.detail.endswith("length")

    @property
    def reports_usage(self) -> bool:
        """Whether the server itself counted the tokens."""
        return self.finished is not None and not self.finished.usage.estimated

    @property
    def prompt_tokens(self) -> int | None:
        """The prompt's tokens by the server's own count."""
        return self.finished.usage.prompt_tokens if self.finished and self.reports_usage else None

    @property
    def completion_tokens(self) -> int:
        """The answer's tokens, estimated where the server does not count; 0 without an answer."""
        return self.finished.usage.completion_tokens if self.finished else 0

    def counts(self, tokens: int) -> bool:
        """Return whether the answer has exactly so many tokens by the server's own count."""
        return self.reports_usage and self.completion_tokens == tokens


async def check(
    clients: EndpointClients, address: EndpointAddress, *, limits: Limits | None = None
) -> CheckResult:
    """Ask an endpoint to say hello, once, and report what came; raises no `EndpointError`."""
    tokens = min(address.token_limit or _CHECK_TOKENS, _CHECK_TOKENS)
    return await ask(clients, replace(address, token_limit=tokens), limits=limits)


async def ask(
    clients: EndpointClients,
    address: EndpointAddress,
    messages: Iterable[Message] = _HELLO,
    *,
    limits: Limits | None = None,
) -> CheckResult:
    """Ask an endpoint anything, once, and report what came; raises no `EndpointError`."""
    text, pieces, finished = "", 0, None
    reply = stream_reply(clients, address, messages, limits=limits or PROBE_LIMITS)
    try:
        async with aclosing(reply) as events:
            async for event in events:
                match event:
                    case Delta():
                        text += event.text
                        pieces += 1
                    case Finished():
                        finished = event
    except EndpointError as error:
        allowance = error.allowance if isinstance(error, AddressRefused) else ""
        return CheckResult(
            code=error.code,
            detail=error.detail,
            allowance=allowance,
            text=text[:_TEXT_KEPT],
            pieces=pieces,
            charged=error.charged,
            retry_after=error.retry_after if isinstance(error, RateLimited) else None,
        )
    return CheckResult(
        code="ok",
        text=text[:_TEXT_KEPT],
        pieces=pieces,
        closes_think="</think>" in text,
        finished=finished,
    )


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model as a server lists it. ``context_tokens`` is what the server says, if it does."""

    name: str
    context_tokens: int | None = None


async def list_models(
    clients: EndpointClients,
    base_url: str,
    api_key: str = "",
    *,
    preset: Preset | None = None,
) -> list[ListedModel]:
    """Return the models that a server lists, in its order.

    ``preset`` says how it is asked, by default the one that the base URL looks like.

    Raises
    ------
    EndpointError
        `Malformed` when the server has no such list; many have none and answer battles all right.
    """
    page = bytearray()
    known = preset or preset_of(base_url)
    wanted = known.list_headers if known else {}
    headers = {name: value.format(key=api_key) for name, value in wanted.items()}
    with typed_errors(api_key):
        request = clients.pool(base_url).stream(
            "GET",
            f"{base_url.removesuffix('/')}/models",
            params=(known and known.list_query) or None,
            headers=headers or authorization(api_key),
            extensions={"sent_headers": headers.keys()},
            timeout=httpx2.Timeout(None, connect=Limits().connect),
        )
        try:
            async with asyncio.timeout(_LIST_SECONDS), request as response:
                async for chunk in response.aiter_bytes():
                    page += chunk
                    if len(page) > _LIST_BYTES:
                        raise TooLarge("body")
        except TimeoutError:
            raise TimedOut("total") from None
        return _listed(page)


def _listed(page: bytearray) -> list[ListedModel]:
    try:
        # One that lists nothing may say null, as Ollama does.
        entries = json.loads(page)["data"] or []
        return [ListedModel(safe_text(str(entry["id"])), _context_of(entry)) for entry in entries]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Malformed(f"not a list of models: {type(error).__name__}") from None


def _context_of(entry: Mapping[str, Any]) -> int | None:
    found = (entry.get(name) for name in _CONTEXT_FIELDS)
    return next((value for value in found if type(value) is int and 0 < value < 2**31), None)
