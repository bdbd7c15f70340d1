"""What was decided about a vote: counted or why not, category, language, by which rule."""

import datetime as dt
from typing import Self

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from arena.battles.models import Vote
from arena.catalog.models import Endpoint


class NotCounted(models.TextChoices):
    """Why a vote is not counted. Public, with how many votes each removed."""

    IDENTITY_IN_PROMPT = "identity_in_prompt", _("the prompt asked for or named a model")
    IDENTITY_IN_ANSWER = "identity_in_answer", _("an answer gave a model's identity away")
    SAME_MODEL = "same_model", _("both answers came from the same model")
    ERASED = "erased", _("the texts were erased before the vote was checked")
    HARMFUL = "harmful", _("a moderator left it out for harmful content")
    MANIPULATION = "manipulation", _("a moderator left it out as an attempt to cheat")


class CategorySource(models.TextChoices):
    """Who named a vote's category."""

    RULE = "rule", _("by rule")
    ENDPOINT = "endpoint", _("by a language model")
    # Simulated votes have no prompts.
    SIMULATED = "simulated", _("simulated")


class Facts(models.Model):
    """What is decided about a vote, by rules with a version. Counts of style are null where the
    answers are not known.
    """

    # The vote's own, kept here for the index that finds what changed in a source.
    source = models.CharField(max_length=64)
    # The source's `DecisionCount` when this was written: it grows with every change.
    revision = models.PositiveBigIntegerField()
    counted = models.BooleanField()
    not_counted_because = models.CharField(
        max_length=40, choices=NotCounted, blank=True, default=""
    )
    # One of `arena.integrity.categories.USES`, or empty.
    category = models.CharField(max_length=40, blank=True, default="")
    category_by = models.CharField(max_length=20, choices=CategorySource, blank=True, default="")
    # BCP 47, with script for Chinese (zh-Hans, zh-Hant); empty when unknown.
    language = models.CharField(max_length=20, blank=True, default="")
    hard = models.BooleanField(default=False)
    longer = models.BooleanField(default=False)
    multi_turn = models.BooleanField(default=False)
    # An answer refuses the request.
    refusal = models.BooleanField(default=False)
    # The first prompt is one that the landing page offers.
    starter = models.BooleanField(default=False)
    # A picture was sent with a prompt. The default is the database's: rows are written in SQL too.
    with_picture = models.BooleanField(db_default=False)
    tokens_a = models.PositiveIntegerField(null=True)
    tokens_b = models.PositiveIntegerField(null=True)
    headers_a = models.PositiveIntegerField(null=True)
    headers_b = models.PositiveIntegerField(null=True)
    lists_a = models.PositiveIntegerField(null=True)
    lists_b = models.PositiveIntegerField(null=True)
    bold_a = models.PositiveIntegerField(null=True)
    bold_b = models.PositiveIntegerField(null=True)
    rule_version = models.PositiveSmallIntegerField()
    # The version of the question to which an endpoint's label is the answer; 0 without one.
    label_version = models.PositiveSmallIntegerField(default=0)
    decided_at = models.DateTimeField()

    class Meta:
        abstract = True


class VoteFacts(Facts):
    """The verdict on a final vote. Rules can be run again; the vote itself never changes."""

    vote = models.OneToOneField(
        Vote, primary_key=True, on_delete=models.CASCADE, related_name="facts"
    )

    class Meta:
        verbose_name_plural = "vote facts"
        constraints = [
            models.CheckConstraint(
                condition=Q(counted=True, not_counted_because="")
                | (Q(counted=False) & ~Q(not_counted_because="")),
                name="vote_facts_uncounted_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(category="", category_by="") | (~Q(category="") & ~Q(category_by="")),
                name="vote_facts_category_says_by_whom",
            ),
        ]
        indexes = [
            # Serves: votes to decide again after a rule changed.
            models.Index(fields=["rule_version"], name="vote_facts_by_rule_version"),
            # Serves: what changed in a source since the column cache last looked.
            models.Index(fields=["source", "revision"], name="vote_facts_by_revision"),
            # Serves: votes to ask the labelling endpoint about, the newest first.
            models.Index(fields=["source", "label_version", "-vote"], name="vote_facts_by_label"),
        ]

    def __str__(self) -> str:
        return "counted" if self.counted else self.not_counted_because


class PastVoteFacts(Facts):
    """Facts that later ones replaced; written by a trigger. With them the votes that any board
    was made of can be told for ever: those whose facts began at or before the board's revision
    and, if they ended, ended after it.
    """

    vote = models.ForeignKey(Vote, on_delete=models.CASCADE, related_name="+", db_index=False)
    until_revision = models.PositiveBigIntegerField()
    # The versions that the facts which replaced them were decided by: greater than their own where
    # a change of the rules moved the vote. Null where that was not written down yet.
    until_rule_version = models.PositiveSmallIntegerField(null=True)
    until_label_version = models.PositiveSmallIntegerField(null=True)

    class Meta:
        verbose_name_plural = "past vote facts"
        constraints = [
            # Serves: a vote's past.
            models.UniqueConstraint(
                fields=["vote", "revision"], name="past_vote_facts_one_per_revision"
            ),
        ]
        indexes = [
            # Serves: facts that ended after a board was made.
            models.Index(fields=["source", "until_revision"], name="past_vote_facts_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.vote_id}, {self.revision} to {self.until_revision}"


class Labeller(models.Model):
    """The endpoint that labels prompts; there is one row, or none."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="+")
    enabled = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="labeller_is_one"),
        ]

    def __str__(self) -> str:
        return str(self.endpoint)

    @classmethod
    def current(cls) -> Self | None:
        """Return the labeller with its endpoint, or None."""
        return cls.objects.filter(enabled=True).select_related("endpoint__provider").first()


class FailedLabel(models.Model):
    """A prompt about which the labeller was asked in vain: it stays unverified until it answers."""

    vote = models.OneToOneField(
        VoteFacts, primary_key=True, on_delete=models.CASCADE, related_name="failed_label"
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    error_code = models.CharField(max_length=60)
    next_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.vote_id}: {self.error_code}"


class UndecidedVoteQuerySet(models.QuerySet["UndecidedVote"]):
    def due(self, *, at: dt.datetime) -> "UndecidedVoteQuerySet":
        """Return the votes whose undo time is over."""
        return self.filter(final_at__lte=at)


class UndecidedVote(models.Model):
    """A vote that waits for its verdict. The database writes it with the vote (a trigger), so
    finding work costs the new votes, and no vote is missed in whatever order transactions commit.
    """

    vote = models.OneToOneField(
        Vote, primary_key=True, on_delete=models.CASCADE, related_name="undecided"
    )
    source = models.CharField(max_length=64)
    final_at = models.DateTimeField()

    objects = UndecidedVoteQuerySet.as_manager()

    class Meta:
        indexes = [
            # Serves: the next votes to decide, live ones before a long import.
            models.Index(fields=["source", "vote"], name="undecided_by_source_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.vote_id} ({self.source})"


class DecisionCount(models.Model):
    """How many verdicts on votes of one source were ever written, changed or erased.

    It grows in the same transaction as the verdicts, before they are written, and the facts carry
    the number it came to. Its row is locked until that transaction ends, so a source's revisions
    become visible in their order: who has seen one has seen all before it.
    """

    source = models.CharField(primary_key=True, max_length=64)
    decisions = models.PositiveBigIntegerField(default=0)
    # A new one whenever facts vanish or a backup is restored: what was read before is void.
    epoch = models.UUIDField(db_default=RandomUUID())

    def __str__(self) -> str:
        return f"{self.source}: {self.decisions}"
