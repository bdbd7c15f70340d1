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
    Untrusted,
)
from workers.endpoints.findings import COSTLY, REQUIRED, Findings, Plan, Step, StepName
from workers.endpoints.moderation import (
    HARMLESS_PICTURE,
    Checked,
    Judgement,
    ModerationAddress,
    PictureUrl,
    moderate,
)
from workers.endpoints.payment import Paying, Payment, free_of_charge
from workers.endpoints.policy import AddressPolicy, Allowance
from workers.endpoints.presets import Preset, preset_of, presets
from workers.endpoints.probe import CheckResult, ListedModel, ask, check, list_models
from workers.endpoints.protocols import stream_reply
from workers.endpoints.replies import Delta, Finished, Timings
from workers.endpoints.room import NoRoomError, Room, room_for_all
from workers.endpoints.usage import TokenEstimate, Usage, most_prompt_tokens, usage_when_cut

__all__ = [
    "COSTLY",
    "HARMLESS_PICTURE",
    "REQUIRED",
    "AddressPolicy",
    "AddressRefused",
    "Allowance",
    "CheckResult",
    "Checked",
    "Delta",
    "EmptyAnswer",
    "EndpointAddress",
    "EndpointClients",
    "EndpointError",
    "Findings",
    "Finished",
    "Judgement",
    "Limits",
    "ListedModel",
    "Malformed",
    "Message",
    "ModerationAddress",
    "NoRoomError",
    "Paying",
    "Payment",
    "PictureUrl",
    "Plan",
    "Preset",
    "Quirk",
    "RateLimited",
    "Refused",
    "Room",
    "ServerFailed",
    "Soon",
    "Step",
    "StepName",
    "TimedOut",
    "Timings",
    "TokenEstimate",
    "TooLarge",
    "Truncated",
    "Unreachable",
    "Untrusted",
    "Usage",
    "admit",
    "ask",
    "check",
    "free_of_charge",
    "list_models",
    "moderate",
    "most_prompt_tokens",
    "preset_of",
    "presets",
    "room_for_all",
    "stream_reply",
    "usage_when_cut",
]
