"""Why ratings moved between two published boards of a kind: what each publication between said.

Every publication splits the change since the one before (`arena.boards.movement`). Those parts are
added, so nothing is fitted here, and a model's parts sum to its whole change.
"""

from typing import Any

from arena.boards.models import Snapshot

# Three weeks of hours: each step reads a document, for anybody who asks.
MOST_PUBLICATIONS = 500


def earlier_of(later: Snapshot, replay_id: str) -> Snapshot | None:
    """Return the published board of the same kind that has an id and came before; else None."""
    published = later.board.snapshots.exclude(published_for=None).filter(pk__lt=later.pk)
    # Compared here, because an address can say what the database does not take.
    if len(replay_id) != 64 or not set(replay_id) <= set("0123456789abcdef"):
        return None
    return published.filter(replay_id=replay_id).order_by("pk").first()


def moved_between(earlier: Snapshot, later: Snapshot) -> dict[str, Any] | None:
    """Add up what moved ratings from one published board to a later one.

    Parameters
    ----------
    earlier, later : Snapshot
        Published, of one board.

    Returns
    -------
    dict or None
        As a snapshot's ``movement``, with ``publications``, how many were added. Models that had
        a rating all the while. ``votes`` counts those that came and went again on both sides.
        None where a publication between says nothing, as of Elo, or beyond `MOST_PUBLICATIONS`.
    """
    steps = later.board.snapshots.exclude(published_for=None).filter(
        pk__gt=earlier.pk, pk__lte=later.pk
    )
    if steps.count() > MOST_PUBLICATIONS:
        return None
    before, added = earlier.replay_id, 0
    votes = {"new": 0, "gone": 0}
    models: dict[str, dict[str, Any]] = {}
    told = steps.order_by("pk").values_list("replay_id", "movement")
    for replay_id, movement in told.iterator(chunk_size=20):
        if movement.get("from") != before:
            return None
        votes = {name: votes[name] + movement["votes"][name] for name in votes}
        models = movement["models"] if not added else _added(models, movement["models"])
        before, added = replay_id, added + 1
    if not added:
        return None
    return {
        "from": earlier.replay_id,
        "at": earlier.created_at.isoformat(),
        "votes": votes,
        "models": models,
        "publications": added,
    }


def _added(models: dict[str, dict[str, Any]], more: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Add one publication's parts; what was not rated in it has no whole change to split."""
    return {
        slug: {
            "before": one["before"],
            "after": more[slug]["after"],
            "parts": {
                name: round(points + more[slug]["parts"][name], 2)
                for name, points in one["parts"].items()
            },
        }
        for slug, one in models.items()
        if slug in more and more[slug]["before"] == one["after"]
    }
