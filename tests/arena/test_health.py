import asyncio
import contextlib
import datetime as dt
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import AsyncClient, Client
from django.utils import timezone
from pytest_django import Settings

from arena.battles.moderation.models import TextCheck
from arena.catalog.models import Moderation, Provider
from arena.connections import database_watch


def test_a_process_that_lives_says_so_without_asking_any_server(client: Client) -> None:
    assert client.get("/healthz").status_code == 200


@pytest.mark.django_db
def test_it_is_ready_when_both_servers_answer(client: Client) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"ready": True, "postgres": True, "valkey": True, "takes_new": True}


@pytest.mark.django_db
def test_it_says_which_server_does_not_answer(client: Client, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"ready": False, "postgres": True, "valkey": False, "takes_new": True}
    assert int(response["Retry-After"]) > 0


@pytest.mark.django_db
async def test_it_does_not_wait_for_a_postgres_that_hangs(
    async_client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        monkeypatch.setitem(connection.settings_dict, "PORT", silent.getsockname()[1])
        async with database_watch.watching():
            while database_watch.answers:  # noqa: ASYNC110  until the watch has found out
                await asyncio.sleep(0.01)
            response = await async_client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"ready": False, "postgres": False, "valkey": True, "takes_new": True}


@pytest.mark.django_db
def test_asking_it_opens_no_connection_to_postgres(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        monkeypatch.setitem(connection.settings_dict, "PORT", silent.getsockname()[1])
        assert client.get("/readyz").status_code == 200
        assert connections_to(silent) == 0


@pytest.mark.django_db
def test_many_who_ask_at_once_ask_valkey_together(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        with ThreadPoolExecutor(10) as threads:
            answers = list(threads.map(lambda _: Client().get("/readyz").status_code, range(10)))
        assert answers == [503] * 10
        assert 1 <= connections_to(silent) < 5


def connections_to(server: socket.socket) -> int:
    """Return how many connections wait to be taken."""
    server.setblocking(False)
    taken = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            server.accept()[0].close()
            taken += 1
    return taken


@pytest.mark.django_db
def test_it_gives_the_arenas_figures(client: Client) -> None:
    response = client.get("/metrics")
    assert response.status_code == 200
    lines = response.content.decode().splitlines()
    assert "parity_models_drawable 0.0" in lines
    assert "parity_votes_last_hour 0.0" in lines
    assert 'parity_turns_last_hour{state="streaming"} 0.0' in lines
    assert "parity_database_answers 1.0" in lines


@pytest.mark.django_db
def test_its_figures_say_how_the_check_of_texts_does(client: Client) -> None:
    def figures() -> list[str]:
        return client.get("/metrics").content.decode().splitlines()

    assert not any(line.startswith("parity_moderation") for line in figures())
    now = timezone.now()
    provider = Provider.objects.create(name="judge", base_url="https://judge.example/v1")
    Moderation.objects.create(provider=provider, mode="block")
    TextCheck.objects.create(
        part="prompt", state="flagged", action="blocked", tried_at=now, seconds=0.5
    )
    lines = figures()
    assert "parity_moderation_answers 1.0" in lines
    for result in ("judged", "flagged", "blocked"):
        assert f'parity_moderation_last_hour{{result="{result}"}} 1.0' in lines
    assert 'parity_moderation_last_hour{result="unverified"} 0.0' in lines
    assert 'parity_moderation_texts{state="to_rule_on"} 0.0' in lines
    assert 'parity_moderation_seconds{quantile="0.5"} 0.5' in lines
    Moderation.objects.update(probed_at=now + dt.timedelta(seconds=1), probe_error="unreachable")
    assert "parity_moderation_answers 0.0" in figures()


@pytest.mark.django_db(transaction=True)
def test_its_figures_say_that_postgres_is_away(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # of the Postgres backend
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        patch.setitem(connection.settings_dict, "PORT", "1")
        patch.setitem(connection.settings_dict["OPTIONS"]["pool"], "timeout", 0.2)
        response = client.get("/metrics")
        connection.close_pool()  # type: ignore[attr-defined]  # of the Postgres backend
    assert response.status_code == 200
    lines = response.content.decode().splitlines()
    assert "parity_database_answers 0.0" in lines
    assert any(line.startswith("process_resident_memory_bytes ") for line in lines)
    assert not any(line.startswith("parity_votes_last_hour ") for line in lines)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_it_only_reads(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405
