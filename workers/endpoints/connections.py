"""HTTP/1.1 to model servers: as much as a streamed answer needs, at the least cost.

A transport of `httpx2`, so the openai package above it writes the requests as ever. The stock
transport hands each piece of a body through half a dozen generators, which costs more than all the
rest of a battle; here llhttp calls back into a list, and the reader takes what has gathered.
"""

import asyncio
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Callable

import httptools
import httpx2

type Callback = Callable[[], object]
type Soon = Callable[[Callback], object]
"""Has a callback called soon: at once, or with others at the next beat."""

# A connection that nobody uses is closed before servers, whose usual limit is 5 s, close it.
_IDLE_SECONDS = 4.0
_MOST_IDLE = 32
# What may arrive without a byte of body: the head, sizes of chunks, trailers.
_MOST_OVERHEAD = 64 * 2**10
# Bytes of body that may wait for the reader before the server is made to wait.
_MOST_WAITING = 256 * 2**10

type _Origin = tuple[bool, str, int, str]


class Body(httpx2.AsyncByteStream):
    """The body of one response, as it comes.

    Attributes
    ----------
    soon : callable
        How the reader is woken. With a beat, what comes between two beats is read at once.
    """

    def __init__(self, connection: "_Connection") -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._pieces: list[bytes] = []
        self._size = 0
        self._waiter: asyncio.Future[None] | None = None
        self._waking = False
        self._expired = False
        self._error: httpx2.TransportError | None = None
        self.ended = False
        self.soon: Soon = self._loop.call_soon

    async def read(self) -> bytes:
        """Return all that has come and was not read; nothing at the end.

        Raises
        ------
        httpx2.TransportError
            When the body broke off, or is none.
        TimeoutError
            After `expire`.
        """
        while not (self._pieces or self.ended or self._expired):
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        if self._pieces:
            whole = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
            self._pieces.clear()
            if self._size > _MOST_WAITING:
                self._connection.resume()
            self._size = 0
            return whole
        if self._expired:
            self._expired = False
            raise TimeoutError
        if self._error is not None:
            raise self._error
        return b""

    def expire(self) -> None:
        """End a read that is waiting in vain."""
        if self._waiter is not None and not (self._pieces or self.ended):
            self._expired = True
            self._wake()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while piece := await self.read():
            yield piece

    async def aclose(self) -> None:
        """Give the connection back when the body was whole; otherwise close it."""
        self._connection.release()

    def take(self, piece: bytes) -> None:
        """Add what the server sent."""
        self._pieces.append(piece)
        before, self._size = self._size, self._size + len(piece)
        if self._size > _MOST_WAITING >= before:
            self._connection.pause()
        self._tell()

    def end(self, error: httpx2.TransportError | None = None) -> None:
        """Note that nothing more comes."""
        if not self.ended:
            self.ended, self._error = True, error
            self._tell()

    def _tell(self) -> None:
        if not self._waking and self._waiter is not None:
            self._waking = True
            self.soon(self._wake)

    def _wake(self) -> None:
        self._waking = False
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class _Connection(asyncio.Protocol):
    """One connection, which answers one request at a time."""

    def __init__(self, give_back: Callable[["_Connection"], object]) -> None:
        self._give_back = give_back
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport
        self._head: asyncio.Future[httpx2.Response] | None = None
        self._body: Body | None = None
        self._headers: list[tuple[bytes, bytes]] = []
        self._overhead = 0
        self._open_ended = False
        self.closed = False
        self.idle_since = 0.0

    async def send(self, request: bytes) -> httpx2.Response:
        """Send a request and return the response, with its body still to come."""
        self._head = asyncio.get_running_loop().create_future()
        self._headers, self._overhead = [], 0
        self._transport.write(request)
        return await self._head

    def release(self) -> None:
        """Take no more of the present response."""
        body, self._body = self._body, None
        whole = body is not None and body.ended and not self._open_ended
        if whole and not self.closed and self._parser.should_keep_alive():
            self._give_back(self)
        else:
            self.abort()

    def abort(self) -> None:
        """Close at once."""
        self.closed = True
        self._transport.abort()

    def pause(self) -> None:
        """Let the server wait."""
        self._transport.pause_reading()

    def resume(self) -> None:
        """Let the server go on."""
        if not self.closed:
            self._transport.resume_reading()

    # --- asyncio calls these ------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # uvloop's is none by class

    def data_received(self, data: bytes) -> None:
        self._overhead += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._break(httpx2.RemoteProtocolError(str(error)))
        except httptools.HttpParserUpgrade:
            self._break(httpx2.RemoteProtocolError("the server changes the protocol"))
        if self._overhead > _MOST_OVERHEAD:
            self._break(httpx2.RemoteProtocolError("too much beside the body"))

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if self._body is not None and self._open_ended and exc is None:
            self._body.end()  # the end of the connection is the end of such a body
        else:
            self._break(httpx2.ReadError(str(exc or "the server closed the connection")))

    # --- llhttp calls these -------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Begin a response; one that nobody asked for spoils the connection."""
        if self._head is None or self._head.done():
            self.abort()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, or a trailer, which is dropped."""
        if self._body is None:
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Hand the response on, unless it only says that one follows."""
        status = self._parser.get_status_code()
        if status < 200:
            self._headers = []
            return
        names = {name.lower() for name, _ in self._headers}
        self._open_ended = not names & {b"content-length", b"transfer-encoding"}
        self._body = Body(self)
        if self._head is not None and not self._head.done():
            response = httpx2.Response(
                status,
                headers=self._headers,
                stream=self._body,
                extensions={"http_version": b"HTTP/1.1", "body": self._body},
            )
            self._head.set_result(response)

    def on_body(self, piece: bytes) -> None:
        """Take a piece of the body."""
        self._overhead = 0
        if self._body is not None:
            self._body.take(piece)

    def on_message_complete(self) -> None:
        """End the body."""
        if self._body is not None:
            self._body.end()

    def _break(self, error: httpx2.TransportError) -> None:
        if self._head is not None and not self._head.done():
            self._head.set_exception(error)
        if self._body is not None:
            self._body.end(error)
        if not self.closed:
            self.abort()


