"""Files of votes for the command line: our own columns and the public arenas'.

Which column plays which role is told by its name (`ROLES`), or by the caller. The outcome is one
of `WORDS`, or the name of the model that won; it may also stand in ``winner_model_a``,
``winner_model_b`` and ``winner_tie`` as 0 and 1 (LMArena 55k). Style is read from pairs of columns
such as ``tokens_a`` and ``tokens_b``, or from LMArena's ``conv_metadata``. Rows by people who saw
the names (``anony`` is false in FastChat's log), of a model against itself, or without a model or
an outcome are left out and counted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ratings.arrays import AnyInteger, Flags, Floats
from ratings.comparisons import Comparisons
from ratings.errors import InvalidParameter, InvalidVotes
from ratings.filters import filter_columns, keep_rows
from ratings.labels import code_labels
from ratings.outcomes import BOTH_BAD, OUTCOMES, TIE, A, B
from ratings.rows import Progress, keep_only, read_rows

ROLES: Mapping[str, tuple[str, ...]] = {
    "model_a": ("model_a", "left", "model_left", "left_model", "model_1", "model1", "a"),
    "model_b": ("model_b", "right", "model_right", "right_model", "model_2", "model2", "b"),
    "outcome": ("outcome", "winner", "vote", "result", "preference", "label"),
    "voter": (
        *("voter", "worker", "judge", "user", "annotator"),
        *("voter_id", "worker_id", "user_id", "evaluation_session_id"),
    ),
}
"""What a column may be called, best first; case and spaces do not matter."""

WORDS: Mapping[str, int] = {
    **dict.fromkeys(("a", "model_a", "left"), A),
    **dict.fromkeys(("b", "model_b", "right"), B),
    **dict.fromkeys(("tie", "draw"), TIE),
    **dict.fromkeys(("both_bad", "bothbad", "both bad"), BOTH_BAD),
    **dict.fromkeys(("tie (bothbad)", "tie (both bad)", "tie(bothbad)"), BOTH_BAD),
}
"""What an outcome may be called, in lower case."""

STYLE_COLUMNS = ("tokens", "headers", "lists", "bold")
_ONE_HOT = ("winner_model_a", "winner_model_b", "winner_tie")
_CONVERSATION = {
    "tokens": "sum_assistant_{side}_tokens",
    "headers": "header_count_{side}",
    "lists": "list_count_{side}",
    "bold": "bold_count_{side}",
}
_MISSING = -1


@dataclass(frozen=True, eq=False)
class VoteFile:
    """The usable rows of a file.

    Attributes
    ----------
    table : Arrow table of n rows
    models : tuple of m str
    a, b, outcome : (n,) integers
        As in `Comparisons`.
    voter_column : str or None
    seen_names, against_itself, incomplete : int
        Rows left out: by people who saw the names, of a model against itself, without a model or
        an outcome.
    """

    table: Any
    models: tuple[str, ...]
    a: AnyInteger
    b: AnyInteger
    outcome: AnyInteger
    voter_column: str | None
    seen_names: int
    against_itself: int
    incomplete: int

    @property
    def left_out(self) -> list[str]:
        """What was left out, in a phrase each."""
        reasons = (
            (self.seen_names, "by people who saw the names"),
            (self.against_itself, "of a model against itself"),
            (self.incomplete, "without a model or an outcome"),
        )
        return [f"{count} votes {reason}" for count, reason in reasons if count]

    def comparisons(
        self, *, style: bool = False, features: Sequence[str] = (), voter: str | None = None
    ) -> Comparisons:
        """Turn the table into votes.

        Parameters
        ----------
        style : bool
            Read the style of both answers; each feature becomes (a - b) / (a + b).
        features : sequence of str
            Columns that are differences, a minus b, already.
        voter : str, optional
            Column of voters; by default the one that `ROLES` finds.
        """
        names, columns = [*features], [self._floats(name) for name in features]
        if style:
            names += STYLE_COLUMNS
            columns += [self._style(name) for name in STYLE_COLUMNS]
        voter = voter or self.voter_column
        return Comparisons(
            models=self.models,
            a=self.a,
            b=self.b,
            outcome=self.outcome,
            voter=None if voter is None else _codes(self._column(voter), voter)[0],
            features=np.column_stack(columns) if columns else None,
            feature_names=tuple(names),
        )

    def categories(self, name: str) -> dict[str, Flags]:
        """Rows of each value of a column, by ``column=value``; fields of records by dots."""
        codes, labels = _codes(self._column(name), name)
        return {f"{name}={label}": codes == code for code, label in enumerate(labels)}

    def _column(self, name: str) -> Any:
        column = _field(self.table, name)
        if column is None:
            known = ", ".join(self.table.column_names)
            raise InvalidVotes(f"the file has no column {name!r}; of use here are {known}")
        return column

    def _floats(self, name: str) -> Floats:
        return _numbers(self._column(name), name)

    def _style(self, name: str) -> Floats:
        a, b = (self._count(name, side) for side in ("a", "b"))
        total = a + b
        return np.divide(a - b, total, out=np.zeros_like(total), where=total > 0)

    def _count(self, name: str, side: str) -> Floats:
        """Tokens, headers, lists or bold passages of one side's answers."""
        if f"{name}_{side}" in self.table.column_names:
            return self._floats(f"{name}_{side}")
        path = f"conv_metadata.{_CONVERSATION[name].format(side=side)}"
        column = _field(self.table, path)
        if column is None:
            raise InvalidVotes(
                f"the file has no style: neither a column '{name}_{side}' nor {path!r}"
            )
        if not pa.types.is_struct(column.type):
            return _numbers(column, path)
        kinds = [pc.struct_field(column, place) for place in range(column.type.num_fields)]
        counts = [_numbers(pc.fill_null(kind.cast(pa.float64()), 0.0), path) for kind in kinds]
        return np.asarray(np.sum(counts, axis=0), dtype=np.float64)


