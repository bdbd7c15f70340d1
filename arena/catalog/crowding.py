"""When it is tried again how many calls at once an endpoint takes, after a server refused some.

Finding that out costs many calls and disturbs a server that is busy, so each test by schedule that
finds fewer than the admin allows waits twice as long for the next try: a day, two, up to thirty.
What is remembered stands in the endpoint's findings, which are forgotten when its address changes.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Self

from workers.endpoints import Step

_DAY, _LONGEST = dt.timedelta(days=1), dt.timedelta(days=30)
# A test that got no room beside battles has not asked the server.
_NOT_ASKED = frozenset({"no_slot", "slots_unknown"})
_NAME = "crowding"


class Crowding(NamedTuple):
    """How many tests in a row found too little room, and when the next may look."""

    tries: int
    again_at: dt.datetime

    @classmethod
    def of(cls, findings: Mapping[str, Any]) -> Self | None:
        """Return what is remembered in an endpoint's findings, if anything is."""
        stored = findings.get(_NAME)
        if not stored:
            return None
        return cls(stored["tries"], dt.datetime.fromisoformat(stored["again_at"]))

    def is_over(self, now: dt.datetime) -> bool:
        """Return whether the next test may look again."""
        return now >= self.again_at


def remembered(
    findings: Mapping[str, Any], steps: Iterable[Step], *, at: dt.datetime
) -> dict[str, Any]:
    """Return an endpoint's findings with what the steps of a test say of calls at once."""
    step = next((step for step in steps if step.name == "concurrency"), None)
    if step is None or step.code in _NOT_ASKED:
        return dict(findings)
    others = {name: value for name, value in findings.items() if name != _NAME}
    if step.outcome == "passed":
        return others
    before = Crowding.of(findings)
    tries = before.tries + 1 if before else 1
    again_at = at + min(_DAY * 2 ** min(tries - 1, 16), _LONGEST)
    return {**others, _NAME: {"tries": tries, "again_at": again_at.isoformat()}}
