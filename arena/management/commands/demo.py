"""Runs the whole site with sample data and models that run on this machine."""

import os
import sys
from argparse import ArgumentParser
from contextlib import ExitStack
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command

from arena import demo, launch
from arena.environment import boolean
from arena.processes import ProgramError, Supervisor


class Command(BaseCommand):
    help = (
        "Run the site here with simulated sample votes and local demo models. Needs nothing "
        "outside this machine. Ctrl-C stops it; what was voted stays in .local/."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, help="port (default: $PORT, else 8000)")
        parser.add_argument(
            "--no-llm", action="store_true", help="scripted models only, no language model"
        )

    def handle(self, *args: Any, port: int | None, no_llm: bool, **options: Any) -> None:
        port = launch.default_port() if port is None else port
        launch.check_port("127.0.0.1", port)
        with launch.one_at_a_time() as starting:
            launch.prepare()
            with Supervisor(launch.LOG_FOLDER).running() as supervisor:
                try:
                    self.run(supervisor, port, starting, no_llm=no_llm)
                except ProgramError as error:
                    raise CommandError(str(error)) from error
                launch.say("stopping")

    def run(self, supervisor: Supervisor, port: int, starting: ExitStack, *, no_llm: bool) -> None:
        """Start model servers, fill the boards, start the site, watch over them."""
        # Whoever looks at the demo's admin has nothing to protect yet.
        # Nor a mail server: codes are printed with the web process's own lines.
        os.environ.setdefault("PARITY_EMAIL_URL", "console:")
        settings.STAFF_SECOND_FACTOR = boolean("PARITY_STAFF_SECOND_FACTOR", default=False)
        if not demo.start_models(supervisor, language_model=not no_llm):
            return
        if not demo.has_catalogue():
            launch.say("catalogue: models people know, to look at in the admin")
            call_command("load_catalogue", verbosity=0)
        if not demo.has_sample_votes():
            launch.say("sample data: simulating votes on fictional models")
            call_command("simulate_votes", stdout=sys.stdout)
        starting.close()
        if launch.start_site(supervisor, "127.0.0.1", port):
            launch.say(
                f"mail, with the codes of accounts, is printed to {launch.LOG_FOLDER}/web.log"
            )
            launch.say(f"ready: http://127.0.0.1:{port}")
            supervisor.watch()
