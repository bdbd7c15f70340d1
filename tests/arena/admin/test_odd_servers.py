"""What administrators meet when they point the form at something odd: a sentence, never an error.

Model names of any kind, lists of thousands, web pages, and certificates that nobody signed.
"""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from arena.catalog.models import Endpoint
from tests.arena.admin.test_endpoints import add, committed, told_on
from tests.arena.scripted_thread import playing
from tests.workers.endpoints.test_tls import certificate
from workers.demo.http import Exchange
from workers.demo.manners import KEY, MANNERS, MODEL, MannerlyServer, Manners
from workers.demo.model_server import ModelServer, refuse
from workers.demo.scripted import ScriptedServer

DISCOVER = "/admin/catalog/endpoint/discover/"
ODD = [
    "accounts/fireworks/models/llama-v3p1-8b",
    "My Model (v2) & sons",
    'it\'s "quoted" `so`',
    "通义千问-极速版:8b",
    "<script>alert(1)</script>",
    "../../etc/passwd?x=1#y%00",
    "name\u202ewith marks\u200b",
]


class Crowd(ModelServer):
    """Lists thousands of models and serves none."""

    async def complete(self, exchange: Exchange, body: Mapping[str, Any]) -> None:
        """Know nobody."""
        await refuse(exchange, 404, "There are so many of us")


class WebPage(ModelServer):
    """Answers everything with a page, as a base URL does that lacks its /v1."""

    async def respond(self, exchange: Exchange, body: Mapping[str, Any]) -> None:
        """Show the page."""
        await exchange.reply(200, b"<!doctype html><title>Welcome</title>", "text/html")

    async def complete(self, exchange: Exchange, body: Mapping[str, Any]) -> None:
        """Never asked: the page comes before."""


def discover(client: Client, base_url: str) -> dict[str, Any]:
    """Return what the form's script is told."""
    found: dict[str, Any] = client.post(DISCOVER, {"base_url": base_url}).json()
    return found


@committed
def test_five_thousand_models_are_listed_as_they_are_called(client: Client) -> None:
    names = [*ODD, *(f"maker-{number % 40}/model-{number}" for number in range(5000))]
    with playing(Crowd(dict.fromkeys(names, "many"), host="127.0.0.1", port=0)) as server:
        found = discover(client, server.base_url)
    assert [model["name"] for model in found["models"]] == names


@committed
@pytest.mark.parametrize("name", ODD)
def test_a_model_of_any_name_passes_and_is_shown_as_text(client: Client, name: str) -> None:
    with playing(MannerlyServer(Manners(key=False, name=name))) as server:
        page = add(client, base_url=server.base_url, model_name=name)
        assert {body.body["model"] for body in server.requests if body.body} == {name}
    [test] = told_on(page)
    assert test["state"] == "passed", test
    endpoint = Endpoint.objects.get()
    assert endpoint.model_name == name
    for address in ("", f"{endpoint.pk}/change/"):
        shown = client.get(f"/admin/catalog/endpoint/{address}").content.decode()
        assert "<script>alert(1)" not in shown
    assert client.get(f"/models/{endpoint.language_model.slug}/").status_code == 200


@committed
def test_a_list_that_wants_its_key_elsewhere_is_asked_as_the_chosen_kind_says(
    client: Client,
) -> None:
    with playing(MannerlyServer(MANNERS["anthropic"])) as server:
        form = {"base_url": server.base_url, "api_key": KEY}
        assert "refused the key" in client.post(DISCOVER, form).json()["problem"]
        found = client.post(DISCOVER, {**form, "preset": "anthropic"}).json()
    assert [model["name"] for model in found["models"]] == [MODEL]


@committed
def test_a_web_page_is_no_server_of_models(client: Client) -> None:
    with playing(WebPage({"m": "x"}, host="127.0.0.1", port=0)) as server:
        assert "enter the name by hand" in discover(client, server.base_url)["problem"]
        [test] = told_on(add(client, base_url=server.base_url))
    assert test["state"] == "failed"
    assert "that of a web page" in test["steps"][-1]["sentence"]


@committed
def test_a_certificate_that_nobody_signed_is_said_so(client: Client, tmp_path: Path) -> None:
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate(tmp_path, "localhost"))
    with playing(ScriptedServer(tls=serving)) as server:
        base_url = server.base_url.replace("127.0.0.1", "localhost")
        assert "certificate cannot be believed" in discover(client, base_url)["problem"]
        [test] = told_on(add(client, base_url=base_url))
        assert not server.requests
    assert test["state"] == "failed"
    assert "certificate cannot be believed" in test["steps"][-1]["sentence"]
