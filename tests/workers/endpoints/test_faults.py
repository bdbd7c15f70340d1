"""What each fault of the scripted server becomes; over real sockets."""

import asyncio
from contextlib import aclosing

import pytest

from tests.workers.asking import QUICK, ask, prompt, until
from workers.demo.faults import FAULTS
from workers.demo.scripted import ScriptedServer
from workers.endpoints import (
    EndpointAddress,
    EndpointClients,
    EndpointError,
    Finished,
    Limits,
    stream_reply,
)

# Model name: error code, and whether a new pair may still be drawn.
FAILURES = {
    "fault:429": ("rate_limited", True),
    "fault:http-400": ("bad_request", True),
    "fault:http-402": ("payment", True),
    "fault:http-403": ("auth", True),
    "fault:http-404": ("not_found", True),
    "fault:http-500": ("server_failed", True),
    "fault:http-503": ("server_failed", True),
    "fault:redirect": ("redirected", True),
    "fault:redirect-9": ("redirected", True),
    "fault:disconnect": ("unreachable", True),
    "fault:hang": ("timeout_first_token", True),
    "fault:slow-headers": ("timeout_first_token", True),
    "fault:pings": ("timeout_first_token", True),
    "fault:roles": ("timeout_first_token", True),
    "fault:stall-after-5": ("timeout_idle", False),
    "fault:pings-after-5": ("timeout_idle", False),
    "fault:drip": ("timeout_total", False),
    "fault:endless": ("too_large_answer", False),
    "fault:eof": ("truncated", False),
    "fault:eof-at-once": ("truncated", True),
    "fault:truncated-chunk": ("truncated", False),
    "fault:no-finish": ("truncated", False),
    "fault:bad-json": ("malformed", False),
    "fault:bad-utf8": ("malformed", False),
    "fault:not-an-object": ("malformed", False),
    "fault:deep-json": ("malformed", False),
    "fault:html-200": ("content_type", True),
    "fault:json-200": ("content_type", True),
    "fault:error-200": ("server_failed", False),
    "fault:done-only": ("empty", True),
    "fault:empty": ("empty", True),
    "fault:blank": ("empty", False),
    "fault:only-thinks": ("empty", False),
    "fault:huge-line": ("too_large_line", True),
    "fault:gzip-bomb": ("too_large_body", True),
    "fault:huge-error": ("server_failed", True),
}

# Model name: text, reasoning, finish reason.
ANSWERS = {
    "fault:nul": ("before\ufffd\ufffdafter", "", "stop"),
    "fault:surrogates": ("lone \ufffd and \ufffd, pair \U0001f600, end \ufffd", "", "stop"),
    "fault:bidi": ("user\u202egnp.exe \u2066never closed \u200f\u202dand on", "", "stop"),
    "fault:long-word": ("a" * 10**6, "", "stop"),
    "fault:think": ("The answer is 4.", "Let me think.", "stop"),
    "fault:reasoning": ("The answer is 4.", "Let me think.", "stop"),
    "fault:reasoning-field": ("The answer is 4.", "Let me think.", "stop"),
    "fault:filtered": ("I would say ", "", "content_filter"),
    "fault:odd-reason": ("And then ", "", "error"),
    "fault:wrong-name": ("word0 word1 word2 word3 word4 ", "", "stop"),
    "fault:no-done": ("word0 word1 word2 word3 word4 ", "", "stop"),
    "fault:no-usage": ("word0 word1 word2 word3 word4 ", "", "stop"),
    "fault:usage-each-chunk": ("word0 word1 word2 word3 word4 ", "", "stop"),
    "fault:tells-name": ("I am fault:tells-name, and I am glad to help.", "", "stop"),
}

LIMITS = {
    # 200 MB go over the socket before these two are cut: no clock may end them first.
    "fault:gzip-bomb": Limits(body_bytes=32 * 2**20),
    "fault:huge-line": Limits(),
    "fault:endless": Limits(answer_characters=10_000),
}


def test_every_fault_has_an_expectation() -> None:
    expected = {name.removeprefix("fault:") for name in FAILURES | ANSWERS} | {"scripts"}
    numbered = {"http-N": "http-500", "stall-after-N": "stall-after-5"}
    numbered |= {"pings-after-N": "pings-after-5", "redirect-N": "redirect-9"}

    assert FAULTS
    assert {numbered.get(name, name) for name in FAULTS} <= expected


@pytest.mark.parametrize("model_name", FAILURES)
async def test_it_fails_with_a_stable_code(
    server: ScriptedServer, clients: EndpointClients, model_name: str
) -> None:
    with pytest.raises(EndpointError) as caught:
        await ask(clients, server.base_url, model_name, limits=LIMITS.get(model_name, QUICK))

    assert (caught.value.code, caught.value.before_first_token) == FAILURES[model_name]
    assert len(server.requests) == 1, "nothing is retried"
    await until(lambda: server.active_requests == 0)  # the upstream slot is free again


@pytest.mark.parametrize("model_name", ANSWERS)
async def test_it_reads_odd_answers_whole_and_safe(
    server: ScriptedServer, clients: EndpointClients, model_name: str
) -> None:
    reply = await ask(clients, server.base_url, model_name)

    assert (reply.text, reply.reasoning, reply.finished.finish_reason) == ANSWERS[model_name]
    reply.text.encode()  # can be stored
    assert "\x00" not in reply.text


@pytest.mark.parametrize("model_name", ["fault:http-500", "fault:error-200"])
async def test_it_keeps_the_upstreams_words_out_of_the_sentence(
    server: ScriptedServer, clients: EndpointClients, model_name: str
) -> None:
    with pytest.raises(EndpointError) as caught:
        await ask(clients, server.base_url, model_name)

    assert "internal.example" in caught.value.detail
    assert "internal.example" not in str(caught.value)
    assert model_name not in str(caught.value)


async def test_it_does_not_follow_redirects(
    server: ScriptedServer, clients: EndpointClients
) -> None:
    with pytest.raises(EndpointError):
        await ask(clients, server.base_url, "fault:redirect")

    assert [request.path for request in server.requests] == ["/v1/chat/completions"]


async def test_it_keeps_the_last_usage_when_it_is_repeated(
    server: ScriptedServer, clients: EndpointClients
) -> None:
    usage = (await ask(clients, server.base_url, "fault:usage-each-chunk")).finished.usage

    assert (usage.completion_tokens, usage.estimated) == (5, False)


async def test_it_estimates_missing_usage_and_says_so(
    server: ScriptedServer, clients: EndpointClients
) -> None:
    usage = (await ask(clients, server.base_url, "fault:no-usage")).finished.usage

    assert usage.estimated
    assert usage.completion_tokens == 8  # 30 characters at four a token
    assert usage.prompt_tokens > 0


async def test_it_reports_how_long_to_wait_after_429(
    server: ScriptedServer, clients: EndpointClients
) -> None:
    with pytest.raises(EndpointError) as caught:
        await ask(clients, server.base_url, "fault:429")

    assert getattr(caught.value, "retry_after", None) == 7.0


async def test_it_does_not_count_a_slow_reader_as_an_idle_endpoint(
    server: ScriptedServer, clients: EndpointClients
) -> None:
    address = EndpointAddress(base_url=server.base_url, model_name="steady-40-4")
    limits = Limits(first_token=2.0, idle=0.3, total=20.0)
    events = []
    async with aclosing(stream_reply(clients, address, prompt(), limits=limits)) as reply:
        async for event in reply:
            events.append(event)
            await asyncio.sleep(0.4)

    assert isinstance(events[-1], Finished)