def read_votes(
    path: Path,
    wanted: Iterable[str] = (),
    progress: Progress | None = None,
    *,
    columns: Mapping[str, str] | None = None,
    words: Mapping[str, str] | None = None,
    where: Sequence[tuple[str, str]] = (),
    since: str | None = None,
) -> VoteFile:
    """Read a file of votes: Parquet, CSV, TSV, JSON lines, or a JSON array.

    Parameters
    ----------
    path : Path
    wanted : iterable of str
        Columns needed besides those that every fit needs; others are not read.
    progress : callable, optional
    columns : mapping of role to column, optional
        Where the names of `ROLES` do not tell.
    words : mapping of the file's word to one of ours, optional
        Added to `WORDS`.
    where, since
        Which rows are read: see `ratings.filters`.

    Raises
    ------
    InvalidVotes
        The file cannot be read as what its name says, has no models, or an outcome is unknown.
    InvalidParameter
        A role or an outcome that does not exist.
    """
    chosen, known = dict(columns or {}), _known_words(words or {})
    for role in chosen:
        if role not in ROLES:
            raise InvalidParameter(f"{role!r} is no role of a column: {', '.join(ROLES)}")
    extra = {name.split(".")[0] for name in wanted} | {*filter_columns(where, since)}
    roles: dict[str, str] = {}

    def choose(names: tuple[str, ...]) -> dict[str, bool]:
        roles.update(_roles(names, chosen))
        labels = {*roles.values(), "anony"}
        style = {f"{name}_{side}" for name in STYLE_COLUMNS for side in "ab"}
        kept = keep_only(names, labels | style | extra | {*_ONE_HOT, "conv_metadata"})
        return {name: name in labels for name in kept}

    table = keep_rows(read_rows(path, choose, progress), where, since)
    table, seen_names = _blind(table)
    return _vote_file(table, roles, known, seen_names)


def _known_words(words: Mapping[str, str]) -> dict[str, int]:
    for word, outcome in words.items():
        if outcome not in OUTCOMES:
            raise InvalidParameter(f"{word!r} cannot mean {outcome!r}: only {', '.join(OUTCOMES)}")
    return {**WORDS, **{word.casefold(): OUTCOMES.index(words[word]) for word in words}}


def _roles(names: tuple[str, ...], chosen: Mapping[str, str]) -> dict[str, str]:
    """Which column plays which role."""
    by_name = {name.casefold().replace(" ", "_"): name for name in reversed(names)}
    roles = dict(chosen)
    for role, synonyms in ROLES.items():
        free = (by_name[name] for name in synonyms if name in by_name)
        column = next((column for column in free if column not in roles.values()), None)
        if role not in roles and column is not None:
            roles[role] = column
    for role, column in roles.items():
        if column not in names:
            raise InvalidVotes(f"the file has no column {column!r} to be its {role}")
    needed = ["model_a", "model_b"] + ["outcome"] * (not set(_ONE_HOT) <= set(names))
    for role in needed:
        if role not in roles:
            raise InvalidVotes(
                f"the file has no column {role!r}, nor one called {', '.join(ROLES[role][1:])}; "
                f"it has {', '.join(names) or 'none'}. Say which it is with --column {role}=NAME"
            )
    return roles


def _blind(table: Any) -> tuple[Any, int]:
    """Leave out votes by people who saw the names; FastChat's log keeps them."""
    if "anony" not in table.column_names:
        return table, 0
    codes, labels = _codes(table.column("anony"), "anony")
    seen = [code for code, label in enumerate(labels) if str(label).casefold() in ("false", "0")]
    blind = ~np.isin(codes, seen)
    return table.filter(pa.array(blind)), int(np.count_nonzero(~blind))


