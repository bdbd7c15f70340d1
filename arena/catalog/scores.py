"""Published benchmark scores, from a CSV file into the catalogue."""

import csv
import datetime as dt
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from arena.catalog.models import LanguageModel, PublishedScore

COLUMNS = ("model", "benchmark", "value", "shots", "harness", "source", "date")
_REQUIRED = ("model", "benchmark", "value", "source")


class ScoreFileError(ValueError):
    """The file cannot be read as scores; the sentence names the line and what is wrong with it."""


@dataclass(frozen=True)
class Imported:
    """What an import did: rows added or changed, and the names that are no model's."""

    scores: int
    unknown: tuple[str, ...]


def import_scores(lines: Iterable[str]) -> Imported:
    """Read scores and store them; a score that is there already takes the new value and date.

    Parameters
    ----------
    lines : iterable of str
        CSV with a heading: ``model`` (slug or name), ``benchmark``, ``value``, ``source``, and
        where known ``shots``, ``harness``, ``date`` (ISO).

    Raises
    ------
    ScoreFileError
        A column is missing, or a row has no number where one must be. Nothing is stored then.
    """
    reader = csv.DictReader(lines)
    missing = [name for name in _REQUIRED if name not in (reader.fieldnames or ())]
    if missing:
        raise ScoreFileError(f"The file has no column {missing[0]!r}; it needs {_REQUIRED}.")
    scores, unknown = [], dict[str, None]()
    for row in reader:
        name = (row["model"] or "").strip()
        model = LanguageModel.objects.filter(Q(slug=name) | Q(name=name)).first()
        score = _score(row, line=reader.line_num)
        if model is None:
            unknown[name] = None
            continue
        score.language_model = model
        scores.append(score)
    with transaction.atomic():
        PublishedScore.objects.bulk_create(
            _last_of_each(scores),
            update_conflicts=True,
            unique_fields=["language_model", "benchmark", "shots", "harness", "source"],
            update_fields=["value", "published_on"],
        )
    return Imported(len(scores), tuple(unknown))


def _last_of_each(scores: Iterable[PublishedScore]) -> list[PublishedScore]:
    """Keep the last of rows that say the same; one statement cannot write a row twice."""
    keyed = {
        (score.language_model_id, score.benchmark, score.shots, score.harness, score.source): score
        for score in scores
    }
    return list(keyed.values())


def _score(row: Mapping[str, str | None], *, line: int) -> PublishedScore:
    text = {name: (row.get(name) or "").strip() for name in COLUMNS}
    try:
        value = float(text["value"])
        shots = int(text["shots"]) if text["shots"] else None
        day = dt.date.fromisoformat(text["date"]) if text["date"] else None
    except ValueError as error:
        raise ScoreFileError(f"Line {line}: {error}.") from error
    if not math.isfinite(value) or (shots is not None and shots < 0):
        raise ScoreFileError(f"Line {line}: {text['value']!r} is no score.")
    if not text["benchmark"] or not text["source"]:
        raise ScoreFileError(f"Line {line}: a score needs a benchmark and a source.")
    return PublishedScore(
        benchmark=text["benchmark"],
        value=value,
        shots=shots,
        harness=text["harness"],
        source=text["source"],
        published_on=day,
    )
