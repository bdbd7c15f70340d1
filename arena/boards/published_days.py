"""The days on which a board was published, and the version of the numerics that made each."""

import datetime as dt

from django.db.models import JSONField, Value
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Coalesce, TruncDate

from arena.boards.models import Board

# Snapshots from before the version was kept are of this one.
_FIRST_KEPT = "2"
KEPT_NUMERICS = Coalesce(
    KeyTransform("numerics", "gap"), Value(_FIRST_KEPT, output_field=JSONField())
)


def published_days(board: Board, *, most: int) -> dict[int, dt.date]:
    """Return the last published snapshot of each day by primary key, the newest first.

    The documents of snapshots are not read here: there is one for every publication.
    """
    published = (
        board.snapshots.filter(published_for__isnull=False)
        .annotate(day=TruncDate("published_for"))
        .order_by("-day", "-published_for")
        .distinct("day")
    )
    return dict(published.values_list("pk", "day")[:most])
