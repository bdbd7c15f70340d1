"""Voters: a signed cookie, an account, or the pseudonym of an imported or simulated vote."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from arena.ids import uuid7


class VoterQuerySet(models.QuerySet["Voter"]):
    """Answers questions about voters."""

    def of_person(self, voter_id: uuid.UUID | None) -> "VoterQuerySet":
        """Return the voter of a cookie, with those that its account has adopted.

        Nobody for the cookie of an adopted one: whoever kept a copy of it has no account by that.
        """
        return self.filter(
            Q(pk=voter_id, adopted_by=None) | Q(adopted_by__isnull=False, adopted_by=voter_id)
        )

    def ids_of_person(self, voter_id: uuid.UUID | None) -> list[uuid.UUID]:
        """Return the ids of these, for queries that are to find battles by their voters' index."""
        return list(self.of_person(voter_id).values_list("pk", flat=True))


class Voter(models.Model):
    """One who votes. Its `id` is what the signed cookie carries; it says nothing of the person."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # The account that signs in as this voter. Never staff's: a trigger refuses it.
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
    # The account's voter, since whoever had this one's cookie signed in. The battles keep their
    # voter, so that no board changes; the identity does nothing more.
    adopted_by = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="adopted",
        db_index=False,
    )

    objects = VoterQuerySet.as_manager()

    class Meta:
        indexes = [
            # Serves: all whom an account adopted; hardly any voter was.
            models.Index(
                fields=["adopted_by"],
                condition=Q(adopted_by__isnull=False),
                name="voter_by_who_adopted_it",
            ),
        ]
        constraints = [
            # One who was adopted has no account of its own.
            models.CheckConstraint(
                condition=Q(adopted_by=None) | Q(user=None), name="voter_adopted_has_no_account"
            ),
            # Serves: find the voter of an imported vote again on a second import.
            models.UniqueConstraint(
                fields=["source", "pseudonym"],
                condition=~Q(pseudonym=""),
                name="voter_one_per_source_and_pseudonym",
            ),
        ]

    def __str__(self) -> str:
        return self.pseudonym or str(self.id)

    @property
    def person_id(self) -> uuid.UUID:
        """The voter as whom its person writes: the one that adopted it, else itself."""
        return self.adopted_by_id or self.id


class SignInCode(models.Model):
    """A code that was sent to an address, and may be typed in the browser that asked for it."""

    browser = models.UUIDField()  # the voter whom its cookie named
    address = models.EmailField()
    # What has codes of its own to ask for: a browser that once signed in with the address, or the
    # network (a keyed hash) of one that is strange to it.
    asked_from = models.CharField(max_length=40, db_default="")
    familiar = models.BooleanField(db_default=False)
    code_hash = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    attempts_left = models.PositiveSmallIntegerField()
    # Used, used up, or replaced by a later one.
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            # Serves: the code that a browser may type now.
            models.Index(fields=["browser", "-made_at"], name="code_by_browser_newest_first"),
            # Serves: how many codes an address was sent lately.
            models.Index(fields=["address", "made_at"], name="code_by_address_and_time"),
            # Serves: codes to be forgotten.
            models.Index(fields=["made_at"], name="code_by_time"),
        ]

    def __str__(self) -> str:
        return f"code of {self.made_at:%Y-%m-%d %H:%M}"


class AddressKey(models.Model):
    """The key of one day's network hashes, destroyed after 30 days. See `voters.addresses`."""

    day = models.DateField(primary_key=True)
    key = models.BinaryField()

    def __str__(self) -> str:
        return str(self.day)
