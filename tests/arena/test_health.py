import socket

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings


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
def test_it_does_not_wait_for_a_postgres_that_hangs(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        monkeypatch.setitem(connection.settings_dict, "PORT", silent.getsockname()[1])
        response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"ready": False, "postgres": False, "valkey": True, "takes_new": True}


@pytest.mark.django_db
def test_it_gives_the_arenas_figures(client: Client) -> None:
    response = client.get("/metrics")
    assert response.status_code == 200
    lines = response.content.decode().splitlines()
    assert "parity_models_drawable 0.0" in lines
    assert "parity_votes_last_hour 0.0" in lines
    assert 'parity_turns_last_hour{state="streaming"} 0.0' in lines


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_it_only_reads(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405
