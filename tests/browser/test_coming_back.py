"""How often a page connects to a server that takes its connections and ends them."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.battling import send
from tests.browser.conftest import Watched
from tests.browser.fake_server import FakeServer

pytestmark = pytest.mark.browser
type Visit = Callable[..., Page]

# Pauses before connecting again are written down, and not waited for; chance is a half.
HURRIED = """
window.pauses = [];
const wait = window.setTimeout;
window.setTimeout = (callback, delay, ...rest) => {
  const isPause = String(callback).includes("#connect()");
  if (isPause) pauses.push(delay);
  return wait(callback, isPause ? 0 : delay, ...rest);
};
Math.random = () => 0.5;
"""
FIRST, LONGEST = 400, 10_000


class HangingUp(FakeServer):
    """Once `hangs_up`, ends each connection when it is asked something, after `says` if set."""

    hangs_up = False
    says = ""

    def _opened(self, socket: WebSocketRoute) -> None:
        super()._opened(socket)
        if not self.hangs_up:
            return

        def end(_message: str | bytes) -> None:
            if self.says:
                self.tell("error", code=self.says, message="Come back later.")
            socket.close(code=1011)

        socket.on_message(end)

    def hang_up(self) -> None:
        """End the connection that there is, and all later ones."""
        self.hangs_up = True
        assert self.socket is not None
        self.socket.close(code=1011)


@pytest.fixture
def streaming(visit: Visit, watched: Watched) -> HangingUp:
    """A battle whose answers stream."""
    watched.expects_lost_network = True
    page = visit("")
    server = HangingUp(page)
    page.add_init_script(HURRIED)
    page.goto("/")
    send(page, "Hello")
    server.wait_to_hear("prompt")
    server.begin()
    expect(page.locator(".turn")).to_have_count(1)
    return server


def pauses(page: Page) -> list[float]:
    found: list[float] = page.evaluate("window.pauses")
    return found


@pytest.mark.parametrize("says", ["", "storage_away"], ids=["nothing", "an error"])
def test_pauses_grow_while_connections_bring_nothing(streaming: HangingUp, says: str) -> None:
    streaming.says = says
    streaming.hang_up()
    streaming.wait_for_connections(10)
    found = pauses(streaming.page)[:8]
    assert found[0] == FIRST
    assert all(later == min(2 * earlier, LONGEST) for earlier, later in pairwise(found))
    assert found[-1] == LONGEST
    expect(streaming.page.locator(".battle-notice")).to_be_visible()


def test_a_connection_that_brought_something_begins_anew(streaming: HangingUp) -> None:
    streaming.hang_up()
    streaming.wait_for_connections(5)
    streaming.hangs_up = False
    heard = streaming.count("resume")
    streaming.wait_to_hear("resume", times=heard + 1)
    streaming.say("One.", "Two.")
    expect(streaming.page.locator(".answer").first).to_have_text("One.")
    expect(streaming.page.locator(".battle-notice")).to_be_hidden()
    before = len(pauses(streaming.page))
    assert pauses(streaming.page)[-1] > FIRST
    streaming.hang_up()
    streaming.wait_for_connections(streaming.connections + 1)
    assert pauses(streaming.page)[before] == FIRST
