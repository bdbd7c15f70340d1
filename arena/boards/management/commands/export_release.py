"""Writes a data release."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from arena.boards.releases.export import ReleaseRefusedError, export_release
from arena.boards.releases.personal_data import PersonalDataUnavailableError


class Command(BaseCommand):
    """`manage.py export_release FOLDER`."""

    help = (
        "Write the votes behind the newest published boards, with prompts and answers without "
        "personal data, as Parquet and JSON lines. Broken off, the same command goes on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("folder", type=Path, help="where to write; empty or not there yet")
        parser.add_argument(
            "--source", default="live", help="live (default), import:NAME or simulated"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it and say what is in it."""
        columns = (TextColumn("votes"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, disable=not sys.stdout.isatty()) as bars:
            bar = bars.add_task("votes")
            try:
                release = export_release(
                    options["source"],
                    options["folder"],
                    on_progress=lambda _what, done, total: bars.update(
                        bar, completed=done, total=total
                    ),
                )
            except (ReleaseRefusedError, PersonalDataUnavailableError) as refusal:
                raise CommandError(str(refusal)) from None
        self.stdout.write(
            f"In {release.folder}, of {release.source}: votes {release.votes:,}, turns "
            f"{release.turns:,}, boards {release.boards}."
        )
