"""What a web process refuses before Django or a consumer begins, in a few microseconds.

While the database is away, while the process is ending, when it has too much to do, and when one
visitor asks too often: an answer that says when to come back, in place of a wait.
"""

import asyncio
import functools
import json
import logging
import re
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import close_old_connections
from django.utils import translation
from django.utils.csp import build_policy

from arena.arriving import Bodies, SenderLeft, announced_length
from arena.battles.errors import BattleError, TooMany, Unavailable
from arena.battles.lifespan import readiness
from arena.battles.protocol import CLOSE_TOO_MANY
from arena.connections import database_watch
from arena.errors import page_without_request
from arena.few_at_once import FewAtOnce
from arena.voters.addresses import network_of_scope
from arena.voters.language import language_of_scope
from arena.voters.limits import Rate
from arena.voters.visitors import visitors

logger = logging.getLogger(__name__)

type Scope = dict[str, Any]
type Receive = Callable[[], Awaitable[Any]]
type Send = Callable[[Any], Awaitable[None]]
type Application = Callable[[Any, Any, Any], Awaitable[Any]]

# Requests that Django answers at once, each in a thread; how many more may wait, and how long.
_AT_ONCE, _WAITING, _SECONDS_OF_WAIT = 32, 200, 10.0
_SECONDS_TO_COME_BACK = 5
_PROBE = re.compile(r"/(healthz|readyz)")
# What is answered without the database too; the figures say that it is away.
_FILE, _FIGURES = re.compile(r"/static/.*"), "/metrics"
_BALLOT = re.compile(r".*/battle/[^/]+/(vote|vote/undo|reveal)/")
_CODE = re.compile(r".*/me/account/send/")
_PROOF = re.compile(r".*/me/account/(code|passkey|passkey/question)/")
_PICTURES = re.compile(r".*/pictures/")
# It reads the database while it is sent, and holds some megabytes for however slow a reader.
_EXPORT = re.compile(r".*/me/export/")
_EXPORTS_AT_ONCE, _EXPORTS_OF_ONE_NETWORK = 8, 2
_LANGUAGE = "|".join(code for code, _ in settings.LANGUAGES)
_BATTLE = re.compile(rf"(/({_LANGUAGE}))?/(side-by-side/|chat/|battle/[^/]+/)?")
_OPENINGS = Rate("openings", 60, 30)
# Codes that are sent: twelve an hour, five at once. Codes and passkeys that are tried.
_CODES, _PROOFS = Rate("codes", 0.2, 5), Rate("proofs", 10, 20)
# Who opens too many sockets waits for each refusal, as long as not too many wait already.
_SECONDS_TO_REFUSE, _REFUSED_SLOWLY = 2.0, 500


