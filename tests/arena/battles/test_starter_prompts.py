"""The prompts to begin with are written as their readers write."""

import re

import pytest
from django.conf import settings

from arena.battles.starter_prompts import read_starters, starter_prompts
from arena.integrity.categories import USES
from arena.integrity.prompts import is_starter

# Code and names stand as they are between Chinese marks.
CODE = re.compile(r"SELECT .*?'(?=。)|for i in .*$|python gallery\.py$|\.JPEG|\.jpg")
PROBES = {
    "false_premise",
    "hidden_presupposition",
    "unit_arithmetic",
    "emotion_symbols",
    "slang",
    "runnable_code",
    "structured_output",
    "over_refusal",
}
LATIN_MARK_AT_AN_IDEOGRAPH = re.compile(
    r"[\u4e00-\u9fff][,.:;?!()\"']|[,.:;?!()\"'][\u4e00-\u9fff]"
)
LANGUAGES = [code for code, _ in settings.LANGUAGES]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_prompts_of_its_own(language: str) -> None:
    prompts = [prompt["text"] for prompt in starter_prompts(language)]

    assert len(set(prompts)) == len(prompts) >= 60
    assert len({prompt["category"] for prompt in starter_prompts(language)}) == len(USES)
    assert all(map(is_starter, prompts))
    if language != "en":
        assert not set(prompts) & {prompt["text"] for prompt in starter_prompts("en")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_use_and_each_weakness_has_prompts(language: str) -> None:
    written = read_starters(language)

    assert list(written["uses"]) == list(USES)
    assert all(len(use["prompts"]) >= 4 for use in written["uses"].values())
    assert {trap["probes"] for trap in written["traps"]} == PROBES
    assert {trap["use"] for trap in written["traps"]} <= set(USES)


@pytest.mark.parametrize(("language", "other_quotes"), [("zh-hans", "「」"), ("zh-hant", "“”")])
def test_chinese_prompts_have_chinese_punctuation(language: str, other_quotes: str) -> None:
    prompts = [prompt["text"] for prompt in starter_prompts(language)]

    assert prompts
    for text in prompts:
        words = CODE.sub("", text)
        assert words.rstrip("”」").endswith(("。", "？", "！", "：", "🙂👏", "😭😭")), text
        assert not LATIN_MARK_AT_AN_IDEOGRAPH.search(words), text
        assert not set(text) & set(other_quotes), text


def test_a_language_without_prompts_gets_the_english_ones() -> None:
    assert starter_prompts("tlh") == starter_prompts("en")
