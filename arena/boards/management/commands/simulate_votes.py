"""Simulated votes on fictional models, for a first look at the boards."""

import datetime as dt
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.utils import timezone
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from arena.boards.models import Method
from arena.boards.newest import newest_snapshot
from arena.boards.refresh import refresh_boards
from arena.boards.simulation import SOURCE, simulate
from arena.catalog.models import LanguageModel
from arena.integrity.models import UndecidedVote


class Command(BaseCommand):
    help = (
        "Fill the boards with simulated votes on models that do not exist, marked as simulated "
        "on every page. They are never drawn in battles; remove_simulated removes them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--votes", type=int, default=20_000, help="how many (default: 20000)")
        parser.add_argument("--voters", type=int, default=600, help="of how many (default: 600)")
        parser.add_argument("--seed", type=int, default=1, help="the same seed, the same votes")
        parser.add_argument("--models", type=int, default=20, help="of how many (default: 20)")

    def handle(
        self, *args: Any, votes: int, voters: int, seed: int, models: int, **options: Any
    ) -> None:
        if votes < 1 or voters < 1 or models < 2:
            raise CommandError("--votes and --voters must be 1 or more, --models 2 or more.")
        if LanguageModel.objects.filter(simulated=True).exists():
            raise CommandError(
                "There are simulated votes already. Remove them first: manage.py remove_simulated."
            )
        now = timezone.now()
        with _bar(self.stdout) as progress:
            writing = progress.add_task("votes", total=votes)
            simulate(
                votes=votes,
                voters=voters,
                models=models,
                seed=seed,
                until=now,
                on_progress=lambda done: progress.update(writing, completed=done),
            )
            self._rate(progress, votes, now)
        self.stdout.write(f"{votes:,} simulated votes are on the board.")

    def _rate(self, progress: Progress, votes: int, now: dt.datetime) -> None:
        """Decide and rate here, so that the boards are there when the command ends."""
        rating = progress.add_task("boards", total=votes)
        waiting = UndecidedVote.objects.filter(source=SOURCE)
        while (left := waiting.count()) or not newest_snapshot(SOURCE, Method.BRADLEY_TERRY):
            progress.update(rating, completed=votes - left)
            if not refresh_boards(now):
                time.sleep(0.1)  # a worker is at it
        progress.update(rating, completed=votes)


def _bar(stdout: Any) -> Progress:
    return Progress(
        TextColumn("{task.description:>8}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        disable=not sys.stdout.isatty(),
    )
