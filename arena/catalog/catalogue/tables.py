"""The catalogue's files: CSV, one per noun, one fact a line, each with its source.

In memory a catalogue is rows of text by table. Two tables stand in one file, `facts.csv`: what
sources claim of a model's facts, and which of the claimed values the arena goes by (`taken`).
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from arena.catalog.catalogue import cells
from arena.catalog.catalogue.contradictions import contradictions
from arena.catalog.models import Fact

SHIPPED = Path(__file__).with_name("files")
# Stands as the source of a value that the arena goes by and no source supports.
UNSOURCED = "unsourced"

type Key = tuple[str, ...]
type Rows = dict[Key, tuple[str, ...]]
type Catalogue = dict[str, Rows]


class CatalogueFileError(ValueError):
    """A file of the catalogue is wrong; the sentence names the file, the line and what is wrong."""


@dataclass(frozen=True)
class Table:
    """The columns of a table: those that name a row, then the others."""

    name: str
    key: tuple[str, ...]
    cells: tuple[str, ...]
    # Rows of a model go when they leave the file; models, makers and licences stay.
    leaves: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns, as the file has them."""
        return self.key + self.cells


ORGANISATIONS = Table("organisations", ("name",), ("country", "site", "source"), leaves=False)
LICENCES = Table(
    "licences",
    ("identifier",),
    (
        *("name", "licence_class", "commercial_use", "derivatives"),
        *("conditions", "since", "source"),
    ),
    leaves=False,
)
MODELS = Table("models", ("model",), ("name",), leaves=False)
ALIASES = Table("aliases", ("model", "alias"), ())
TAKEN = Table("taken", ("model", "fact"), ("value",))
CLAIMS = Table("claims", ("model", "fact", "source"), ("value", "read_on"))
LICENSINGS = Table("licensings", ("model", "since"), ("licence", "licence_class", "source"))
PRICES = Table("prices", ("model", "since"), ("input_usd", "output_usd", "source"))
# In the order in which they are written: a row comes after what it names.
TABLES = (ORGANISATIONS, LICENCES, MODELS, ALIASES, TAKEN, CLAIMS, LICENSINGS, PRICES)

_FACTS = Table("facts", ("model", "fact", "value", "source"), ("read_on", "taken"))
_FILES = (ORGANISATIONS, LICENCES, MODELS, ALIASES, _FACTS, LICENSINGS, PRICES)

# What may stand in a column, whatever the table.
_CHECKS: Mapping[str, Callable[[str], str]] = {
    "name": cells.text,
    "model": cells.slug,
    "alias": cells.text,
    "identifier": cells.text,
    "country": cells.country,
    "site": cells.address_or_nothing,
    "licence_class": cells.licence_class,
    "commercial_use": cells.permission,
    "derivatives": cells.permission,
    "fact": cells.fact,
    "read_on": cells.day_or_nothing,
    "input_usd": cells.dollars,
    "output_usd": cells.dollars,
    "taken": cells.yes_or_nothing,
}
# Where a column is checked by more than its name.
_CHECKS_OF: Mapping[tuple[str, str], Callable[[str], str]] = {
    ("licences", "since"): cells.day_or_nothing,
    ("licensings", "since"): cells.day,
    ("prices", "since"): cells.day,
    ("facts", "source"): cells.text,
    ("licensings", "source"): cells.address_or_nothing,
    ("prices", "source"): cells.address_or_nothing,
}


def read(folder: Path = SHIPPED) -> Catalogue:
    """Read the files of a folder.

    Raises
    ------
    CatalogueFileError
        A file is missing, a line of it is wrong or lines contradict each other; nothing of the
        catalogue is to be used then.
    """
    catalogue: Catalogue = {table.name: {} for table in TABLES}
    for table in _FILES:
        path = folder / f"{table.name}.csv"
        try:
            with path.open(encoding="utf-8", newline="") as lines:
                for line, row in _lines(lines, table, path.name):
                    _take(catalogue, table, row, f"{path.name}, line {line}")
        except FileNotFoundError:
            raise CatalogueFileError(f"{path} is missing.") from None
        except UnicodeDecodeError as error:
            raise CatalogueFileError(f"{path.name} is not UTF-8: {error}.") from error
    _check_references(catalogue)
    for sentence in contradictions(catalogue):
        raise CatalogueFileError(sentence)
    return catalogue


def write(catalogue: Catalogue, folder: Path) -> None:
    """Write the files, sorted, so that two exports differ only where the catalogue does."""
    folder.mkdir(parents=True, exist_ok=True)
    for table in _FILES:
        rows = _facts(catalogue) if table is _FACTS else _rows(catalogue[table.name])
        with (folder / f"{table.name}.csv").open("w", encoding="utf-8", newline="") as lines:
            out = csv.writer(lines, lineterminator="\n")
            out.writerow(table.columns)
            out.writerows(rows)


