"""FastChat's clean-battle log, and LMArena's 33k release, which is the same with conversations.

One object per battle: model_a, model_b, winner, judge, turn, anony, language, tstamp; 33k adds
question_id, conversation_a and conversation_b (lists of {"role", "content"}).
"""

import datetime as dt

from arena.battles.imports.rows import (
    Fields,
    ImportedVote,
    RowSkippedError,
    SkipReason,
    name_of,
    outcome_of,
    short_text,
    text_of,
    time_of,
    turns_of_messages,
)

COLUMNS = frozenset({"model_a", "model_b", "winner", "judge", "anony", "tstamp"})
COLUMNS_33K = COLUMNS | {"question_id", "conversation_a", "conversation_b"}


def read_vote(fields: Fields, now: dt.datetime) -> ImportedVote:
    """Return the vote of one battle.

    Raises
    ------
    RowSkippedError
        When it cannot be used, or the voter saw the names (`anony` is false).
    """
    if text_of(fields.get("anony")).casefold() in {"false", "0"}:
        raise RowSkippedError(SkipReason.NOT_BLIND)
    return ImportedVote(
        model_a=name_of(fields, "model_a"),
        model_b=name_of(fields, "model_b"),
        outcome=outcome_of(fields, "winner"),
        external_id=short_text(fields, "question_id"),
        voter=short_text(fields, "judge"),
        cast_at=time_of(fields.get("tstamp"), now=now),
        turns=turns_of_messages(fields.get("conversation_a"), fields.get("conversation_b")),
    )
