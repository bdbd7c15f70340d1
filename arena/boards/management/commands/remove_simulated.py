"""Takes the sample data away again."""

from typing import Any

from django.core.management import BaseCommand

from arena.boards.simulation import remove_simulated


class Command(BaseCommand):
    help = "Remove all simulated votes with their models, voters and boards."

    def handle(self, *args: Any, **options: Any) -> None:
        number = remove_simulated()
        if number:
            self.stdout.write(f"{number:,} simulated votes were removed.")
        else:
            self.stdout.write("There were no simulated votes.")
