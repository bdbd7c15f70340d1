"""Languages by script; what can't be told stays unknown."""

import pytest

from arena.integrity.categories import categorise
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
        ("Привіт, як справи?", ""),
        ("مرحبا كيف حالك", "ar"),
        ("چطور هستید", ""),
        ("Erkläre mir bitte die Relativitätstheorie", ""),
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
        ("Plan my weekend in Lisbon", ""),
    ],
)
def test_it_names_a_category_by_rule(prompt: str, category: str) -> None:
    assert categorise(prompt) == category
