"""Languages and uses of prompts; what can't be told stays unknown."""

import pytest

from arena.integrity.categories import USES, categorise
from arena.integrity.languages import detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Explain tail recursion to a cook.", "en"),
        ("你好", "zh"),
        ("这是一个问题", "zh-Hans"),
        ("這是一個問題", "zh-Hant"),
        ("写一个 python function to sort a list", "zh-Hans"),
        ("これは何ですか", "ja"),
        ("안녕하세요 여러분", "ko"),
        ("Привет, как дела?", "ru"),
        ("Привіт, як справи?", "uk"),
        ("مرحبا كيف حالك", "ar"),
        ("چطور هستید", "fa"),
        ("Erkläre mir bitte die Relativitätstheorie", "de"),
        ("¿Cómo se dice perro en inglés?", "es"),
        ("写一首诗", "zh-Hans"),
        ("寫一首詩", "zh-Hant"),
        ("hi", ""),
        ("```python\nfor the in of and: pass\n```", ""),
        ("2+2", ""),
        ("", ""),
    ],
)
def test_it_tells_the_language_or_that_it_cannot(text: str, language: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize(
    ("prompt", "category"),
    [
        ("Why is this slow?\n```\nfor x in y: z\n```", "coding"),
        ("Write a Python function that sorts", "coding"),
        ("Prove that there are infinitely many primes", "mathematical_reasoning"),
        (r"Simplify $\frac{1}{2} = x$", "mathematical_reasoning"),
        ("Plan my weekend in Lisbon", "advice"),
        ("Summarise this article about Python", "coding"),
        ("Summarise the plot of Hamlet", "summarisation"),
        ("Extract every date from the letter below", "extraction"),
        ("Classify these reviews by sentiment", "classification"),
        ("Rewrite this paragraph so that it is shorter", "rewriting"),
        ("Based on the text below, when was it built?", "closed_qa"),
        ("Pretend you are a pirate and greet me", "persona"),
        ("Write a short poem about rain", "creative_writing"),
        ("寫一首關於雨的詩", "creative_writing"),
        ("Give me ten names for a bakery", "brainstorming"),
        ("Why is the sky blue?", "open_qa"),
        ("为什么天空是蓝的？", "open_qa"),
        ("blue", ""),
    ],
)
def test_it_names_a_category_by_rule(prompt: str, category: str) -> None:
    assert categorise(prompt) == category
    assert category in {*USES, ""}
