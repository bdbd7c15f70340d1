"""Send an alarm that is none."""

import uuid
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from arena.operating import channels


class Command(BaseCommand):
    """`manage.py try_alarms`."""

    help = "Send a trial alarm by every channel that the settings name, and say what came of it."

    def handle(self, *args: Any, **options: Any) -> None:
        """Try each; fail when one fails."""
        names = channels.configured()
        if not names:
            raise CommandError("Set PARITY_ALARM_EMAILS or PARITY_ALARM_WEBHOOK first.")
        message = channels.Message(
            id=str(uuid.uuid4()),
            subject=f"[{settings.SITE_NAME}] a trial",
            lines=["Nothing is wrong: somebody tries whether alarms arrive."],
        )
        failed = []
        for name in names:
            try:
                channels.send(name, message)
            except channels.NotSentError as error:
                failed.append(f"{name}: not taken ({error})")
            else:
                self.stdout.write(f"{name}: taken")
        if failed:
            raise CommandError("\n".join(failed))
