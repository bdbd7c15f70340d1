"""Voters: a signed cookie, an account, or the pseudonym of an imported or simulated vote."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from arena.ids import uuid7


class Voter(models.Model):
    """One who votes. Its `id` is what the signed cookie carries; it says nothing of the person."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    # Where the voter comes from, in the words of `Vote.source`: live, import:NAME, simulated.
    source = models.CharField(max_length=64, default="live")
    # The pseudonym in the imported file; empty for live voters.
    pseudonym = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # Their texts were erased on their wish: the votes stay, and this identity does nothing more.
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            # Serves: find the voter of an imported vote again on a second import.
            models.UniqueConstraint(
                fields=["source", "pseudonym"],
                condition=~Q(pseudonym=""),
                name="voter_one_per_source_and_pseudonym",
            ),
        ]

    def __str__(self) -> str:
        return self.pseudonym or str(self.id)


class AddressKey(models.Model):
    """The key of one day's network hashes, destroyed after 30 days. See `voters.addresses`."""

    day = models.DateField(primary_key=True)
    key = models.BinaryField()

    def __str__(self) -> str:
        return str(self.day)
