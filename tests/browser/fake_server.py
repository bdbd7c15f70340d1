"""The server's end of a battle page's socket, played by a test: no model, and any message."""

import json
import uuid
from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Page, WebSocketRoute

# How a script of a test imports a module of the page, whose name has a hash in it.
MODULE = r"""
const module = async (name) => import(performance.getEntriesByType("resource")
  .map((entry) => entry.name).find((url) => new RegExp(`battles/${name}[.\\w]*\\.js$`).test(url)));
"""


class FakeServer:
    """Answers nothing by itself: a test says what it sends."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.battle = ""
        self._seq = 0
        self.socket: WebSocketRoute | None = None
        page.route_web_socket("**/ws/battle/**", self._opened)

    def _opened(self, socket: WebSocketRoute) -> None:
        self.socket = socket
        socket.on_message(lambda message: None)

    def tell(self, kind: str, **fields: Any) -> None:
        """Send one message."""
        assert self.socket is not None, "the page has not connected"
        self.socket.send(json.dumps({"type": kind, **fields}))

    def tell_turns(self, turns: Sequence[dict[str, Any]]) -> None:
        """Send a new battle whose turns are these."""
        battle = {"votable": False, "void": None, "seq": 0, "vote": None}
        self.battle, self._seq = str(uuid.uuid4()), 0
        self.tell("battle", battle=self.battle, turns=turns, **battle)

    def begin(self, prompt: str = "Hello") -> None:
        """Send a new battle whose first turn is being answered."""
        self.tell_turns([{"number": 1, "prompt": prompt, "state": "streaming", "a": "", "b": ""}])

    def tell_next(self, kind: str, **fields: Any) -> None:
        """Send the next numbered message of the first turn."""
        self._seq += 1
        self.tell(kind, seq=self._seq, turn=1, **fields)

    def say(self, a: str, b: str, state: str = "streaming") -> None:
        """Send a frame of both sides."""
        self.tell_next("frame", a=a, b=b, state={"a": state, "b": state})

    def end(self, state: str = "complete") -> None:
        """End the turn."""
        votable = state == "complete"
        self.tell_next("turn", state=state, votable=votable, void=None if votable else "failed")
