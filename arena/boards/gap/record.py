"""The public record: Chatbot Arena's published frontier, 2023 to 2026, as facts with their source.

The figures stand in `published_record.csv` beside this file, with where they come from. The board
changed its rating scale; an era is a span of days with one scale, and eras are never joined. Nor is
a line drawn across months of which no copy of the board is at hand.
"""

import csv
import datetime as dt
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("published_record.csv")
SCALE_CHANGES = (dt.date(2023, 12, 1), dt.date(2024, 1, 1), dt.date(2024, 3, 27))
_LONGEST_SILENCE = dt.timedelta(days=100)


@dataclass(frozen=True)
class Published:
    """The two leaders on one day of the public board.

    Attributes
    ----------
    era : int
        Equal for days on one scale without a long silence between.
    open_rating, closed_rating : float
        Points of the board's own scale.
    copy : str
        Who kept the copy that the figures were read from.
    """

    on: dt.date
    era: int
    open_model: str
    open_rating: float
    closed_model: str
    closed_rating: float
    copy: str

    @property
    def gap(self) -> float:
        """Return closed minus open, in points."""
        return self.closed_rating - self.open_rating


@cache
def published_record() -> tuple[Published, ...]:
    """Return the record by day."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    record: list[Published] = []
    for row in rows:
        day = dt.date.fromisoformat(row["date"])
        record.append(
            Published(
                on=day,
                era=_era(record[-1] if record else None, day),
                open_model=row["open_model"],
                open_rating=float(row["open_rating"]),
                closed_model=row["closed_model"],
                closed_rating=float(row["closed_rating"]),
                copy=row["copy"],
            )
        )
    return tuple(record)


def _era(before: Published | None, day: dt.date) -> int:
    if before is None:
        return 0
    changed = any(before.on < change <= day for change in SCALE_CHANGES)
    return before.era + (changed or day - before.on > _LONGEST_SILENCE)
