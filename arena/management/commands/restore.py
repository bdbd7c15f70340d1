"""Restores a backup into an empty database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from arena.backups import BackupError, restore


class Command(BaseCommand):
    """`manage.py restore FILE`."""

    help = (
        "Restore a backup into the empty database that DATABASE_URL names, and compare row counts, "
        "votes and boards with what was saved. PARITY_SECRET_KEY and PARITY_ENCRYPTION_KEYS must "
        "be those of the site that was saved, or its endpoints' keys cannot be read."
    )
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own attribute
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("file", type=Path, help="what backup wrote")

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore it and say what came out."""
        try:
            summary = restore(options["file"])
        except BackupError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"{sum(summary.rows.values()):,} rows were restored, {summary.rows['battles_vote']:,} "
            f"votes with the hash {summary.votes[:16]}. Run `manage.py migrate` next."
        )
