"""The whole site on one machine: what `manage.py serve` and `demo` start, in which order."""

import contextlib
import http.client
import os
import socket
import sys
from collections.abc import Iterator

from django.conf import settings
from django.core.management import CommandError, call_command

from arena import servers
from arena.embedded.locks import FileLock
from arena.environment import LOCAL_DIR
from arena.processes import Program, Supervisor

LOG_FOLDER = LOCAL_DIR / "logs"
# The longest that another start may take before we give up on it.
_START_SECONDS = 300.0


def say(sentence: str) -> None:
    """Print a line of progress at once."""
    print(sentence, flush=True)  # noqa: T201  the commands' own output


def check_port(host: str, port: int) -> None:
    """Refuse a port that does not exist or that another program has."""
    if not 0 < port < 65536:
        raise CommandError(f"The port is {port}: choose one from 1 to 65535.")
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise CommandError(
            f"Port {port} on {host} cannot be used ({error.strerror}). "
            "Choose another, for example: PORT=8080 make demo"
        ) from error


@contextlib.contextmanager
def one_at_a_time() -> Iterator[contextlib.ExitStack]:
    """Let a second start of this checkout wait until the first has made its tables and files.

    Yields what ends the turn when it is closed, for those who go on inside the block.
    """
    LOCAL_DIR.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as turn:
        turn.enter_context(FileLock(LOCAL_DIR / "start.lock")).exclusive(seconds=_START_SECONDS)
        yield turn


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
        "PARITY_STAFF_SECOND_FACTOR": "1" if settings.STAFF_SECOND_FACTOR else "0",
        "PARITY_ENDPOINT_ALLOW": ",".join(settings.ENDPOINT_ALLOW),
        # One BLAS thread beside Numba: more slow the fit down.
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
    }


def web(host: str, port: int) -> Program:
    """Return the ASGI server."""
    return Program(
        "web",
        [
            *(sys.executable, "-m", "arena.web"),
            *("--host", host, "--port", str(port)),
        ],
        child_environment(),
        stop_seconds=35.0,
    )


def worker(port: int) -> Program:
    """Return the Celery worker with its scheduler in it; enough for one machine.

    The site's port tells it apart from the worker of another start of this checkout.
    """
    return Program(
        "worker",
        [
            *(sys.executable, "-m", "celery", "--app", "workers.celery", "worker", "--beat"),
            *("--schedule", str(LOCAL_DIR / f"celerybeat-schedule-{port}")),
            *("--hostname", f"parity-{port}@%h"),
            *("--concurrency", "2", "--loglevel", "INFO", "--without-gossip", "--without-mingle"),
        ],
        child_environment(),
    )


def start_site(supervisor: Supervisor, host: str, port: int) -> bool:
    """Start worker and web, wait until the site answers; False when asked to stop meanwhile."""
    supervisor.start(worker(port))
    supervisor.start(web(host, port))
    ready = supervisor.wait_until("web", lambda _: _answers(host, port), seconds=60)
    return ready is not None


def _answers(host: str, port: int) -> bool:
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  compared, not bound
    # Straight to the socket: a proxy of the environment does not know this machine's ports.
    client = http.client.HTTPConnection(name, port, timeout=5)
    try:
        client.request("GET", "/readyz", headers={"Host": _own_host()})
        return client.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        client.close()


def _own_host() -> str:
    """Return a host name that the site answers to."""
    named = (host.lstrip(".") for host in settings.ALLOWED_HOSTS if host != "*")
    return next(named, "localhost")


def default_port() -> int:
    """Return PORT from the environment, else 8000."""
    value = os.environ.get("PORT", "8000")
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise CommandError(f"PORT is {value!r}: write a number from 1 to 65535.")
    return int(value)
