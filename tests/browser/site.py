"""A whole site for a browser: its own database, collected static files, models, a web process."""

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString, Self
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from tests.ports import free_port
from workers.demo.faults import fault_of
from workers.demo.http import Exchange
from workers.demo.model_server import ModelServer
from workers.demo.performance import Performance

ROOT = Path(__file__).resolve().parent.parent.parent
MODELS = ("parrot-70b", "mockingbird-8b")
_START_SECONDS = 60.0
_IN_TURN = """
import json, os, sys
from django.core.management import execute_from_command_line
from tests.ports import free_port
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "arena.settings")
for command in json.loads(sys.argv[1]):
    execute_from_command_line(["manage.py", *command])
"""
_BEHIND = """
    SELECT EXISTS (SELECT FROM integrity_undecidedvote) OR EXISTS (
        SELECT FROM integrity_decisioncount c WHERE NOT EXISTS (
            SELECT FROM boards_snapshot s JOIN boards_board b ON b.id = s.board_id
            WHERE b.source = c.source AND s.decisions = c.decisions))
"""


class Parrots(ModelServer):
    """Two models that answer with what the prompt says after ``say:``, at a set speed."""

    def __init__(self) -> None:
        super().__init__(dict.fromkeys(MODELS, "Aviary"), host="127.0.0.1", port=0)
        self.tokens_per_second = 400.0
        self.first_token_seconds = 0.05

    async def complete(self, exchange: Exchange, body: Mapping[str, Any]) -> None:
        """Repeat the last message; a prompt that begins with ``fail:`` breaks off in the middle."""
        asked = _text(body["messages"][-1]["content"])
        text = asked.partition("say:")[2] or f"You asked: **{asked}** That is all."
        performance = Performance(exchange, body)
        breaks_off = fault_of("fault:bad-json")
        if asked.startswith("fail:") and breaks_off:
            await breaks_off(performance)
            return
        await performance.pause(self.first_token_seconds)
        await performance.begin()
        complete = await performance.speak(text, self.tokens_per_second)
        await performance.finish("stop" if complete else "length")


def _text(content: str | Sequence[Mapping[str, Any]]) -> str:
    """Return what a message says beside its pictures."""
    return content if isinstance(content, str) else str(content[0]["text"])


class InThread:
    """Runs a model server beside the test, on an event loop of its own."""

    def __init__(self, models: ModelServer) -> None:
        self.models = models
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.models.__aenter__(), self._loop).result(10)
        return self

    def __exit__(self, *exception: object) -> None:
        end = self.models.__aexit__(None, None, None)
        asyncio.run_coroutine_threadsafe(end, self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


class Site:
    """Where the site answers, how its models behave, and the environment of its programs."""

    def __init__(
        self,
        url: str,
        parrots: Parrots,
        environment: Mapping[str, str],
        log: Path = Path(os.devnull),
    ) -> None:
        self.url = url
        self.parrots = parrots
        self.environment = environment
        # What the web process prints, its mails among it.
        self.log = log

    def manage(self, *arguments: str, **environment: str) -> None:
        """Run a command of the project on the site's servers."""
        manage({**self.environment, **environment}, *arguments)

    def execute(self, statement: LiteralString, *parameters: object) -> tuple[Any, ...] | None:
        """Run a statement on the site's database; return the first row, where there are rows."""
        with psycopg.connect(self.environment["DATABASE_URL"], autocommit=True) as connection:
            cursor = connection.execute(statement, parameters or None)
            return cursor.fetchone() if cursor.description else None

    def wait_until_boards_are_up_to_date(self) -> None:
        """Wait until a worker has counted every vote that was cast so far."""
        end = time.monotonic() + _START_SECONDS
        while self.execute(_BEHIND) != (False,):
            assert time.monotonic() < end, "the worker does not bring the boards up to date"
            time.sleep(0.2)


@contextmanager
def running_site(
    models: ModelServer,
    names: Sequence[str] = MODELS,
    *,
    database_url: str,
    redis_url: str,
    folder: Path,
) -> Iterator[str]:
    """Serve a fresh site until the block ends; return its URL.

    The named models are in its battles: the first open, the others closed.
    """
    recreate_database(database_url)
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PARITY_STATIC_ROOT": str(folder / "static"),
        "PARITY_ENDPOINT_ALLOW": "127.0.0.1:1-65535,[::1]:1-65535",
        "PARITY_PROMPTS_PER_MINUTE": "1000",
        "PARITY_UNDO_SECONDS": "1.5",
        "PARITY_BREAKER_FAILURES": "1000",
        "PARITY_MAX_STREAMING_BATTLES": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PARITY_EMAIL_URL": "console:",
    }
    with InThread(models):
        endpoints = folder / "endpoints.toml"
        endpoints.write_text(endpoints_file(models.base_url, names))
        manage_in_turn(
            environment,
            ("migrate", "--verbosity", "0"),
            ("collectstatic", "--no-input", "--verbosity", "0"),
            ("add_endpoint", "--file", str(endpoints)),
        )
        with web_process(environment, folder / "web.log") as url:
            yield url


