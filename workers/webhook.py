"""One JSON document to a URL of the deployment's own, through the checked addresses of endpoints.

Nothing of the answer but its status is used: a redirect is a refusal, and nothing is retried here.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from workers.endpoints.clients import EndpointClients, typed_errors
from workers.endpoints.errors import TimedOut
from workers.endpoints.policy import AddressPolicy

_SECONDS = 20.0


async def post_json(url: str, document: Mapping[str, Any], *, policy: AddressPolicy) -> None:
    """Send a document to a webhook.

    Parameters
    ----------
    url
        http or https. It is a secret: whoever knows it can write to the channel.
    document
        What is sent, as JSON.
    policy
        Which addresses may be called.

    Raises
    ------
    EndpointError
        When it was not taken; ``detail`` may quote the server.
    """
    async with EndpointClients(policy=policy) as clients:
        with typed_errors(""):
            try:
                async with asyncio.timeout(_SECONDS):
                    request = clients.pool(url).stream("POST", url, json=document, timeout=_SECONDS)
                    async with request:
                        pass  # the status has been judged, and the body is of no use
            except TimeoutError:
                raise TimedOut("total") from None
