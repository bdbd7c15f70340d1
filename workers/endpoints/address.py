"""What must be known to call a model, and the limits of one call."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

type Quirk = Literal[
    "no_stream_options",  # the server rejects `stream_options`; usage is then estimated
    "max_completion_tokens",  # the token limit goes by this name
    "no_token_limit",  # under neither name
    "no_system_role",  # the system prompt goes in front of the first user message
    "opens_in_think",  # the chat template has already written `<think>`
]

type Protocol = Literal["openai", "replicate"]

RESERVED_PARAMETERS = frozenset({"model", "messages", "stream", "stream_options", "n"})


class Message(TypedDict):
    """One message of a conversation; ``content`` may be a list of parts (text, images)."""

    role: Literal["system", "user", "assistant"]
    content: str | list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointAddress:
    """One address that serves one model.

    ``base_url`` is the administrator's own text: ``/chat/completions`` is joined to it and nothing
    else is, because a dozen providers do not live under ``/v1``. ``parameters`` are sent as they
    are, and none is sent that is not here.

    Raises
    ------
    ValueError
        If ``parameters`` would overrule what this client decides (model, messages, streaming).
    """

    base_url: str
    model_name: str
    api_key: str = field(default="", repr=False)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    system_prompt: str | None = None
    token_limit: int | None = None
    quirks: frozenset[Quirk] = frozenset()
    protocol: Protocol = "openai"

    def __post_init__(self) -> None:
        if taken := sorted(RESERVED_PARAMETERS & self.parameters.keys()):
            raise ValueError(f"These parameters cannot be set: {', '.join(taken)}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Four clocks in seconds and three caps.

    ``first_token`` counts from the start, ``idle`` from the last piece of content or reasoning (a
    comment, a ping or an empty chunk is not content), ``total`` from the start. After the finish
    reason the endpoint has ``trailing`` seconds to send its usage. ``line_bytes`` bounds one event,
    ``body_bytes`` everything received after decompression, ``answer_characters`` text and reasoning
    together.
    """

    connect: float = 10.0
    first_token: float = 60.0
    idle: float = 30.0
    total: float = 600.0
    trailing: float = 3.0
    line_bytes: int = 4 * 2**20
    body_bytes: int = 128 * 2**20
    answer_characters: int = 2_000_000
