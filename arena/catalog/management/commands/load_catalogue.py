"""Loads the catalogue of models people know."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from arena.catalog.catalogue.loading import Decision, Fate, Loaded, load
from arena.catalog.catalogue.tables import SHIPPED, TABLES, CatalogueFileError, read

_WRITTEN = (Fate.ADDED, Fate.CHANGED, Fate.REMOVED)


class Command(BaseCommand):
    """`manage.py load_catalogue`."""

    help = (
        "Load models, their makers, licences, facts and prices from the catalogue's files. What "
        "was changed in the admin is kept. A loaded model is in no battle and on no board until "
        "it has an endpoint or votes. With --verbosity 2 every row that changes is shown."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "folder", type=Path, nargs="?", default=SHIPPED, help="the shipped one by default"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would be done")
        parser.add_argument(
            "--overwrite", action="store_true", help="undo what was changed in the admin"
        )

    def handle(self, *args: Any, folder: Path, verbosity: int, **options: Any) -> None:
        """Read, load, tell."""
        try:
            catalogue = read(folder)
        except (CatalogueFileError, OSError) as error:
            raise CommandError(f"{error} Nothing was loaded.") from error
        loaded = load(catalogue, overwrite=options["overwrite"], dry_run=options["dry_run"])
        if verbosity:
            self._tell(loaded, details=verbosity > 1)
        if options["dry_run"]:
            self.stdout.write("Nothing was written: this was a dry run.")

    def _tell(self, loaded: Loaded, *, details: bool) -> None:
        for table in TABLES:
            counts = [f"{number} {fate}" for fate in Fate if (number := loaded.count(table, fate))]
            self.stdout.write(f"{table.name}: {', '.join(counts) or 'none'}")
        for row in loaded.of(*_WRITTEN) if details else ():
            self.stdout.write(f"{row.fate}: {_line(row)}")
        for row in loaded.of(Fate.KEPT):
            self.stdout.write(f"kept as it is here: {_line(row)}")
        for slug in loaded.skipped:
            self.stdout.write(
                f"left out: {slug} was deleted here, or its slug or name is another model's"
            )


def _line(row: Decision) -> str:
    key = ", ".join(row.key)
    if row.fate is Fate.KEPT:
        return f"{row.table.name} {key} ({_cells(row.stored)}; in the file {_cells(row.file)})"
    return f"{row.table.name} {key}: {_cells(row.stored)} -> {_cells(row.file)}"


def _cells(row: tuple[str, ...] | None) -> str:
    return "nothing" if row is None else " | ".join(row) or "there"
