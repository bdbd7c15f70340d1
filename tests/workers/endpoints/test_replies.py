"""A good reply, and who may be asked for one."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing

import pytest

from tests.workers.asking import QUICK, ask, prompt, until
from tests.workers.conftest import LOOPBACK
from workers.demo.fiction import FICTIONAL_MODELS
from workers.demo.scripted import ScriptedServer
from workers.endpoints import (
    AddressRefused,
    Delta,
    EndpointAddress,
    EndpointClients,
    EndpointError,
    Finished,
    Limits,
    Message,
    Refused,
    ServerFailed,
    Unreachable,
    stream_reply,
)
from workers.endpoints.address import Quirk
from workers.endpoints.clients import typed_errors

KEY = "sk-secret-0123456789"


async def test_it_streams_an_answer_with_usage_and_timings(
    server: ScriptedServer, clients: EndpointClients
) -> None:
    reply = await ask(clients, server.base_url, "juniper-70b")

    assert "sky is blue" in reply.text
    assert reply.finished.finish_reason == "stop"
    assert not reply.finished.usage.estimated
    assert 0 < reply.finished.timings.first_token <= reply.finished.timings.total
    assert reply.finished.served_model == "juniper-70b"


async def test_it_hands_on_the_answer_while_it_is_being_written(clients: EndpointClients) -> None:
    async with ScriptedServer(speed=1) as server:
        address = EndpointAddress(base_url=server.base_url, model_name="fault:stall-after-3")
        async with aclosing(stream_reply(clients, address, prompt(), limits=Limits())) as reply:
            first = await anext(reply)

            assert isinstance(first, Delta)
            assert server.active_requests == 1


async def test_it_sends_what_was_configured_and_nothing_else(
    server: ScriptedServer, clients: EndpointClients
) -> None:
    reply = await ask(
        clients,
        server.base_url,
        "halcyon-3-mini",
        messages=prompt("hello"),
        api_key=KEY,
        parameters={"temperature": 0.5, "vendor_flag": True},
        system_prompt="Be brief.",
        token_limit=400,
    )

    (request,) = server.requests
    assert request.body == {
        "model": "halcyon-3-mini",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "hello"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 400,
        "temperature": 0.5,
        "vendor_flag": True,
    }
    assert request.headers["authorization"] == f"Bearer {KEY}"
    sent = dict(reply.finished.sent)
    assert sent.pop("base_url") == server.base_url
    assert sent == {name: value for name, value in request.body.items() if name != "messages"}
    assert KEY not in repr(reply.finished)


@pytest.mark.parametrize(
    ("quirk", "expected"),
    [
        ("no_stream_options", {"max_tokens": 9}),
        (
            "max_completion_tokens",
            {"max_completion_tokens": 9, "stream_options": {"include_usage": True}},
        ),
    ],
)
async def test_it_adapts_to_a_servers_quirks(
    server: ScriptedServer, clients: EndpointClients, quirk: Quirk, expected: dict[str, object]
) -> None:
    reply = await ask(
        clients, server.base_url, "juniper-8b", quirks=frozenset({quirk}), token_limit=9
    )

    always = {"model", "messages", "stream"}
    body = server.requests[0].body
    assert {name: value for name, value in body.items() if name not in always} == expected
    assert reply.finished.finish_reason == "length"
    assert reply.finished.usage.estimated == (quirk == "no_stream_options")


async def test_it_puts_the_system_prompt_into_the_first_prompt_where_there_is_no_such_role(
    server: ScriptedServer, clients: EndpointClients
) -> None:
    await ask(
        clients,
        server.base_url,
        "juniper-8b",
        messages=prompt("hello"),
        system_prompt="Be brief.",
        quirks=frozenset({"no_system_role"}),
    )

    assert server.requests[0].body["messages"] == prompt("Be brief.\n\nhello")


async def test_it_takes_nothing_from_the_environment(
    server: ScriptedServer, clients: EndpointClients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-from-the-environment")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-from-the-environment")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Ours: secret\nAuthorization: Bearer secret")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    await ask(clients, server.base_url, "juniper-8b")

    assert set(server.requests[0].headers) == {
        *("host", "accept", "accept-encoding", "connection", "content-type", "content-length"),
    }


async def test_it_does_not_amend_the_base_url(
    server: ScriptedServer, clients: EndpointClients
) -> None:
    without_version = server.base_url.removesuffix("/v1")

    with pytest.raises(Refused) as caught:
        await ask(clients, without_version, "juniper-8b")
    await ask(clients, f"{server.base_url}/", "juniper-8b")

    assert caught.value.code == "not_found"
    paths = [request.path for request in server.requests]
    assert paths == ["/chat/completions", "/v1/chat/completions"]


async def test_it_reports_a_wrong_key_without_repeating_it(clients: EndpointClients) -> None:
    async with ScriptedServer(require_key="another") as server:
        with pytest.raises(Refused) as caught:
            await ask(clients, server.base_url, "juniper-8b", api_key=KEY)

    assert caught.value.code == "auth"
    assert "Incorrect API key provided: Bearer [key]" in caught.value.detail


async def test_it_reports_a_wrong_model_name(
    server: ScriptedServer, clients: EndpointClients
) -> None:
    with pytest.raises(Refused) as caught:
        await ask(clients, server.base_url, "no-such-model")

    assert caught.value.code == "not_found"


@pytest.mark.parametrize(
    ("api_key", "code"), [("line\nbreak-0123", "unreachable"), ("schlüssel", "address_refused")]
)
async def test_it_refuses_a_key_that_cannot_be_a_header(
    server: ScriptedServer, clients: EndpointClients, api_key: str, code: str
) -> None:
    with pytest.raises(EndpointError) as caught:
        await ask(clients, server.base_url, "juniper-8b", api_key=api_key)

    assert api_key not in caught.value.detail
    assert not server.requests


async def test_it_reports_an_endpoint_that_is_down(clients: EndpointClients) -> None:
    async with ScriptedServer() as server:
        base_url = server.base_url

    with pytest.raises(Unreachable) as caught:
        await ask(clients, base_url, "juniper-8b")

    assert caught.value.before_first_token


@pytest.mark.parametrize(
    "base_url", ["", "nonsense", "ftp://127.0.0.1/v1", "http://", "http://[::"]
)
async def test_it_refuses_what_is_not_an_address(clients: EndpointClients, base_url: str) -> None:
    with pytest.raises(AddressRefused):
        await ask(clients, base_url, "juniper-8b")


async def test_it_closes_the_connection_when_the_reader_is_cancelled(
    server: ScriptedServer, clients: EndpointClients
) -> None:
    reading = asyncio.create_task(
        ask(clients, server.base_url, "fault:stall-after-5", limits=Limits())
    )
    await until(lambda: server.active_requests == 1)

    reading.cancel()

    with pytest.raises(asyncio.CancelledError):
        await reading
    await until(lambda: server.open_connections == 0)


async def test_it_closes_the_connection_when_the_request_is_cancelled_before_an_answer(
    server: ScriptedServer, clients: EndpointClients
) -> None:
    reading = asyncio.create_task(ask(clients, server.base_url, "fault:hang", limits=Limits()))
    await until(lambda: server.active_requests == 1)

    reading.cancel()

    with pytest.raises(asyncio.CancelledError):
        await reading
    await until(lambda: server.open_connections == 0)


async def test_it_closes_the_connection_when_the_loop_is_left(
    server: ScriptedServer, clients: EndpointClients
) -> None:
    address = EndpointAddress(base_url=server.base_url, model_name="fault:stall-after-5")
    async with aclosing(stream_reply(clients, address, prompt())) as reply:
        async for _event in reply:
            break

    await until(lambda: server.open_connections == 0)


async def test_it_uses_one_connection_for_one_reply_after_another(
    server: ScriptedServer, clients: EndpointClients
) -> None:
    for _ in range(3):
        await ask(clients, server.base_url, "juniper-8b")
        assert server.open_connections == 1


async def test_it_runs_many_replies_at_once(
    server: ScriptedServer, clients: EndpointClients
) -> None:
    names = [model.name for model in FICTIONAL_MODELS] * 4

    replies = await asyncio.gather(
        *(ask(clients, server.base_url, name, limits=Limits()) for name in names)
    )

    assert [reply.finished.served_model for reply in replies] == names


async def test_it_makes_prompts_safe_to_send(
    server: ScriptedServer, clients: EndpointClients
) -> None:
    await ask(clients, server.base_url, "juniper-8b", messages=prompt("a\x00b\ud800c"))

    assert server.requests[0].body["messages"] == prompt("a\ufffdb\ufffdc")


@pytest.mark.parametrize("name", ["model", "messages", "stream", "stream_options", "n"])
def test_it_rejects_parameters_that_would_overrule_the_client(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        EndpointAddress(base_url="http://127.0.0.1/v1", model_name="m", parameters={name: 1})


@pytest.mark.parametrize("before", [0, 1900, 1985, 1999])
def test_no_part_of_a_key_survives_where_a_detail_is_cut(before: int) -> None:
    with pytest.raises(ServerFailed) as caught, typed_errors(KEY):
        raise ServerFailed("." * before + KEY)
    assert KEY[:4] not in caught.value.detail


def test_an_address_does_not_print_its_key() -> None:
    address = EndpointAddress(base_url="http://127.0.0.1/v1", model_name="m", api_key=KEY)

    assert KEY not in repr(address)


async def test_the_total_limit_holds_from_the_start(
    server: ScriptedServer, clients: EndpointClients
) -> None:
    limits = Limits(first_token=QUICK.first_token, idle=0.6, total=0.2)

    with pytest.raises(EndpointError) as caught:
        await ask(clients, server.base_url, "fault:hang", limits=limits)

    assert caught.value.code == "timeout_total"


async def test_it_sends_images_as_parts(server: ScriptedServer, clients: EndpointClients) -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    asked: list[Message] = [
        {"role": "user", "content": [{"type": "text", "text": "What\x00 is this?"}, image]}
    ]

    await ask(clients, server.base_url, "juniper-8b", messages=asked)

    text = {"type": "text", "text": "What\ufffd is this?"}
    assert server.requests[0].body["messages"] == [{"role": "user", "content": [text, image]}]


async def test_a_beat_reads_at_once_what_came_since_the_last(server: ScriptedServer) -> None:
    struck: list[Callable[[], object]] = []
    async with EndpointClients(policy=LOOPBACK) as clients:
        address = EndpointAddress(base_url=server.base_url, model_name="steady-1000-40")
        replies = stream_reply(clients, address, prompt(), limits=QUICK, soon=struck.append)
        deltas = 0
        async with aclosing(replies) as events:
            reading = asyncio.create_task(anext(events))
            while not (reading.done() and isinstance(reading.result(), Finished)):
                if reading.done():
                    deltas += 1
                    reading = asyncio.create_task(anext(events))
                await asyncio.sleep(0.04)
                while struck:
                    struck.pop()()

    assert server.active_requests == 0
    assert 1 <= deltas < 20
    finished = reading.result()
    assert isinstance(finished, Finished)
    assert finished.usage.completion_tokens == 40
