"""Stores published benchmark scores of known models from a CSV file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from arena.catalog.scores import COLUMNS, ScoreFileError, import_scores


class Command(BaseCommand):
    help = (
        "Import published benchmark scores from a CSV file with the columns "
        f"{', '.join(COLUMNS)}. Models are found by slug or name; a score that is there already "
        "takes the new value."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="CSV file, UTF-8")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            with file.open(encoding="utf-8-sig", newline="") as lines:
                imported = import_scores(lines)
        except (OSError, UnicodeDecodeError, ScoreFileError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{imported.scores} scores stored")
        for name in imported.unknown:
            self.stdout.write(f"skipped, no such model: {name}")
