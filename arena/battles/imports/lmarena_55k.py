"""LMArena's 55k release: prompts and answers as lists, the winner as three columns of 0 and 1."""

import datetime as dt

from arena.battles.imports.rows import (
    Fields,
    ImportedTurn,
    ImportedVote,
    RowSkippedError,
    SkipReason,
    message_text,
    name_of,
    parsed,
    short_text,
    text_of,
)
from arena.battles.models import Outcome

_WINNERS = {
    "winner_model_a": Outcome.A,
    "winner_model_b": Outcome.B,
    "winner_tie": Outcome.TIE,
}
COLUMNS = frozenset({"model_a", "model_b", *_WINNERS})


def read_vote(fields: Fields, now: dt.datetime) -> ImportedVote:
    """Return the vote of one row; the file has neither voters nor times.

    Raises
    ------
    RowSkippedError
        When it cannot be used.
    """
    return ImportedVote(
        model_a=name_of(fields, "model_a"),
        model_b=name_of(fields, "model_b"),
        outcome=one_hot_outcome(fields),
        external_id=short_text(fields, "id"),
        turns=_turns(fields),
    )


def one_hot_outcome(fields: Fields) -> Outcome:
    """Return the outcome whose column alone is 1."""
    chosen = [
        outcome
        for column, outcome in _WINNERS.items()
        if text_of(fields.get(column)).casefold() in {"1", "1.0", "true"}
    ]
    if len(chosen) != 1:
        raise RowSkippedError(
            SkipReason.UNKNOWN_OUTCOME, f"{len(chosen)} of {', '.join(_WINNERS)} are 1"
        )
    return chosen[0]


def _turns(fields: Fields) -> tuple[ImportedTurn, ...]:
    lists = [_texts(fields.get(column)) for column in ("prompt", "response_a", "response_b")]
    return tuple(
        ImportedTurn(prompt, (answer_a, answer_b))
        for prompt, answer_a, answer_b in zip(*lists, strict=False)
    )


def _texts(value: object) -> list[str]:
    texts = parsed(value) if value else []
    if not isinstance(texts, list):
        raise RowSkippedError(SkipReason.BAD_CONVERSATION, type(texts).__name__)
    return [message_text(text) for text in texts]
