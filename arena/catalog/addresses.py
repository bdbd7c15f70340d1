"""From a stored endpoint to what the client needs to call it, and which addresses it may call."""

from collections.abc import Mapping
from typing import Any, cast

from django.conf import settings

from arena.catalog.models import Endpoint
from workers.endpoints import (
    AddressPolicy,
    EndpointAddress,
    EndpointClients,
    Preset,
    Quirk,
    preset_of,
    presets,
)

# Also read from an endpoint's parameters: what is sent is the client's own.
_TOKEN_LIMITS = ("max_tokens", "max_completion_tokens")


def endpoint_clients() -> EndpointClients:
    """Return connections that go only where this deployment allows."""
    return EndpointClients(policy=address_policy())


def address_policy() -> AddressPolicy:
    """Return what `PARITY_ENDPOINT_ALLOW` says; `arena.checks` has refused one that is wrong.

    Raises
    ------
    ValueError
        When the setting cannot be read.
    """
    return AddressPolicy.allowing(*settings.ENDPOINT_ALLOW)


def refusal_of_address(allowance: str) -> str:
    """Return what to do about an address that may not be called.

    Parameters
    ----------
    allowance
        What the setting would have to name; empty when nothing helps.
    """
    if not allowance:
        return (
            "This address is never called (link-local, metadata, multicast, broadcast or "
            "unspecified): enter the server's real address."
        )
    line = ",".join([*settings.ENDPOINT_ALLOW, allowance])
    return (
        "This is a private address, and private addresses are called only where the site's "
        "settings name network and port. If the server is yours, set "
        f"PARITY_ENDPOINT_ALLOW={line} in the site's environment and start the site again."
    )


def endpoint_address(endpoint: Endpoint) -> EndpointAddress:
    """Return the address of an endpoint, with its key in the clear: for one call, never to keep.

    Raises
    ------
    KeyUnreadableError
        When the stored key was encrypted with a key that is gone.
    ValueError
        When the endpoint's parameters would overrule the client's own.
    """
    quirks = quirks_of(endpoint)
    preset = preset_for(endpoint.provider.base_url, endpoint.provider.preset)
    refused = set(endpoint.refused_parameters)
    return EndpointAddress(
        base_url=endpoint.provider.base_url,
        model_name=endpoint.model_name,
        api_key=endpoint.provider.read_api_key(),
        parameters={
            name: value
            for name, value in without_token_limits(endpoint.parameters).items()
            if name not in refused
        },
        system_prompt=endpoint.system_prompt or None,
        token_limit=None if "no_token_limit" in quirks else answer_tokens(endpoint),
        quirks=quirks,
        protocol=preset.protocol if preset else "openai",
    )


def without_token_limits(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters but for those that would overrule the token limit that a call is sent."""
    return {name: value for name, value in parameters.items() if name not in _TOKEN_LIMITS}


def answer_tokens(endpoint: Endpoint) -> int:
    """Return the token limit of an answer: the least of what was set, and half of the context."""
    set_by_name = [endpoint.parameters.get(name) for name in _TOKEN_LIMITS]
    limits = [endpoint.token_limit, *(n for n in set_by_name if type(n) is int and n > 0)]
    if context := endpoint.findings.get("context_tokens"):
        limits.append(max(1, context // 2))
    return min(limits)


def kept_token_limit(endpoint: Endpoint) -> int | None:
    """Return the token limit that bounds an answer; None where the server takes or keeps none."""
    keeps = endpoint.findings.get("limits_tokens") is not False
    return answer_tokens(endpoint) if keeps and "no_token_limit" not in endpoint.quirks else None


def preset_for(base_url: str, chosen: str = "") -> Preset | None:
    """Return what is known of a kind of server: the chosen one, or the one the URL looks like."""
    return presets().get(chosen) or preset_of(base_url)


def quirks_of(endpoint: Endpoint) -> frozenset[Quirk]:
    """Return what the endpoint's server cannot take."""
    return frozenset(cast("list[Quirk]", endpoint.quirks))
