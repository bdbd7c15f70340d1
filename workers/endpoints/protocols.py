"""One way to ask for a reply, whatever the server speaks."""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from typing import Any

from workers.endpoints import replicate, replies
from workers.endpoints.address import EndpointAddress, Limits, Message, Protocol
from workers.endpoints.clients import EndpointClients
from workers.endpoints.replies import Delta, Finished

type Stream = Callable[..., AsyncGenerator[Delta | Finished]]

_STREAMS: Mapping[Protocol, Stream] = {
    "openai": replies.stream_reply,
    "replicate": replicate.stream_reply,
}


def stream_reply(
    clients: EndpointClients,
    address: EndpointAddress,
    messages: Iterable[Message],
    *,
    limits: Limits | None = None,
    **how: Any,
) -> AsyncGenerator[Delta | Finished]:
    """Ask an endpoint for one reply by its protocol.

    See `workers.endpoints.replies.stream_reply` for what comes and what ``how`` may say.
    """
    return _STREAMS[address.protocol](clients, address, messages, limits=limits, **how)
