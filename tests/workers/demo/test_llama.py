"""The demo's real model: whether it can be talked to. What it says is its own affair."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.workers.asking import ask, prompt
from workers.demo.llama import EXIT_MISSING, MISSING
from workers.demo.templates import CONTESTANTS, Contestant
from workers.endpoints import EndpointClients, Limits, Message, list_models

needs_model = pytest.mark.skipif(
    MISSING is not None, reason=f"NOT TESTED: the real model; {MISSING} is not installed"
)
PATIENT = Limits(first_token=120.0, idle=60.0, total=240.0)


@pytest.mark.parametrize("contestant", CONTESTANTS, ids=lambda contestant: contestant.name)
def test_a_template_ends_where_the_answer_begins(contestant: Contestant) -> None:
    text = contestant.prompt([*prompt("Who are you?")], budget=100)

    assert text.endswith(f"{contestant.asks}: Who are you?\n{contestant.answers}:")


def test_a_template_keeps_the_latest_of_a_long_conversation() -> None:
    messages: list[Message] = [
        *prompt("first " * 500),
        {"role": "assistant", "content": "second"},
        *prompt("third"),
    ]

    for contestant in CONTESTANTS:
        text = contestant.prompt([*messages], budget=50)
        assert "first" not in text
        assert "second" in text
        assert "third" in text


def test_a_template_cuts_a_prompt_that_is_too_long_by_itself() -> None:
    text = CONTESTANTS[0].prompt([*prompt("word " * 10_000)], budget=100)

    assert text.count("word ") < 110


@pytest.fixture
async def base_url(tmp_path: Path) -> AsyncIterator[str]:
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "workers.demo.llama", "--folder", str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert server.stdout is not None
    yield (await server.stdout.readline()).decode().removeprefix("listening: ").strip()
    server.terminate()
    assert await server.wait() == 0


@pytest.mark.slow
@needs_model
async def test_all_contestants_answer_at_once(base_url: str, clients: EndpointClients) -> None:
    names = [model.name for model in await list_models(clients, base_url)]
    assert names == [contestant.name for contestant in CONTESTANTS]

    replies = await asyncio.gather(
        *(
            ask(clients, base_url, name, messages=prompt("Hello!"), limits=PATIENT, token_limit=40)
            for name in names
        )
    )

    for reply in replies:
        assert reply.text.strip()
        assert "Question:" not in reply.text
        assert reply.finished.finish_reason in {"stop", "length"}
        assert not reply.finished.usage.estimated


async def test_without_the_packages_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "xllamacpp.py").write_text("raise ModuleNotFoundError(name='xllamacpp')")
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); "
    program += "from workers.demo.llama import main; sys.argv = ['llama']; main()"
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stderr=asyncio.subprocess.PIPE
    )
    _, errors = await server.communicate()

    assert server.returncode == EXIT_MISSING
    assert errors.decode().count("\n") == 1
    assert "xllamacpp" in errors.decode()
