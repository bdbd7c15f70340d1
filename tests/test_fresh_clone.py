"""A stranger's first minutes: clone, one command, a battle, a vote, Ctrl-C."""

import http.cookiejar
import json
import os
import re
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 300
# A vote is promised on the board within 10 s; a shared machine may add to that.
BUSY_SECONDS = 20


@pytest.fixture(scope="module")
def clone() -> Iterator[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("NOT RUN: this is no git checkout, so there is nothing to clone")
    # Not below pytest's closed folder: a stranger's project is one that other users may enter.
    with tempfile.TemporaryDirectory(prefix="parity-clone-") as folder:
        Path(folder).chmod(0o755)
        target = Path(folder) / "parity"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(target)], check=True)
        yield target


@pytest.fixture(scope="module")
def demo(clone: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    port = free_port()
    ours = (
        "PARITY_",
        "DATABASE_URL",
        "REDIS_URL",
        "DJANGO_",
        "UV_",
        "VIRTUAL_ENV",
        "PYTEST",
        "MAKE",
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    process = subprocess.Popen(
        ["make", "demo", "LLM=0"],
        cwd=clone,
        env={**environment, "PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    lines: list[str] = []
    deadline = time.monotonic() + READY_SECONDS
    for line in process.stdout:
        lines.append(line)
        if line.startswith("ready: "):
            break
        assert time.monotonic() < deadline, "".join(lines)
    assert lines, "make demo printed nothing"
    assert lines[-1] == f"ready: http://127.0.0.1:{port}\n", "".join(lines)
    yield f"http://127.0.0.1:{port}", process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    process.stdout.close()


class Visitor:
    """A browser without a screen: cookies, pages, the battle socket."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def get(self, path: str) -> str:
        with self.opener.open(self.site + path, timeout=20) as response:
            return str(response.read().decode())

    def post(self, path: str, body: dict[str, Any], token: str) -> dict[str, Any]:
        request = urllib.request.Request(
            self.site + path,
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "X-CSRFToken": token, "Origin": self.site},
        )
        with self.opener.open(request, timeout=20) as response:
            answer: dict[str, Any] = json.load(response)
            return answer

    def battle(self, prompt: str) -> tuple[str, dict[str, str]]:
        """Return the battle's id and both answers, once both are complete."""
        cookie = "; ".join(f"{found.name}={found.value}" for found in self.cookies)
        answers = {"a": "", "b": ""}
        with connect(
            self.site.replace("http", "ws", 1) + "/ws/battle/",
            origin=Origin(self.site),
            additional_headers={"Cookie": cookie},
        ) as ws:
            ws.send(json.dumps({"type": "prompt", "text": prompt, "battle": None}))
            identity = ""
            while True:
                message = json.loads(ws.recv(timeout=60))
                if message["type"] == "battle":
                    identity = message["battle"]
                elif message["type"] == "frame":
                    for side in answers:
                        answers[side] += message[side]
                elif message["type"] == "turn":
                    assert message["votable"], message
                    return identity, answers
                else:
                    raise AssertionError(message)


@pytest.mark.slow
@pytest.mark.timeout(READY_SECONDS + 120)
def test_a_stranger_battles_votes_and_stops(
    clone: Path, demo: tuple[str, subprocess.Popen[str]]
) -> None:
    site, process = demo
    visitor = Visitor(site)
    token = re.search(
        r'name="csrf(?:-token|middlewaretoken)" (?:content|value)="(\w+)"', visitor.get("/")
    )
    assert token is not None
    battle, answers = visitor.battle("How does a sourdough starter work?")
    assert all(len(answer) > 50 for answer in answers.values())

    vote = visitor.post(f"/battle/{battle}/vote/", {"outcome": "a"}, token[1])
    assert vote["outcome"] == "a"

    time.sleep(3.2)  # the undo time
    reveal = json.loads(visitor.get(f"/battle/{battle}/reveal/"))
    names = [reveal["sides"][side]["model"]["name"] for side in ("a", "b")]
    assert len(set(names)) == 2

    deadline = time.monotonic() + 10 + BUSY_SECONDS
    page = visitor.get("/leaderboard/?source=live")
    while not (names[0] in page and names[1] in page):
        assert time.monotonic() < deadline, page
        time.sleep(0.5)
        page = visitor.get("/leaderboard/?source=live")
    assert "imulated" in visitor.get("/leaderboard/?source=simulated")

    pid = process.pid
    os.killpg(pid, signal.SIGINT)  # what a terminal does on Ctrl-C
    process.wait(60)
    # Each program has a session of its own: only its command line tells whose it was.
    commands = [" ".join(found.info["cmdline"] or ()) for found in psutil.process_iter(["cmdline"])]
    assert [command for command in commands if str(clone) in command] == []
