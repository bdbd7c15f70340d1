"""From new votes to new boards. Finds its work by rows, so a lost message loses nothing."""

import datetime as dt

from django.conf import settings

from arena.boards.catalogue import digest, read_facts
from arena.boards.failures import Failures
from arena.boards.models import Board
from arena.boards.newest import newest_snapshots
from arena.boards.rating import rate_source
from arena.boards.snapshots import Origin, store_snapshots
from arena.integrity.facts import decide_votes, decisions_by_source
from arena.locks import only_one

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

    Raises
    ------
    ExceptionGroup
        Some sources could not be rated; the others were. Such a source waits a minute, or for new
        votes, before it is tried again.
    """
    with only_one(REFRESH) as mine:
        if not mine:
            return []
        decide_votes(now, limit=_DECIDED_AT_ONCE)
        facts = read_facts(now.date())
        refreshed = []
        failures = Failures("refresh", now)
        for source, decisions in stale_sources(digest(facts.values())).items():
            if failures.waits(source, decisions):
                continue
            with failures.kept(source, decisions):
                ratings = rate_source(source, min_votes=settings.MIN_VOTES_FOR_RATING)
                store_snapshots(ratings, Origin(source, ratings.revision, facts, now))
                refreshed.append(source)
        failures.raise_together()
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
    newest = newest_snapshots(Board.objects.of_all_votes())
    seen = {
        source: (decisions, digest_then)
        for source, decisions, digest_then in newest.values_list(
            "board__source", "decisions", "catalogue"
        )
    }
    counts = decisions_by_source()
    order = sorted(counts, key=lambda source: (source != "live", source))
    return {
        source: counts[source]
        for source in order
        if (known := seen.get(source)) is None or known[0] < counts[source] or known[1] != catalogue
    }
