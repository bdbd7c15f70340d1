"""What is made for one reader serves all others."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from arena.boards.kept import Kept


def test_readers_who_come_at_once_wait_for_the_first() -> None:
    kept, begun, go_on, made = Kept[bytes](4), Event(), Event(), list[int]()

    def make() -> bytes:
        made.append(1)
        begun.set()
        go_on.wait()
        return b"page"

    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(kept.get, "key", make)
        begun.wait()
        others = [pool.submit(kept.get, "key", make) for _ in range(3)]
        assert kept.get("another key", lambda: b"other") == b"other", "only its readers wait"
        go_on.set()
        assert {reader.result() for reader in (first, *others)} == {b"page"}
    assert len(made) == 1


def test_what_failed_is_made_again() -> None:
    kept = Kept[bytes](4)

    def fail() -> bytes:
        raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            kept.get("key", fail)
    assert kept.get("key", lambda: b"page") == b"page"


def test_the_least_read_is_forgotten() -> None:
    kept = Kept[bytes](2)
    for key in ("one", "two"):
        kept.get(key, key.encode)
    kept.get("one", lambda: b"again")
    kept.get("three", lambda: b"three")
    assert kept.get("one", lambda: b"again") == b"one"
    assert kept.get("two", lambda: b"again") == b"again"
