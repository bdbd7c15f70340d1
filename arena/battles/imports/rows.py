"""What a row of a vote file becomes, and why some rows are left out."""

import datetime as dt
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from arena.battles.models import Outcome
from workers.endpoints.text import safe_text

type Fields = Mapping[str, Any]

MAX_NAME = 200
# Seconds since 1970 are below this number until the year 5138; above it they are milliseconds.
_MILLISECONDS_FROM = 1e11
_EARLIEST = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)

OUTCOME_WORDS: Mapping[str, Outcome] = {
    "a": Outcome.A,
    "model_a": Outcome.A,
    "left": Outcome.A,
    "b": Outcome.B,
    "model_b": Outcome.B,
    "right": Outcome.B,
    "tie": Outcome.TIE,
    "draw": Outcome.TIE,
    "both_bad": Outcome.BOTH_BAD,
    "bothbad": Outcome.BOTH_BAD,
    "both bad": Outcome.BOTH_BAD,
    "tie (bothbad)": Outcome.BOTH_BAD,
    "tie (both bad)": Outcome.BOTH_BAD,
    "tie(bothbad)": Outcome.BOTH_BAD,
}


class ImportRefusedError(Exception):
    """The file as a whole cannot be imported; nothing was written. The text says what to do."""


class SkipReason(Enum):
    """Why a row is left out."""

    UNREADABLE = "the row cannot be read"
    MISSING_FIELD = "a field is missing or empty"
    UNKNOWN_OUTCOME = "the outcome is not one we know"
    SELF_COMPARISON = "both models are the same"
    NAME_TOO_LONG = f"a name or id is longer than {MAX_NAME} characters"
    BAD_TIME = "the time cannot be read, or is in the future"
    BAD_CONVERSATION = "the conversation cannot be read"
    NOT_BLIND = "the voter knew the models' names"
    REPEATED_ID = "an earlier row of the file has the same id"


class RowSkippedError(Exception):
    """One row is left out; the import goes on."""

    def __init__(self, reason: SkipReason, detail: str = "") -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.detail = detail[:120]


@dataclass(frozen=True, slots=True)
class ImportedTurn:
    """A prompt and its two answers, side A first."""

    prompt: str
    answers: tuple[str, str]


@dataclass(frozen=True, slots=True)
class ImportedVote:
    """One row, in our terms. `external_id` and `voter` are empty where the file has none."""

    model_a: str
    model_b: str
    outcome: Outcome
    external_id: str = ""
    voter: str = ""
    cast_at: dt.datetime | None = None
    turns: tuple[ImportedTurn, ...] = ()

    def __post_init__(self) -> None:
        if self.model_a == self.model_b:
            raise RowSkippedError(SkipReason.SELF_COMPARISON, self.model_a)


def text_of(value: object) -> str:
    """Return a value as text that can be stored, without the space around it; None is empty."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return safe_text(str(value)).strip()


def name_of(fields: Fields, column: str) -> str:
    """Return the required short text of a column.

    Raises
    ------
    RowSkippedError
        When it is missing, empty or too long.
    """
    name = short_text(fields, column)
    if not name:
        raise RowSkippedError(SkipReason.MISSING_FIELD, column)
    return name


def short_text(fields: Fields, column: str) -> str:
    """Return the optional short text of a column, empty where there is none."""
    text = text_of(fields.get(column))
    if len(text) > MAX_NAME:
        raise RowSkippedError(SkipReason.NAME_TOO_LONG, f"{column}: {text}")
    return text


def outcome_of(
    fields: Fields, column: str, words: Mapping[str, Outcome] = OUTCOME_WORDS
) -> Outcome:
    """Return what a column says of the winner, by a table of words in lower case."""
    word = name_of(fields, column).casefold()
    if word not in words:
        raise RowSkippedError(SkipReason.UNKNOWN_OUTCOME, f"{column}: {word}")
    return words[word]


def time_of(value: object, *, now: dt.datetime) -> dt.datetime | None:
    """Return a time given as seconds or milliseconds since 1970, as ISO 8601, or as a datetime.

    A time without a zone is taken as UTC.
    """
    if isinstance(value, dt.datetime):
        time = value
    elif not (text := text_of(value)):
        return None
    else:
        try:
            time = (
                _from_seconds(float(text)) if _is_number(text) else dt.datetime.fromisoformat(text)
            )
        except (ValueError, OverflowError, OSError):
            raise RowSkippedError(SkipReason.BAD_TIME, text) from None
    time = time.replace(tzinfo=time.tzinfo or dt.UTC)
    if not _EARLIEST <= time <= now:
        raise RowSkippedError(SkipReason.BAD_TIME, time.isoformat())
    return time


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal()


def _from_seconds(seconds: float) -> dt.datetime:
    if seconds >= _MILLISECONDS_FROM:
        seconds /= 1000
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def parsed(value: object) -> Any:
    """Return a value that a CSV file holds as JSON text; other values as they are."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise RowSkippedError(SkipReason.BAD_CONVERSATION, value) from None


def turns_of_messages(messages_a: object, messages_b: object) -> tuple[ImportedTurn, ...]:
    """Return the turns of two conversations with the same prompts.

    Parameters
    ----------
    messages_a, messages_b : list of {"role", "content"} or JSON text
        Content is text or a list of parts, of which the text is kept. None or empty: no turns.
    """
    sides = [_exchanges(parsed(messages)) for messages in (messages_a, messages_b)]
    if not all(sides):
        return ()
    return tuple(
        ImportedTurn(prompt, (answer_a, answer_b))
        for (prompt, answer_a), (_, answer_b) in zip(*sides, strict=False)
    )


def _exchanges(messages: object) -> list[tuple[str, str]]:
    """Return prompt and answer of each turn of one side."""
    if messages is None:
        return []
    if not isinstance(messages, list):
        raise RowSkippedError(SkipReason.BAD_CONVERSATION, type(messages).__name__)
    exchanges: list[tuple[str, str]] = []
    for message in messages:
        if not isinstance(message, Mapping):
            raise RowSkippedError(SkipReason.BAD_CONVERSATION, type(message).__name__)
        role, text = message.get("role"), message_text(message.get("content"))
        if role == "user":
            exchanges.append((text, ""))
        elif role == "assistant" and exchanges:
            prompt, answer = exchanges[-1]
            exchanges[-1] = (prompt, answer + text)
    return exchanges


def message_text(content: object) -> str:
    """Return the text of a message's content: a text, null, or a list of parts."""
    if content is None or isinstance(content, str):
        return safe_text(content or "")
    if not isinstance(content, list):
        raise RowSkippedError(SkipReason.BAD_CONVERSATION, type(content).__name__)
    texts = (part.get("text") if isinstance(part, Mapping) else part for part in content)
    return safe_text("\n".join(text for text in texts if isinstance(text, str)))
