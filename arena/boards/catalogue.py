"""What boards need to know of models: name, organisation, licence class and date, as of a day."""

import datetime as dt
import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import astuple, dataclass

from django.utils.translation import gettext as _

from arena.catalog.licences import OPEN_CLASSES, LicenceClass
from arena.catalog.models import LanguageModel, Licence, Licensing


@dataclass(frozen=True)
class Facts:
    """One model's facts on one day."""

    pk: int
    slug: str
    name: str
    organisation: str
    licence_class: str
    # On a time axis: the day the weights came out for an open model, else the day it was served.
    released_on: dt.date | None
    simulated: bool
    # Billions, tokens; None where it is not known.
    params_total_b: float | None = None
    params_active_b: float | None = None
    context_tokens: int | None = None
    modalities: tuple[str, ...] = ()
    retired: bool = False

    @property
    def is_open(self) -> bool:
        """Return whether the weights can be downloaded."""
        return self.licence_class in OPEN_CLASSES

    @property
    def licence_label(self) -> str:
        """Return the licence class in the reader's language."""
        return str(LicenceClass(self.licence_class).label)

    @property
    def licence_word(self) -> str:
        """Return the licence class in one word, for narrow screens; its shape says the rest."""
        return _("open") if self.is_open else self.licence_label


def read_facts(on: dt.date, *, of: Collection[int] | None = None) -> dict[int, Facts]:
    """Return the facts in force on a day by primary key: of all models, or of those named."""
    models = LanguageModel.objects.all()
    return describe_all(models if of is None else models.filter(pk__in=of), on)


def describe_all(models: Iterable[LanguageModel], on: dt.date) -> dict[int, Facts]:
    """Return the facts of models on a day by primary key, with one query for all licences."""
    found = {model.pk: model for model in models}
    in_force = dict(
        Licensing.objects.filter(language_model__in=found, since__lte=on)
        .order_by("language_model", "-since")
        .distinct("language_model")
        .values_list("language_model", "licence_class")
    )
    return {
        pk: _facts(model, in_force.get(pk, LicenceClass.UNKNOWN)) for pk, model in found.items()
    }


def licences_on(on: dt.date, *, of: Collection[int]) -> dict[int, Licence]:
    """Return the licence in force on a day, by primary key, of models for which it is known."""
    in_force = (
        Licensing.objects.filter(language_model__in=of, since__lte=on)
        .order_by("language_model_id", "-since")
        .distinct("language_model_id")
        .select_related("licence")
    )
    return {
        record.language_model_id: record.licence
        for record in in_force
        if record.licence is not None
    }


def describe(model: LanguageModel, on: dt.date) -> Facts:
    """Return the facts of one model on a day."""
    return _facts(model, model.licence_class(on))


def _facts(model: LanguageModel, licence_class: str) -> Facts:
    is_open = licence_class in OPEN_CLASSES
    return Facts(
        pk=model.pk,
        slug=model.slug,
        name=model.name,
        organisation=model.organisation,
        licence_class=licence_class,
        released_on=model.weights_released_on if is_open else model.released_on(),
        simulated=model.simulated,
        params_total_b=model.params_total_b,
        params_active_b=model.params_active_b,
        context_tokens=model.context_tokens,
        modalities=tuple(model.modalities),
        retired=model.retired_at is not None,
    )


def digest(facts: Collection[Facts]) -> str:
    """Return 64 hexadecimal digits that change when any fact does."""
    lines = sorted(json.dumps(astuple(fact), default=str) for fact in facts)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
