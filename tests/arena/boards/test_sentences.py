"""The gap page's sentence is true, whatever the numbers are."""

import datetime as dt
from typing import Any

import pytest
from django.utils.translation import override

from arena.boards.gap import gap_series
from arena.boards.gap.rules import MIX
from arena.boards.lists import listed
from arena.boards.sentences import (
    gap_sentence,
    lag_sentence,
    mix_hidden_sentence,
    mix_sentence,
    preference_sentence,
    rule_sentence,
)
from arena.boards.slice_names import language_name


def measured(gap: float, lower: float, upper: float, chance: float = 0.5) -> dict[str, Any]:
    return {
        "eligible": {"open": 3, "closed": 3},
        "latest": {
            "gap": gap,
            "lower": lower,
            "upper": upper,
            "win_probability": chance,
            "open": {"name": "Aster", "model": "aster"},
            "closed": {"name": "Basalt", "model": "basalt"},
        },
    }


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (measured(33.2, 24, 41), ["Aster, is 33 points (24 to 41) behind", "closed one, Basalt."]),
        (measured(-33.2, -41, -24), ["Aster, is 33 points (24 to 41) ahead of"]),
        (measured(1.2, 0.6, 2), ["1 point (1 to 2) behind"]),
        (measured(0.2, -9, 8), ["level with", "from 9 ahead to 8 behind"]),
        (measured(12, -3, 27), ["Too close to call", "12 points behind", "3 ahead to 27 behind"]),
        (measured(-12, -27, 3), ["Too close to call", "12 points ahead", "27 ahead to 3 behind"]),
        (measured(12, 0, 27), ["Too close to call", "from level to 27 behind"]),
        ({}, ["Too few eligible models"]),
        ({"latest": None, "eligible": {"open": 0, "closed": 0}}, ["Too few eligible models"]),
        ({"latest": None, "eligible": {"open": 0, "closed": 2}}, ["No open model is eligible"]),
        ({"latest": None, "eligible": {"open": 2, "closed": 0}}, ["No closed model is eligible"]),
    ],
)
def test_it_says_what_the_numbers_say(gap: dict[str, Any], words: list[str]) -> None:
    sentence = gap_sentence(gap)
    for part in words:
        assert part in sentence


@pytest.mark.parametrize(
    ("chance", "words"),
    [
        (0.55, "closed one about 55 times"),
        (0.45, "open one about 55 times"),
        (0.502, "as often as the other"),
    ],
)
def test_it_says_whom_a_voter_would_prefer(chance: float, words: str) -> None:
    assert words in preference_sentence(measured(0, 0, 0, chance))


def lag(point: str, sure: str, months: float = 5.2, sure_months: float = 2.6) -> dict[str, Any]:
    return {
        "lag": {
            "point": {"months": months, "state": point},
            "lower": {"months": 3.4, "state": "behind"},
            "upper": {"months": 8.1, "state": "more_than"},
            "significance": {"months": sure_months, "state": sure},
        }
    }


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (lag("behind", "behind"), "5 months ago (3 to more than 8); with 95% certainty at least 3"),
        (lag("behind", "level_or_ahead"), "with 95% certainty no lag can be shown yet"),
        (lag("more_than", "behind"), "for more than 5 months"),
        (lag("level_or_ahead", "level_or_ahead"), "level or ahead"),
        (lag("behind", "behind", months=0.3), "level less than a month ago (3 to"),
        (
            lag("more_than", "behind", months=0.3),
            "better since their first one, less than a month ago (3 to more than 8);",
        ),
        (
            lag("behind", "behind", sure_months=0.3),
            "with 95% certainty there is a lag, perhaps of less than a month.",
        ),
        (
            lag("more_than", "more_than", months=0.3, sure_months=0.3),
            "with 95% certainty there is a lag, perhaps of less than a month.",
        ),
    ],
)
def test_it_says_the_lag(gap: dict[str, Any], words: str) -> None:
    assert words in lag_sentence(gap)


def test_nothing_is_said_of_a_gap_that_does_not_exist() -> None:
    gap = gap_series(None, [], dt.date(2026, 1, 1))
    assert preference_sentence(gap) == lag_sentence(gap) == ""
    assert "0 open, 0 closed" in rule_sentence(gap)


@pytest.mark.parametrize(
    ("mix", "sentence"),
    [
        ({}, ""),
        ({"latest": {"gap": 1.0}}, ""),
        (
            {"undefined": "thin", "thin": ["zh"], "min_battles": 1000},
            "There is no total in the fixed mix yet: fewer than 1,000 counted votes in Chinese.",
        ),
        (
            {"undefined": "unrated"},
            "There is no total in the fixed mix yet: its votes allow no ratings.",
        ),
        (
            {"latest": None},
            "There is no total in the fixed mix yet: too few models have votes in each language.",
        ),
    ],
)
def test_a_total_that_is_not_shown_has_its_reason(mix: dict[str, Any], sentence: str) -> None:
    assert mix_hidden_sentence(mix) == sentence


def test_the_fixed_mix_is_stated_with_its_day() -> None:
    sentence = mix_sentence()
    assert "English 50% and Chinese 50%" in sentence
    assert MIX.since.isoformat() in sentence


@pytest.mark.parametrize(
    ("language", "names", "phrase"),
    [
        ("en", ["a", "b", "c"], "a, b, and c"),
        ("zh-hans", ["甲", "乙", "丙"], "甲、乙和丙"),
        ("zh-hant", ["甲", "乙", "丙"], "甲、乙和丙"),
        ("zh-hans", ["24", "80", "160"], "24、80 和 160"),
        ("zh-hant", ["英文 50%", "中文 50%"], "英文 50% 和中文 50%"),
    ],
)
def test_lists_are_joined_as_the_reader_s_language_joins_them(
    language: str, names: list[str], phrase: str
) -> None:
    with override(language):
        assert listed(names) == phrase
        assert listed(["a"]) == "a"
        assert listed([]) == ""


@pytest.mark.parametrize(
    ("language", "name"),
    [("en", "Chinese (Simplified)"), ("zh-hans", "中文（简体）"), ("zh-hant", "中文（簡體）")],
)
def test_a_language_s_script_stands_in_the_brackets_of_the_reader_s(
    language: str, name: str
) -> None:
    with override(language):
        assert language_name("zh-Hans") == name
