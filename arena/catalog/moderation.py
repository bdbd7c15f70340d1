"""Asking this site's check about a text or picture, and what its thresholds make of the answer."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from arena.catalog.models import Moderation
from workers.endpoints import (
    Checked,
    EndpointClients,
    EndpointError,
    Judgement,
    ModerationAddress,
    moderate,
)

type Thresholds = Mapping[str, float | None]

# No check has anything against it: one that lives judges it.
HARMLESS = "A lighthouse stands on the coast."
# The check lives, and refused this one: too long for it, or of a kind that it cannot take.
TEXT_REFUSED = "text_refused"
# Nobody waits for what is checked afterwards.
_SECONDS_AFTERWARDS = 10.0
# At least, for the sentence that tells whether a check lives, however long the text took.
_SECONDS_TO_TELL = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the check found in one text or picture.

    ``flagged`` are categories, worst first; ``scores`` are all that the server gave;
    ``saw_picture`` is true where the server says that it looked at one.
    """

    flagged: tuple[str, ...]
    scores: Mapping[str, float]
    saw_picture: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NoFinding:
    """The check gave no answer; ``code`` is that of the endpoints' errors, or `TEXT_REFUSED`."""

    code: str

    @property
    def is_of_the_text(self) -> bool:
        """Whether another text was answered at once: this one was refused."""
        return self.code == TEXT_REFUSED


async def examine(
    clients: EndpointClients, check: Moderation, content: Checked, *, waiting: bool = False
) -> Finding | NoFinding:
    """Ask about one text or picture; what goes wrong with the server is returned, not raised.

    ``waiting`` is true while a visitor waits: then the check's own limit holds.
    """
    try:
        address = ModerationAddress(
            base_url=check.provider.base_url,
            model_name=check.model_name,
            api_key=check.provider.read_api_key(),
        )
    except ValueError:  # its key was encrypted with a key that is gone
        return NoFinding(code="misconfigured")
    clock = asyncio.get_running_loop().time
    ends = clock() + (check.seconds if waiting else _SECONDS_AFTERWARDS)
    try:
        judgement = await moderate(clients, address, content, seconds=ends - clock())
    except EndpointError as error:
        code: str = error.code
        left = max(ends - clock(), _SECONDS_TO_TELL)
        if code == "bad_request" and await _lives(clients, address, seconds=left):
            code = TEXT_REFUSED
        return NoFinding(code=code)
    return Finding(
        flagged=flagged_by(check.thresholds, judgement),
        scores={category: round(score, 4) for category, score in judgement.scores.items()},
        saw_picture="image" in judgement.looked_at,
    )


async def _lives(clients: EndpointClients, address: ModerationAddress, *, seconds: float) -> bool:
    """Return whether the check judges a harmless sentence: a name that is gone is refused too."""
    try:
        await moderate(clients, address, HARMLESS, seconds=seconds)
    except EndpointError as error:
        return (
            str(error.code) == "rate_limited"
        )  # too many questions say nothing of the model's name
    return True


def flagged_by(thresholds: Thresholds, judgement: Judgement) -> tuple[str, ...]:
    """Return the categories that a judgement is flagged for, the highest score first.

    A category with a threshold and a score goes by them; any other by what the server says, unless
    its threshold is null.
    """
    found = []
    for category in judgement.flagged | judgement.scores.keys():
        threshold, score = thresholds.get(category, 1.0), judgement.scores.get(category)
        if threshold is None:
            continue
        if category not in thresholds or score is None:
            is_flagged = category in judgement.flagged
        else:
            is_flagged = score >= threshold
        if is_flagged:
            found.append(category)
    return tuple(sorted(found, key=lambda name: (-judgement.scores.get(name, 1.0), name)))
