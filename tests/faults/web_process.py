"""A real web process on real sockets, which a test may kill, stop and flood."""

import asyncio
import os
import signal
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote, urlencode

import psutil
from django.conf import settings
from django.db import connection
from websockets.asyncio.client import ClientConnection, connect

from arena.environment import LOCAL_DIR
from arena.voters import identity
from tests.ports import free_port

SECONDS_TO_START = 60.0
CSRF = "c" * 32


class WebProcess:
    """One as it runs in production, on the tests' database."""

    def __init__(self, port: int, process: asyncio.subprocess.Process) -> None:
        self.port = port
        self.process = process

    @property
    def url(self) -> str:
        """Return where the site is."""
        return f"http://127.0.0.1:{self.port}"

    def cookies(self, voter: uuid.UUID) -> str:
        """Return the Cookie header of a visitor who has loaded the page."""
        return f"{identity.COOKIE}={identity.sign(voter)}; csrftoken={CSRF}"

    def socket(self, voter: uuid.UUID, **options: object) -> connect:
        """Open the battle socket as the page would."""
        return connect(
            f"ws://127.0.0.1:{self.port}/ws/battle/",
            origin=self.url,  # type: ignore[arg-type]
            additional_headers={"Cookie": self.cookies(voter)},
            compression=None,
            **options,  # type: ignore[arg-type]
        )

    @property
    def memory(self) -> int:
        """Return its resident memory in bytes."""
        size: int = psutil.Process(self.process.pid).memory_info().rss
        return size

    def kill(self) -> None:
        """End it without a word."""
        self.process.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.process.send_signal(signal.SIGTERM)

    async def wait(self, *, seconds: float) -> int:
        """Return its exit code."""
        return await asyncio.wait_for(self.process.wait(), seconds)


@asynccontextmanager
async def web_process(**environment: str) -> AsyncIterator[WebProcess]:
    """Run a web process; killed at the end if it still runs."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "arena.web"),
        *("--host", "127.0.0.1", "--port", str(port)),
        env={**os.environ, **environment_of_programs(), **environment},
    )
    web = WebProcess(port, process)
    try:
        await _until_it_answers(port)
        yield web
    finally:
        if process.returncode is None:
            web.kill()
            await process.wait()


def environment_of_programs() -> dict[str, str]:
    """Return the settings of a program that runs beside the tests, on their servers."""
    database = connection.settings_dict
    place = {"host": database["HOST"]} if database["HOST"].startswith("/") else {}
    where = f"{database['HOST']}:{database['PORT']}" if not place else ""
    user = f"{quote(database['USER'])}:{quote(database['PASSWORD'])}@"
    return {
        "DATABASE_URL": f"postgresql://{user}{where}/{database['NAME']}?{urlencode(place)}",
        "REDIS_URL": settings.REDIS_URL,
        "PARITY_SECRET_KEY": settings.SECRET_KEY,
        "PARITY_LOCAL_DIR": str(LOCAL_DIR),
        "PARITY_STATIC_ROOT": str(settings.STATIC_ROOT),
        "PARITY_PACING": "live",
    }


async def _until_it_answers(port: int) -> None:
    async with asyncio.timeout(SECONDS_TO_START):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                await writer.wait_closed()
                return


__all__ = ["CSRF", "ClientConnection", "WebProcess", "web_process"]
