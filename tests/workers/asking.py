"""Asking an endpoint in a test, and what came of it."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from workers.endpoints import (
    Delta,
    EndpointAddress,
    EndpointClients,
    Finished,
    Limits,
    Message,
    stream_reply,
)

# Long enough for a loopback answer on a busy machine, short enough for a test that waits for them.
QUICK = Limits(connect=2.0, first_token=1.0, idle=0.6, total=2.5, trailing=0.3)


@dataclass(frozen=True)
class Reply:
    """A whole reply."""

    text: str
    reasoning: str
    finished: Finished


def prompt(text: str = "Explain why the sky is blue.") -> list[Message]:
    """Return a conversation of one prompt."""
    return [{"role": "user", "content": text}]


async def ask(
    clients: EndpointClients,
    base_url: str,
    model_name: str,
    *,
    messages: list[Message] | None = None,
    limits: Limits = QUICK,
    **known: Any,
) -> Reply:
    """Read one reply to its end."""
    address = EndpointAddress(base_url=base_url, model_name=model_name, **known)
    text, reasoning = "", ""
    finished: Finished | None = None
    reply = stream_reply(clients, address, messages or prompt(), limits=limits)
    async with aclosing(reply) as events:
        async for event in events:
            assert finished is None, "nothing comes after Finished"
            match event:
                case Delta():
                    assert event.text or event.reasoning
                    text += event.text
                    reasoning += event.reasoning
                case Finished():
                    finished = event
    assert finished is not None
    return Reply(text, reasoning, finished)


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait for a condition; fail when it does not come."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 -- it looks at a server, which sets no event
            await asyncio.sleep(0.005)
