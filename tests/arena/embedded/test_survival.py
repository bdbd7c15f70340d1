"""What the embedded servers survive, shown with real servers and real kills."""

import os
import signal
import subprocess
from pathlib import Path

import psutil
import psycopg
import pytest
from kombu.connection import Connection

from arena.embedded import EmbeddedError, EmbeddedServers
from arena.embedded.layout import Layout
from tests.arena.embedded.processes import (
    Start,
    is_gone,
    kill_both,
    launch,
    pids,
    sql,
    valkey,
    wait_until,
)


def test_addresses_are_known_before_anything_exists(servers: EmbeddedServers) -> None:
    sockets = servers.root / "servers" / "sockets"
    assert servers.database_url == f"postgresql://parity@:5432/parity?host={sockets}"
    assert servers.redis_url == f"unix://{sockets}/valkey.sock?db=0"
    assert not servers.is_running()
    assert not servers.root.exists()


def test_a_lease_starts_both_and_leaving_stops_both(servers: EmbeddedServers) -> None:
    with servers.lease():
        assert servers.is_running()
        processes = [psutil.Process(pid) for pid in pids(servers)]
        settings = sql(
            servers,
            "SELECT current_user, current_setting('TimeZone'), current_setting('fsync'), "
            "current_setting('max_connections')",
        )
        assert settings == [("parity", "UTC", "on", "200")]
        assert valkey(servers).config_get("appendonly") == {"appendonly": "yes"}
    assert not servers.is_running()
    wait_until(lambda: all(map(is_gone, processes)))


def test_data_are_kept_over_a_full_stop(servers: EmbeddedServers) -> None:
    with servers.lease():
        sql(servers, "CREATE TABLE vote AS SELECT 7 AS id")
        valkey(servers).set("key", "value")
    with servers.lease():
        assert sql(servers, "SELECT id FROM vote") == [(7,)]
        assert valkey(servers).get("key") == b"value"


