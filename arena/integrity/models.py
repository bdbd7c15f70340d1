"""What was decided about a vote: counted or why not, category, language, by which rule."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from arena.battles.models import Vote


class NotCounted(models.TextChoices):
    """Why a vote is not counted. Public, with how many votes each removed."""

    IDENTITY_IN_PROMPT = "identity_in_prompt", _("the prompt asked for or named a model")
    IDENTITY_IN_ANSWER = "identity_in_answer", _("an answer gave a model's identity away")


class VoteFacts(models.Model):
    """The verdict on a vote that is final. Rules can be run again; the vote itself never changes."""

    vote = models.OneToOneField(
        Vote, primary_key=True, on_delete=models.CASCADE, related_name="facts"
    )
    counted = models.BooleanField()
    not_counted_because = models.CharField(
        max_length=40, choices=NotCounted, blank=True, default=""
    )
    category = models.CharField(max_length=40, blank=True, default="")
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
        ]
        indexes = [
            # Serves: votes to decide again after a rule changed.
            models.Index(fields=["rule_version"], name="vote_facts_by_rule_version"),
        ]

    def __str__(self) -> str:
        return "counted" if self.counted else self.not_counted_because