def _lines(lines: Iterable[str], table: Table, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(lines, strict=True)
    try:
        if tuple(next(reader, ())) != table.columns:
            raise CatalogueFileError(f"{name} must begin with {','.join(table.columns)}.")
        for row in reader:
            if len(row) != len(table.columns):
                raise CatalogueFileError(
                    f"{name}, line {reader.line_num}: {len(row)} cells, {len(table.columns)} "
                    "are needed; a cell with a comma stands in quotes."
                )
            yield reader.line_num, dict(zip(table.columns, row, strict=True))
    except csv.Error as error:
        raise CatalogueFileError(f"{name}, line {reader.line_num}: {error}.") from error


def _take(catalogue: Catalogue, table: Table, row: dict[str, str], where: str) -> None:
    """Check a row and put it into its table."""
    try:
        for column, text in row.items():
            check = _CHECKS_OF.get((table.name, column)) or _CHECKS.get(column)
            if check and check(text) != text:
                raise ValueError(f"{column} is written {check(text)!r}, not {text!r}")
        if table is _FACTS:
            _take_fact(catalogue, row)
        else:
            _put(catalogue[table.name], table, row)
    except ValueError as error:
        raise CatalogueFileError(f"{where}: {error}.") from None


def _put(rows: Rows, table: Table, row: Mapping[str, str]) -> None:
    key = tuple(row[column] for column in table.key)
    if key in rows:
        raise ValueError(f"{', '.join(key)} is there already")
    rows[key] = tuple(row[column] for column in table.cells)


def _take_fact(catalogue: Catalogue, row: Mapping[str, str]) -> None:
    """Split a line into what is claimed and what is taken."""
    fact, value = Fact(row["fact"]), row["value"]
    canonical = cells.value(fact, value, whole=bool(row["taken"]))
    if canonical != value:
        raise ValueError(f"value is written {canonical!r}, not {value!r}")
    if row["source"] != UNSOURCED:
        _put(catalogue["claims"], CLAIMS, row)
    elif not row["taken"]:
        raise ValueError("a value without a source that is not taken says nothing")
    if row["taken"]:
        taken = catalogue["taken"].setdefault((row["model"], fact.value), (value,))
        if taken != (value,):
            raise ValueError(f"two values are taken for {fact.value}: {taken[0]} and {value}")


def _check_references(catalogue: Catalogue) -> None:
    """Refuse a line that names a model or licence that is in no file, or two models of one name."""
    for table in (ALIASES, TAKEN, CLAIMS, LICENSINGS, PRICES):
        for model, *rest in catalogue[table.name]:
            if (model,) not in catalogue["models"]:
                raise CatalogueFileError(f"{model} ({', '.join(rest)}) is not in models.csv.")
    for (model, since), (licence, licence_class, _source) in catalogue["licensings"].items():
        if not licence:
            continue
        if (licence,) not in catalogue["licences"]:
            raise CatalogueFileError(f"{model}, {since}: {licence} is not in licences.csv.")
        usual = catalogue["licences"][licence,][1]
        if licence_class not in {usual, "fully_open"}:
            raise CatalogueFileError(
                f"{model}, {since}: under {licence} a model is {usual} or fully_open, "
                f"not {licence_class}."
            )
    names = [name.casefold() for (name,) in catalogue["models"].values()]
    if twice := {name for name in names if names.count(name) > 1}:
        raise CatalogueFileError(f"models.csv has two models named {min(twice)}.")


def _rows(rows: Rows) -> list[Key]:
    return sorted(key + cells_of for key, cells_of in rows.items())


def _facts(catalogue: Catalogue) -> list[Key]:
    """Join claims and taken values into the lines of `facts.csv`."""
    taken = {key: value for key, (value,) in catalogue["taken"].items()}
    lines = []
    supported = set()
    for (model, fact, source), (value, read_on) in catalogue["claims"].items():
        is_taken = taken.get((model, fact)) == value
        supported |= {(model, fact)} if is_taken else set()
        lines.append((model, fact, value, source, read_on, "yes" if is_taken else ""))
    lines += [
        (model, fact, value, UNSOURCED, "", "yes")
        for (model, fact), value in taken.items()
        if (model, fact) not in supported
    ]
    order = {fact.value: place for place, fact in enumerate(Fact)}
    return sorted(lines, key=lambda line: (line[0], order[line[1]], not line[5], *line[2:4]))
