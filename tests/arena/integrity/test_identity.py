"""Names of models in texts, in any script and spelling."""

import pytest

from arena.integrity.identity import Names, asks_for_identity

NAMES = Names(["Claude 3.5 Sonnet", "GPT-4o", "通义千问", "o1", "OpenAI", "Open Meadow"])


@pytest.mark.parametrize(
    "text",
    [
        "I use gpt4o a lot",
        "full width: ＧＰＴ－４ｏ",
        "我用GPT-4o写",
        "请问通义千问怎么样",
        "is o1 better?",
        "claude-3.5-sonnet",
    ],
)
def test_it_finds_a_name_in_any_spelling(text: str) -> None:
    assert NAMES.named_in(text)


@pytest.mark.parametrize(
    "text", ["O(1) lookups", "foo1 bar", "gpt 4omega", "", "Claude Shannon", "opening a meadow"]
)
def test_it_leaves_ordinary_text_alone(text: str) -> None:
    assert not NAMES.named_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "I am Claude, nice to meet you",
        "I’m GPT-4o",
        "I was trained by OpenAI.",
        "我是由OpenAI开发的",
        "Are you really made by Open Meadow?",
        "I am the o1 model",
    ],
)
def test_it_finds_an_introduction(text: str) -> None:
    assert NAMES.introduced_in(text)


@pytest.mark.parametrize(
    "text", ["I'm open to it", "Android was developed by OpenAI", "I am sure", "you are"]
)
def test_it_takes_no_other_sentence_for_an_introduction(text: str) -> None:
    assert not NAMES.introduced_in(text)


@pytest.mark.parametrize("text", ["Which language model are you?", "你是什么模型", "WHO MADE YOU"])
def test_it_finds_a_question_for_identity(text: str) -> None:
    assert asks_for_identity(text)


@pytest.mark.parametrize("text", ["who made your bed", "what model fits my data?", "你好"])
def test_it_takes_no_other_question_for_one(text: str) -> None:
    assert not asks_for_identity(text)


def test_no_names_match_nothing() -> None:
    assert not Names([]).named_in("GPT-4o")
    assert not Names([]).introduced_in("I am GPT-4o")
