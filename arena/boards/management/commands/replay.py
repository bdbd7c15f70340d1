"""Makes a stored board again and says whether every figure is the same."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from arena.boards.frozen import frozen_board
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
        parser.add_argument("--board", default="", help="which of several boards with this id")
        parser.add_argument("--source", default="", help="of which source of votes")

    def handle(self, *args: Any, **options: Any) -> None:
        """Replay the board that has the id, as its page shows it."""
        snapshot = _find(options["id"], options["board"], options["source"])
        again = replay(snapshot)
        self.stdout.write(f"{snapshot}: {snapshot.votes:,} votes, id {snapshot.replay_id}")
        if not again.same_input:
            raise CommandError(
                f"Input, parameters or code are not the same any more: the id is now "
                f"{again.replay_id}. Another version of the numerics, or votes that were removed."
            )
        if not again.same_figures:
            raise CommandError(f"Figures differ: {', '.join(again.differing) or 'those not shown'}")
        if again.same_gap is False:
            raise CommandError("The board is the same; figures of the gap differ.")
        if again.same_gap:
            gap = snapshot.gap.get("id", "none")
            self.stdout.write(f"The gap is the same, from the models' facts of then; id {gap}")
        same = (
            f"figures hash {again.figures_hash}" if again.figures_hash else "no model has a rating"
        )
        self.stdout.write(f"Every figure is the same; {same}")


def _find(prefix: str, board: str, source: str) -> Snapshot:
    if len(prefix) < _LEAST or not set(prefix) <= set("0123456789abcdef"):
        raise CommandError(f"An id is made of 0 to 9 and a to f; give {_LEAST} of them or more.")
    stored = Snapshot.objects.filter(replay_id__startswith=prefix).order_by()
    ids = list(stored.values_list("replay_id", flat=True).distinct()[:2])
    if len(ids) > 1:
        raise CommandError(f"Several boards begin with {prefix}: give more of the id.")
    found = frozen_board(ids[0], board=board, source=source) if ids else None
    if found is None:
        raise CommandError(f"No stored board has the id {prefix}.")
    return found.snapshot
