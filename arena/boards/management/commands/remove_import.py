"""Takes an import away again."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from arena.battles.models import Vote
from arena.boards.removal import remove_source


class Command(BaseCommand):
    """`manage.py remove_import NAME`."""

    help = (
        "Remove the votes of an import, with their battles, answers, voters, verdicts and boards. "
        "Models stay in the catalogue."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("name", help="the NAME that import_votes told: import:NAME")

    def handle(self, *args: Any, **options: Any) -> None:
        """Remove the import and say how many votes it had."""
        source = f"import:{options['name'].removeprefix('import:')}"
        removed = remove_source(source)
        if not removed:
            imports = Vote.objects.filter(source__startswith="import:").order_by()
            names = ", ".join(sorted(imports.values_list("source", flat=True).distinct()))
            raise CommandError(f"There are no votes of {source}. Imports: {names or 'none'}.")
        self.stdout.write(f"{removed:,} votes of {source} were removed.")