def recreate_database(url: str) -> None:
    """Make the database empty."""
    drop_database(url)
    _on_database(url, "CREATE DATABASE {}")


def drop_database(url: str) -> None:
    """Remove the database, whoever is connected."""
    _on_database(url, "DROP DATABASE IF EXISTS {} WITH (FORCE)")


def _on_database(url: str, statement: LiteralString) -> None:
    parts = urlsplit(url)
    server = urlunsplit(parts._replace(path="/postgres"))
    with psycopg.connect(server, autocommit=True) as connection:
        name = sql.Identifier(parts.path.lstrip("/"))
        connection.execute(sql.SQL(statement).format(name))


def endpoints_file(base_url: str, names: Sequence[str]) -> str:
    """Return the TOML that puts models into battles: the first open, the others closed."""
    licences = ("weights_permissive", *["closed"] * (len(names) - 1))
    return "".join(
        f'[[endpoint]]\nbase_url = "{base_url}"\nmodel = "{model}"\n'
        f'name = "{model.replace("-", " ").title()}"\norganisation = "Aviary"\n'
        f'licence_class = "{licence}"\n'
        for model, licence in zip(names, licences, strict=True)
    )


def manage(environment: Mapping[str, str], *arguments: str) -> None:
    """Run a command of the project, loudly when it fails."""
    _run(environment, str(ROOT / "manage.py"), *arguments)


def manage_in_turn(environment: Mapping[str, str], *commands: Sequence[str]) -> None:
    """Run commands of the project in one process: to start each takes longer than most of them."""
    _run(environment, "-c", _IN_TURN, json.dumps(commands))


def _run(environment: Mapping[str, str], *arguments: str) -> None:
    command = [sys.executable, *arguments]
    done = subprocess.run(
        command, env=dict(environment), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"


@contextmanager
def web_process(environment: Mapping[str, str], log: Path) -> Iterator[str]:
    """Run the web server as `manage.py serve` does."""
    port = free_port()
    command = [
        *(sys.executable, "-m", "uvicorn", "arena.asgi:application"),
        *("--host", "127.0.0.1", "--port", str(port), "--lifespan", "off"),
        *("--no-access-log", "--ws-per-message-deflate", "false"),
        *("--timeout-graceful-shutdown", "1"),
    ]
    url = f"http://127.0.0.1:{port}"
    with _program(command, environment, log) as process:
        wait_for(url, process, log)
        yield url


@contextmanager
def worker_process(environment: Mapping[str, str], folder: Path) -> Iterator[None]:
    """Run the Celery worker with its schedule, as `manage.py serve` does."""
    command = [
        *(sys.executable, "-m", "celery", "--app", "workers.celery", "worker", "--beat"),
        *("--schedule", str(folder / "schedule"), "--hostname", f"browser-{os.getpid()}@%h"),
        *("--concurrency", "1", "--without-gossip", "--without-mingle"),
    ]
    with _program(command, environment, folder / "worker.log"):
        yield


@contextmanager
def _program(
    command: Sequence[str], environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("w") as file:
        process = subprocess.Popen(
            command, env=dict(environment), cwd=ROOT, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the site answers; fail with its log when it does not."""
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=5):
                return
        except OSError:  # refused, or too slow as yet
            time.sleep(0.1)
    raise AssertionError(f"the web process did not start:\n{log.read_text()}")
