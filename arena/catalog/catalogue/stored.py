"""The catalogue as the database has it: read as rows of text, and written from them."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from arena.catalog.catalogue import cells
from arena.catalog.catalogue.tables import LICENCES, TABLES, Catalogue, Key
from arena.catalog.models import (
    Alias,
    Claim,
    Fact,
    LanguageModel,
    Licence,
    Licensing,
    Organisation,
    Price,
)

# The models of the database by the slug under which the files have them.
type Places = dict[str, LanguageModel]
# Cells to write by key; None takes the row away.
type Changes = Mapping[Key, tuple[str, ...] | None]

_WITHOUT = {Fact.MODALITIES: list, Fact.ORGANISATION: str, Fact.HUGGING_FACE: str} | {
    Fact.MODELSCOPE: str
}


def all_places() -> Places:
    """Return every model that exists, by its own slug."""
    return {model.slug: model for model in LanguageModel.objects.filter(simulated=False)}


def read_stored(places: Places) -> Catalogue:
    """Return the rows of some models, and of all organisations and licences."""
    slugs = {model.pk: slug for slug, model in places.items()}
    of = {"language_model__in": slugs}
    return {
        "organisations": {
            (row.name,): (row.country, row.site, row.source) for row in Organisation.objects.all()
        },
        "licences": {(row.identifier,): _licence_cells(row) for row in Licence.objects.all()},
        "models": {(slug,): (model.name,) for slug, model in places.items()},
        "aliases": {
            (slugs[row.language_model_id], row.name): () for row in Alias.objects.filter(**of)
        },
        "taken": {
            (slug, fact.value): (text,)
            for slug, model in places.items()
            for fact in Fact
            if (text := text_of(model, fact))
        },
        "claims": {
            (slugs[row.language_model_id], row.fact, row.source): (
                row.value,
                _day_text(row.read_on),
            )
            for row in Claim.objects.filter(**of)
        },
        "licensings": {
            (slugs[row.language_model_id], row.since.isoformat()): (
                row.licence_id or "",
                row.licence_class,
                row.evidence,
            )
            for row in Licensing.objects.filter(**of)
        },
        "prices": {
            (slugs[row.language_model_id], row.since.isoformat()): (
                cells.dollars(str(row.input_usd)),
                cells.dollars(str(row.output_usd)),
                row.evidence,
            )
            for row in Price.objects.filter(**of, endpoint=None)
        },
    }


def text_of(model: LanguageModel, fact: Fact) -> str:
    """Return what the arena goes by, as the files write it; empty where it is not known."""
    value = getattr(model, fact.value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, list):
        return "+".join(value) and cells.modalities("+".join(value))
    if isinstance(value, float):
        return cells.billions(str(value))
    return str(value or "")


def set_fact(model: LanguageModel, fact: Fact, text: str) -> None:
    """Put a value into the model's field; empty text empties it. The caller saves."""
    value: Any = _WITHOUT.get(fact, lambda: None)()
    if text:
        value = _FROM_TEXT.get(fact, str)(text)
    setattr(model, fact.value, value)


def write_stored(changes: Mapping[str, Changes], places: Places) -> None:
    """Write changed rows, table after table; models that are new are added to `places`."""
    for table in TABLES:
        if changed := changes.get(table.name):
            _WRITERS[table.name](changed, places)


def _write_organisations(changes: Changes, _places: Places) -> None:
    rows = [
        Organisation(name=name, country=country, site=site, source=source)
        for (name,), (country, site, source) in _kept(changes)
    ]
    _upsert(rows, ["name"], ["country", "site", "source"])


def _write_licences(changes: Changes, _places: Places) -> None:
    rows = [
        Licence(identifier=identifier, **dict(zip(LICENCES.cells, row, strict=True)))
        for (identifier,), row in _kept(changes)
    ]
    for licence in rows:
        licence.since = licence.since or None
    _upsert(rows, ["identifier"], list(LICENCES.cells))


def _write_models(changes: Changes, places: Places) -> None:
    new = []
    for (slug,), (name,) in _kept(changes):
        model = places.get(slug)
        if model is None:
            new.append(LanguageModel(slug=slug, name=name))
        else:
            model.name = name
            model.save(update_fields=["name"])
    places |= {model.slug: model for model in LanguageModel.objects.bulk_create(new)}