class StreamTransport(httpx2.AsyncBaseTransport):
    """Connections to one base URL's servers; those that are idle are used again.

    It connects where the request's URL says, to the letter: what may be called was decided above.
    No redirect is followed, no proxy asked, nothing decompressed, no request sent twice.

    Parameters
    ----------
    tls : ssl.SSLContext
        For https. The name that a certificate must carry is the extension ``sni_hostname``.
    """

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        self._idle: dict[_Origin, list[_Connection]] = defaultdict(list)
        self._all: set[_Connection] = set()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request; return when its head has come."""
        head = _head_of(request)
        content = b"".join([piece async for piece in request.stream])  # type: ignore[union-attr]
        connection = await self._connection(request)
        try:
            return await connection.send(head + content)
        except BaseException:
            connection.abort()
            raise

    async def aclose(self) -> None:
        """Close every connection."""
        for connection in list(self._all):
            connection.abort()
        self._idle.clear()

    async def _connection(self, request: httpx2.Request) -> _Connection:
        url = request.url
        secure = url.scheme == "https"
        name = str(request.extensions.get("sni_hostname") or url.host)
        origin = (secure, url.host, url.port or (443 if secure else 80), name)
        loop = asyncio.get_running_loop()
        self._close_old(loop.time())
        while idle := self._idle[origin]:
            if not (connection := idle.pop()).closed:
                return connection

        def give_back(connection: _Connection) -> None:
            connection.idle_since = loop.time()
            self._idle[origin].append(connection)

        try:
            async with asyncio.timeout(request.extensions["timeout"].get("connect")):
                _, connection = await loop.create_connection(
                    lambda: _Connection(give_back),
                    host=url.host,
                    port=origin[2],
                    ssl=self._tls if secure else None,
                    server_hostname=name if secure else None,
                )
        except TimeoutError:
            raise httpx2.ConnectTimeout(f"connecting to {url.host}", request=request) from None
        except OSError as error:
            raise httpx2.ConnectError(str(error), request=request) from error
        self._all = {one for one in self._all if not one.closed} | {connection}
        return connection

    def _close_old(self, now: float) -> None:
        for idle in self._idle.values():
            while idle and (idle[0].idle_since < now - _IDLE_SECONDS or len(idle) > _MOST_IDLE):
                idle.pop(0).abort()


def _head_of(request: httpx2.Request) -> bytes:
    """Return the request line and the headers.

    Raises
    ------
    httpx2.LocalProtocolError
        When a header would be more than one.
    """
    lines = [b"%b %b HTTP/1.1" % (request.method.encode(), request.url.raw_path)]
    lines += [b"%b: %b" % header for header in request.headers.raw]
    if any(b"\r" in line or b"\n" in line or b"\0" in line for line in lines):
        raise httpx2.LocalProtocolError("a header has a line break in it", request=request)
    return b"\r\n".join([*lines, b"", b""])
