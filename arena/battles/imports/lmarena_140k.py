"""LMArena's 140k release: conversations of typed parts, sessions in place of voters."""

import datetime as dt

from arena.battles.imports.rows import (
    Fields,
    ImportedVote,
    name_of,
    outcome_of,
    short_text,
    time_of,
    turns_of_messages,
)

COLUMNS = frozenset(
    {"id", "model_a", "model_b", "winner", "evaluation_session_id", "conversation_a"}
)


def read_vote(fields: Fields, now: dt.datetime) -> ImportedVote:
    """Return the vote of one row.

    The file names no voters. Votes of one session are one visitor's, so the session stands for
    the voter: intervals that are clustered by voter are then too narrow rather than wrong in kind.

    Raises
    ------
    RowSkippedError
        When it cannot be used.
    """
    return ImportedVote(
        model_a=name_of(fields, "model_a"),
        model_b=name_of(fields, "model_b"),
        outcome=outcome_of(fields, "winner"),
        external_id=short_text(fields, "id"),
        voter=short_text(fields, "evaluation_session_id"),
        cast_at=time_of(fields.get("timestamp"), now=now),
        turns=turns_of_messages(fields.get("conversation_a"), fields.get("conversation_b")),
    )
