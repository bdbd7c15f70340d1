"""Two things at once: presses that come twice, replies that come late, never, or to another tab."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.browser.battling import answers, send, wait_until_votable
from tests.browser.conftest import Watched
from tests.browser.fake_server import FakeServer
from tests.browser.site import Site

pytestmark = pytest.mark.browser
type Visit = Callable[..., Page]
type Played = tuple[Page, FakeServer]

FIRST = {"number": 1, "prompt": "Hello", "state": "complete", "a": "One.", "b": "Two."}
SECOND = {"number": 2, "prompt": "More?", "state": "streaming", "a": "", "b": ""}
LATER = "say:" + "slowly " * 2000


@pytest.fixture
def slow_down(site: Site) -> Iterator[Callable[[], None]]:
    """Return what makes the models so slow that a long answer outlasts the test."""

    def begin() -> None:
        site.parrots.tokens_per_second = 10.0

    yield begin
    site.parrots.tokens_per_second = 400.0


@pytest.fixture
def votable(visit: Visit) -> Played:
    """Open a battle that waits for its vote, with a server that the test plays."""
    page = visit("")
    server = FakeServer(page)
    page.goto("/")
    send(page, "Hello")
    server.wait_to_hear("prompt")
    server.begin()
    server.say("One.", "Two.")
    server.end()
    wait_until_votable(page)
    return page, server


def vote_stored(outcome: str = "a", *, seconds: int = 3600) -> dict[str, str]:
    """Return what the server says of a vote that can be taken back for so long."""
    now = datetime.now(UTC)
    final = now + timedelta(seconds=seconds)
    return {"outcome": outcome, "cast_at": now.isoformat(), "final_at": final.isoformat()}


def fulfil(route: Route, body: dict[str, Any], status: int = 200) -> None:
    """Answer a request with JSON."""
    route.fulfill(status=status, content_type="application/json", body=json.dumps(body))


def stop(page: Page) -> None:
    """End what is being answered: the next test's battle is the only one."""
    # So many words later than the press of Send that this one is not taken for a part of it.
    expect(page.locator(".turn").last.locator(".answer").first).to_contain_text("slowly " * 12)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator('.side[data-state="stopped"]').first).to_be_visible()


def revealed(visit: Visit) -> Page:
    """Return a battle whose names are known."""
    page = visit()
    send(page, "say:An answer.")
    wait_until_votable(page)
    page.keyboard.press("1")
    expect(page.locator(".verdict")).to_be_visible()
    return page


def test_enter_twice_in_going_on_sends_and_stays(
    visit: Visit, slow_down: Callable[[], None]
) -> None:
    page = revealed(visit)
    slow_down()
    address = page.url
    send(page, LATER)
    page.keyboard.press("Enter")
    expect(page.locator(".turn").last.locator(".answer").first).to_contain_text("slowly")
    page.keyboard.press("Enter")
    stop(page)
    assert page.url == address
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_have_attribute("data-stage", "landing")


def test_a_double_click_on_a_new_pair_starts_one_battle(visit: Visit) -> None:
    page = visit("")
    asked: list[str] = []
    page.on(
        "websocket", lambda socket: socket.on("framesent", lambda text: asked.append(str(text)))
    )
    page.goto("/")
    send(page, "say:An answer.")
    wait_until_votable(page)
    page.keyboard.press("1")
    expect(page.locator(".verdict")).to_be_visible()
    before = page.url
    page.get_by_role("button", name="Same prompt, new pair", exact=True).dblclick()
    expect(page).not_to_have_url(before)
    wait_until_votable(page)
    assert sum('"again"' in text for text in asked) == 1
    expect(page.locator(".battle-notice")).to_be_hidden()


def test_the_skip_link_goes_to_the_content_and_loads_nothing(votable: Played) -> None:
    page, server = votable
    page.evaluate("window.same = true")
    page.get_by_role("link", name="Skip to the content", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    expect(page).to_have_url(f"{page.url.partition('#')[0]}#main")
    page.go_back()
    page.keyboard.press("/")
    expect(page.get_by_label("Your prompt")).to_be_focused()
    assert page.evaluate("window.same") is True
    assert server.connections == 1


def test_news_of_the_battle_leaves_a_vote_alone_that_is_being_sent(votable: Played) -> None:
    page, server = votable
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/vote/", hold)
    page.keyboard.press("1")
    bar = page.locator(".vote")
    expect(bar).to_have_attribute("data-state", "sending")
    server.tell_stored(FIRST)
    server.tell("error", code="test", message="All that came before is read.")
    expect(page.locator(".battle-notice")).to_contain_text("All that came before")
    expect(bar).to_have_attribute("data-state", "sending")
    fulfil(held[0], vote_stored())
    expect(page.locator(".vote-sentence")).to_have_text("You chose A.")


def test_a_stale_reply_says_nothing_of_a_prompt_sent_since(votable: Played) -> None:
    page, server = votable
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    server.wait_to_hear("resume")
    send(page, "More?")
    server.wait_to_hear("prompt", times=2)
    server.tell_stored(FIRST)
    server.tell_stored(FIRST, SECOND, votable=False)
    server.tell_next(
        "frame", turn=2, a="Three.", b="Four.", state={"a": "streaming", "b": "streaming"}
    )
    expect(page.locator(".turn").last.locator(".answer").first).to_have_text("Three.")
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.get_by_label("Your prompt")).to_have_value("")
    expect(page.locator(".battle-notice")).to_be_hidden()


