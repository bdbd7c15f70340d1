"""From new votes to new boards. Finds its work by rows, so a lost message loses nothing."""

import datetime as dt

from django.conf import settings

from arena.boards.catalogue import digest, read_facts
from arena.boards.locks import only_one
from arena.boards.models import Method
from arena.boards.newest import newest_snapshots
from arena.boards.rating import rate_source
from arena.boards.snapshots import publish, store_snapshots
from arena.integrity.facts import decide_votes, decisions_by_source

# The job's name for the lock.
REFRESH = "refresh boards"
# Votes decided in one run, so that a long import doesn't keep live votes waiting.
_DECIDED_AT_ONCE = 50_000


def refresh_boards(now: dt.datetime) -> list[str]:
    """Decide the votes that became final and rate the sources that have something new.

    Idempotent, and one run at a time: a second caller returns at once. Killed at any point, it
    leaves whole verdicts and whole snapshots, and the next run goes on from there.

    Returns
    -------
    list of str
        The sources whose boards were made anew.
    """
    with only_one(REFRESH) as mine:
        if not mine:
            return []
        decide_votes(now, limit=_DECIDED_AT_ONCE)
        facts = read_facts(now.date())
        catalogue = digest(facts.values())
        refreshed = []
        for source, decisions in stale_sources(catalogue).items():
            ratings = rate_source(source, min_votes=settings.MIN_VOTES_FOR_RATING)
            store_snapshots(source, ratings, facts, decisions=decisions, now=now)
            refreshed.append(source)
        publish(now)
        return refreshed


def stale_sources(catalogue: str) -> dict[str, int]:
    """Return the sources with verdicts or model facts that their boards have not seen.

    Parameters
    ----------
    catalogue : str
        Digest of today's model facts.

    Returns
    -------
    dict of int by source
        How many verdicts each has had; live first.
    """
    seen = {
        source: (decisions, digest_then)
        for source, decisions, digest_then in newest_snapshots()
        .filter(board__method=Method.BRADLEY_TERRY)
        .values_list("board__source", "decisions", "catalogue")
    }
    counts = decisions_by_source()
    order = sorted(counts, key=lambda source: (source != "live", source))
    return {
        source: counts[source]
        for source in order
        if seen.get(source) != (counts[source], catalogue)
    }
