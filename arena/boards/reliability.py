"""How a model is served, and how many of its replies come to an end."""

from typing import Any

from django.db.models import Count, Q

from arena.battles.models import Reply, ReplyState
from arena.catalog.models import LanguageModel

# Replies that reliability is judged by: the newest, so that a page stays quick.
_REPLIES = 2000


def engines(found: LanguageModel) -> list[dict[str, Any]]:
    """Return engine and quantisation, with the number of endpoints; never an address or account."""
    endpoints = found.endpoints.order_by("engine", "quantisation")
    rows = endpoints.values("engine", "quantisation").annotate(number=Count("pk")).distinct()
    return [dict(row) for row in rows]


def reliability(found: LanguageModel) -> dict[str, int] | None:
    """Return how many of the newest replies came to an end; None without any."""
    # Stopped is the voter's doing, or the other side's failure.
    over = (ReplyState.COMPLETE, ReplyState.FAILED)
    # Of a busy endpoint nothing was asked.
    newest = Reply.objects.filter(language_model=found, state__in=over).exclude(error_code="busy")
    counted = newest.order_by("-pk")[:_REPLIES].aggregate(
        replies=Count("pk"), complete=Count("pk", filter=Q(state=ReplyState.COMPLETE))
    )
    if not counted["replies"]:
        return None
    return {**counted, "share": round(100 * counted["complete"] / counted["replies"])}
