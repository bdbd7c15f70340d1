from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.endpoints import TooLarge
from workers.endpoints.sse import EventReader

STREAM = (
    b": comment\n\nevent: message\nid: 7\ndata: one\n\ndata:two\r\n\r\n\n"
    b"data: a\ndata: b\n\nretry: 5\nunknown\n\ndata: last"
)


def read(*chunks: bytes, cap: int = 1000) -> list[bytes]:
    reader = EventReader(cap)
    events = [event for chunk in chunks for event in reader.feed(chunk)]
    return [*events, *reader.finish()]


def test_it_reads_events() -> None:
    assert read(STREAM) == [b"one", b"two", b"a\nb", b"last"]


@given(st.lists(st.integers(0, len(STREAM))))
def test_it_reads_the_same_events_however_they_are_cut(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(STREAM)]
    chunks = [STREAM[a:b] for a, b in pairwise(places)]

    assert read(*chunks) == [b"one", b"two", b"a\nb", b"last"]


@pytest.mark.parametrize(
    "chunks",
    [
        [b"data: " + b"x" * 50],
        [b"data: " + b"x" * 50 + b"\n\n"],
        [b"x"] * 50,
        [b"data: 1234567890\n"] * 3,
        [b": " + b"x" * 50],
    ],
)
def test_it_stops_at_the_cap(chunks: list[bytes]) -> None:
    with pytest.raises(TooLarge) as caught:
        read(*chunks, cap=40)

    assert caught.value.code == "too_large_line"


def test_the_cap_is_for_each_event() -> None:
    assert read(b"data: 1234567890\n\n" * 100, cap=40) == [b"1234567890"] * 100
