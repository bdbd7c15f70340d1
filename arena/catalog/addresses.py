"""From a stored endpoint to what the client needs to call it."""

from typing import cast

from arena.catalog.models import Endpoint
from workers.endpoints import EndpointAddress, Quirk


def endpoint_address(endpoint: Endpoint) -> EndpointAddress:
    """Return the address of an endpoint, with its key in the clear: for one call, never to keep.

    Raises
    ------
    KeyUnreadableError
        When the stored key was encrypted with a key that is gone.
    ValueError
        When the endpoint's parameters would overrule the client's own.
    """
    return EndpointAddress(
        base_url=endpoint.provider.base_url,
        model_name=endpoint.model_name,
        api_key=endpoint.provider.read_api_key(),
        parameters=endpoint.parameters,
        system_prompt=endpoint.system_prompt or None,
        quirks=quirks_of(endpoint),
    )


def quirks_of(endpoint: Endpoint) -> frozenset[Quirk]:
    """Return what the endpoint's server cannot take."""
    return frozenset(cast("list[Quirk]", endpoint.quirks))
