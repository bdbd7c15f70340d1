"""Makes a stored board again and says whether every figure is the same."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from arena.boards.models import Snapshot
from arena.boards.replay import replay

_LEAST = 8


class Command(BaseCommand):
    """`manage.py replay ID`."""

    help = (
        "Rate the votes of a stored board once more and compare every figure. The ID stands on "
        "the board's page; its first 8 characters are enough."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("id", help="a board's id, or its beginning")

    def handle(self, *args: Any, **options: Any) -> None:
        """Replay the newest snapshot that has the id."""
        snapshot = _find(options["id"])
        again = replay(snapshot)
        self.stdout.write(f"{snapshot}: {snapshot.votes:,} votes, id {snapshot.replay_id}")
        if not again.same_input:
            raise CommandError(
                f"Input, parameters or code are not the same any more: the id is now "
                f"{again.replay_id}. Another version of the numerics, or votes that were removed."
            )
        if not again.same_figures:
            raise CommandError(f"Figures differ: {', '.join(again.differing) or 'those not shown'}")
        self.stdout.write(f"Every figure is the same; figures hash {again.figures_hash}")


def _find(prefix: str) -> Snapshot:
    if len(prefix) < _LEAST or not set(prefix) <= set("0123456789abcdef"):
        raise CommandError(f"An id is made of 0 to 9 and a to f; give {_LEAST} of them or more.")
    found = Snapshot.objects.filter(replay_id__startswith=prefix).select_related("board")
    if found.order_by().values("replay_id").distinct().count() > 1:
        raise CommandError(f"Several boards begin with {prefix}: give more of the id.")
    snapshot = found.order_by("-id").first()
    if snapshot is None:
        raise CommandError(f"No stored board has the id {prefix}.")
    return snapshot
