"""A moderation endpoint over real sockets: what it says, and every way in which it fails to."""

from collections.abc import AsyncIterator

import pytest

from workers.demo.moderating import MANNERS, ModerationServer
from workers.endpoints import (
    HARMLESS_PICTURE,
    AddressRefused,
    EndpointClients,
    EndpointError,
    ModerationAddress,
    TimedOut,
    Unreachable,
    moderate,
)
from workers.endpoints.moderation import PIECE_CHARACTERS

PATIENT = 60.0
FAILURES = {
    "http-400": "bad_request",
    "http-401": "auth",
    "http-404": "not_found",
    "http-429": "rate_limited",
    "http-500": "server_failed",
    "http-503": "server_failed",
    "hang": "timeout_total",
    "drip": "timeout_total",
    "flood": "too_large_body",
    "html": "malformed",
    "list": "malformed",
    "no-results": "malformed",
    "too-few": "malformed",
    "flagged-is-text": "malformed",
    "score-is-text": "malformed",
    "score-over-one": "malformed",
    "score-not-finite": "malformed",
    "redirect": "redirected",
}


@pytest.fixture
async def judge() -> AsyncIterator[ModerationServer]:
    async with ModerationServer() as server:
        yield server


async def test_it_says_what_the_server_says(
    clients: EndpointClients, judge: ModerationServer
) -> None:
    address = ModerationAddress(base_url=judge.base_url, model_name="omni", api_key="key-0123456")
    found = await moderate(clients, address, "Plan an attack.", seconds=PATIENT)
    assert found.flagged == {"violence"}
    assert found.scores == {"violence": 0.97, "harassment": 0.02}
    [request] = judge.requests
    assert request.body == {"model": "omni", "input": "Plan an attack."}
    assert request.headers["authorization"] == "Bearer key-0123456"
    clear = await moderate(clients, ModerationAddress(base_url=judge.base_url), "Hi", seconds=60)
    assert clear.flagged == frozenset()
    assert judge.requests[-1].body == {"input": "Hi"}


async def test_a_long_text_is_asked_about_whole(
    clients: EndpointClients, judge: ModerationServer
) -> None:
    address = ModerationAddress(base_url=judge.base_url)
    # The word lies across the first cut; then a text of many requests, the word at its end.
    across = "x" * (PIECE_CHARACTERS - 3) + "attack" + "x" * 100
    assert (await moderate(clients, address, across, seconds=PATIENT)).flagged == {"violence"}
    asked = len(judge.asked)
    long = "y" * (40 * PIECE_CHARACTERS) + "attack"
    assert (await moderate(clients, address, long, seconds=PATIENT)).flagged == {"violence"}
    assert max(len(text) for text in judge.asked) == PIECE_CHARACTERS
    assert sum(len(text) for text in judge.asked[asked:]) >= len(long)
    assert len(judge.requests) == 4


async def test_a_picture_is_asked_about_by_itself(
    clients: EndpointClients, judge: ModerationServer
) -> None:
    address = ModerationAddress(base_url=judge.base_url, model_name="omni")
    judge.pictures = "seen"
    clear = await moderate(clients, address, HARMLESS_PICTURE, seconds=PATIENT)
    assert not clear.flagged
    assert clear.looked_at == {"image"}
    part = {"type": "image_url", "image_url": {"url": HARMLESS_PICTURE.url}}
    assert judge.requests[-1].body == {"model": "omni", "input": [part]}
    assert HARMLESS_PICTURE.url.startswith("data:image/png;base64,")
    judge.flags_pictures = True
    flagged = await moderate(clients, address, HARMLESS_PICTURE, seconds=PATIENT)
    assert flagged.flagged == {"violence"}
    judge.pictures = "unsaid"
    assert not (await moderate(clients, address, HARMLESS_PICTURE, seconds=PATIENT)).looked_at
    judge.pictures = "refused"
    with pytest.raises(EndpointError) as refusal:
        await moderate(clients, address, HARMLESS_PICTURE, seconds=PATIENT)
    assert refusal.value.code == "bad_request"
    assert not judge.asked


def test_each_manner_of_the_server_is_tested() -> None:
    assert set(FAILURES) == set(MANNERS)


@pytest.mark.parametrize(("manner", "code"), FAILURES.items())
async def test_it_raises_a_typed_error(
    clients: EndpointClients, judge: ModerationServer, manner: str, code: str
) -> None:
    judge.manner = manner
    seconds = 0.5 if code == "timeout_total" else PATIENT
    with pytest.raises(EndpointError) as caught:
        await moderate(
            clients, ModerationAddress(base_url=judge.base_url), "Hello", seconds=seconds
        )
    assert caught.value.code == code
    assert "upstream-7" not in str(caught.value), "the server's words are its detail's"


async def test_addresses_are_checked_as_an_endpoint_s(judge: ModerationServer) -> None:
    address = ModerationAddress(base_url=judge.base_url)
    async with EndpointClients() as careful:
        with pytest.raises(AddressRefused):
            await moderate(careful, address, "Hello", seconds=PATIENT)
    assert not judge.asked


async def test_a_server_that_is_gone(clients: EndpointClients) -> None:
    async with ModerationServer() as server:
        address = ModerationAddress(base_url=server.base_url)
    with pytest.raises((Unreachable, TimedOut)):
        await moderate(clients, address, "Hello", seconds=PATIENT)
