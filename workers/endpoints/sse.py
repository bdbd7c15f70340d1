"""Server-sent events, read from bytes at the least cost and with a cap on each event."""

from collections.abc import Iterable, Iterator

from workers.endpoints.errors import TooLarge

_BEGINS, _ENDS = b"data: ", b"\n\n"


class EventReader:
    """Cuts a byte stream into the ``data`` of its events.

    Comments and the fields ``event``, ``id`` and ``retry`` are skipped; several ``data`` lines of
    one event are joined by a line feed. Source: the HTML standard, "Server-sent events",
    https://html.spec.whatwg.org/multipage/server-sent-events.html

    Lines end in LF or CRLF. The standard's third form, a lone CR, is used by no known model server
    and would cost a second look at every byte.

    Parameters
    ----------
    cap : int
        The most bytes that one unfinished event may have.
    """

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._rest = bytearray()
        self._event: list[bytes] = []
        self._event_size = 0

    def feed(self, chunk: bytes) -> Iterable[bytes]:
        """Take what the network brought; return the events that it completes, in order.

        Raises
        ------
        TooLarge
            When an event outgrows the cap, complete or not.
        """
        return self._whole_events(chunk) or self._by_line(chunk)

    def _whole_events(self, chunk: bytes) -> list[bytes]:
        """Return the events of a chunk that is nothing but events of one line, as nearly all are.

        Found by looking for what lies between two events, without a step for each line.
        """
        if self._rest or self._event or len(chunk) > self._cap:
            return []
        if not (chunk.startswith(_BEGINS) and chunk.endswith(_ENDS)) or b"\r" in chunk:
            return []
        events = chunk[len(_BEGINS) : -len(_ENDS)].split(_ENDS + _BEGINS)
        return events if chunk.count(b"\n") == len(_ENDS) * len(events) else []

    def _by_line(self, chunk: bytes) -> Iterator[bytes]:
        if b"\n" in chunk:
            *lines, rest = (self._rest + chunk if self._rest else chunk).split(b"\n")
            for line in lines:
                yield from self._line(bytes(line).removesuffix(b"\r"))
            self._rest = bytearray(rest)
        else:
            self._rest += chunk  # a long line that drips in must not be copied for each drop
        if len(self._rest) + self._event_size > self._cap:
            raise TooLarge("line")

    def finish(self) -> Iterator[bytes]:
        """Yield what the end of the stream leaves: some servers omit the last blank line."""
        yield from self._line(bytes(self._rest).removesuffix(b"\r"))
        yield from self._line(b"")

    def _line(self, line: bytes) -> Iterator[bytes]:
        if not line:
            if self._event:
                yield b"\n".join(self._event)
                self._event.clear()
                self._event_size = 0
        elif line.startswith(b"data:"):
            self._event_size += len(line)
            if self._event_size > self._cap:
                raise TooLarge("line")
            self._event.append(line[6:] if line.startswith(b"data: ") else line[5:])
