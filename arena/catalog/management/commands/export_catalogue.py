"""Writes the catalogue as it stands in the database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from arena.catalog.catalogue.stored import all_places, read_stored
from arena.catalog.catalogue.tables import write


class Command(BaseCommand):
    """`manage.py export_catalogue`."""

    help = (
        "Write models, their makers, licences, facts and prices as CSV files, in the format that "
        "load_catalogue reads. Endpoints, keys, votes and fictional models are not among them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("folder", type=Path, help="where to write; made if it is not there")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        """Read, write, tell."""
        places = all_places()
        try:
            write(read_stored(places), folder)
        except OSError as error:
            raise CommandError(f"{folder} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"{len(places)} models written to {folder}")
