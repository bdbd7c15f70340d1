"""The client for any OpenAI-compatible server: one address, one streamed reply, typed errors.

Import the names below from here; the modules inside are free to change.
Never imports Django, `arena` or `ratings`; keeps no state outside `EndpointClients`.
"""

from workers.endpoints.address import EndpointAddress, Limits, Message, Quirk
from workers.endpoints.admission import admit
from workers.endpoints.clients import EndpointClients
from workers.endpoints.connections import Soon
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
from workers.endpoints.findings import COSTLY, REQUIRED, Findings, Plan, Step, StepName
from workers.endpoints.policy import AddressPolicy, Allowance
from workers.endpoints.presets import Preset, preset_of, presets
from workers.endpoints.probe import CheckResult, ListedModel, check, list_models
from workers.endpoints.protocols import stream_reply
from workers.endpoints.replies import Delta, Finished, Timings
from workers.endpoints.usage import Usage

__all__ = [
    "COSTLY",
    "REQUIRED",
    "AddressPolicy",
    "AddressRefused",
    "Allowance",
    "CheckResult",
    "Delta",
    "EmptyAnswer",
    "EndpointAddress",
    "EndpointClients",
    "EndpointError",
    "Findings",
    "Finished",
    "Limits",
    "ListedModel",
    "Malformed",
    "Message",
    "Plan",
    "Preset",
    "Quirk",
    "RateLimited",
    "Refused",
    "ServerFailed",
    "Soon",
    "Step",
    "StepName",
    "TimedOut",
    "Timings",
    "TooLarge",
    "Truncated",
    "Unreachable",
    "Usage",
    "admit",
    "check",
    "list_models",
    "preset_of",
    "presets",
    "stream_reply",
]
