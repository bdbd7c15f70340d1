"""The whole site on one machine: what `manage.py serve` and `demo` start, in which order."""

import os
import socket
import sys
import urllib.error
import urllib.request

from django.conf import settings
from django.core.management import CommandError, call_command

from arena import servers
from arena.environment import LOCAL_DIR
from arena.processes import Program, Supervisor

LOG_FOLDER = LOCAL_DIR / "logs"


def say(sentence: str) -> None:
    """Print a line of progress at once."""
    print(sentence, flush=True)  # noqa: T201  the commands' own output


def check_port(host: str, port: int) -> None:
    """Refuse a port that another program has."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} on {host} cannot be used ({error.strerror}). "
                f"Choose another: PORT={port + 1} make demo"
            ) from error


def prepare() -> None:
    """Bring database, translations and static files up to date."""
    say("database: migrating")
    call_command("migrate", interactive=False, verbosity=0)
    say("translations and static files")
    call_command("messages", "compile", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)


def child_environment() -> dict[str, str]:
    """Return the environment in which a program uses our servers and starts none."""
    return {
        "DATABASE_URL": servers.database_url(),
        "REDIS_URL": servers.redis_url(),
        # One BLAS thread beside Numba: more slow the fit down.
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
    }


def web(host: str, port: int) -> Program:
    """Return the ASGI server."""
    return Program(
        "web",
        [
            *(sys.executable, "-m", "uvicorn", "arena.asgi:application"),
            *("--host", host, "--port", str(port)),
            *("--lifespan", "on", "--no-access-log", "--no-server-header"),
            # Frames are coalesced already; compressing each would only cost time.
            *("--ws-per-message-deflate", "false", "--ws-max-size", "262144"),
            *("--timeout-graceful-shutdown", "30"),
        ],
        child_environment(),
        stop_seconds=35.0,
    )


def worker() -> Program:
    """Return the Celery worker with its scheduler in it; enough for one machine."""
    return Program(
        "worker",
        [
            *(sys.executable, "-m", "celery", "--app", "workers.celery", "worker", "--beat"),
            *("--schedule", str(LOCAL_DIR / "celerybeat-schedule")),
            *("--concurrency", "1", "--loglevel", "INFO", "--without-gossip", "--without-mingle"),
        ],
        child_environment(),
    )


def start_site(supervisor: Supervisor, host: str, port: int) -> bool:
    """Start worker and web, wait until the site answers; False when asked to stop meanwhile."""
    supervisor.start(worker())
    supervisor.start(web(host, port))
    ready = supervisor.wait_until("web", lambda _: _answers(host, port), seconds=60)
    return ready is not None


def _answers(host: str, port: int) -> bool:
    name = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104  compared, not bound
    request = urllib.request.Request(
        f"http://{name}:{port}/readyz", headers={"Host": settings.ALLOWED_HOSTS[0].lstrip(".")}
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def default_port() -> int:
    """Return PORT from the environment, else 8000."""
    value = os.environ.get("PORT", "8000")
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise CommandError(f"PORT is {value!r}: write a number from 1 to 65535.")
    return int(value)
