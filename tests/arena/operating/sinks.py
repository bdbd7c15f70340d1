"""What alarms are sent to: a mail server and a webhook, on loopback, over real sockets."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from typing import Any


@dataclass
class Sink:
    """A server that keeps what it gets.

    Attributes
    ----------
    port : int
    taken : list
        Letters, or JSON documents.
    refuses : bool
        Whether it says no.
    """

    port: int = 0
    taken: list[Any] = field(default_factory=list)
    refuses: bool = False
    # What the webhook answers with.
    answer: str = "200 OK"


@contextmanager
def mail_server() -> Iterator[Sink]:
    """Run a server that speaks as much SMTP as a letter needs."""
    sink = Sink()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())

        say("220 sink")
        while line := await reader.readline():
            verb = line.split()[0].upper() if line.split() else b""
            if verb == b"RCPT" and sink.refuses:
                say("550 sk-planted is not known here")
            elif verb == b"DATA":
                say("354 go on")
                letter = await reader.readuntil(b"\r\n.\r\n")
                sink.taken.append(message_from_bytes(letter[:-5], policy=default))
                say("250 taken")
            elif verb == b"QUIT":
                say("221 bye")
                break
            else:
                say("250 sink")
            await writer.drain()
        writer.close()

    with _serving(sink, serve):
        yield sink


@contextmanager
def webhook() -> Iterator[Sink]:
    """Run an HTTP server that takes JSON."""
    sink = Sink()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line.partition(":")[2])
            for line in head.splitlines()
            if line.lower().startswith("content-length:")
        )
        document = json.loads(await reader.readexactly(length))
        if not sink.refuses:
            sink.taken.append(document)
        status = "500 sk-planted" if sink.refuses else sink.answer
        writer.write(
            f"HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode()
        )
        await writer.drain()
        writer.close()

    with _serving(sink, serve):
        yield sink


@contextmanager
def _serving(sink: Sink, serve: Any) -> Iterator[None]:
    ready, loops = threading.Event(), []

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        sink.port = server.sockets[0].getsockname()[1]
        stop = asyncio.Event()
        loops.append((asyncio.get_running_loop(), stop))
        ready.set()
        await stop.wait()
        server.close()
        await server.wait_closed()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    assert ready.wait(10)
    try:
        yield
    finally:
        loop, stop = loops[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)


def text_of(letter: Message) -> str:
    """Return the plain text of a letter."""
    content: str = letter.get_content()  # type: ignore[attr-defined]
    return content.replace("\r\n", "\n")
