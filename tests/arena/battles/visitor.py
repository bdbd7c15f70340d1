"""A visitor with a cookie, a socket and an HTTP client, as a browser would be."""

import json
import uuid
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from asgiref.testing import ApplicationCommunicator
from django.test import AsyncClient

from arena.asgi import application
from arena.ids import uuid7
from arena.voters import identity

SECONDS = 60.0  # generous: a busy machine is not a failure


class Visitor:
    """One browser: its cookie, one socket at a time, and its requests."""

    def __init__(self, voter_id: uuid.UUID | None = None) -> None:
        self.id = voter_id or uuid7()
        self.http = AsyncClient()
        self.http.cookies[identity.COOKIE] = identity.sign(self.id)

    def socket(self) -> "Socket":
        """Return a new socket, not open yet."""
        return Socket(identity.sign(self.id))

    async def post(self, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        """Send JSON; return the status and the reply."""
        response = await self.http.post(path, body or {}, content_type="application/json")
        return response.status_code, response.json()

    async def get(self, path: str) -> tuple[int, dict[str, Any]]:
        """Get JSON; return the status and the reply."""
        response = await self.http.get(path)
        return response.status_code, response.json()

    async def vote(self, battle: str, outcome: str) -> tuple[int, dict[str, Any]]:
        """Vote on a battle."""
        return await self.post(f"/battle/{battle}/vote/", {"outcome": outcome})

    async def battle(self, text: str, *, models: Sequence[str] = ()) -> "Transcript":
        """Have a whole first turn: of a blind battle, or with one or two models of one's choice."""
        async with self.socket() as socket:
            await socket.send(type="prompt", text=text, battle=None, models=models)
            return await socket.turn()

    async def follow_up(self, battle: str, text: str) -> "Transcript":
        """Have a whole later turn."""
        async with self.socket() as socket:
            await socket.send(type="prompt", text=text, battle=battle)
            return await socket.turn()


class Socket:
    """The battle socket of one page, opened by a page of our own."""

    def __init__(self, cookie: str | None, **headers: str) -> None:
        sent = {"host": "localhost", "origin": "http://localhost", **headers}
        if cookie:
            sent["cookie"] = f"{identity.COOKIE}={cookie}"
        pairs = [(name.encode(), value.encode()) for name, value in sent.items() if value]
        scope = {
            "type": "websocket",
            "path": "/ws/battle/",
            "query_string": b"",
            "headers": pairs,
            "scheme": "ws",
        }
        # channels' own communicator imports daphne, which we don't install.
        self.communicator: Any = ApplicationCommunicator(application, scope)  # type: ignore[no-untyped-call]
        self.received: list[str] = []

    async def open(self) -> dict[str, Any]:
        """Knock; return what the server answers."""
        await self.communicator.send_input({"type": "websocket.connect"})
        answer: dict[str, Any] = await self.communicator.receive_output(SECONDS)
        return answer

    async def __aenter__(self) -> Self:
        answer = await self.open()
        assert answer["type"] == "websocket.accept", answer
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.communicator.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.communicator.wait(SECONDS)

    async def send(self, **message: Any) -> None:
        """Send one message."""
        await self.send_frame(json.dumps(message))

    async def send_frame(self, frame: str | bytes) -> None:
        """Send a text or binary frame, whatever it says."""
        kind = "bytes" if isinstance(frame, bytes) else "text"
        await self.communicator.send_input({"type": "websocket.receive", kind: frame})

    async def receive(self) -> dict[str, Any]:
        """Return the next message."""
        output = await self.communicator.receive_output(SECONDS)
        assert output["type"] == "websocket.send", output
        text: str = output["text"]
        self.received.append(text)
        message: dict[str, Any] = json.loads(text)
        return message

    async def closed(self) -> int:
        """Return the code with which the server closes next, past any messages before it."""
        while (output := await self.communicator.receive_output(SECONDS))["type"] != (
            "websocket.close"
        ):
            self.received.append(output["text"])
        code: int = output["code"]
        return code

    async def turn(self, after: "Transcript | None" = None) -> "Transcript":
        """Receive until a turn has ended, or until an error is told."""
        transcript = after or Transcript()
        while not transcript.over:
            transcript.take(await self.receive())
        return transcript


class Transcript:
    """What a page knows of its battle, built from messages as a browser builds it."""

    def __init__(self) -> None:
        self.battle = ""
        self.texts = {"a": "", "b": ""}
        self.states: Mapping[str, str] = {"a": "waiting", "b": "waiting"}
        self.seq = 0
        self.number = 0
        self.truth: dict[str, Any] = {}
        self.frames: list[dict[str, Any]] = []
        self.positions: list[int] = []
        self.end: dict[str, Any] = {}
        self.error: dict[str, Any] = {}

    @property
    def over(self) -> bool:
        return bool(self.end or self.error)

    def take(self, message: dict[str, Any]) -> None:
        """Take one message; a hole in the numbers is an error."""
        getattr(self, f"_take_{message['type']}")(message)

    def _take_battle(self, message: dict[str, Any]) -> None:
        self.truth, self.battle = message, message["battle"]
        last = message["turns"][-1]
        texts = {side: last[side] for side in "ab" if side in last}
        if last["state"] != "streaming":
            self.texts = texts
            self.seq = message["seq"]
            self.end = {"state": last["state"], **{k: message[k] for k in ("votable", "void")}}
        elif last["number"] != self.number:
            self.texts, self.number = texts, last["number"]
            self.seq = max(self.seq, message["seq"])

    def _take_queue(self, message: dict[str, Any]) -> None:
        assert message["seq"] == self.seq + 1
        self.seq = message["seq"]
        self.positions.append(message["position"])

    def _take_frame(self, message: dict[str, Any]) -> None:
        assert message["seq"] == self.seq + 1
        self.seq = message["seq"]
        self.frames.append(message)
        self.states = message["state"]
        for side in self.texts:
            self.texts[side] += message[side]

    def _take_turn(self, message: dict[str, Any]) -> None:
        assert message["seq"] == self.seq + 1
        self.seq = message["seq"]
        self.end = message

    def _take_error(self, message: dict[str, Any]) -> None:
        self.error = message