def test_a_follow_up_sent_without_a_network_outlives_a_reload(visit: Visit) -> None:
    page = visit("")
    sockets: list[WebSocketRoute] = []
    lost: list[bool] = []

    def connect(socket: WebSocketRoute) -> None:
        if lost:
            socket.close(code=1011)
        else:
            sockets.append(socket)
            socket.connect_to_server()

    page.route_web_socket("**/ws/battle/**", connect)
    page.goto("/")
    send(page, "say:First.")
    wait_until_votable(page)
    lost.append(True)
    sockets[-1].close(code=1011)
    notice = page.locator(".battle-notice")
    expect(notice).to_contain_text("Connection lost")
    send(page, "say:Second.")
    expect(page.locator(".turn")).to_have_count(2)
    expect(notice).to_contain_text("Connection lost")
    lost.clear()
    page.reload()
    box = page.get_by_label("Your prompt")
    expect(box).to_have_value("say:Second.")
    expect(page.locator(".turn")).to_have_count(1)
    box.press("Enter")
    expect(page.locator(".turn")).to_have_count(2)
    wait_until_votable(page)
    assert answers(page, turn=2) == ["Second."] * 2
    page.reload()
    wait_until_votable(page)
    expect(box).to_have_value("")


def test_a_first_prompt_that_a_reload_interrupts_is_in_the_box_again(visit: Visit) -> None:
    page = visit("")
    server = FakeServer(page)
    page.goto("/")
    send(page, "Half way")
    server.wait_to_hear("prompt")
    page.reload()
    expect(page.get_by_label("Your prompt")).to_have_value("Half way")


def test_a_connection_that_died_silently_gives_the_prompt_back(visit: Visit) -> None:
    page = visit("")
    page.clock.install()
    server = FakeServer(page)
    page.goto("/")
    send(page, "Into the void")
    server.wait_to_hear("prompt")
    page.clock.fast_forward(45_000)
    expect(page.locator(".battle-notice")).to_contain_text("send it again")
    expect(page.get_by_label("Your prompt")).to_have_value("Into the void")


def test_a_stream_that_falls_silent_is_asked_after_and_then_resumed_anew(visit: Visit) -> None:
    page = visit("")
    page.clock.install()
    server = FakeServer(page)
    page.goto("/")
    send(page, "Hello")
    server.wait_to_hear("prompt")
    server.begin()
    server.say("Once ", "Twice ")
    expect(page.locator(".answer").first).to_have_text("Once")
    page.clock.fast_forward(15_000)
    server.wait_to_hear("resume")
    server.say("upon", "upon")
    expect(page.locator(".answer").first).to_have_text("Once upon")
    assert server.connections == 1
    server.is_dead = True
    page.clock.fast_forward(15_000)
    server.wait_to_hear("resume", times=2)
    page.clock.fast_forward(15_000)
    expect(page.locator(".battle-notice")).to_contain_text("Connection lost")
    server.is_dead = False
    page.clock.fast_forward(15_000)
    server.wait_for_connections(2)
    server.wait_to_hear("resume", times=3)
    server.say(" a time", " a time")
    expect(page.locator(".answer").first).to_have_text("Once upon a time")
    expect(page.locator(".battle-notice")).to_be_hidden()


@pytest.mark.parametrize("pressed", [False, True], ids=["revealing", "undoing"])
def test_a_vote_taken_back_in_another_tab_can_be_cast_again(
    votable: Played, watched: Watched, pressed: bool
) -> None:
    page, _ = votable
    watched.expected_statuses = {409}
    gone = {"code": "no_vote", "message": "Vote first: then you will see who answered."}
    vote = vote_stored(seconds=3600 if pressed else 0)
    page.route("**/vote/", lambda route: fulfil(route, vote))
    for address in ("**/reveal/", "**/undo/"):
        page.route(address, lambda route: fulfil(route, gone, 409))
    page.keyboard.press("1")
    if pressed:
        page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_text("Your vote is taken back. You can vote again.").first).to_be_attached()
    wait_until_votable(page)
    expect(page.locator(".battle-notice")).to_be_hidden()
