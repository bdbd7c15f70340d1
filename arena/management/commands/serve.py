"""Runs the whole site on this machine: web, worker and scheduler."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand

from arena import launch
from arena.processes import Supervisor


class Command(BaseCommand):
    help = (
        "Run the site on this machine: web server, worker and scheduler, with the embedded "
        "Postgres and Valkey unless DATABASE_URL and REDIS_URL name others. Ctrl-C stops it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=int, help="port (default: $PORT, else 8000)")

    def handle(self, *args: Any, host: str, port: int | None, **options: Any) -> None:
        port = launch.default_port() if port is None else port
        launch.check_port(host, port)
        with launch.one_at_a_time():
            launch.prepare()
        with Supervisor(launch.LOG_FOLDER).running() as supervisor:
            if launch.start_site(supervisor, host, port):
                launch.say(f"ready: http://{host}:{port}")
                supervisor.watch()
            launch.say("stopping")
