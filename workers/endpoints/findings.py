"""What the admission test is told and what it finds, as plain values that can be stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from workers.endpoints.address import Limits, Quirk
from workers.endpoints.payment import Paying, free_of_charge
from workers.endpoints.probe import PROBE_LIMITS
from workers.endpoints.room import Room, room_for_all

type StepName = Literal[
    "reach",  # something answers at this address
    "key",  # it lets us in
    "model",  # it knows the model
    "stream",  # it streams a whole answer
    "usage",  # it counts tokens
    "system",  # it takes a system message
    "token_limit",  # it stops where it is told to
    "temperature",  # it takes one
    "images",  # it sees a picture
    "context",  # it takes the longest prompt of the site
    "speed",  # first token, tokens a second
    "concurrency",  # how many at once
]
type Outcome = Literal["passed", "adapted", "lacking", "failed", "unknown"]

REQUIRED: tuple[StepName, ...] = ("reach", "key", "model", "stream")
# Not repeated by a scheduled test once they are known: they cost the most and change the least.
COSTLY: frozenset[StepName] = frozenset({"images", "context", "concurrency"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How one step ended: ``unknown`` where the server was busy or failed.

    ``code`` says it in a word, ``values`` are what its sentence needs; both can be stored as JSON.
    ``detail`` may quote the server: for administrators only.
    """

    name: StepName
    outcome: Outcome
    code: str
    values: Mapping[str, Any] = field(default_factory=dict)
    detail: str = ""


def step(name: StepName, outcome: Outcome, code: str, detail: str = "", **values: Any) -> Step:
    """Return how a step ended."""
    return Step(name=name, outcome=outcome, code=code, values=values, detail=detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What an endpoint turned out to be. None where it was not found out.

    ``refused`` are parameters of the administrator that it does not take; ``longest_tried`` is the
    prompt, in characters, that it took or refused; seconds and tokens per second are medians of
    this test's calls; ``concurrency`` is the most calls at once that all succeeded, and ``crowded``
    whether more of them failed.
    """

    quirks: tuple[Quirk, ...] = ()
    refused: tuple[str, ...] = ()
    reports_usage: bool | None = None
    limits_tokens: bool | None = None
    takes_temperature: bool | None = None
    takes_images: bool | None = None
    context_tokens: int | None = None
    truncates: bool | None = None
    longest_tried: int | None = None
    first_token_seconds: float | None = None
    tokens_per_second: float | None = None
    concurrency: int | None = None
    crowded: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to find out, and how patiently.

    Parameters
    ----------
    prompt_characters : int
        The longest prompt that the site accepts.
    concurrency : int
        The most calls at once that the endpoint would ever get.
    patience : float
        Seconds that a call waits for a server that is loading or busy.
    pause : float
        Seconds between the first two tries while waiting; later pauses are longer.
    skip : frozenset of StepName
        Steps that are not taken.
    paying : Paying
        Entered around each call; what it raises ends the test.
    room : Room
        Entered around calls that are made at once, outside of what pays for each.
    """

    prompt_characters: int = 30_000
    concurrency: int = 8
    patience: float = 120.0
    pause: float = 3.0
    skip: frozenset[StepName] = frozenset()
    limits: Limits = PROBE_LIMITS
    paying: Paying = free_of_charge
    room: Room = room_for_all
