"""The check of prompts and answers: where it is asked, what follows, from which score on."""

import datetime as dt
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from arena.catalog.models.endpoints import Provider


class Mode(models.TextChoices):
    """What follows when a text is flagged. Flagged texts are not public in any mode but off."""

    OFF = "off", "off: nothing is checked"
    LOG = "log", "log: prompts and answers are checked afterwards, visitors notice nothing"
    WARN = "warn", "warn: a flagged prompt is sent only when the visitor says so again"
    BLOCK = "block", "block: a flagged prompt is not sent"


class WhenDead(models.TextChoices):
    """What becomes of a prompt while the check does not answer."""

    SEND = "send", "send it, marked as unverified, and check it later"
    REFUSE = "refuse", "do not send it, and say so"


class Moderation(models.Model):
    """The one check of this site; there is one row, or none."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
    model_name = models.CharField(max_length=200, blank=True, default="")
    mode = models.CharField(max_length=8, choices=Mode, default=Mode.LOG)
    when_dead = models.CharField(max_length=8, choices=WhenDead, default=WhenDead.SEND)
    # Whether it looks at pictures, as its own answer told or an operator says; most refuse them.
    takes_pictures = models.BooleanField(db_default=False)
    # By category: the score from which on it is flagged; null for one that never is. A category
    # that is not here is flagged where the server itself does.
    thresholds = models.JSONField(default=dict, blank=True)
    # How long a visitor waits for it.
    seconds = models.FloatField(default=2.0)
    # The last time that it was asked about a fixed sentence, because nobody else asked.
    probed_at = models.DateTimeField(null=True, blank=True, editable=False)
    probe_error = models.CharField(max_length=60, blank=True, default="", editable=False)

    class Meta:
        verbose_name_plural = "moderation"
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="moderation_is_one"),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="moderation_mode_known"),
            models.CheckConstraint(
                condition=Q(when_dead__in=WhenDead.values), name="moderation_when_dead_known"
            ),
            models.CheckConstraint(
                condition=Q(seconds__gt=0, seconds__lte=30), name="moderation_waits_a_moment"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {self.mode}"

    @property
    def leaves_pictures_out(self) -> bool:
        """Return whether visitors attach pictures here that nothing checks, though texts are."""
        return settings.IMAGES and self.mode != Mode.OFF and not self.takes_pictures

    @classmethod
    def current(cls) -> Self | None:
        """Return the check with its provider, or None where there is none or it is off."""
        return cls.objects.exclude(mode=Mode.OFF).select_related("provider").first()

    def note_pictures(self, *, taken: bool) -> None:
        """Keep whether it looks at pictures."""
        type(self).objects.filter(pk=self.pk).update(takes_pictures=taken)

    def note_probe(self, error: str, *, at: dt.datetime) -> None:
        """Keep how a question that nobody's text asked was answered."""
        type(self).objects.filter(pk=self.pk).update(probed_at=at, probe_error=error)
