"""Files of models' facts for the command line: what the gap asks, a model a line."""

import csv
import datetime as dt
from collections.abc import Mapping
from pathlib import Path

from ratings.errors import InvalidVotes
from ratings.gap_record import ModelFacts
from ratings.licences import LICENCE_CLASSES, UNKNOWN

COLUMNS = ("model", "licence_class", "released_on", "params_total_b")
"""Columns of the file; others are passed over, and of these only the first must be there."""


def read_models(path: Path) -> dict[str, ModelFacts]:
    """Read a CSV file of models' facts, by model.

    Raises
    ------
    InvalidVotes
        It is no such file; the sentence names the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if "model" not in (reader.fieldnames or ()):
                raise InvalidVotes(f"{path.name} has no column 'model'")
            lines = [(reader.line_num, line) for line in reader]
    except UnicodeDecodeError as error:
        raise InvalidVotes(f"{path.name} cannot be read: it is not UTF-8, {error}") from None
    facts = (_facts(path.name, number, line) for number, line in lines)
    return {fact.model: fact for fact in facts}


def _facts(name: str, number: int, line: Mapping[str, str | None]) -> ModelFacts:
    model, licence_class, released_on, size = ((line.get(key) or "").strip() for key in COLUMNS)
    where = f"{name}, line {number}"
    if licence_class and licence_class not in LICENCE_CLASSES:
        raise InvalidVotes(
            f"{where}: {licence_class!r} is no licence class: {', '.join(LICENCE_CLASSES)}"
        )
    try:
        return ModelFacts(
            model=model,
            licence_class=licence_class or UNKNOWN,
            released_on=dt.date.fromisoformat(released_on) if released_on else None,
            params_total_b=float(size) if size else None,
        )
    except ValueError:
        raise InvalidVotes(
            f"{where}: released_on must be a day such as 2024-07-23, params_total_b a number"
        ) from None
