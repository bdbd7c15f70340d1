"""A Postgres of a test's own, with all tables, which may be killed and stopped."""

import json
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from arena.embedded.layout import Layout
from arena.embedded.postgres import Postgres, database_url
from tests.faults.web_process import environment_of_programs

ROOT = Path(__file__).resolve().parents[2]


class OwnPostgres:
    """The server, and what a test does to it."""

    def __init__(self, layout: Layout) -> None:
        self._server = Postgres(layout)
        self.environment = {**environment_of_programs(), "DATABASE_URL": database_url(layout)}

    def start(self) -> None:
        """Start it, for the first time or after its death."""
        self._server.start()

    def kill(self) -> None:
        """`kill -9` every process of it."""
        for process in self._processes():
            process.kill()

    def freeze(self) -> None:
        """Stop every process of it as a paused machine does: connections stay, nobody answers."""
        for process in self._processes():
            process.suspend()

    def thaw(self) -> None:
        """Let it go on."""
        for process in self._processes():
            process.resume()

    def end(self) -> None:
        """End it for good."""
        self.thaw()
        self._server.stop()

    def run(self, *arguments: str) -> str:
        """Run a Python program on it; return what it prints."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def battles_to_vote(self, voter: uuid.UUID, count: int) -> list[str]:
        """Make battles of a voter that can be voted on; return their ids."""
        made = self.run("-m", "tests.faults.battles_to_vote", voter.hex, str(count))
        ids: list[str] = json.loads(made)
        return ids

    def _processes(self) -> list[psutil.Process]:
        pid = self._server.pid_file
        if not pid.exists():
            return []
        try:
            postmaster = psutil.Process(int(pid.read_text().split()[0]))
            return [postmaster, *postmaster.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


@contextmanager
def own_postgres() -> Iterator[OwnPostgres]:
    """Run a Postgres with all tables; ended and deleted at the end."""
    with tempfile.TemporaryDirectory(prefix="parity-postgres-") as folder:
        Path(folder).chmod(0o755)  # its system user must enter
        layout = Layout(Path(folder).resolve())
        layout.make_root()
        layout.make_folders()
        postgres = OwnPostgres(layout)
        postgres.start()
        try:
            postgres.run("manage.py", "migrate", "--no-input", "--verbosity", "0")
            yield postgres
        finally:
            postgres.end()
