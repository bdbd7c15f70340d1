"""Asking a moderation endpoint about a text: ``POST /moderations``, as OpenAI's API has it.

What is said of the text is the server's; what follows from it is the caller's.
"""

import asyncio
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import batched
from typing import Any

import httpx2

from workers.endpoints.clients import EndpointClients, authorization, typed_errors
from workers.endpoints.errors import Malformed, TimedOut, TooLarge
from workers.endpoints.text import safe_text

# Longer texts are asked about in pieces that overlap, so that no sentence is cut in two.
PIECE_CHARACTERS = 8_000
_OVERLAP = 200
_PIECES_AT_ONCE = 16
_ANSWER_BYTES = 2**20
_MOST_CATEGORIES = 100
_LONGEST_NAME = 80
# What a text is called that a server flags without naming a category.
UNNAMED = "flagged"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModerationAddress:
    """Where to ask. ``/moderations`` is joined to ``base_url``; without a model's name the server
    takes its own.
    """

    base_url: str
    model_name: str = ""
    api_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a server says of one text.

    ``flagged`` are the categories that the server itself flags; ``scores`` go from 0 to 1, by
    category, and may be missing for some or all.
    """

    flagged: frozenset[str]
    scores: Mapping[str, float]


async def moderate(
    clients: EndpointClients, address: ModerationAddress, text: str, *, seconds: float
) -> Judgement:
    """Ask about one text, however long.

    Parameters
    ----------
    seconds : float
        The limit on the whole, from resolving the name to the last byte.

    Returns
    -------
    Judgement
        Of a text in pieces the worst of each category.

    Raises
    ------
    EndpointError
        When there is no usable answer in time: `Malformed` for one that is not of this API.
    """
    judgements: list[Judgement] = []
    try:
        async with asyncio.timeout(seconds):
            for pieces in batched(_pieces(text), _PIECES_AT_ONCE):
                page = await _post(clients, address, pieces)
                judgements += _read(page, expected=len(pieces))
    except TimeoutError:
        raise TimedOut("total") from None
    return _worst(judgements)


def _pieces(text: str) -> list[str]:
    step = PIECE_CHARACTERS - _OVERLAP
    starts = range(0, max(1, len(text) - _OVERLAP), step)
    return [text[start : start + PIECE_CHARACTERS] for start in starts]


async def _post(
    clients: EndpointClients, address: ModerationAddress, pieces: Sequence[str]
) -> bytearray:
    # One text is sent as text: not every server reads a list.
    body: dict[str, Any] = {"input": pieces[0] if len(pieces) == 1 else list(pieces)}
    if address.model_name:
        body["model"] = address.model_name
    page = bytearray()
    with typed_errors(address.api_key):
        request = clients.pool(address.base_url).stream(
            "POST",
            f"{address.base_url.removesuffix('/')}/moderations",
            headers=authorization(address.api_key),
            json=body,
            timeout=httpx2.Timeout(None),
        )
        async with request as response:
            async for chunk in response.aiter_bytes():
                page += chunk
                if len(page) > _ANSWER_BYTES:
                    raise TooLarge("body")
    return page


def _read(page: bytearray, *, expected: int) -> list[Judgement]:
    try:
        results = json.loads(page)["results"]
        judgements = [_judgement(result) for result in results]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Malformed(f"not a moderation: {type(error).__name__}") from None
    if len(judgements) != expected:
        raise Malformed(f"{len(judgements)} results for {expected} texts")
    return judgements


def _judgement(result: Mapping[str, Any]) -> Judgement:
    overall = result["flagged"]
    by_category: Mapping[str, Any] = result.get("categories") or {}
    scores: Mapping[str, Any] = result.get("category_scores") or {}
    if not isinstance(overall, bool) or len(by_category) + len(scores) > 2 * _MOST_CATEGORIES:
        raise ValueError("not a result")
    flagged = {_name(category) for category, value in by_category.items() if value is True}
    if overall and not flagged:
        flagged = {UNNAMED}
    found = {_name(category): _score(value) for category, value in scores.items()}
    return Judgement(
        flagged=frozenset(flagged),
        scores={category: score for category, score in found.items() if score is not None},
    )


def _name(category: str) -> str:
    return safe_text(category)[:_LONGEST_NAME]


def _score(value: Any) -> float | None:
    if value is None:  # the category was not looked at, as with text that has no image
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("a score that is no number")
    if not (math.isfinite(value) and 0 <= value <= 1):
        raise ValueError("a score that is not between 0 and 1")
    return float(value)


def _worst(judgements: Iterable[Judgement]) -> Judgement:
    flagged: set[str] = set()
    scores: dict[str, float] = {}
    for judgement in judgements:
        flagged |= judgement.flagged
        for category, score in judgement.scores.items():
            scores[category] = max(score, scores.get(category, 0.0))
    return Judgement(flagged=frozenset(flagged), scores=scores)
