"""Give the roles their permissions again."""

from typing import Any

from django.core.management.base import BaseCommand

from arena.staff.roles import make_roles


class Command(BaseCommand):
    """`manage.py roles`."""

    help = (
        "Set the permissions of operator, moderator and analyst back to what they are by default. "
        "An account is put into a role in the admin, under its groups."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Set them and say so."""
        for name in make_roles(reset=True):
            self.stdout.write(f"{name}: set")
