r"""Every way in which a server can fail, by model name.

================= =====================================================================
``fault:...``     what the server does
================= =====================================================================
``429``           429 with ``Retry-After: 7``
``http-N``        status N and an error text that names the model and the server
``redirect``      307 to another path of this server
``redirect-N``    307 to port N of this machine
``disconnect``    closes the connection before the status line
``hang``          takes the request and never answers
``slow-headers``  sends the headers one byte a second
``stall-after-N`` N tokens, then silence
``pings``         ``: ping`` comments for ever
``pings-after-N`` N tokens, then ``: ping`` comments for ever
``roles``         empty chunks for ever: traffic, but never content
``endless``       the answer never ends
``drip``          two tokens a second for ever: only the total limit ends it
``eof``           five tokens, then the connection closes as HTTP/1.0 ends a body
``eof-at-once``   headers, then the connection closes
``truncated-chunk`` closes in the middle of a chunk of the transfer coding
``no-finish``     text and ``[DONE]``, but no finish reason
``bad-json``      five tokens, then an event that is not JSON
``bad-utf8``      five tokens, then an event that is not UTF-8
``not-an-object`` five tokens, then an event that is JSON, but a list
``deep-json``     an event with 100,000 opening brackets
``html-200``      200 and a login page
``json-200``      200 and a whole completion, as if ``stream`` had not been asked for
``error-200``     five tokens, then an error object that names the model
``done-only``     ``[DONE]`` and nothing else
``empty``         a role, a finish reason, ``[DONE]``, not a word
``blank``         an answer of blanks only
``only-thinks``   reasoning, a finish reason, no answer
``huge-line``     one line of 200 MB
``gzip-bomb``     200 MB of comments in 200 kB of gzip
``huge-error``    status 500 and a page of 200 MB
``nul``           NUL characters in the text
``surrogates``    lone surrogates, and one pair cut in two by a chunk's end
``bidi``          right-to-left overrides and isolates that are never closed
``long-word``     a word of 1 MB without a break
``scripts``       HTML and Markdown that try to run scripts
``tells-name``    the answer says which model it is
``usage-each-chunk`` usage repeated in every chunk, growing
``no-usage``      no usage, though it was asked for
``think``         reasoning in ``<think>`` tags, cut in awkward places
``reasoning``     reasoning in ``reasoning_content``
``reasoning-field`` reasoning in ``reasoning``
``filtered``      some text, then ``content_filter``
``odd-reason``    a finish reason that nobody knows
``wrong-name``    a good answer whose chunks carry another model's name
``no-done``       a good answer without ``[DONE]``; the connection stays open and silent
================= =====================================================================
"""

import asyncio
import re
import zlib
from collections.abc import Awaitable, Callable

from workers.demo.performance import Performance, event_bytes

HUGE = 200 * 10**6
_PIECE = 2**16
SENTENCE = "The river keeps its course, and the bank remembers the water. "

type Act = Callable[[Performance, int], Awaitable[None]]

_NUMBERED = re.compile(r"fault:(?P<name>.+?)-(?P<number>\d+)")


def fault_of(model: str) -> Callable[[Performance], Awaitable[None]] | None:
    """Return what a model named ``fault:...`` does; None for any other name."""
    number = 0
    act = FAULTS.get(model.removeprefix("fault:")) if model.startswith("fault:") else None
    if act is None and (match := _NUMBERED.fullmatch(model)):
        act, number = FAULTS.get(f"{match['name']}-N"), int(match["number"])
    if act is None:
        return None
    return lambda performance: act(performance, number)


async def _for_ever() -> None:
    await asyncio.Event().wait()


async def _begin_to_speak(performance: Performance, tokens: int = 5) -> None:
    await performance.begin()
    for position in range(tokens):
        await performance.say(f"word{position} ")


# -- before the answer ---------------------------------------------------------------------------


async def _rate_limited(performance: Performance, _: int) -> None:
    error = {"error": {"message": "Rate limit reached", "type": "requests", "code": "rate_limit"}}
    await performance.exchange.reply_json(429, error, {"Retry-After": "7"})


async def _status(performance: Performance, status: int) -> None:
    message = f"{performance.body['model']} failed on upstream-7.internal.example"
    await performance.exchange.reply_json(status, {"error": {"message": message}})


async def _redirect(performance: Performance, port: int) -> None:
    place = f"http://127.0.0.1:{port}/elsewhere" if port else "/elsewhere"
    await performance.exchange.reply(307, b"", "text/plain", {"Location": place})


