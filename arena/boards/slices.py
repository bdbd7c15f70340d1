"""Which votes a board takes: a use or kind of prompt, a language, the last days."""

import datetime as dt
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arena.boards.columns import Bit, VoteColumns
from arena.integrity.categories import USES
from arena.integrity.languages import TAGS

type Flags = NDArray[np.bool_]

RECENT_DAYS = 90
_EPOCH = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)

# Kinds of prompt beside the uses; any vote can be of several.
KINDS: dict[str, Callable[[VoteColumns], Flags]] = {
    "hard": lambda columns: columns.has(Bit.HARD),
    "longer": lambda columns: columns.has(Bit.LONGER),
    "multi_turn": lambda columns: columns.has(Bit.MULTI_TURN),
    "with_picture": lambda columns: columns.has(Bit.WITH_PICTURE),
    "refusal_excluded": lambda columns: ~columns.has(Bit.REFUSAL),
    "starter_excluded": lambda columns: ~columns.has(Bit.STARTER),
}
CATEGORIES = (*USES, *KINDS)
# Chinese of either script, or of none that can be told, is one language with two scripts.
CHINESE = "zh"


@dataclass(frozen=True)
class Slice:
    """A part of a source's counted votes; the default is all of them."""

    category: str = ""
    language: str = ""
    days: int | None = None

    @property
    def slug(self) -> str:
        """Return the slice's name in addresses."""
        parts = [self.category.replace("_", "-")] if self.category else []
        parts += [f"language-{self.language.lower()}"] if self.language else []
        parts = parts or ["overall"]
        return "-".join([*parts, *([f"{self.days}-days"] if self.days else [])])

    def since(self, now: dt.datetime) -> dt.datetime | None:
        """Return the moment before which no vote is taken: a midnight, so that it can be named."""
        if self.days is None:
            return None
        today = now.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return today - dt.timedelta(days=self.days)

    def members(self, columns: VoteColumns, since: dt.datetime | None) -> Flags:
        """Return which votes it takes."""
        members = np.ones(len(columns), dtype=bool)
        if self.category:
            members &= _of_category(columns, self.category)
        if self.language:
            members &= _of_language(columns, self.language)
        if since is not None:
            members &= columns.at >= (since - _EPOCH) // dt.timedelta(microseconds=1)
        return members


EVERYTHING = Slice()


def slices_of(
    columns: VoteColumns, now: dt.datetime, *, least: int, kept: Collection[Slice] = ()
) -> Iterator[Slice]:
    """Yield the slices with enough votes: everything first, each span of time after all time.

    Parameters
    ----------
    columns : VoteColumns
        Counted votes.
    now : aware datetime
        The end of the span of recent days.
    least : int
        A slice with fewer votes gets no board; everything always has one.
    kept : collection of Slice
        Slices that have a board already: it is made again with however few votes are left, or it
        would show for ever those of the day on which there were enough.
    """
    languages = [CHINESE, *TAGS[1:2], *(tag for tag in TAGS[2:] if tag != CHINESE)]
    parts = [
        EVERYTHING,
        *(Slice(category=category) for category in CATEGORIES),
        *(Slice(language=tag) for tag in languages),
    ]
    for days in (None, RECENT_DAYS):
        for part in parts:
            wanted = Slice(part.category, part.language, days)
            if (
                wanted == EVERYTHING
                or wanted in kept
                or wanted.members(columns, wanted.since(now)).sum() >= least
            ):
                yield wanted


def _of_category(columns: VoteColumns, category: str) -> Flags:
    if category in KINDS:
        return KINDS[category](columns)
    return np.equal(columns.category, USES.index(category) + 1)


def _of_language(columns: VoteColumns, language: str) -> Flags:
    if language == CHINESE:
        tags = [place for place, tag in enumerate(TAGS) if tag.partition("-")[0] == CHINESE]
        return np.isin(columns.language, tags)
    return np.equal(columns.language, TAGS.index(language))
