"""Loads the files into the database, and keeps what was changed there by hand.

Each line is compared with what it said when it was loaded last and with what stands in the
database now. A row that stands as it was loaded takes what the file says; one that was changed in
the admin since, or entered there before the file knew it, is kept.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction

from arena.catalog.catalogue.stored import Places, read_stored, write_stored
from arena.catalog.catalogue.tables import MODELS, TABLES, Catalogue, Key, Table
from arena.catalog.models import CatalogueRow, LanguageModel
from arena.locks import wait_in_line

type Cells = tuple[str, ...] | None


class Fate(StrEnum):
    """What becomes of a row."""

    SAME = "same"
    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    KEPT = "kept"


@dataclass(frozen=True)
class Decision:
    """One row: what the file says, what stands in the database, and which of them it will be."""

    table: Table
    key: Key
    file: Cells
    stored: Cells
    fate: Fate


@dataclass(frozen=True)
class Loaded:
    """What a load did, or would do."""

    decisions: list[Decision]
    # Models that were left out: deleted here, or their slug or name is another model's.
    skipped: list[str]

    def count(self, table: Table, fate: Fate) -> int:
        """Return how many rows of a table had a fate."""
        return sum(row.table is table and row.fate is fate for row in self.decisions)

    def of(self, *fates: Fate) -> Iterator[Decision]:
        """Yield the rows with one of these fates."""
        return (row for row in self.decisions if row.fate in fates)


def decide(file: Cells, loaded: Cells, stored: Cells, *, overwrite: bool) -> Fate:
    """Return what becomes of a row that is, was when loaded, and stands in the database so."""
    if file == stored:
        return Fate.SAME
    if stored != loaded and not overwrite:
        return Fate.KEPT
    if file is None:
        return Fate.REMOVED
    return Fate.ADDED if stored is None else Fate.CHANGED


@transaction.atomic
def load(catalogue: Catalogue, *, overwrite: bool = False, dry_run: bool = False) -> Loaded:
    """Bring the database up to the catalogue.

    Parameters
    ----------
    catalogue : Catalogue
        What the files say; see `tables.read`.
    overwrite : bool
        Take the file's word also where the database was changed by hand.
    dry_run : bool
        Decide, and write nothing.
    """
    # One at a time: two loads would both add what is missing.
    wait_in_line("catalogue")
    places = _find_places(catalogue)
    skipped = _barred(catalogue, places)
    remembered = _remembered()
    if not overwrite:
        # Deleted here since it was loaded: it stays away.
        skipped |= {slug for (slug,) in remembered["models"] if slug not in places}
    stored = read_stored({slug: place for slug, place in places.items() if slug not in skipped})
    decisions = [
        Decision(table, key, file, now, decide(file, then, now, overwrite=overwrite))
        for table in TABLES
        for key, file, then, now in _rows(table, catalogue, remembered, stored)
        if table.key[0] != "model" or key[0] not in skipped
    ]
    if not dry_run:
        _write(decisions, places)
        _remember_places(decisions, places, remembered)
    return Loaded(decisions, sorted(skipped & {slug for (slug,) in catalogue["models"]}))


def _rows(
    table: Table, catalogue: Catalogue, remembered: Catalogue, stored: Catalogue
) -> Iterator[tuple[Key, Cells, Cells, Cells]]:
    """Yield the rows that the file has, or had when it was loaded last."""
    file, then, now = (source[table.name] for source in (catalogue, remembered, stored))
    for key, row in file.items():
        yield key, row, then.get(key), now.get(key)
    if not table.leaves:
        return
    for key, row in then.items():
        if key not in file and (key[0],) in catalogue["models"]:
            yield key, None, row, now.get(key)


def _remembered() -> Catalogue:
    remembered: Catalogue = {table.name: {} for table in TABLES}
    for row in CatalogueRow.objects.all():
        remembered[row.table][tuple(row.key)] = tuple(row.cells)
    return remembered


def _write(decisions: list[Decision], places: Places) -> None:
    changes: dict[str, dict[Key, Cells]] = {}
    for row in decisions:
        if row.fate in {Fate.ADDED, Fate.CHANGED, Fate.REMOVED}:
            changes.setdefault(row.table.name, {})[row.key] = row.file
    write_stored(changes, places)
    # A row that was kept is still compared with what was written last.
    settled = [row for row in decisions if row.fate is not Fate.KEPT]
    for row in settled:
        if row.file is None:
            CatalogueRow.objects.filter(table=row.table.name, key=row.key).delete()
    CatalogueRow.objects.bulk_create(
        [
            CatalogueRow(
                table=row.table.name,
                key=row.key,
                cells=row.file,
                language_model=places[row.key[0]] if row.table is MODELS else None,
            )
            for row in settled
            if row.file is not None
        ],
        update_conflicts=True,
        unique_fields=["table", "key"],
        update_fields=["cells", "language_model"],
    )


def _remember_places(decisions: list[Decision], places: Places, remembered: Catalogue) -> None:
    """Note which model each line of `models` stands for, also where the name here is kept."""
    kept = [row for row in decisions if row.table is MODELS and row.fate is Fate.KEPT]
    CatalogueRow.objects.bulk_create(
        [
            CatalogueRow(
                table=MODELS.name,
                key=row.key,
                cells=remembered[MODELS.name].get(row.key, ()),
                language_model=places[row.key[0]],
            )
            for row in kept
        ],
        update_conflicts=True,
        unique_fields=["table", "key"],
        update_fields=["language_model"],
    )


def _find_places(catalogue: Catalogue) -> Places:
    """Find the models of the file in the database: as loaded before, by slug, by name or alias.

    A word that could mean two models finds neither.
    """
    places = {
        row.key[0]: row.language_model
        for row in CatalogueRow.objects.filter(table="models").select_related("language_model")
        if row.language_model and (row.key[0],) in catalogue["models"]
    }
    free = LanguageModel.objects.exclude(pk__in=[model.pk for model in places.values()])
    by_slug = {model.slug: model for model in free}
    by_word: dict[str, set[LanguageModel]] = defaultdict(set)
    for model in free:
        by_word[model.name.casefold()].add(model)
    words = _words(catalogue)
    owners = Counter(word for mine in words.values() for word in mine)
    for (slug,) in catalogue["models"]:
        if slug in places:
            continue
        found = by_slug.get(slug)
        if found is None:
            mine = (by_word[word] for word in words[slug] if owners[word] == 1)
            candidates = set().union(*mine)
            found = candidates.pop() if len(candidates) == 1 else None
        if found is not None:
            places[slug] = found
    return places


def _words(catalogue: Catalogue) -> dict[str, set[str]]:
    """Return how each model of the file may be called."""
    words = {slug: {name.casefold()} for (slug,), (name,) in catalogue["models"].items()}
    for slug, alias in catalogue["aliases"]:
        words[slug].add(alias.casefold())
    return words


def _barred(catalogue: Catalogue, places: Places) -> set[str]:
    """Return the models whose slug or name is another model's here, or a fictional one's."""
    others = LanguageModel.objects.all()
    by_name = {model.name: model.pk for model in others}
    by_slug = {model.slug: model.pk for model in others}
    barred = set()
    for (slug,), (name,) in catalogue["models"].items():
        place = places.get(slug)
        if place is None:
            is_barred = slug in by_slug or name in by_name
        else:
            is_barred = place.simulated or by_name.get(name, place.pk) != place.pk
        barred |= {slug} if is_barred else set()
    return barred