async def _disconnect(performance: Performance, _: int) -> None:
    performance.exchange.keep_alive = False


async def _hang(_performance: Performance, _: int) -> None:
    await _for_ever()


async def _slow_headers(performance: Performance, _: int) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" + b"X-Pad: 1\r\n" * 1000:
        await performance.exchange.raw(bytes([byte]))
        await performance.pause(1)


# -- silence and noise ---------------------------------------------------------------------------


async def _stall(performance: Performance, tokens: int) -> None:
    await _begin_to_speak(performance, tokens)
    await _for_ever()


async def _pings(performance: Performance, tokens: int) -> None:
    await _begin_to_speak(performance, tokens)
    while True:
        await performance.exchange.chunk(b": ping\n\n")
        await performance.pause(0.05)


async def _roles(performance: Performance, _: int) -> None:
    await performance.begin()
    while True:
        await performance.exchange.event(performance.chunk({"role": "assistant", "content": ""}))
        await performance.pause(0.05)


async def _endless(performance: Performance, _: int) -> None:
    await performance.begin()
    while True:
        await performance.say(SENTENCE * 50)


async def _drip(performance: Performance, _: int) -> None:
    await performance.begin()
    while True:
        await performance.say("drop ")
        await performance.pause(0.5)


# -- broken ends ---------------------------------------------------------------------------------


async def _eof(performance: Performance, _: int) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    await performance.exchange.raw(head)
    for position in range(5):
        chunk = performance.chunk({"content": f"word{position} "})
        await performance.exchange.raw(event_bytes(chunk))


async def _eof_at_once(performance: Performance, _: int) -> None:
    await performance.exchange.begin_events()
    performance.exchange.keep_alive = False


async def _truncated_chunk(performance: Performance, _: int) -> None:
    await _begin_to_speak(performance)
    await performance.exchange.raw(b'400\r\ndata: {"id": "chatcmpl-scri')


async def _no_finish(performance: Performance, _: int) -> None:
    await _begin_to_speak(performance)
    await performance.finish(None)


async def _no_done(performance: Performance, _: int) -> None:
    await _begin_to_speak(performance)
    await performance.exchange.event(performance.chunk({}, finish_reason="stop"))
    await _for_ever()


def _bad_event(payload: bytes) -> Act:
    async def act(performance: Performance, _: int) -> None:
        await _begin_to_speak(performance)
        await performance.exchange.chunk(b"data: " + payload + b"\n\n")
        await performance.finish()

    return act


# -- not a stream, or not an answer --------------------------------------------------------------


async def _html(performance: Performance, _: int) -> None:
    page = b"<!doctype html><title>Sign in</title><h1>Please sign in</h1>"
    await performance.exchange.reply(200, page, "text/html; charset=utf-8")


async def _whole_json(performance: Performance, _: int) -> None:
    message = {"role": "assistant", "content": SENTENCE}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    await performance.exchange.reply_json(200, {"choices": [choice], "usage": performance.usage})


async def _error_in_stream(performance: Performance, _: int) -> None:
    await _begin_to_speak(performance)
    message = f"{performance.body['model']} ran out of memory on gpu-3.internal.example"
    await performance.exchange.event({"error": {"message": message, "code": 500}})
    await performance.finish(None)


async def _done_only(performance: Performance, _: int) -> None:
    await performance.exchange.begin_events()
    await performance.exchange.event("[DONE]")
    await performance.exchange.end()


async def _only_thinks(performance: Performance, _: int) -> None:
    await performance.begin()
    await performance.say(SENTENCE, field="reasoning_content")
    await performance.finish()


# -- too much ------------------------------------------------------------------------------------


