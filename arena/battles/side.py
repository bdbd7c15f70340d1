"""One side of a turn: its call, from the request to the last word."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

from django.conf import settings

from arena.battles.calls import Call
from arena.battles.models import FinishReason, ReplyState
from arena.battles.turns import SideResult
from arena.catalog.addresses import endpoint_address
from workers.endpoints import (
    Delta,
    EndpointAddress,
    EndpointClients,
    EndpointError,
    Finished,
    Limits,
    Soon,
    TokenEstimate,
    Usage,
    stream_reply,
    usage_when_cut,
)

_SUCCESS = frozenset({FinishReason.STOP, FinishReason.LENGTH})


def limits() -> Limits:
    """Return the limits of one call, from the settings."""
    return Limits(
        connect=settings.CONNECT_SECONDS,
        first_token=settings.FIRST_TOKEN_SECONDS,
        idle=settings.IDLE_SECONDS,
        total=settings.TOTAL_SECONDS,
        answer_characters=settings.MAX_ANSWER_CHARACTERS,
    )


class SideReply:
    """Asks one endpoint for one reply and keeps what came, however it ends.

    ``on_text`` is called with each piece of visible text; reasoning is kept and never handed on.
    """

    def __init__(self, call: Call, on_text: Callable[[str], None]) -> None:
        self._call = call
        self._on_text = on_text
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._began = asyncio.get_running_loop().time()
        self._estimate = TokenEstimate()
        self._first: float | None = None
        self._last = 0.0
        self._finished: Finished | None = None
        self._error: tuple[str, str] | None = None
        self._charged = False

    async def run(self, clients: EndpointClients, soon: Soon) -> None:
        """Stream the reply to its end; what goes wrong with the endpoint is kept, not raised.

        ``soon`` says when what has come is read.
        """
        endpoint = self._call.endpoint
        try:
            address = endpoint_address(endpoint)
        except ValueError as error:  # its key or its parameters cannot be used
            self._error = ("misconfigured", str(error))
            return
        self._charged = True  # also when it is cut off from now on
        try:
            self._began = asyncio.get_running_loop().time()
            await self._stream(clients, address, soon)
        except EndpointError as error:
            self._error, self._charged = (error.code, error.detail), error.charged

    def find_busy(self) -> None:
        """Give up before the request: the line for the endpoints was too long."""
        self._error = ("busy", "no slot came free in time")

    @property
    def failed(self) -> bool:
        """Whether it ended without a complete answer."""
        return self._error is not None

    def result(self, *, shown: str | None = None) -> SideResult:
        """Return how it ended. One that had not ended was stopped.

        ``shown`` replaces the text of a turn that was cut: the reply is what was visible.
        """
        if self._error:
            state = ReplyState.FAILED
        else:
            state = ReplyState.COMPLETE if self._finished else ReplyState.STOPPED
        if shown is not None and state != ReplyState.FAILED:
            state = ReplyState.STOPPED
        done = self._finished
        code, detail = self._error or ("", "")
        return SideResult(
            state=state,
            text="".join(self._text) if shown is None else shown,
            reasoning="".join(self._reasoning),
            finish_reason=done.finish_reason if done else "",
            error_code=code,
            error_detail=detail,
            usage=done.usage if done else None,
            first_token_seconds=done.timings.first_token if done else self._first,
            total_seconds=done.timings.total if done else None,
            sent=self._sent(),
            charged=self._charged,
            guess=self._guess(),
        )

    async def _stream(self, clients: EndpointClients, address: EndpointAddress, soon: Soon) -> None:
        messages = self._call.messages
        replies = stream_reply(clients, address, messages, limits=limits(), soon=soon)
        async with aclosing(replies) as pieces:
            async for piece in pieces:
                if isinstance(piece, Finished):
                    self._finish(piece)
                else:
                    self._take(piece)

    def _take(self, delta: Delta) -> None:
        self._last = asyncio.get_running_loop().time() - self._began
        if self._first is None:
            self._first = self._last
        self._estimate.add(delta.text + delta.reasoning)
        if delta.reasoning:
            self._reasoning.append(delta.reasoning)
        if delta.text:
            self._text.append(delta.text)
            self._on_text(delta.text)

    def _finish(self, finished: Finished) -> None:
        self._finished = finished
        if finished.finish_reason not in _SUCCESS:
            self._error = (finished.finish_reason, "the finish reason is not one of success")

    def _guess(self) -> Usage | None:
        """Return what a call used that was cut off by us while its endpoint answered."""
        if self._finished or self._error or not self._charged:
            return None
        elapsed = asyncio.get_running_loop().time() - self._began
        streaming = 0.0 if self._first is None else self._last - self._first
        return usage_when_cut(
            [
                {"role": "system", "content": self._call.endpoint.system_prompt},
                *self._call.messages,
            ],
            received=self._estimate.tokens,
            streaming=streaming,
            silent=elapsed - streaming,
        )

    def _sent(self) -> dict[str, Any]:
        endpoint = self._call.endpoint
        return {
            "request": dict(self._finished.sent) if self._finished else {},
            "served_model": self._finished.served_model if self._finished else None,
            "system_prompt": endpoint.system_prompt,
            "engine": endpoint.engine,
            "quantisation": endpoint.quantisation,
        }
