"""The server's end of a battle page's socket, played by a test: no model, and any message."""

import json
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from playwright.sync_api import Page, WebSocketRoute

# How a script of a test imports a module of the page, whose name has a hash in it.
MODULE = r"""
const module = async (name) => import(performance.getEntriesByType("resource")
  .map((entry) => entry.name).find((url) => new RegExp(`battles/${name}[.\\w]*\\.js$`).test(url)));
"""

type Turn = Mapping[str, Any]
type Vote = Mapping[str, str]
# Generous: what is waited for comes at once, unless the machine has much else to do.
_MOST_SECONDS = 60.0


class FakeServer:
    """Answers nothing by itself: a test says what it sends."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.battle = ""
        self._seq = 0
        self.socket: WebSocketRoute | None = None
        # What the page said, over all its connections, and how many these were.
        self.heard: list[dict[str, Any]] = []
        self.connections = 0
        # A connection that died without a word: nothing comes back.
        self.is_dead = False
        self._streaming: Turn | None = None
        page.route_web_socket("**/ws/battle/**", self._opened)

    def _opened(self, socket: WebSocketRoute) -> None:
        self.socket = socket
        self.connections += 1
        socket.on_message(lambda message: self._hear(json.loads(message)))

    def _hear(self, message: dict[str, Any]) -> None:
        """Keep a message; a page that asks during a silence is told that nothing has ended."""
        self.heard.append(message)
        if message["type"] == "resume" and self._streaming and not self.is_dead:
            truth = {"votable": False, "void": None, "seq": 0, "vote": None}
            self.tell("battle", battle=self.battle, turns=[self._streaming], **truth)

    def wait_to_hear(self, kind: str, times: int = 1) -> None:
        """Wait until the page has said so many messages of a kind."""
        self._wait(lambda: self.count(kind) >= times, f"the page did not say {kind}")

    def wait_for_connections(self, number: int) -> None:
        """Wait until the page has connected so often."""
        self._wait(lambda: self.connections >= number, "the page did not connect")

    def _wait(self, is_so: Callable[[], bool], otherwise: str) -> None:
        end = time.monotonic() + _MOST_SECONDS
        while not is_so():
            assert time.monotonic() < end, otherwise
            self.page.wait_for_timeout(20)  # in which Playwright hands over what came

    def count(self, kind: str) -> int:
        """Return how many messages of a kind the page has said."""
        return sum(message["type"] == kind for message in self.heard)

    def tell(self, kind: str, **fields: Any) -> None:
        """Send one message."""
        assert self.socket is not None, "the page has not connected"
        self.socket.send(json.dumps({"type": kind, **fields}))

    def tell_turns(self, turns: Sequence[dict[str, Any]]) -> None:
        """Send a new battle whose turns are these."""
        battle = {"votable": False, "void": None, "seq": 0, "vote": None}
        self.battle, self._seq, self._streaming = str(uuid.uuid4()), 0, None
        self.tell("battle", battle=self.battle, turns=turns, **battle)

    def tell_stored(self, *turns: Turn, votable: bool = True, vote: Vote | None = None) -> None:
        """Send the truth of the same battle, as an answer to a resume or to a follow-up."""
        truth = {"votable": votable, "void": None, "seq": self._seq, "vote": vote}
        self.tell("battle", battle=self.battle, turns=turns, **truth)

    def begin(self, prompt: str = "Hello") -> None:
        """Send a new battle whose first turn is being answered."""
        turn = {"number": 1, "prompt": prompt, "state": "streaming", "a": "", "b": ""}
        self.tell_turns([turn])
        self._streaming = turn

    def tell_next(self, kind: str, **fields: Any) -> None:
        """Send the next numbered message, of the first turn unless it says which."""
        self._seq += 1
        self.tell(kind, **{"seq": self._seq, "turn": 1, **fields})

    def say(self, a: str, b: str, state: str = "streaming") -> None:
        """Send a frame of both sides."""
        self.tell_next("frame", a=a, b=b, state={"a": state, "b": state})

    def end(self, state: str = "complete") -> None:
        """End the turn."""
        votable = state == "complete"
        self._streaming = None
        self.tell_next("turn", state=state, votable=votable, void=None if votable else "failed")