def _vote_file(
    table: Any, roles: Mapping[str, str], words: Mapping[str, int], seen_names: int
) -> VoteFile:
    names, (a, b) = _models([_codes(table.column(roles[f"model_{side}"]), side) for side in "ab"])
    if "outcome" in roles:
        outcome = _outcomes(table.column(roles["outcome"]), words, names, a, b)
    else:
        outcome = _one_hot(table)
    complete = (a >= 0) & (b >= 0) & (outcome >= 0)
    usable = complete & (a != b)
    if not usable.all():
        table = table.filter(pa.array(usable))
        a, b, outcome = a[usable], b[usable], outcome[usable]
    met = np.bincount(a, minlength=len(names)) + np.bincount(b, minlength=len(names)) > 0
    place = np.cumsum(met, dtype=np.int32) - 1
    return VoteFile(
        table=table,
        models=tuple(name for name, used in zip(names, met, strict=True) if used),
        a=place[a],
        b=place[b],
        outcome=outcome,
        voter_column=roles.get("voter"),
        seen_names=seen_names,
        against_itself=int(np.count_nonzero(complete & ~usable)),
        incomplete=int(np.count_nonzero(~complete)),
    )


def _models(sides: list[tuple[AnyInteger, list[Any]]]) -> tuple[list[str], list[AnyInteger]]:
    """Names in order, and the number of each side's model in each row, -1 where there is none."""
    texts = [[str(label).strip() for label in labels] for _, labels in sides]
    names = sorted({name for side in texts for name in side if name})
    place = {name: number for number, name in enumerate(names)} | {"": _MISSING}
    numbers: list[AnyInteger] = []
    for (codes, _), side in zip(sides, texts, strict=True):
        lookup = np.array([*(place[name] for name in side), _MISSING], dtype=np.int32)
        numbers.append(lookup[codes])  # a code of -1 finds the last entry
    return names, numbers


def _outcomes(
    column: Any, words: Mapping[str, int], names: Sequence[str], a: AnyInteger, b: AnyInteger
) -> AnyInteger:
    """Outcome of each row, -1 where there is none; a model's own name says that it won."""
    codes, labels = _codes(column, "outcome")
    texts = [str(label).strip().casefold() for label in labels]
    lookup = np.array([*(words.get(text, _MISSING) for text in texts), _MISSING], dtype=np.int8)
    outcome: AnyInteger = lookup[codes]
    folded = [name.casefold() for name in names]
    for code, text in enumerate(texts):
        if text in words or not text:
            continue
        rows = np.flatnonzero(codes == code)
        winner = [number for number, name in enumerate(folded) if name == text]
        outcome[rows] = np.select([np.isin(a[rows], winner), np.isin(b[rows], winner)], [A, B], -2)
    unknown = np.flatnonzero(outcome == -2)
    if unknown.size:
        label = labels[codes[unknown[0]]]
        raise InvalidVotes(
            f"vote {unknown[0]} has the outcome {label!r}, which is neither a word we know "
            f"({', '.join(words)}) nor one of its two models; say what it means with "
            f"--outcome-values '{label}={OUTCOMES[A]}'"
        )
    return outcome


def _one_hot(table: Any) -> AnyInteger:
    flags = np.array([_numbers(table.column(name), name) for name in _ONE_HOT]) == 1
    wrong = np.flatnonzero(flags.sum(axis=0) != 1)
    if wrong.size:
        row = int(wrong[0])
        raise InvalidVotes(
            f"vote {row} has {flags[:, row].sum()} of {', '.join(_ONE_HOT)} at 1, and not one"
        )
    outcome: AnyInteger = np.array([A, B, TIE], dtype=np.int8)[flags.argmax(axis=0)]
    return outcome


def _codes(column: Any, name: str) -> tuple[AnyInteger, list[Any]]:
    try:
        return code_labels(column, name)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise InvalidVotes(f"the column {name!r} holds {column.type}, not labels") from None


def _numbers(column: Any, name: str) -> Floats:
    try:
        return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise InvalidVotes(f"the column {name!r} holds {column.type}, not numbers") from None


def _field(table: Any, path: str) -> Any | None:
    """Return a column, or a field of a record by a dotted path; field names may hold dots."""
    if path in table.column_names:
        return table.column(path)
    for name in table.column_names:
        if path.startswith(f"{name}."):
            return _inside(table.column(name), path.removeprefix(f"{name}."))
    return None


def _inside(column: Any, path: str) -> Any | None:
    if not pa.types.is_struct(column.type):
        return None
    names = [column.type.field(place).name for place in range(column.type.num_fields)]
    if path in names:
        return pc.struct_field(column, names.index(path))
    for place, name in enumerate(names):
        if path.startswith(f"{name}."):
            return _inside(pc.struct_field(column, place), path.removeprefix(f"{name}."))
    return None