def test_parity_may_make_test_databases_but_is_no_superuser(servers: EmbeddedServers) -> None:
    with servers.lease():
        with psycopg.connect(servers.database_url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE test_parity")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            sql(servers, "COPY (SELECT 1) TO PROGRAM 'cat'")


@pytest.mark.parametrize("name", ["a folder, 50%+1", "单 '&$", "x" * 90])
def test_celery_redis_and_libpq_read_the_addresses_of_odd_folders(work: Path, name: str) -> None:
    servers = EmbeddedServers(root=work / name / ".local")
    sockets = Layout(servers.root).sockets
    try:
        with servers.lease():
            assert sql(servers, "SELECT 1") == [(1,)]
            assert valkey(servers).ping()
            with Connection(servers.broker_url) as connection:  # type: ignore[no-untyped-call]
                queue = connection.SimpleQueue("greetings")
                queue.put("hello")
                assert queue.get(timeout=5).payload == "hello"
                queue.close()
    finally:
        if not sockets.is_relative_to(work):
            sockets.rmdir()  # both servers took their sockets away


def test_the_last_process_to_leave_stops_the_servers(
    servers: EmbeddedServers, start: Start
) -> None:
    first = start(servers)
    before = pids(servers)
    second = start(servers)
    assert pids(servers) == before
    first.send_signal(signal.SIGINT)
    assert first.wait(30) == 0
    assert servers.is_running()
    assert pids(servers) == before
    second.send_signal(signal.SIGINT)
    assert second.wait(30) == 0
    assert not servers.is_running()


def test_two_first_starts_at_once_share_one_pair_of_servers(servers: EmbeddedServers) -> None:
    starters = [launch("start", servers) for _ in range(3)]
    wait_until(servers.is_running)
    for starter in starters:
        assert starter.stdout is not None
        assert any(line.startswith("Running.") for line in starter.stdout)
    owners = {p.pid for p in psutil.process_iter(["cmdline"]) if _runs_postgres(p, servers)}
    assert owners == {pids(servers)[0]}
    for starter in starters:
        starter.send_signal(signal.SIGTERM)
    assert {starter.wait(30) for starter in starters} == {128 + signal.SIGTERM}
    for starter in starters:
        assert starter.stdout is not None
        starter.stdout.close()
    assert not servers.is_running()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_to_the_whole_group_ends_in_an_orderly_stop(
    servers: EmbeddedServers, start: Start, number: signal.Signals
) -> None:
    starter = start(servers)
    processes = [psutil.Process(pid) for pid in pids(servers)]
    os.killpg(starter.pid, number)  # as a terminal does
    starter.wait(30)
    wait_until(lambda: all(map(is_gone, processes)))
    assert "database system is shut down" in _log(servers)


def test_servers_of_a_killed_starter_are_adopted_and_then_stopped(
    servers: EmbeddedServers, start: Start
) -> None:
    starter = start(servers)
    before = pids(servers)
    starter.kill()
    starter.wait()
    assert servers.is_running()
    with servers.lease():
        assert pids(servers) == before
    assert not servers.is_running()


def test_both_come_back_by_themselves_with_what_was_confirmed(servers: EmbeddedServers) -> None:
    with servers.lease():
        before = pids(servers)
        sql(servers, "CREATE TABLE vote AS SELECT 7 AS id")
        valkey(servers).set("key", "value")
        kill_both(servers)
        wait_until(lambda: servers.is_running() and pids(servers) != before)
        assert sql(servers, "SELECT id FROM vote") == [(7,)]
        assert valkey(servers).get("key") == b"value"
    assert not servers.is_running()


def test_a_postgres_of_which_only_the_parent_was_killed_comes_back(
    servers: EmbeddedServers,
) -> None:
    with servers.lease(), psycopg.connect(servers.database_url):  # its backend outlives the parent
        postmaster, _ = pids(servers)
        os.kill(postmaster, signal.SIGKILL)
        wait_until(lambda: servers.is_running() and pids(servers)[0] != postmaster)


def test_a_second_user_of_the_servers_revives_them_too(
    servers: EmbeddedServers, start: Start
) -> None:
    starter = start(servers)
    with servers.lease():
        starter.kill()
        starter.wait()
        before = pids(servers)
        kill_both(servers)
        wait_until(lambda: servers.is_running() and pids(servers) != before)


def test_a_lost_socket_is_found_and_made_again(servers: EmbeddedServers) -> None:
    with servers.lease():
        for socket in (servers.root / "servers" / "sockets").iterdir():
            socket.unlink()
        wait_until(servers.is_running)


def test_a_paused_postgres_is_left_alone(servers: EmbeddedServers) -> None:
    with servers.lease():
        before = pids(servers)
        os.kill(before[0], signal.SIGSTOP)
        assert servers.revive() == ()
        os.kill(before[0], signal.SIGCONT)
        wait_until(servers.is_running)
        assert pids(servers) == before


def test_stale_files_that_name_a_living_stranger_do_no_harm(servers: EmbeddedServers) -> None:
    with servers.lease():
        assert servers.is_running()
    layout = Layout(servers.root)
    account = layout.account
    # Of the servers' own user: Postgres takes any living process of that user for a Postgres.
    with subprocess.Popen(["/bin/sleep", "60"], **account.process_arguments()) as stranger:
        for path, rest in (
            (layout.postgres / "postmaster.pid", f"\n{layout.postgres}\n1\n5432\n"),
            (layout.sockets / ".s.PGSQL.5432.lock", f"\n{layout.postgres}\n1\n5432\n"),
            (layout.valkey / "valkey.pid", "\n"),
        ):
            path.write_text(f"{stranger.pid}{rest}")
            os.chown(path, account.uid, account.gid)
        servers.stop()
        assert stranger.poll() is None
        with servers.lease():
            assert stranger.pid not in pids(servers)
        assert stranger.poll() is None
        stranger.kill()


def test_a_first_start_that_was_cut_short_is_begun_again(servers: EmbeddedServers) -> None:
    half_made = servers.root / "servers" / "postgres.new"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")
    with servers.lease():
        assert servers.is_running()
    assert not half_made.exists()


def test_stop_refuses_while_somebody_uses_the_servers(
    servers: EmbeddedServers, start: Start
) -> None:
    starter = start(servers)
    with pytest.raises(EmbeddedError, match="the last to leave stops them"):
        servers.stop()
    starter.kill()
    starter.wait()
    servers.stop()
    assert not servers.is_running()


def test_status_says_by_its_exit_code_whether_both_answer(
    servers: EmbeddedServers, start: Start
) -> None:
    with launch("status", servers) as status:
        assert status.wait(30) == 3
    start(servers)
    with launch("status", servers) as status:
        assert status.wait(30) == 0
        assert status.stdout is not None
        assert f"DATABASE_URL={servers.database_url}\n" in status.stdout.read()


def _runs_postgres(process: psutil.Process, servers: EmbeddedServers) -> bool:
    command = process.info["cmdline"] or [""]
    return "postgres" in command[0] and str(servers.root / "servers" / "postgres") in command


def _log(servers: EmbeddedServers) -> str:
    logs = (servers.root / "servers" / "logs").glob("postgres-???.log")
    return "".join(log.read_text() for log in logs)
