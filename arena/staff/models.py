"""The log of changes. The database writes it by triggers, so no way of changing goes around it."""

from django.db import models
from django.utils import timezone


class Change(models.Model):
    """One row that was made, changed or deleted: by whom, and what it was before and after.

    Only what differs is kept; keys and passwords as the beginning of a hash, so that a change of
    them is seen and they are not.
    """

    at = models.DateTimeField(default=timezone.now)
    # An account's name; empty for commands and jobs.
    actor = models.CharField(max_length=150, blank=True, default="")
    action = models.CharField(
        max_length=6, choices=[(a, a) for a in ("insert", "update", "delete")]
    )
    table = models.CharField(max_length=63)
    row = models.CharField(max_length=40)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            # Serves: what happened to one row.
            models.Index(fields=["table", "row", "-id"], name="change_by_row_newest_first"),
            # Serves: what one member of staff did.
            models.Index(fields=["actor", "-id"], name="change_by_actor_newest_first"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.table} {self.row}"
