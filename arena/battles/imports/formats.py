"""The formats that can be imported, and which of them a file has."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from arena.battles.imports import chatbot_arena, lmarena_55k, lmarena_140k
from arena.battles.imports.plain import plain_format
from arena.battles.imports.rows import Fields, ImportedVote, ImportRefusedError

type ReadVote = Callable[[Fields, dt.datetime], ImportedVote]

PLAIN = "csv"
AUTO = "auto"


@dataclass(frozen=True)
class VoteFormat:
    """A public release: the columns it is known by, and how a row becomes a vote."""

    columns: frozenset[str]
    read_vote: ReadVote


# The more telling columns come first.
PUBLIC_FORMATS: Mapping[str, VoteFormat] = {
    "lmarena-140k": VoteFormat(lmarena_140k.COLUMNS, lmarena_140k.read_vote),
    "lmarena-33k": VoteFormat(chatbot_arena.COLUMNS_33K, chatbot_arena.read_vote),
    "lmarena-55k": VoteFormat(lmarena_55k.COLUMNS, lmarena_55k.read_vote),
    "fastchat": VoteFormat(chatbot_arena.COLUMNS, chatbot_arena.read_vote),
}
FORMAT_NAMES = (AUTO, PLAIN, *PUBLIC_FORMATS)


def choose_format(
    name: str,
    columns: tuple[str, ...],
    *,
    chosen_columns: Mapping[str, str],
    outcome_words: Mapping[str, str],
) -> tuple[str, ReadVote]:
    """Return the name of the format and how to read its rows.

    Raises
    ------
    ImportRefusedError
        When the file does not have the columns that the format needs.
    """
    if name == AUTO:
        # Who says which column is what means a plain table.
        fits = () if chosen_columns or outcome_words else PUBLIC_FORMATS.items()
        name = next((known for known, form in fits if form.columns <= set(columns)), PLAIN)
    if name == PLAIN:
        return name, plain_format(columns, chosen_columns, outcome_words).read_vote
    if chosen_columns or outcome_words:
        raise ImportRefusedError(f"--column and --outcome-values are for --format {PLAIN}.")
    missing = sorted(PUBLIC_FORMATS[name].columns - set(columns))
    if missing:
        raise ImportRefusedError(
            f"A {name} file has the columns {', '.join(missing)}; this one has: "
            f"{', '.join(columns) or 'none'}. Leave --format out to let the columns decide."
        )
    return name, PUBLIC_FORMATS[name].read_vote
