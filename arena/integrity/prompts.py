"""What kind of prompt it is, by plain rules: longer, hard, one that the site itself offers."""

import re
from collections.abc import Sequence
from functools import cache

from django.conf import settings

from arena.battles.starter_prompts import starter_prompts
from arena.integrity.style import count_tokens

_LONGER_FROM = 500  # tokens
_HARD_FROM = 3  # of the signs below
_SIGNS = (
    # Code, mathematics or a figure with a unit: a definite problem.
    re.compile(
        r"```|\\(?:frac|sum|int)|\b\d+(?:\.\d+)?\s?(?:%|kg|km|ms|GB|MB|Hz|°C|€|\$)",
        re.IGNORECASE,
    ),
    # Conditions that an answer must meet.
    re.compile(
        r"\b(?:must|at most|at least|exactly|without|only|no more than|given that|such that|"
        r"constraint|assume|subject to)\b|必须|必須|不能|不得|至少|至多|恰好|假设|假設",
        re.IGNORECASE,
    ),
    # Reasoning is asked for.
    re.compile(
        r"\b(?:why|prove|derive|explain (?:how|why)|trade-?offs?|compare|optimi[sz]e|debug|design|"
        r"step by step|edge cases?|complexity)\b"
        r"|为什么|為什麼|证明|證明|推导|推導|比较|比較|优化|最佳化|设计|設計",
        re.IGNORECASE,
    ),
    # Several parts.
    re.compile(r"(?:^\s*(?:\d+[.)、]|[-*])\s+\S.*\n?){2,}", re.MULTILINE),
)
_MANY_TOKENS = 60


def is_longer(prompts: Sequence[str]) -> bool:
    """Return whether the prompts of a battle have at least 500 tokens together."""
    return sum(map(count_tokens, prompts)) >= _LONGER_FROM


def is_hard(prompt: str) -> bool:
    """Return whether a prompt shows most signs of a hard one; a judge decides better."""
    signs = sum(bool(sign.search(prompt)) for sign in _SIGNS)
    return signs + (count_tokens(prompt) >= _MANY_TOKENS) >= _HARD_FROM


def is_starter(prompt: str) -> bool:
    """Return whether the landing page offers this very prompt."""
    return prompt.strip() in _starters()


@cache
def _starters() -> frozenset[str]:
    languages = [code for code, _name in settings.LANGUAGES]
    return frozenset(starter["text"] for code in languages for starter in starter_prompts(code))
