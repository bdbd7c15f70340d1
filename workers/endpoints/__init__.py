"""The client for any OpenAI-compatible server: one address, one streamed reply, typed errors.

Import the names below from here; the modules inside are free to change.
Never imports Django, `arena` or `ratings`; keeps no state outside `EndpointClients`.
"""

from workers.endpoints.address import EndpointAddress, Limits, Message, Quirk
from workers.endpoints.clients import EndpointClients
from workers.endpoints.errors import (
    AddressRefused,
    EmptyAnswer,
    EndpointError,
    Malformed,
    RateLimited,
    Refused,
    ServerFailed,
    TimedOut,
    TooLarge,
    Truncated,
    Unreachable,
)
from workers.endpoints.policy import AddressPolicy, Allowance
from workers.endpoints.probe import CheckResult, check, list_models
from workers.endpoints.replies import Delta, Finished, Timings, stream_reply
from workers.endpoints.usage import Usage

__all__ = [
    "AddressPolicy",
    "AddressRefused",
    "Allowance",
    "CheckResult",
    "Delta",
    "EmptyAnswer",
    "EndpointAddress",
    "EndpointClients",
    "EndpointError",
    "Finished",
    "Limits",
    "Malformed",
    "Message",
    "Quirk",
    "RateLimited",
    "Refused",
    "ServerFailed",
    "TimedOut",
    "Timings",
    "TooLarge",
    "Truncated",
    "Unreachable",
    "Usage",
    "check",
    "list_models",
    "stream_reply",
]
