"""The table of pictures."""

import base64
import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from arena.voters.models import Voter
from workers.endpoints import Message, PictureUrl


class Picture(models.Model):
    """A picture as this server drew it anew: a JPEG of its pixels, with nothing else of the file.

    One that no prompt used is deleted after a day. Of one that was used the row stays for ever,
    so that it is known that there was a picture; erasure empties it.
    """

    # Random: unlike our other ids it says nothing of when or in which order.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    voter = models.ForeignKey(Voter, on_delete=models.CASCADE, related_name="pictures")
    content = models.BinaryField(editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    # Pixels.
    width = models.PositiveSmallIntegerField(editable=False)
    height = models.PositiveSmallIntegerField(editable=False)
    kept_at = models.DateTimeField(default=timezone.now, editable=False)
    used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(width__gte=1, height__gte=1), name="picture_has_pixels"
            ),
        ]
        indexes = [
            # Serves: the sweep for pictures that were never used.
            models.Index(
                fields=["kept_at"], condition=Q(used_at=None), name="picture_unused_by_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} ({self.width} × {self.height})"

    @property
    def is_erased(self) -> bool:
        """Return whether its voter had it erased; asks nothing of its bytes."""
        return not self.sha256

    @property
    def data_url(self) -> str:
        """Return the picture as servers take it within a message."""
        return "data:image/jpeg;base64," + base64.b64encode(self.content).decode()

    @property
    def to_check(self) -> PictureUrl:
        """Return the picture as the check of texts and pictures takes it."""
        return PictureUrl(self.data_url)


def user_message(prompt: str, picture: Picture | None) -> Message:
    """Return what a visitor asked, as it is sent: the text first, then the picture."""
    if picture is None or picture.is_erased:
        return {"role": "user", "content": prompt}
    parts: list[dict[str, Any]] = [
        {"type": "text", "text": prompt},
        {"type": "image_url", "image_url": {"url": picture.data_url}},
    ]
    return {"role": "user", "content": parts}
