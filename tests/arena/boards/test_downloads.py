"""Files of a release, asked for as a server does: the tests' client hides how they are sent."""

import asyncio
import hashlib
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.asgi import get_asgi_application
from django.test import Client
from pytest_django import Settings

from arena.boards.publication import publish_boards
from arena.boards.releases import export_release
from arena.boards.simulation import SOURCE
from arena.integrity.facts import decide_votes
from tests.arena.boards.votes import NOW, cast, new_model

RELEASES = "/api/v1/releases"


def download(address: str, take: Callable[[bytes], object]) -> tuple[int, dict[str, str]]:
    """Return the status and headers of a GET, and hand on its body as it comes."""
    started: dict[str, Any] = {}
    asked = asyncio.Event()

    async def receive() -> Any:
        if asked.is_set():
            await asyncio.Event().wait()  # nobody hangs up
        asked.set()
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            started.update(message)
        else:
            take(message.get("body", b""))

    scope = {"type": "http", "method": "GET", "path": address, "query_string": b""}
    site = get_asgi_application()
    asyncio.run(site({**scope, "headers": [(b"host", b"localhost")]}, receive, send))
    headers = {name.decode(): value.decode() for name, value in started["headers"]}
    return started["status"], headers


@pytest.mark.django_db
def test_a_release_can_be_downloaded(client: Client, tmp_path: Path, settings: Settings) -> None:
    settings.RELEASES_DIR = tmp_path
    cast(new_model("Alder"), new_model("Birch"), source=SOURCE)
    decide_votes(NOW)
    publish_boards(NOW)
    export_release(SOURCE, tmp_path / "2026-06")
    (release,) = client.get(RELEASES).json()["releases"]
    address = next(file["address"] for file in release["files"] if file["name"] == "votes.parquet")
    content, taken = (tmp_path / "2026-06" / "votes.parquet").read_bytes(), bytearray()
    status, headers = download(address, taken.extend)
    assert (status, bytes(taken)) == (200, content)
    assert headers["Content-Length"] == str(len(content))
    assert headers["Content-Disposition"] == 'attachment; filename="votes.parquet"'
    assert headers["ETag"] == f'"{hashlib.sha256(content).hexdigest()}"'
    known = client.get(address, headers={"If-None-Match": headers["ETag"]})
    assert (known.status_code, known.content) == (304, b"")
    for outside in ("../secret_key", "..%2f..%2fsecret_key", ".incomplete", "turns"):
        assert client.get(f"{RELEASES}/2026-06/{outside}").status_code == 404


def test_a_large_file_is_never_whole_in_memory(tmp_path: Path, settings: Settings) -> None:
    size, sent = 64 * 2**20, 0
    settings.RELEASES_DIR = tmp_path
    (tmp_path / "2026-06").mkdir()
    (tmp_path / "2026-06" / "SHA256SUMS").touch()
    with (tmp_path / "2026-06" / "votes.parquet").open("wb") as file:
        file.truncate(size)

    def take(part: bytes) -> None:
        nonlocal sent
        sent += len(part)

    tracemalloc.start()
    try:
        status, headers = download(f"{RELEASES}/2026-06/votes.parquet", take)
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (status, sent, headers["Content-Length"]) == (200, size, str(size))
    assert most < size / 8