class HttpGate:
    """Before Django: 429 and 503 with ``Retry-After``, as JSON to scripts and a page to people."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._bodies = Bodies()
        self._exports = FewAtOnce(_EXPORTS_AT_ONCE, of_one_network=_EXPORTS_OF_ONE_NETWORK)
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0
        self._at_work: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it."""
        path: str = scope["path"]
        is_read = announced_length(scope) == 0
        try:
            if _PROBE.fullmatch(path):
                async with self._bodies.whole(scope, receive) as whole:
                    await self._application(scope, whole, send)
                return
            is_file, is_figures = _FILE.fullmatch(path) is not None, path == _FIGURES
            if not (is_file or is_figures):
                self._refuse_what_must_wait(path)
            if not is_file:
                await self._count(scope, path)
            work = self._work if is_file or is_figures else self._work_unless_away
            async with self._bodies.whole(scope, receive) as whole:
                is_read = True
                with self._one_of_few(scope, path):
                    await self._enter()
                    await work(scope, whole, send)
        except BattleError as error:
            await _answer(scope, send, error, is_last=not is_read)
        except SenderLeft:
            return

    async def _work(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let Django answer, and leave the place that was taken for it once it has."""
        with ExitStack() as place:
            place.callback(self._room.release)
            is_begun = False

            async def say(message: Any) -> None:
                nonlocal is_begun
                if message["type"] == "http.response.body" and not is_begun:
                    # What is left is to send, which a slow reader can make long.
                    is_begun = True
                    place.close()
                    if message.get("more_body"):
                        # In the request's own thread, which else keeps its connection to the end.
                        await sync_to_async(close_old_connections)()
                await send(message)

            await self._application(scope, receive, say)

    async def _work_unless_away(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let Django answer; a request whose database ceases to answer is left to its thread.

        Raises
        ------
        Unavailable
            When the database is away and nothing was answered yet.
        """
        if not database_watch.answers:  # since it was admitted
            self._room.release()
            raise _storage_away()
        reply = _Reply(send)
        task = asyncio.create_task(self._work(scope, receive, reply.send))
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)
        try:
            with database_watch.loss() as loss:
                await asyncio.wait({task, loss}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if task.done() or reply.begun:
            await task
        else:
            reply.dropped = True
            task.add_done_callback(_report)
            raise _storage_away()

    def _refuse_what_must_wait(self, path: str) -> None:
        """Let in what can be answered now.

        Raises
        ------
        Unavailable
            While the database is away; for a battle's page while the process ends.
        """
        if not database_watch.answers:
            raise _storage_away()
        if readiness.draining and _BATTLE.fullmatch(path):
            raise Unavailable("restarting", retry_after=_SECONDS_TO_COME_BACK)

    async def _count(self, scope: Scope, path: str) -> None:
        """Count the request.

        Raises
        ------
        TooMany
            When there were too many of this visitor.
        """
        here = visitors()
        wait = await here.rates.take(await here.identity(scope), _rate_of(path))
        if wait:
            raise TooMany("too_many_requests", retry_after=wait)

    def _one_of_few(self, scope: Scope, path: str) -> AbstractContextManager[None]:
        """Limit what goes on working after it has left its place in Django, to its last byte."""
        if _EXPORT.fullmatch(path):
            return self._exports.one_of(network_of_scope(scope))
        return nullcontext()

    async def _enter(self) -> None:
        """Take one of the places in Django, after a short wait.

        Raises
        ------
        Unavailable
            When there is none.
        """
        if self._waiting >= _WAITING:
            raise Unavailable("too_busy", retry_after=_SECONDS_TO_COME_BACK)
        self._waiting += 1
        try:
            async with asyncio.timeout(_SECONDS_OF_WAIT):
                await self._room.acquire()
        except TimeoutError:
            raise Unavailable("too_busy", retry_after=_SECONDS_TO_COME_BACK) from None
        finally:
            self._waiting -= 1


class _Reply:
    """What Django says to a request; nothing more once somebody else has answered it."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False
        self.dropped = False

    async def send(self, message: Any) -> None:
        """Send a part of it."""
        if not self.dropped:
            self.begun = True
            await self._send(message)


class SocketGate:
    """Before the consumer: no new socket on a process that ends, and few for each visitor."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._refused_slowly = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a socket in, or close it."""
        if readiness.draining:
            # As HTTP, so that a proxy tries another process and a browser comes back.
            await receive()
            await _refuse_handshake(send, scope)
            return
        here = visitors()
        identity = await here.identity(scope)
        if await here.rates.take(identity, _OPENINGS):
            await self._refuse(receive, send)
            return
        async with here.sockets.open(identity) as is_within_limit:
            if is_within_limit:
                await self._application(scope, receive, send)
            else:
                await self._refuse(receive, send)

    async def _refuse(self, receive: Receive, send: Send) -> None:
        """Accept and close: a browser is told the code of an open socket alone."""
        await receive()
        if self._refused_slowly < _REFUSED_SLOWLY:
            # Whoever opens one after the other costs us little then.
            self._refused_slowly += 1
            try:
                await asyncio.sleep(_SECONDS_TO_REFUSE)
            finally:
                self._refused_slowly -= 1
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": CLOSE_TOO_MANY})


def _rate_of(path: str) -> Rate:
    if _BALLOT.fullmatch(path):
        return Rate.per_minute_of("votes", settings.VOTES_PER_MINUTE)
    if _PICTURES.fullmatch(path):
        return Rate.per_minute_of("pictures", settings.PROMPTS_PER_MINUTE)
    if _CODE.fullmatch(path):
        return _CODES
    if _PROOF.fullmatch(path):
        return _PROOFS
    return Rate.per_minute_of("requests", settings.REQUESTS_PER_MINUTE)


def _storage_away() -> Unavailable:
    return Unavailable("storage_away", retry_after=_SECONDS_TO_COME_BACK)


def _report(task: asyncio.Task[None]) -> None:
    """Nobody else hears of what went wrong with a request that was answered meanwhile."""
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("A request that the database left broke", exc_info=error)


async def _answer(scope: Scope, send: Send, error: BattleError, *, is_last: bool) -> None:
    """Answer; as the connection's last where a body may go on coming, which nobody would end."""
    accepts = next((value for name, value in scope["headers"] if name == b"accept"), b"")
    language = language_of_scope(scope)
    if b"text/html" in accepts:
        kind, body = "text/html; charset=utf-8", _page(error.code, error.status, language)
    else:
        with translation.override(language):
            text = json.dumps(error.as_json(), ensure_ascii=False)
        kind, body = "application/json", text.encode()
    headers = {
        "Content-Type": kind,
        "Content-Length": str(len(body)),
        "Content-Language": language,
        "Retry-After": str(error.retry_after or _SECONDS_TO_COME_BACK),
        "Cache-Control": "no-store",
        "Content-Security-Policy": build_policy(settings.SECURE_CSP),
        "X-Content-Type-Options": "nosniff",
        **({"Connection": "close"} if is_last else {}),
    }
    await send(
        {
            "type": "http.response.start",
            "status": error.status,
            "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": body})


@functools.lru_cache(maxsize=64)
def _page(code: str, status: int, language: str) -> bytes:
    with translation.override(language):
        return page_without_request(status, code).encode()


async def _refuse_handshake(send: Send, scope: Scope) -> None:
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1012})
        return
    headers = [(b"retry-after", str(_SECONDS_TO_COME_BACK).encode())]
    await send({"type": "websocket.http.response.start", "status": 503, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": b""})
