"""Who pays for a call: asked before it, told after it."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from workers.endpoints.address import EndpointAddress, Message
from workers.endpoints.usage import Usage


@dataclass(slots=True)
class Payment:
    """What a call turned out to use; who pays reads it when the call has ended.

    ``usage`` stays None when there was no complete answer; ``charged`` is whether the endpoint may
    ask for money all the same.
    """

    usage: Usage | None = None
    charged: bool = True


type Paying = Callable[[EndpointAddress, Sequence[Message]], AbstractAsyncContextManager[Payment]]


@asynccontextmanager
async def free_of_charge(
    _address: EndpointAddress, _messages: Sequence[Message]
) -> AsyncGenerator[Payment]:
    """Let every call happen, and keep no account."""
    yield Payment()