async def _huge_line(performance: Performance, _: int) -> None:
    await performance.begin()
    await performance.exchange.chunk(b"data: ")
    for _piece in range(HUGE // _PIECE):
        await performance.exchange.chunk(b"x" * _PIECE)
    await performance.finish()


async def _gzip_bomb(performance: Performance, _: int) -> None:
    await performance.exchange.begin_events({"Content-Encoding": "gzip"})
    packer = zlib.compressobj(wbits=31)
    comments = (b": " + b"x" * 61 + b"\n") * (_PIECE // 64)
    for _piece in range(HUGE // _PIECE):
        packed = packer.compress(comments)
        if packed:
            await performance.exchange.chunk(packed)
    await performance.exchange.chunk(packer.flush())
    await performance.exchange.end()


async def _huge_error(performance: Performance, _: int) -> None:
    exchange = performance.exchange
    head = f"HTTP/1.1 500 Oops\r\nContent-Type: text/plain\r\nContent-Length: {HUGE}\r\n\r\n"
    await exchange.raw(head.encode())
    for _piece in range(HUGE // _PIECE):
        await exchange.raw(b"x" * _PIECE)


# -- good answers with something odd in them -----------------------------------------------------


def _says(*pieces: str, reason: str = "stop") -> Act:
    async def act(performance: Performance, _: int) -> None:
        await performance.begin()
        for piece in pieces:
            await performance.say(piece)
        await performance.finish(reason)

    return act


def _reasons(field: str) -> Act:
    async def act(performance: Performance, _: int) -> None:
        await performance.begin()
        for piece in ("Let me ", "think."):
            await performance.say(piece, field=field)
        await performance.say("The answer is 4.")
        await performance.finish()

    return act


async def _tells_name(performance: Performance, _: int) -> None:
    await performance.begin()
    await performance.speak(f"I am {performance.body['model']}, and I am glad to help.")
    await performance.finish()


async def _usage_each_chunk(performance: Performance, _: int) -> None:
    repeating = Performance(performance.exchange, performance.body, usage_each_chunk=True)
    await _begin_to_speak(repeating)
    await repeating.finish()


async def _no_usage(performance: Performance, _: int) -> None:
    body = {**performance.body, "stream_options": None}
    silent = Performance(performance.exchange, body)
    await _begin_to_speak(silent)
    await silent.finish()


async def _wrong_name(performance: Performance, _: int) -> None:
    renamed = {**performance.body, "model": "gpt-3.5-turbo"}
    other = Performance(performance.exchange, renamed)
    await _begin_to_speak(other)
    await other.finish()


FAULTS: dict[str, Act] = {
    "429": _rate_limited,
    "http-N": _status,
    "redirect": _redirect,
    "redirect-N": _redirect,
    "disconnect": _disconnect,
    "hang": _hang,
    "slow-headers": _slow_headers,
    "stall-after-N": _stall,
    "pings": _pings,
    "pings-after-N": _pings,
    "roles": _roles,
    "endless": _endless,
    "drip": _drip,
    "eof": _eof,
    "eof-at-once": _eof_at_once,
    "truncated-chunk": _truncated_chunk,
    "no-finish": _no_finish,
    "no-done": _no_done,
    "bad-json": _bad_event(b'{"choices": [{"delta": {"content": "wo'),
    "bad-utf8": _bad_event(b'{"choices": [{"index": 0, "delta": {"content": "\xff\xfe"}}]}'),
    "not-an-object": _bad_event(b"[1, 2, 3]"),
    "deep-json": _bad_event(b"[" * 100_000),
    "html-200": _html,
    "json-200": _whole_json,
    "error-200": _error_in_stream,
    "done-only": _done_only,
    "empty": _says(),
    "blank": _says(" ", "\n\n", "\t"),
    "only-thinks": _only_thinks,
    "huge-line": _huge_line,
    "gzip-bomb": _gzip_bomb,
    "huge-error": _huge_error,
    "nul": _says("before\x00", "\x00after"),
    "surrogates": _says("lone \ud800 and \udc00, pair \ud83d", "\ude00, end \ud83d"),
    "bidi": _says("user\u202egnp.exe \u2066never closed \u200f\u202d", "and on"),
    "long-word": _says("a" * 10**6),
    "scripts": _says(
        "<script>alert(1)</script><img src=x onerror=alert(2)>\n\n",
        "[link](javascript:alert(3)) <svg onload=alert(4)> ![](https://tracker.example/a.png)\n\n",
        "$$\\href{javascript:alert(5)}{x}$$",
    ),
    "tells-name": _tells_name,
    "usage-each-chunk": _usage_each_chunk,
    "no-usage": _no_usage,
    "think": _says("<th", "ink>Let me ", "think.</thi", "nk>", "\n\nThe answer", " is 4."),
    "reasoning": _reasons("reasoning_content"),
    "reasoning-field": _reasons("reasoning"),
    "filtered": _says("I would say ", reason="content_filter"),
    "odd-reason": _says("And then ", reason="weather"),
    "wrong-name": _wrong_name,
}
