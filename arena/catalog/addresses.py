"""From a stored endpoint to what the client needs to call it, and which addresses it may call."""

from typing import cast

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
        parameters={k: v for k, v in endpoint.parameters.items() if k not in refused},
        system_prompt=endpoint.system_prompt or None,
        quirks=quirks,
        protocol=preset.protocol if preset else "openai",
    )


def preset_for(base_url: str, chosen: str = "") -> Preset | None:
    """Return what is known of a kind of server: the chosen one, or the one the URL looks like."""
    return presets().get(chosen) or preset_of(base_url)


def quirks_of(endpoint: Endpoint) -> frozenset[Quirk]:
    """Return what the endpoint's server cannot take."""
    return frozenset(cast("list[Quirk]", endpoint.quirks))
