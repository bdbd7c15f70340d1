"""Import a file of votes."""

import re
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from arena.battles.imports.formats import AUTO, FORMAT_NAMES, choose_format
from arena.battles.imports.plain import ROLES
from arena.battles.imports.records import VoteFile
from arena.battles.imports.report import ImportReport
from arena.battles.imports.rows import ImportRefusedError
from arena.battles.imports.store import source_of, store_votes
from arena.battles.models import Outcome


class Command(BaseCommand):
    """`manage.py import_votes FILE`."""

    help = (
        "Import human votes from a file: CSV, JSON, JSON lines or Parquet; FastChat's and "
        "LMArena's public files are recognised by their columns. One transaction: all or nothing. "
        "A second import of the same file stores nothing. Each import has its own board."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--source", metavar="NAME", help="name of the import (default: from the file's name)"
        )
        parser.add_argument("--format", choices=FORMAT_NAMES, default=AUTO)
        parser.add_argument(
            "--column",
            nargs="+",
            action="extend",
            default=[],
            metavar="ROLE=COLUMN",
            help=f"which column is what; roles: {', '.join(ROLES)}",
        )
        parser.add_argument(
            "--outcome-values",
            nargs="+",
            action="extend",
            default=[],
            metavar="WORD=OUTCOME",
            help=f"what the file's words mean; outcomes: {', '.join(Outcome.values)}",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="do everything, report, and undo it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Import the file and report."""
        path: Path = options["file"]
        try:
            source = source_of(options["source"] or _name_from(path))
            file = VoteFile(path)
            name, read_vote = choose_format(
                options["format"],
                file.columns,
                chosen_columns=_pairs("--column", options["column"]),
                outcome_words=_pairs("--outcome-values", options["outcome_values"]),
            )
            report = ImportReport(format=name, row_word=file.row_word)
            with _progress(path.name, file.size) as progress:
                store_votes(
                    *(file, read_vote, source, report),
                    dry_run=options["dry_run"],
                    progress=_advance(progress),
                )
        except ImportRefusedError as error:
            raise CommandError(f"{error}\nNothing was imported.") from None
        self._tell(report, source, dry_run=options["dry_run"])

    def _tell(self, report: ImportReport, source: str, *, dry_run: bool) -> None:
        would = "would be " if dry_run else ""
        self.stdout.write(
            f"{report.imported} votes {would}imported as {source} ({report.format}, "
            f"{report.rows} rows, {report.turns} turns of conversation)."
        )
        if report.already_there:
            self.stdout.write(f"{report.already_there} were there already.")
        for line in report.skip_lines():
            self.stdout.write(line)


def _name_from(path: Path) -> str:
    return re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")[:50]


def _pairs(option: str, words: list[str]) -> dict[str, str]:
    pairs = {}
    for word in words:
        left, equals, right = word.partition("=")
        if not (left and equals and right):
            raise CommandError(f"{option} {word}: write it as LEFT=RIGHT.")
        pairs[left] = right
    return pairs


def _progress(name: str, size: int) -> Progress:
    progress = Progress(
        TextColumn("{task.description}"),
        *(BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TimeRemainingColumn()),
        console=Console(stderr=True),
        transient=True,
    )
    progress.disable = not progress.console.is_terminal
    progress.add_task(name, total=size)
    return progress


def _advance(progress: Progress) -> Callable[[int], None]:
    return lambda position: progress.update(progress.task_ids[0], completed=position)
