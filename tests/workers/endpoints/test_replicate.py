"""The adapter for Replicate, against a server that speaks its protocol."""

import ssl
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.workers.asking import QUICK, prompt
from tests.workers.conftest import LOOPBACK
from tests.workers.endpoints.test_admission import PLAN, run
from tests.workers.endpoints.test_tls import certificate
from workers.demo.predictions import KEY, MODEL, PredictionServer
from workers.endpoints import (
    Delta,
    EndpointAddress,
    EndpointClients,
    EndpointError,
    Finished,
    Message,
    Quirk,
    stream_reply,
)
from workers.endpoints.probe import ask
from workers.endpoints.replicate import transcript


@pytest.fixture
async def predictions() -> AsyncIterator[PredictionServer]:
    async with PredictionServer() as server:
        yield server


@pytest.fixture
def address(predictions: PredictionServer) -> EndpointAddress:
    return EndpointAddress(
        base_url=predictions.base_url, model_name=MODEL, api_key=KEY, protocol="replicate"
    )


async def read(
    clients: EndpointClients, address: EndpointAddress, messages: list[Message] | None = None
) -> tuple[str, Finished]:
    text, finished = "", None
    reply = stream_reply(clients, address, messages or prompt(), limits=QUICK)
    async with aclosing(reply) as events:
        async for event in events:
            match event:
                case Delta():
                    text += event.text
                case Finished():
                    finished = event
    assert finished is not None
    return text, finished


async def test_it_streams_an_answer_with_its_usage(
    clients: EndpointClients, predictions: PredictionServer, address: EndpointAddress
) -> None:
    limited = replace(address, token_limit=512, parameters={"temperature": 0.5})
    text, finished = await read(clients, limited)
    assert text == "The river keeps its course.\nThe bank remembers the water."
    assert finished.finish_reason == "stop"
    assert (finished.usage.prompt_tokens, finished.usage.estimated) == (7, False)
    created, streamed, asked_again = predictions.requests
    assert created.path == f"/v1/models/{MODEL}/predictions"
    assert created.body["stream"] is True
    assert created.body["input"] == {
        "prompt": "Explain why the sky is blue.",
        "max_tokens": 512,
        "temperature": 0.5,
    }
    assert streamed.path == asked_again.path == "/v1/predictions/p1"
    assert streamed.headers.get("accept") == "text/event-stream"
    assert KEY not in str(finished.sent)
    assert not predictions.cancelled


async def test_a_conversation_goes_as_one_text_and_the_system_prompt_beside_it(
    clients: EndpointClients, predictions: PredictionServer, address: EndpointAddress
) -> None:
    conversation: list[Message] = [
        {"role": "user", "content": "One?"},
        {"role": "assistant", "content": "Two."},
        {"role": "user", "content": [{"type": "text", "text": "Three?"}]},
    ]
    await read(clients, replace(address, system_prompt="Be brief."), conversation)
    asked = predictions.requests[0].body["input"]
    assert asked["prompt"] == "User: One?\n\nAssistant: Two.\n\nUser: Three?\n\nAssistant:"
    assert asked["system_prompt"] == "Be brief."
    assert transcript(conversation[:1]) == "One?"


@pytest.mark.parametrize(
    ("model_name", "key", "code"),
    [
        ("aviary/broken", KEY, "server_failed"),
        ("aviary/endless", KEY, "timeout_idle"),
        ("nobody/nothing", KEY, "not_found"),
        (MODEL, "wrong-key-0123", "auth"),
    ],
)
async def test_it_fails_with_the_same_codes(
    clients: EndpointClients, address: EndpointAddress, model_name: str, key: str, code: str
) -> None:
    with pytest.raises(EndpointError) as caught:
        await read(clients, replace(address, model_name=model_name, api_key=key))
    assert caught.value.code == code
    assert key not in caught.value.detail


async def test_what_nobody_reads_to_its_end_is_cancelled(
    clients: EndpointClients, predictions: PredictionServer, address: EndpointAddress
) -> None:
    endless = replace(address, model_name="aviary/endless")
    async with aclosing(stream_reply(clients, endless, prompt(), limits=QUICK)) as events:
        async for event in events:
            assert isinstance(event, Delta)
            break
    assert predictions.cancelled == {"p1"}
    assert predictions.active_requests == 0


async def test_the_key_goes_to_no_host_of_others(
    clients: EndpointClients, predictions: PredictionServer, address: EndpointAddress
) -> None:
    """The stream's address comes from the server; on another host it gets no key."""
    await read(clients, address)
    own = [request.headers.get("authorization") for request in predictions.requests]
    assert own == [f"Bearer {KEY}"] * 3
    elsewhere = replace(address, base_url=address.base_url.replace("127.0.0.1", "localhost"))
    with pytest.raises(EndpointError):  # no stream there without the key
        await read(clients, elsewhere)
    _created, streamed = [each for each in predictions.requests if "p2" in each.path][:2]
    assert "authorization" not in streamed.headers


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("streaming.api.replicate.com", "ok"),
        ("stream.replicate.com", "ok"),
        ("notreplicate.com", "auth"),
        ("replicate.com.example", "auth"),
    ],
)
async def test_a_stream_is_read_on_another_host_of_theirs(
    tmp_path: Path, host: str, code: str
) -> None:
    file = certificate(tmp_path, "api.replicate.com", host)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(file)

    async def here(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    async with (
        PredictionServer(tls=serving) as server,
        EndpointClients(
            policy=replace(LOOPBACK, resolver=here), tls=ssl.create_default_context(cafile=file)
        ) as clients,
    ):
        address = EndpointAddress(
            base_url=server.base_url.replace("127.0.0.1", "api.replicate.com"),
            model_name=MODEL,
            api_key=KEY,
            protocol="replicate",
        )
        server.streams = server.base_url.replace("127.0.0.1", host)
        result = await ask(clients, address, prompt(), limits=QUICK)
        keys = {
            request.headers["host"].split(":")[0]: request.headers for request in server.requests
        }
    assert result.code == code, result.detail
    assert ("authorization" in keys[host]) == (code == "ok")


@pytest.mark.parametrize(("limit", "reason"), [(5, "length"), (512, "stop")])
async def test_an_answer_of_as_many_tokens_as_were_allowed_was_cut(
    clients: EndpointClients, address: EndpointAddress, limit: int, reason: str
) -> None:
    _, finished = await read(clients, replace(address, token_limit=limit))
    assert finished.finish_reason == reason


async def test_without_a_count_nobody_knows_that_it_was_cut(clients: EndpointClients) -> None:
    async with PredictionServer(counts=False) as server:
        address = EndpointAddress(
            base_url=server.base_url,
            model_name=MODEL,
            api_key=KEY,
            protocol="replicate",
            token_limit=5,
        )
        _, finished = await read(clients, address)
    assert (finished.finish_reason, finished.usage.estimated) == ("stop", True)


async def test_the_token_limit_goes_by_the_name_that_was_found(
    clients: EndpointClients, predictions: PredictionServer, address: EndpointAddress
) -> None:
    quirks = frozenset[Quirk]({"max_completion_tokens"})
    await read(clients, replace(address, token_limit=512, quirks=quirks))
    asked = predictions.requests[0].body["input"]
    assert asked["max_completion_tokens"] == 512
    assert "max_tokens" not in asked


async def test_it_is_admitted(clients: EndpointClients, address: EndpointAddress) -> None:
    found = await run(clients, address, PLAN)
    assert found.findings, found.steps
    assert found.findings.reports_usage
    assert found.findings.takes_images is False
    assert found.findings.limits_tokens is True
