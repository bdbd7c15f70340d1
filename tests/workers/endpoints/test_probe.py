from dataclasses import replace

import pytest

from tests.workers.asking import QUICK
from tests.workers.conftest import LOOPBACK
from workers.demo.fiction import FICTIONAL_MODELS
from workers.demo.manners import KEY, MANNERS, MODEL, MannerlyServer
from workers.demo.scripted import ScriptedServer
from workers.endpoints import (
    EndpointAddress,
    EndpointClients,
    Refused,
    Unreachable,
    check,
    list_models,
    presets,
)


async def test_it_lists_models(server: ScriptedServer, clients: EndpointClients) -> None:
    expected = [model.name for model in FICTIONAL_MODELS]

    for base_url in (server.base_url, f"{server.base_url}/"):
        listed = await list_models(clients, base_url)
        assert [model.name for model in listed] == expected


async def test_a_list_needs_the_right_key(clients: EndpointClients) -> None:
    async with ScriptedServer(require_key="right-key-0123") as server:
        assert await list_models(clients, server.base_url, "right-key-0123")
        with pytest.raises(Refused) as caught:
            await list_models(clients, server.base_url, "wrong-key-0123")

    assert caught.value.code == "auth"
    assert "wrong-key" not in caught.value.detail


async def test_a_list_is_asked_for_as_its_preset_says() -> None:
    """Anthropic's list takes no bearer token, and twenty models are all it says unasked."""

    async def here(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    async with (
        MannerlyServer(MANNERS["anthropic"]) as server,
        EndpointClients(policy=replace(LOOPBACK, resolver=here)) as clients,
    ):
        base_url = server.base_url.replace("127.0.0.1", "api.anthropic.com")
        for listed in (
            await list_models(clients, base_url, KEY),
            await list_models(clients, server.base_url, KEY, preset=presets()["anthropic"]),
        ):
            assert [model.name for model in listed] == [MODEL]
        with pytest.raises(Refused) as caught:
            await list_models(clients, base_url, "wrong-key-0123")
        with pytest.raises(Refused):
            await list_models(clients, server.base_url, KEY)
    assert caught.value.code == "auth"
    assert "wrong-key" not in caught.value.detail
    request, *_ = server.requests
    assert request.path == "/v1/models?limit=1000"
    assert request.headers["x-api-key"] == KEY
    assert request.headers["anthropic-version"] == "2023-06-01"
    assert "authorization" not in request.headers


async def test_a_list_may_be_missing(server: ScriptedServer, clients: EndpointClients) -> None:
    with pytest.raises(Refused) as caught:
        await list_models(clients, server.base_url.removesuffix("/v1"))

    assert caught.value.code == "not_found"


async def test_a_list_from_a_server_that_is_down(clients: EndpointClients) -> None:
    async with ScriptedServer() as server:
        base_url = server.base_url

    with pytest.raises(Unreachable):
        await list_models(clients, base_url)


async def test_a_check_reports_an_answer(server: ScriptedServer, clients: EndpointClients) -> None:
    address = EndpointAddress(base_url=server.base_url, model_name="halcyon-3-mini")

    result = await check(clients, address, limits=QUICK)

    assert result.ok
    assert result.text
    assert result.finished is not None
    assert server.requests[0].body["max_tokens"] == 512


@pytest.mark.parametrize(
    ("model_name", "code"),
    [
        ("no-such-model", "not_found"),
        ("fault:hang", "timeout_first_token"),
        ("fault:html-200", "content_type"),
        ("fault:empty", "empty"),
    ],
)
async def test_a_check_reports_what_is_wrong(
    server: ScriptedServer, clients: EndpointClients, model_name: str, code: str
) -> None:
    address = EndpointAddress(base_url=server.base_url, model_name=model_name, token_limit=5)

    result = await check(clients, address, limits=QUICK)

    assert (result.ok, result.code) == (False, code)
    assert server.requests[0].body["max_tokens"] == 5
