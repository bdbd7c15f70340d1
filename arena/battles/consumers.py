"""The battle socket: parse, call, reply. It never waits for an answer being written."""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from asgiref.typing import WebSocketScope
from channels.generic.websocket import AsyncWebsocketConsumer
from django import db
from django.conf import settings
from django.utils import translation

from arena.battles import protocol, turns
from arena.battles.errors import BattleError, NotFound, NotYours, TooMany, Unavailable
from arena.battles.generation import Generation, current, in_database
from arena.battles.moderation.prompts import Asked, OpenTurn, admit_prompt, asked_first
from arena.battles.protocol import (
    Again,
    BadMessage,
    BattleMessage,
    ErrorMessage,
    Prompt,
    Resume,
    Stop,
)
from arena.battles.state import new_battle, read_battle
from arena.battles.stream import SlowReader, Subscription
from arena.connections import database_watch
from arena.voters.identity import voter_of_scope
from arena.voters.language import language_of_scope
from arena.voters.limits import Identity, Rate
from arena.voters.visitors import visitors

logger = logging.getLogger(__name__)

# After so long without news the reader looks at the stored truth: a turn may have been voided.
_SECONDS_TO_LOOK = 4.0
# Messages of one visitor, over all sockets: so many a minute, and so many at once.
_MESSAGES = Rate("messages", 300, 20)
# A browser that does not read gets this long to take the close.
_SECONDS_TO_CLOSE = 1.0
_CLOSE_RESTART = 1012  # of the WebSocket registry: the server restarts, come back


class BattleConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels has no types
    """One visitor's socket. It shows one battle at a time."""

    scope: WebSocketScope
    _identity: Identity

    async def connect(self) -> None:
        """Accept; a visitor without our cookie is sent back to the page."""
        self._reader: asyncio.Task[None] | None = None
        self._closed = False
        self._language = language_of_scope(self.scope)
        voter_id = voter_of_scope(self.scope)
        await self.accept()
        if voter_id is None:
            await self.close(protocol.CLOSE_NO_VOTER)
        else:
            self._voter_id = voter_id
            self._identity = await visitors().identity(self.scope)

    async def disconnect(self, code: int) -> None:
        """Stop reading; what is being answered goes on."""
        await self._leave()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Take one message; what a browser sent before it heard of the close is dropped."""
        if self._closed:
            return
        try:
            if await visitors().rates.take(self._identity, _MESSAGES):
                raise BadMessage("too many messages", protocol.CLOSE_TOO_MANY)
            await self._obey(protocol.parse(text_data))
        except BadMessage as error:
            await self._refuse(error)
        except BattleError as error:
            await self._tell(error)
            if error.code in {"restarting", "signed_in"}:  # the next socket has the new cookie
                await self.close(_CLOSE_RESTART)
            elif isinstance(error, NotFound | NotYours):
                await self._refuse(BadMessage(error.code, protocol.CLOSE_NOT_FOUND))
        except (db.OperationalError, db.InterfaceError) as error:
            logger.warning("A message without the database: %s", type(error).__name__)
            await self._tell(_storage_away())

    async def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Close once: a server raises at whatever is said after it."""
        if not self._closed:
            self._closed = True
            await super().close(code, reason)

    async def _obey(self, message: protocol.ClientMessage) -> None:
        if not database_watch.answers:
            raise _storage_away()
        if isinstance(message, Prompt | Again):
            await self._count_prompt()
        generation, voter_id = current(), self._voter_id
        match message:
            case Prompt(text=text, battle=None, acknowledged=sure, models=models, picture=picture):
                start = partial(turns.start_battle, chosen=models, picture_id=picture)
                admitted = await self._admit(start, lambda: Asked(text, picture), sure)
                started = await generation.start(admitted, voter_id, text)
                await self._show(generation, new_battle(started), 0)
            case Prompt(
                text=text, battle=uuid.UUID() as battle, acknowledged=sure, picture=picture
            ):
                follow = partial(turns.start_turn, picture_id=picture)
                admitted = await self._admit(follow, lambda: Asked(text, picture), sure)
                started = await generation.start(admitted, voter_id, battle, text)
                await self._show_stored(generation, battle, started.first_seq - 1)
            case Again(battle=battle, acknowledged=sure):
                read = partial(asked_first, voter_id, battle)
                admitted = await self._admit(turns.start_again, read, sure)
                started = await generation.start(admitted, voter_id, battle)
                await self._show(generation, new_battle(started), 0)
            case Resume(battle=battle, after=after):
                await generation.begin()
                await self._show_stored(generation, battle, after)
            case Stop(battle=battle):
                await generation.stop(voter_id, battle)

    async def _admit(self, open_turn: OpenTurn, read: Callable[[], Asked], sure: bool) -> OpenTurn:
        clients = current().clients
        return await admit_prompt(clients, open_turn, self._voter_id, read, acknowledged=sure)

    async def _count_prompt(self) -> None:
        rate = Rate.per_minute_of("prompts", settings.PROMPTS_PER_MINUTE)
        wait = await visitors().rates.take(self._identity, rate)
        if wait:
            raise TooMany("too_many_prompts", retry_after=wait)

    async def _show_stored(self, generation: Generation, battle_id: uuid.UUID, after: int) -> None:
        message = await in_database(read_battle, self._voter_id, battle_id)
        await self._show(generation, message, after)

    async def _show(self, generation: Generation, message: BattleMessage, after: int) -> None:
        """Send the truth of a battle, then the frames that follow."""
        await self._leave()
        await self._write(message.encode())
        if message.streaming:
            self._reader = asyncio.create_task(
                self._read(generation, message, max(after, message.seq)), name="socket reader"
            )
            self._reader.add_done_callback(self._report)

    async def _read(self, generation: Generation, message: BattleMessage, after: int) -> None:
        try:
            async with generation.streams.subscribe(
                message.battle, after=after, on_overflow=self._interrupt
            ) as subscription:
                while not await self._forward(subscription, message.battle):
                    pass
        except SlowReader:
            await self._cut_off()

    async def _forward(self, subscription: Subscription, battle_id: uuid.UUID) -> bool:
        """Send what comes next; return whether it was the last."""
        entry = await subscription.next(seconds=_SECONDS_TO_LOOK)
        if entry is not None:
            await self._write(entry.text)
            return entry.last
        try:
            message = await in_database(read_battle, self._voter_id, battle_id)
        except (db.OperationalError, db.InterfaceError):
            return False  # the frames go on meanwhile; the truth is looked at again
        if not message.streaming:
            await self._write(message.encode())
        return not message.streaming

    async def _write(self, text: str) -> None:
        """Send to a browser that may have gone: its socket says so in a moment."""
        if not self._closed:
            with contextlib.suppress(OSError):
                await self.send(text_data=text)

    def _interrupt(self) -> None:
        """End a reader that is stuck in sending to a browser that does not read."""
        if self._reader is not None:
            self._reader.cancel()
            self._closing = asyncio.create_task(self._cut_off())

    async def _cut_off(self) -> None:
        """Close the socket of a browser that does not read: politely, then by breaking it off."""
        logger.warning("A socket was closed with %s: slow reader", protocol.CLOSE_SLOW_READER)
        try:
            async with asyncio.timeout(_SECONDS_TO_CLOSE):
                await self.close(protocol.CLOSE_SLOW_READER)
        except TimeoutError:
            extensions: Mapping[str, Any] = self.scope.get("extensions") or {}
            if "parity.abort" in extensions:
                extensions["parity.abort"]["now"]()

    async def _leave(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    def _report(self, reader: asyncio.Task[None]) -> None:
        """A reader that broke must not leave a socket that looks alive."""
        if not reader.cancelled() and (error := reader.exception()) is not None:
            logger.error("A socket's reader broke", exc_info=error)
            self._closing = asyncio.create_task(self.close(1011))

    async def _refuse(self, error: BadMessage) -> None:
        logger.warning("A socket was closed with %s: %s", error.close_code, error)
        await self.close(error.close_code)

    async def _tell(self, error: BattleError) -> None:
        with translation.override(self._language):
            message = ErrorMessage(**error.as_json())
        await self._write(message.encode())


def _storage_away() -> Unavailable:
    return Unavailable("storage_away", retry_after=5)
