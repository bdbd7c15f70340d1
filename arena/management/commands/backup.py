"""Writes a backup of the whole database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from arena.backups import BackupError, back_up, summary_of


class Command(BaseCommand):
    """`manage.py backup FILE`."""

    help = (
        "Write the whole database to a file, while the site runs. Keep it as safe as the site: it "
        "has every prompt, and the encrypted keys of endpoints. restore reads it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("file", type=Path, help="where to write it, such as parity.dump")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it and say what is in it."""
        path: Path = options["file"]
        try:
            summary = back_up(path)
        except BackupError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"{path} has {sum(summary.rows.values()):,} rows, {summary.rows['battles_vote']:,} "
            f"votes with the hash {summary.votes[:16]}; {summary_of(path)} says what to expect."
        )
