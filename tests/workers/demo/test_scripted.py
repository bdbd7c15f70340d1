import asyncio
import json
import signal
import sys

import httpx2
import pytest

from tests.workers.asking import ask, prompt
from workers.demo.fiction import FICTIONAL_MODELS
from workers.demo.prose import compose, is_traditional, topic_of
from workers.demo.scripted import ScriptedServer
from workers.endpoints import EndpointClients, Limits, Message

QUESTIONS = [
    "Explain why the sky is blue.",
    "How do I sort a list in Python?",
    "光合作用是什么？",
    "光合作用是什麼？",
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_model_answers_in_its_own_way_about_the_topic(question: str) -> None:
    answers = [compose(model, [*prompt(question)]) for model in FICTIONAL_MODELS]

    assert len(set(answers)) == len(FICTIONAL_MODELS)
    assert any(topic_of(question) in answer for answer in answers)
    assert answers == [compose(model, [*prompt(question)]) for model in FICTIONAL_MODELS]


def test_the_answers_have_every_kind_of_markdown() -> None:
    questions = [*QUESTIONS, "Solve this equation"]
    everything = "".join(
        compose(model, [*prompt(question)]) for model in FICTIONAL_MODELS for question in questions
    )

    for mark in ("### ", "- **", "1. ", "| --- |", "```python", "$$", "**"):
        assert mark in everything


def test_a_follow_up_refers_to_the_turn_before() -> None:
    messages: list[Message] = [
        *prompt("Tell me about the history of Rome."),
        {"role": "assistant", "content": "It was not built in a day."},
        *prompt("And its roads?"),
    ]

    for model in FICTIONAL_MODELS:
        assert "history of Rome" in compose(model, [*messages])


@pytest.mark.parametrize(
    ("question", "traditional"),
    [
        ("用 Python 写一个函数，合并有重叠的日期区间。", False),
        ("用 Python 寫一個函式，合併重疊的日期區間。", True),
        ("寫一首關於秋天的詩", True),
        ("为什么月亮有圆有缺？", False),
        ("證明這個公式", True),
        ("你好", False),
    ],
)
def test_chinese_is_answered_in_its_own_script(question: str, *, traditional: bool) -> None:
    for model in FICTIONAL_MODELS:
        answer = compose(model, [*prompt(question)])
        assert is_traditional(answer) is traditional, answer
        for foreign in ("您", "**:", "。 "):
            assert foreign not in answer


def test_a_prompt_that_could_be_either_script_keeps_the_conversations() -> None:
    messages: list[Message] = [*prompt("請介紹台南"), *prompt("明天如何？")]

    for model in FICTIONAL_MODELS:
        assert is_traditional(compose(model, [*messages]))


@pytest.mark.parametrize("text", ["", " ", "???", "\ud800", "x" * 10_000, "写", "please"])
def test_it_answers_any_prompt(text: str) -> None:
    for model in FICTIONAL_MODELS:
        assert compose(model, [*prompt(text)]).strip()


def test_the_cast_has_both_licence_classes() -> None:
    assert {model.licence_class for model in FICTIONAL_MODELS} == {"open", "closed"}


async def test_steady_models_stream_as_many_words_as_they_are_told(
    server: ScriptedServer, clients: EndpointClients
) -> None:
    reply = await ask(clients, server.base_url, "steady-60-30", limits=Limits())

    assert reply.text == " ".join(["word"] * 30)


async def test_it_answers_whole_where_no_stream_is_asked_for(server: ScriptedServer) -> None:
    async with httpx2.AsyncClient(trust_env=False) as client:
        body = {"model": "juniper-8b", "messages": prompt("hello"), "max_tokens": 3}
        response = await client.post(f"{server.base_url}/chat/completions", json=body)

    completion = response.json()
    assert completion["choices"][0]["finish_reason"] == "length"
    assert completion["usage"]["completion_tokens"] == 3


@pytest.mark.parametrize(
    "body", [b"", b"nonsense", b"[]", b'{"model": "juniper-8b"}', b'{"model": 1, "messages": [1]}']
)
async def test_it_rejects_what_is_not_a_chat(server: ScriptedServer, body: bytes) -> None:
    async with httpx2.AsyncClient(trust_env=False) as client:
        response = await client.post(f"{server.base_url}/chat/completions", content=body)

    assert response.status_code == 400
    assert "required" in response.json()["error"]["message"]


async def test_from_a_shell_it_says_where_it_listens_and_stops_when_told() -> None:
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "workers.demo.scripted", "--port", "0", "--speed", "100"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert server.stdout is not None
    line = (await server.stdout.readline()).decode()
    word, base_url = line.split()
    async with httpx2.AsyncClient(trust_env=False) as client:
        listed = json.loads((await client.get(f"{base_url}/models")).content)
    server.send_signal(signal.SIGTERM)

    assert word == "listening:"
    assert len(listed["data"]) == len(FICTIONAL_MODELS)
    assert await server.wait() == 0
