"""The LLMFAO votes in the database, and what is known of their 59 models.

The votes' file names the models alone; who made them, under which licence and when is written down
in `llmfao_models.csv`, with where it is said. What is not known there stays unknown.
"""

import calendar
import csv
import datetime as dt
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from django.core.management import call_command

from arena.catalog.licences import OPEN_CLASSES, LicenceClass
from arena.catalog.models import LanguageModel, Licence, Licensing
from tests.ratings.examples import LLMFAO

SOURCE = "import:llmfao"
# Answers and votes are of September 2023: a licence whose first day is unknown was in force then.
VOTED_ON = dt.date(2023, 9, 1)

_FILE = Path(__file__).with_name("llmfao_models.csv")


@dataclass(frozen=True)
class KnownModel:
    """One model's facts; ``released`` is the weights' day for open models, the API's for others."""

    name: str
    organisation: str
    licence: str
    licence_class: LicenceClass
    released: dt.date | None
    params_total_b: float | None
    evidence: str


def known_models() -> list[KnownModel]:
    """Return the facts by name, as the file has them."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    return [
        KnownModel(
            name=row["model"],
            organisation=row["organisation"],
            licence=row["licence"],
            licence_class=LicenceClass(row["licence_class"]),
            released=_day(row["released"]),
            params_total_b=float(row["params_total_b"]) if row["params_total_b"] else None,
            evidence=row["evidence"],
        )
        for row in rows
    ]


def import_votes() -> str:
    """Import the votes as an operator does; return what the command said."""
    output = StringIO()
    call_command("import_votes", str(LLMFAO / "llmfao.csv"), stdout=output)
    return output.getvalue()


def enter_facts() -> None:
    """Enter the facts of every model, as an admin would."""
    for known in known_models():
        is_open = known.licence_class in OPEN_CLASSES
        model = LanguageModel.objects.get(name=known.name)
        model.organisation = known.organisation
        model.params_total_b = known.params_total_b
        model.link = known.evidence
        setattr(model, "weights_released_on" if is_open else "api_released_on", known.released)
        model.save()
        Licensing.objects.create(
            language_model=model,
            licence=_licence(known),
            licence_class=known.licence_class,
            since=known.released or VOTED_ON,
            evidence=known.evidence,
        )


def _licence(known: KnownModel) -> Licence | None:
    """Return the licence's row; what is fully open goes beyond what a licence says."""
    if not known.licence:
        return None
    of_licence = known.licence_class
    if of_licence == LicenceClass.FULLY_OPEN:
        of_licence = LicenceClass.WEIGHTS_PERMISSIVE
    licence, _ = Licence.objects.get_or_create(
        identifier=known.licence, defaults={"name": known.licence, "licence_class": of_licence}
    )
    return licence


def _day(text: str) -> dt.date | None:
    """Return a day; of a month the last, when the model was out for certain."""
    if not text:
        return None
    year, month, *day = map(int, text.split("-"))
    return dt.date(year, month, day[0] if day else calendar.monthrange(year, month)[1])
