import socket

import pytest
from django.core.management import CommandError
from pytest_django import Settings

from arena import demo, launch
from arena.catalog.models import Provider


def test_it_refuses_a_port_that_another_program_has() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(CommandError, match=f"Port {port} on 127.0.0.1 cannot be used"):
            launch.check_port("127.0.0.1", port)
    launch.check_port("127.0.0.1", port)


@pytest.mark.parametrize("port", [-1, 0, 65536, 99999])
def test_it_refuses_a_port_that_does_not_exist(port: int) -> None:
    with pytest.raises(CommandError, match="choose one from 1 to 65535"):
        launch.check_port("127.0.0.1", port)


@pytest.mark.parametrize(
    ("hosts", "own"),
    [([".arena.example"], "arena.example"), (["*"], "localhost"), ([], "localhost")],
)
def test_it_asks_the_site_under_a_name_that_the_site_answers_to(
    settings: Settings, hosts: list[str], own: str
) -> None:
    settings.ALLOWED_HOSTS = hosts
    assert launch._own_host() == own


@pytest.mark.django_db
def test_a_demo_server_keeps_its_port_unless_another_program_has_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        Provider.objects.create(name=demo.SCRIPTED, base_url=f"http://127.0.0.1:{port}/v1")
        assert demo._port_for(demo.SCRIPTED) not in {0, port}
    assert demo._port_for(demo.SCRIPTED) == port
    assert demo._port_for(demo.LANGUAGE_MODEL) > 0
