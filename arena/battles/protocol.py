"""The messages of the battle socket: what a browser may say, and what it is told.

Browser to server: `Prompt`, `Resume`, `Stop`, `Again`. Server to browser: `BattleMessage` (the
stored truth), `Queued` (its place in line), `Frame` (new text of both sides), `TurnEnded`,
`ErrorMessage`. All are JSON objects in text frames with a ``type``. What a battle is told in turn,
its places, frames and turn ends, is numbered together from 1; the ``seq`` of a `BattleMessage` is
the number after which they go on.

Nothing of a model, an endpoint, a cost or a time is in any of them, but for the names of models
that the visitor chose.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

MAX_BYTES = 256 * 1024
MAX_MODELS = 2
_MAX_SLUG = 120

# Close codes of the socket. After each the browser keeps what it has; nothing is lost.
CLOSE_BAD_MESSAGE = 4400  # not JSON, or not a message of this protocol
CLOSE_NO_VOTER = 4403  # no valid cookie: load the page first
CLOSE_NOT_FOUND = 4404  # no such battle of this visitor
CLOSE_SLOW_READER = 4408  # the browser did not read; it may come back and resume
CLOSE_TOO_BIG = 4413  # a message over MAX_BYTES
CLOSE_TOO_MANY = 4429  # too many messages in a short time


class BadMessage(ValueError):  # noqa: N818 -- read `raise BadMessage`
    """A message that this protocol does not know; ``close_code`` says how the socket ends."""

    def __init__(self, why: str, close_code: int = CLOSE_BAD_MESSAGE) -> None:
        super().__init__(why)
        self.close_code = close_code


@dataclass(frozen=True, slots=True)
class Prompt:
    """A new battle (``battle`` is None) or the next turn of one."""

    text: str
    battle: uuid.UUID | None
    # The visitor was warned of this prompt (the error `prompt_flagged`) and sends it anyway.
    acknowledged: bool = False
    # The slugs of the one or two models that are to answer a new battle; else two are drawn blind.
    models: tuple[str, ...] = ()
    # A picture that this visitor sent before, by its id.
    picture: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Resume:
    """Show a battle; its stream goes on after frame number ``after``."""

    battle: uuid.UUID
    after: int


@dataclass(frozen=True, slots=True)
class Stop:
    """End the turn that is being answered."""

    battle: uuid.UUID


@dataclass(frozen=True, slots=True)
class Again:
    """The first prompt of a battle again, in a new battle; ``acknowledged`` as in `Prompt`."""

    battle: uuid.UUID
    acknowledged: bool = False


type ClientMessage = Prompt | Resume | Stop | Again


def parse(text: str | None) -> ClientMessage:
    """Read one message of a browser.

    Raises
    ------
    BadMessage
        When it is not exactly one of the four, in type and in every field.
    """
    if text is None:
        raise BadMessage("a binary message")
    # Characters first: counting the bytes of a very long text would cost what the cap saves.
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise BadMessage("a message over the cap", CLOSE_TOO_BIG)
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise BadMessage("not JSON") from None
    if not isinstance(message, dict):
        raise BadMessage("not an object")
    kind = message.pop("type", None)
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise BadMessage("an unknown type")
    parsed = reader(message)
    if message:
        raise BadMessage("an unknown field")
    return parsed


def _battle(message: dict[str, Any]) -> uuid.UUID:
    return _id(message, "battle")


def _picture(message: dict[str, Any]) -> uuid.UUID | None:
    if message.get("picture") is None:
        message.pop("picture", None)
        return None
    return _id(message, "picture")


def _id(message: dict[str, Any], name: Literal["battle", "picture"]) -> uuid.UUID:
    value = message.pop(name, None)
    if not isinstance(value, str):
        raise BadMessage(f"`{name}` is not a {name}'s id")
    try:
        return uuid.UUID(value)
    except ValueError:
        raise BadMessage(f"`{name}` is not a {name}'s id") from None


def _prompt(message: dict[str, Any]) -> Prompt:
    text = message.pop("text", None)
    if not isinstance(text, str):
        raise BadMessage("`text` is not text")
    picture = _picture(message)
    if message.get("battle") is None:
        message.pop("battle", None)
        return Prompt(text, None, _acknowledged(message), _models(message), picture)
    return Prompt(text, _battle(message), _acknowledged(message), picture=picture)


def _models(message: dict[str, Any]) -> tuple[str, ...]:
    slugs = message.pop("models", [])
    if not isinstance(slugs, list) or len(slugs) > MAX_MODELS:
        raise BadMessage("`models` is not a list of models")
    if not all(isinstance(slug, str) and len(slug) <= _MAX_SLUG for slug in slugs):
        raise BadMessage("`models` are not models' slugs")
    return tuple(slugs)


def _acknowledged(message: dict[str, Any]) -> bool:
    value = message.pop("acknowledged", False)
    if not isinstance(value, bool):
        raise BadMessage("`acknowledged` is not true or false")
    return value


def _resume(message: dict[str, Any]) -> Resume:
    after = message.pop("after", None)
    if type(after) is not int or not 0 <= after < 2**31:
        raise BadMessage("`after` is not a frame's number")
    return Resume(_battle(message), after)


_READERS: Mapping[str, Callable[[dict[str, Any]], ClientMessage]] = {
    "prompt": _prompt,
    "resume": _resume,
    "stop": lambda message: Stop(_battle(message)),
    "again": lambda message: Again(_battle(message), _acknowledged(message)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnView:
    """One turn as its voter may see it; ``texts`` by side, empty while it is streaming.

    ``picture`` is the id of what was attached to the prompt; it is sent only where there is one.
    """

    number: int
    prompt: str
    state: str
    texts: Mapping[str, str]
    picture: uuid.UUID | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the turn as it is sent."""
        picture = {"picture": str(self.picture)} if self.picture else {}
        return {
            "number": self.number,
            "prompt": self.prompt,
            "state": self.state,
            **self.texts,
            **picture,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteView:
    """The standing vote; ``final_at`` in ISO 8601."""

    outcome: str
    final_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelView:
    """A model that the visitor chose."""

    name: str
    organisation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BattleMessage:
    """The stored truth of a battle; ``models`` by side where the visitor chose them, else None."""

    battle: uuid.UUID
    turns: tuple[TurnView, ...]
    votable: bool
    void: str | None
    seq: int
    vote: VoteView | None
    models: Mapping[str, ModelView] | None

    @property
    def streaming(self) -> bool:
        """Whether frames follow."""
        return any(turn.state == "streaming" for turn in self.turns)

    def encode(self) -> str:
        """Return the message as it is sent."""
        vote = self.vote and {"outcome": self.vote.outcome, "final_at": self.vote.final_at}
        return _encode(
            "battle",
            battle=str(self.battle),
            turns=[turn.as_json() for turn in self.turns],
            votable=self.votable,
            void=self.void,
            seq=self.seq,
            vote=vote,
            # A blind battle's message has no place for names.
            **({"models": {k: asdict(v) for k, v in self.models.items()}} if self.models else {}),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A battle that waits for its endpoints: its place in line, 1 is next; 0 ends the wait.

    It is one number for both sides, so that it says nothing about either.
    """

    seq: int
    turn: int
    position: int

    def encode(self) -> str:
        """Return the message as it is sent."""
        return _encode("queue", seq=self.seq, turn=self.turn, position=self.position)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """New text of both sides, and where each stands."""

    seq: int
    turn: int
    texts: Mapping[str, str]
    states: Mapping[str, str]

    def encode(self) -> str:
        """Return the message as it is sent."""
        return _encode("frame", seq=self.seq, turn=self.turn, **self.texts, state=dict(self.states))


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnEnded:
    """A turn is over and stored."""

    seq: int
    turn: int
    state: str
    votable: bool
    void: str | None

    def encode(self) -> str:
        """Return the message as it is sent."""
        return _encode(
            "turn",
            seq=self.seq,
            turn=self.turn,
            state=self.state,
            votable=self.votable,
            void=self.void,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorMessage:
    """Something was refused; ``message`` is a sentence in the visitor's language.

    ``retry_after`` says in how many seconds the same may be possible, where waiting helps.
    """

    code: str
    message: str
    retry_after: int | None = None

    def encode(self) -> str:
        """Return the message as it is sent."""
        more = {} if self.retry_after is None else {"retry_after": self.retry_after}
        return _encode("error", code=self.code, message=self.message, **more)


def _encode(kind: Literal["battle", "queue", "frame", "turn", "error"], **fields: Any) -> str:
    return json.dumps({"type": kind, **fields}, ensure_ascii=False, separators=(",", ":"))