def _write_aliases(changes: Changes, places: Places) -> None:
    Alias.objects.bulk_create(
        [
            Alias(language_model=places[slug], name=name)
            for (slug, name), row in changes.items()
            if row is not None
        ],
        ignore_conflicts=True,
    )
    for slug, name in _gone(changes):
        Alias.objects.filter(language_model=places[slug], name=name).delete()


def _write_taken(changes: Changes, places: Places) -> None:
    changed = {}
    for (slug, fact), row in changes.items():
        set_fact(places[slug], Fact(fact), row[0] if row else "")
        changed[places[slug].pk] = places[slug]
    LanguageModel.objects.bulk_update(changed.values(), Fact.values)


def _write_claims(changes: Changes, places: Places) -> None:
    rows = [
        Claim(
            language_model=places[slug],
            fact=fact,
            source=source,
            value=value,
            read_on=_day(read_on),
        )
        for (slug, fact, source), (value, read_on) in _kept(changes)
    ]
    _upsert(rows, ["language_model", "fact", "source"], ["value", "read_on"])
    for slug, fact, source in _gone(changes):
        Claim.objects.filter(language_model=places[slug], fact=fact, source=source).delete()


def _write_licensings(changes: Changes, places: Places) -> None:
    rows = [
        Licensing(
            language_model=places[slug],
            since=dt.date.fromisoformat(since),
            licence_id=licence or None,
            licence_class=licence_class,
            evidence=source,
        )
        for (slug, since), (licence, licence_class, source) in _kept(changes)
    ]
    _upsert(rows, ["language_model", "since"], ["licence", "licence_class", "evidence"])
    for slug, since in _gone(changes):
        Licensing.objects.filter(language_model=places[slug], since=since).delete()


def _write_prices(changes: Changes, places: Places) -> None:
    rows = [
        Price(
            language_model=places[slug],
            since=dt.date.fromisoformat(since),
            input_usd=Decimal(input_usd),
            output_usd=Decimal(output_usd),
            evidence=source,
        )
        for (slug, since), (input_usd, output_usd, source) in _kept(changes)
    ]
    unique = ["language_model", "endpoint", "since"]
    _upsert(rows, unique, ["input_usd", "output_usd", "evidence"])
    for slug, since in _gone(changes):
        Price.objects.filter(language_model=places[slug], endpoint=None, since=since).delete()


def _licence_cells(row: Licence) -> tuple[str, ...]:
    return (
        *(row.name, row.licence_class, row.commercial_use, row.derivatives),
        *(row.conditions, _day_text(row.since), row.source),
    )


def _kept(changes: Changes) -> Iterable[tuple[Key, tuple[str, ...]]]:
    return ((key, row) for key, row in changes.items() if row is not None)


def _gone(changes: Changes) -> Iterable[Key]:
    return (key for key, row in changes.items() if row is None)


def _upsert(rows: list[Any], unique: list[str], fields: list[str]) -> None:
    if rows:
        manager = type(rows[0])._default_manager
        manager.bulk_create(rows, update_conflicts=True, unique_fields=unique, update_fields=fields)


def _day(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def _day_text(day: dt.date | None) -> str:
    return day.isoformat() if day else ""


_FROM_TEXT: Mapping[Fact, Callable[[str], Any]] = {
    Fact.WEIGHTS_RELEASED_ON: dt.date.fromisoformat,
    Fact.API_RELEASED_ON: dt.date.fromisoformat,
    Fact.PARAMS_TOTAL_B: float,
    Fact.PARAMS_ACTIVE_B: float,
    Fact.CONTEXT_TOKENS: int,
    Fact.MODALITIES: lambda text: text.split("+"),
}
_WRITERS: Mapping[str, Callable[[Changes, Places], None]] = {
    "organisations": _write_organisations,
    "licences": _write_licences,
    "models": _write_models,
    "aliases": _write_aliases,
    "taken": _write_taken,
    "claims": _write_claims,
    "licensings": _write_licensings,
    "prices": _write_prices,
}
