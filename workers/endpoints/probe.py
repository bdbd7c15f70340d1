"""Looking at an endpoint before it is used: which models it lists, and whether it answers."""

import asyncio
import json
from contextlib import aclosing
from dataclasses import dataclass, replace

import httpx2

from workers.endpoints.address import EndpointAddress, Limits
from workers.endpoints.clients import EndpointClients, authorization, typed_errors
from workers.endpoints.errors import AddressRefused, EndpointError, Malformed, TimedOut, TooLarge
from workers.endpoints.replies import Delta, Finished, stream_reply
from workers.endpoints.text import safe_text

_LIST_BYTES = 8 * 2**20
_LIST_SECONDS = 20.0
# Enough for a model that thinks first; the others stop long before.
_CHECK_TOKENS = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What a probe found. For administrators: ``detail`` may quote the upstream.

    ``code`` is ``"ok"`` or the code of the error; ``allowance`` is that of an `AddressRefused`;
    ``text`` is the beginning of the answer.
    """

    code: str
    detail: str = ""
    allowance: str = ""
    text: str = ""
    finished: Finished | None = None

    @property
    def ok(self) -> bool:
        """Whether the endpoint gave a complete answer."""
        return self.code == "ok"


async def check(
    clients: EndpointClients, address: EndpointAddress, *, limits: Limits | None = None
) -> CheckResult:
    """Ask an endpoint to say hello, once, and report what came; raises no `EndpointError`."""
    limits = limits or Limits(first_token=30.0, idle=15.0, total=60.0)
    tokens = min(address.token_limit or _CHECK_TOKENS, _CHECK_TOKENS)
    text, finished = "", None
    reply = stream_reply(
        clients,
        replace(address, token_limit=tokens),
        [{"role": "user", "content": "Say hello in one short sentence."}],
        limits=limits,
    )
    try:
        async with aclosing(reply) as events:
            async for event in events:
                match event:
                    case Delta():
                        text += event.text
                    case Finished():
                        finished = event
    except EndpointError as error:
        allowance = error.allowance if isinstance(error, AddressRefused) else ""
        return CheckResult(
            code=error.code, detail=error.detail, allowance=allowance, text=text[:500]
        )
    return CheckResult(code="ok", text=text[:500], finished=finished)


async def list_models(
    clients: EndpointClients, base_url: str, api_key: str = "", *, limits: Limits | None = None
) -> list[str]:
    """Return the names of the models that a server lists, in its order.

    Raises
    ------
    EndpointError
        `Malformed` when the server has no such list; many have none and answer battles all right.
    """
    connect = (limits or Limits()).connect
    page = bytearray()
    with typed_errors(api_key):
        request = clients.pool(base_url).stream(
            "GET",
            f"{base_url.removesuffix('/')}/models",
            headers=authorization(api_key),
            timeout=httpx2.Timeout(None, connect=connect),
        )
        try:
            async with asyncio.timeout(_LIST_SECONDS), request as response:
                async for chunk in response.aiter_bytes():
                    page += chunk
                    if len(page) > _LIST_BYTES:
                        raise TooLarge("body")
        except TimeoutError:
            raise TimedOut("total") from None
        return _names(page)


def _names(page: bytearray) -> list[str]:
    try:
        listed = json.loads(page)
        return [safe_text(str(model["id"])) for model in listed["data"]]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Malformed(f"not a list of models: {type(error).__name__}") from None
