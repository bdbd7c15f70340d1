"""What was decided about a vote: counted or why not, category, language, by which rule."""

import datetime as dt

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from arena.battles.models import Vote


class NotCounted(models.TextChoices):
    """Why a vote is not counted. Public, with how many votes each removed."""

    IDENTITY_IN_PROMPT = "identity_in_prompt", _("the prompt asked for or named a model")
    IDENTITY_IN_ANSWER = "identity_in_answer", _("an answer gave a model's identity away")
    SAME_MODEL = "same_model", _("both answers came from the same model")


class CategorySource(models.TextChoices):
    """Who named a vote's category."""

    RULE = "rule", _("by rule")


class VoteFacts(models.Model):
    """The verdict on a final vote. Rules can be run again; the vote itself never changes."""

    vote = models.OneToOneField(
        Vote, primary_key=True, on_delete=models.CASCADE, related_name="facts"
    )
    counted = models.BooleanField()
    not_counted_because = models.CharField(
        max_length=40, choices=NotCounted, blank=True, default=""
    )
    category = models.CharField(max_length=40, blank=True, default="")
    category_by = models.CharField(max_length=20, choices=CategorySource, blank=True, default="")
    # BCP 47, with script for Chinese (zh-Hans, zh-Hant); empty when unknown.
    language = models.CharField(max_length=20, blank=True, default="")
    rule_version = models.PositiveSmallIntegerField()
    decided_at = models.DateTimeField()

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
        ]

    def __str__(self) -> str:
        return "counted" if self.counted else self.not_counted_because


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

    It grows in the same transaction as the verdicts. A board that has read this number before it
    read the votes knows by comparing it whether anything is new.
    """

    source = models.CharField(primary_key=True, max_length=64)
    decisions = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.source}: {self.decisions}"
