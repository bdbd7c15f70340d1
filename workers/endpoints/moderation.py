"""Asking a moderation endpoint about a text or a picture: ``POST /moderations``, as OpenAI's API
has it. Not every server with that route takes pictures.

What is said of them is the server's; what follows from it is the caller's.
"""

import asyncio
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import batched
from typing import Any

import httpx2

from workers.endpoints.clients import EndpointClients, authorization, typed_errors
from workers.endpoints.errors import Malformed, TimedOut, TooLarge
from workers.endpoints.questions import TwoColours
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


@dataclass(frozen=True, slots=True)
class PictureUrl:
    """A picture as it stands within a request: a ``data:`` URL."""

    url: str = field(repr=False)


type Checked = str | PictureUrl
"""What can be asked about."""

# Nobody has anything against it: whoever takes pictures judges it.
HARMLESS_PICTURE = PictureUrl(TwoColours((20, 40, 220), (255, 255, 255)).picture_url)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a server says of one text or picture.

    ``flagged`` are the categories that the server itself flags; ``scores`` go from 0 to 1, by
    category, and may be missing for some or all. ``looked_at`` is ``text`` or ``image``, where the
    server says so.
    """

    flagged: frozenset[str]
    scores: Mapping[str, float]
    looked_at: frozenset[str] = frozenset()


async def moderate(
    clients: EndpointClients, address: ModerationAddress, content: Checked, *, seconds: float
) -> Judgement:
    """Ask about one picture, or one text, however long.

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
            for asked, results in _inputs(content):
                page = await _post(clients, address, asked)
                judgements += _read(page, expected=results)
    except TimeoutError:
        raise TimedOut("total") from None
    return _worst(judgements)


def _inputs(content: Checked) -> Iterator[tuple[Any, int]]:
    """Yield what is asked in one request after the other, with how many results each has."""
    if isinstance(content, PictureUrl):
        # By itself: OpenAI's server takes one a request, and gives one result for all parts.
        yield [{"type": "image_url", "image_url": {"url": content.url}}], 1
        return
    for pieces in batched(_pieces(content), _PIECES_AT_ONCE):
        # One text is sent as text: not every server reads a list.
        yield (pieces[0] if len(pieces) == 1 else list(pieces)), len(pieces)


def _pieces(text: str) -> list[str]:
    step = PIECE_CHARACTERS - _OVERLAP
    starts = range(0, max(1, len(text) - _OVERLAP), step)
    return [text[start : start + PIECE_CHARACTERS] for start in starts]


async def _post(clients: EndpointClients, address: ModerationAddress, asked: Any) -> bytearray:
    body: dict[str, Any] = {"input": asked}
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
        looked_at=_looked_at(result.get("category_applied_input_types") or {}),
    )


def _looked_at(kinds_by_category: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """Return the kinds of input that any category was applied to; other kinds than ours are not."""
    applied = {kind for kinds in kinds_by_category.values() for kind in kinds or ()}
    return frozenset(applied & {"text", "image"})


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
    looked_at: set[str] = set()
    for judgement in judgements:
        flagged |= judgement.flagged
        looked_at |= judgement.looked_at
        for category, score in judgement.scores.items():
            scores[category] = max(score, scores.get(category, 0.0))
    return Judgement(flagged=frozenset(flagged), scores=scores, looked_at=frozenset(looked_at))
