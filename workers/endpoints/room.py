"""Whether an endpoint has room for calls: waited for before they are made."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager


class NoRoomError(Exception):
    """There was no room for calls in time, and none was made.

    Attributes
    ----------
    code : str
        ``no_slot`` when others use the endpoint, ``slots_unknown`` when nobody can tell.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


type Room = Callable[[int], AbstractAsyncContextManager[None]]
"""Entered around so many calls that are made at once; it raises `NoRoomError`."""


@asynccontextmanager
async def room_for_all(_calls: int) -> AsyncGenerator[None]:
    """Have room for any number of calls."""
    yield
