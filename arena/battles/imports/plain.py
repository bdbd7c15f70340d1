"""Any table of votes: columns by option, or by the names that people give them."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from arena.battles.imports.lmarena_55k import one_hot_outcome
from arena.battles.imports.rows import (
    OUTCOME_WORDS,
    Fields,
    ImportedTurn,
    ImportedVote,
    ImportRefusedError,
    name_of,
    outcome_of,
    short_text,
    text_of,
    time_of,
)
from arena.battles.models import Outcome
from workers.endpoints.text import safe_text

# What a column may be called, best first. A row id is taken by option only: a column called `id`
# often numbers questions or pairs, and one that repeats would lose votes.
_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "model_a": ("model_a", "left", "model_left", "left_model", "model_1", "model1", "a"),
    "model_b": ("model_b", "right", "model_right", "right_model", "model_2", "model2", "b"),
    "outcome": ("outcome", "winner", "vote", "result", "preference", "label"),
    "voter": ("voter", "worker", "judge", "user", "annotator", "voter_id", "worker_id", "user_id"),
    "time": ("time", "timestamp", "tstamp", "cast_at", "created_at", "date"),
    "id": (),
    "prompt": ("prompt", "question"),
    "answer_a": ("answer_a", "response_a", "answer_left", "response_left"),
    "answer_b": ("answer_b", "response_b", "answer_right", "response_right"),
}
_NEEDED = ("model_a", "model_b")
_ONE_HOT = ("winner_model_a", "winner_model_b", "winner_tie")
ROLES = tuple(_SYNONYMS)


@dataclass(frozen=True)
class PlainFormat:
    """Which column plays which role; a role without a column is absent."""

    columns: Mapping[str, str]
    words: Mapping[str, Outcome]

    def read_vote(self, fields: Fields, now: dt.datetime) -> ImportedVote:
        """Return the vote of one row.

        Raises
        ------
        RowSkippedError
            When it cannot be used.
        """
        model_a, model_b = (name_of(fields, self.columns[role]) for role in _NEEDED)
        return ImportedVote(
            model_a=model_a,
            model_b=model_b,
            outcome=self._outcome(fields, model_a, model_b),
            external_id=self._optional("id", fields),
            voter=self._optional("voter", fields),
            cast_at=time_of(fields.get(self.columns.get("time", "")), now=now),
            turns=self._turns(fields),
        )

    def _outcome(self, fields: Fields, model_a: str, model_b: str) -> Outcome:
        if "outcome" not in self.columns:
            return one_hot_outcome(fields)
        # Some tables name the winner by the model itself.
        by_name = {model_b.casefold(): Outcome.B, model_a.casefold(): Outcome.A}
        return outcome_of(fields, self.columns["outcome"], {**by_name, **self.words})

    def _optional(self, role: str, fields: Fields) -> str:
        return short_text(fields, self.columns[role]) if role in self.columns else ""

    def _turns(self, fields: Fields) -> tuple[ImportedTurn, ...]:
        roles = ("prompt", "answer_a", "answer_b")
        if not all(role in self.columns for role in roles):
            return ()
        values = (fields.get(self.columns[role]) for role in roles)
        prompt, answer_a, answer_b = (
            safe_text(value) if isinstance(value, str) else text_of(value) for value in values
        )
        return (ImportedTurn(prompt, (answer_a, answer_b)),)


def plain_format(
    columns: tuple[str, ...], chosen: Mapping[str, str], words: Mapping[str, str]
) -> PlainFormat:
    """Decide which column plays which role.

    Parameters
    ----------
    columns : tuple of str
        Those of the file.
    chosen : mapping
        Role to column, by option.
    words : mapping
        The file's word to one of our outcomes, by option; added to the words we know.

    Raises
    ------
    ImportRefusedError
        When a choice names what is not there, or a needed role stays without a column.
    """
    _check_choices(columns, chosen, words)
    by_name = {column.casefold().replace(" ", "_"): column for column in reversed(columns)}
    roles = dict(chosen)
    for role, synonyms in _SYNONYMS.items():
        found = (by_name[name] for name in synonyms if name in by_name)
        column = next((column for column in found if column not in roles.values()), None)
        if role not in roles and column is not None:
            roles[role] = column
    missing = [role for role in _NEEDED if role not in roles]
    if "outcome" not in roles and not set(_ONE_HOT) <= set(columns):
        missing.append("outcome")
    if missing:
        options = " ".join(f"--column {role}=NAME" for role in missing)
        raise ImportRefusedError(
            f"Which column is {' and which is '.join(missing)}? Say it with {options}. "
            f"The file has: {', '.join(columns) or 'none'}."
        )
    outcomes = {word.casefold(): Outcome(outcome) for word, outcome in words.items()}
    return PlainFormat(roles, {**OUTCOME_WORDS, **outcomes})


def _check_choices(
    columns: tuple[str, ...], chosen: Mapping[str, str], words: Mapping[str, str]
) -> None:
    for role, column in chosen.items():
        if role not in ROLES:
            raise ImportRefusedError(f"--column {role}: choose one of {', '.join(ROLES)}.")
        if column not in columns:
            raise ImportRefusedError(
                f"The file has no column {column!r}. It has: {', '.join(columns) or 'none'}."
            )
    for word, outcome in words.items():
        if outcome not in Outcome.values:
            raise ImportRefusedError(
                f"--outcome-values {word}={outcome}: choose one of {', '.join(Outcome.values)}."
            )
