"""The prompts to begin with are written as their readers write."""

import re

import pytest
from django.conf import settings

from arena.battles.starter_prompts import starter_prompts

CODE = re.compile(r"SELECT .*?'(?=。)")
LATIN_MARK_AT_AN_IDEOGRAPH = re.compile(
    r"[\u4e00-\u9fff][,.:;?!()\"']|[,.:;?!()\"'][\u4e00-\u9fff]"
)
LANGUAGES = [code for code, _ in settings.LANGUAGES]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_prompts_of_its_own(language: str) -> None:
    prompts = [prompt["text"] for prompt in starter_prompts(language)]

    assert len(set(prompts)) == len(prompts) >= 10
    assert len({prompt["category"] for prompt in starter_prompts(language)}) == 5
    if language != "en":
        assert not set(prompts) & {prompt["text"] for prompt in starter_prompts("en")}


@pytest.mark.parametrize(("language", "other_quotes"), [("zh-hans", "「」"), ("zh-hant", "“”")])
def test_chinese_prompts_have_chinese_punctuation(language: str, other_quotes: str) -> None:
    prompts = [prompt["text"] for prompt in starter_prompts(language)]

    assert prompts
    for text in prompts:
        assert text.endswith(("。", "？")), text
        assert not LATIN_MARK_AT_AN_IDEOGRAPH.search(CODE.sub("", text)), text
        assert not set(text) & set(other_quotes), text


def test_a_language_without_prompts_gets_the_english_ones() -> None:
    assert starter_prompts("tlh") == starter_prompts("en")
