"""Does an endpoint answer? One small call, and what it means in a sentence."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from arena.catalog.addresses import endpoint_address, endpoint_clients, refusal_of_address
from arena.catalog.models import Endpoint
from workers.endpoints import (
    CheckResult,
    EndpointAddress,
    EndpointClients,
    EndpointError,
    Limits,
    check,
    list_models,
)

# Somebody waits for the answer in front of a page or a shell.
_FIRST_TOKEN_SECONDS = 30.0
_TOTAL_SECONDS = 45.0
_NAMES_SHOWN = 8

_SENTENCES = {
    "auth": "The server refused the key: it is wrong, missing or not allowed to use this model.",
    "payment": "The server wants money first: the account has no balance.",
    "redirected": "The server sends callers to another address, and redirects are not followed: "
    "enter the address that it redirects to.",
    "bad_request": "The server did not accept the request: the model name or a parameter is wrong.",
    "not_found": "The server knows neither this path nor this model: look at the base URL (many "
    "end in /v1) and at the model name.",
    "rate_limited": "The server has too many requests or the account's limit is reached: "
    "try again later.",
    "server_failed": "The server had an error of its own: try again later, or look at its log.",
    "unreachable": "Nothing answers at this address: look at host and port, and whether the "
    "server runs.",
    "timeout_connect": "There was no connection in time: look at host and port, or a firewall.",
    "timeout_first_token": "The server took the request but did not begin to answer in time.",
    "timeout_idle": "The answer began and then stopped coming.",
    "timeout_total": "The answer did not end in time.",
    "content_type": "The server answers, but does not stream: battles need an OpenAI-compatible "
    "server with streaming (server-sent events). Often the base URL is that of a web page.",
    "malformed": "The server streams something that is not the OpenAI protocol.",
    "empty": "The server answered in order, but without a word.",
    "truncated": "The answer broke off without saying why it ended.",
}
_OTHER = "The server's answer cannot be used."


@dataclass(frozen=True)
class Verdict:
    """What a check found: for administrators only, since `detail` may quote the server."""

    code: str
    sentence: str
    detail: str = ""

    @property
    def ok(self) -> bool:
        """Whether the endpoint can be in battles."""
        return self.code == "ok"


async def check_address(address: EndpointAddress) -> Verdict:
    """Call an endpoint once and say what came of it, in words that say what to do."""
    limits = Limits(
        connect=min(settings.CONNECT_SECONDS, 10.0),
        first_token=min(settings.FIRST_TOKEN_SECONDS, _FIRST_TOKEN_SECONDS),
        idle=min(settings.IDLE_SECONDS, 15.0),
        total=min(settings.TOTAL_SECONDS, _TOTAL_SECONDS),
    )
    async with endpoint_clients() as clients:
        result = await check(clients, address, limits=limits)
        if result.ok:
            return Verdict("ok", _success(result))
        # Servers say 404 or 400 to a wrong name; what they list tells it from a wrong URL.
        if result.code in {"not_found", "bad_request"}:
            listed = await _other_names(clients, address)
            if listed:
                return Verdict("wrong_name", _wrong_name(address.model_name, listed), result.detail)
        if result.code.startswith("address_"):
            return Verdict(result.code, refusal_of_address(result.allowance), result.detail)
    return Verdict(result.code, _SENTENCES.get(result.code, _OTHER), result.detail)


def check_endpoints(endpoints: Iterable[Endpoint]) -> list[tuple[Endpoint, Verdict]]:
    """Check stored endpoints, all at once. One that answers is no longer suspended; one that does
    not keeps the failure's code, which does not count towards its suspension.

    For synchronous callers: the calls have an event loop of their own, which ends with them.
    """
    addresses: list[tuple[Endpoint, EndpointAddress]] = []
    verdicts: list[tuple[Endpoint, Verdict]] = []
    for endpoint in endpoints:
        try:
            addresses.append((endpoint, endpoint_address(endpoint)))
        except ValueError as error:  # the key cannot be read, or a parameter is reserved
            verdicts.append((endpoint, Verdict("unusable", str(error))))

    async def check_all() -> list[Verdict]:
        return await asyncio.gather(*(check_address(address) for _, address in addresses))

    found = asyncio.run(check_all())
    verdicts += [
        (endpoint, verdict) for (endpoint, _), verdict in zip(addresses, found, strict=True)
    ]
    for endpoint, verdict in verdicts:
        if verdict.ok:
            Endpoint.objects.all().record_success(endpoint.pk)
        else:
            Endpoint.objects.filter(pk=endpoint.pk).update(
                last_failure_code=verdict.code, last_failed_at=timezone.now()
            )
    return verdicts


async def _other_names(clients: EndpointClients, address: EndpointAddress) -> list[str]:
    """Return the names that a server lists, when ours is not among them."""
    try:
        found = await list_models(clients, address.base_url, address.api_key)
    except EndpointError:
        return []
    listed = [model.name for model in found]
    return [] if address.model_name in listed else listed


def _wrong_name(name: str, listed: list[str]) -> str:
    shown = ", ".join(listed[:_NAMES_SHOWN])
    more = f" and {len(listed) - _NAMES_SHOWN} more" if len(listed) > _NAMES_SHOWN else ""
    return f"The server has no model {name!r}. It offers {shown}{more}."


def _success(result: CheckResult) -> str:
    sentence = "It answers and streams"
    if result.finished:
        sentence += f": first token after {result.finished.timings.first_token:.2f} s"
    return sentence + "."
