"""What the check said of a text, what a moderator ruled, and who looked. No row holds a text.

The picture of a prompt is one of its turn's texts here.
"""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone


class Part(models.TextChoices):
    """Which text of a turn."""

    PROMPT = "prompt", "prompt"
    A = "a", "answer A"
    B = "b", "answer B"
    PICTURE = "picture", "picture"


class CheckState(models.TextChoices):
    """Where the check of a text stands."""

    WAITING = "waiting", "not asked yet"
    UNVERIFIED = "unverified", "unverified: the check did not answer"
    CLEAR = "clear", "clear"
    FLAGGED = "flagged", "flagged"


class Action(models.TextChoices):
    """What became of a prompt because of its check."""

    NONE = "", "nothing"
    WARNED = "warned", "not sent: the visitor was warned"
    SENT_ANYWAY = "sent_anyway", "sent by a visitor who had been warned"
    BLOCKED = "blocked", "not sent: blocked"
    REFUSED = "refused", "not sent: the check did not answer"


NOT_SENT = (Action.WARNED, Action.BLOCKED, Action.REFUSED)


class Verdict(models.TextChoices):
    """What a moderator ruled of a text."""

    PUBLIC = "public", "nothing is wrong with it: it may be public"
    WITHHELD = "withheld", "it stays out of what is public; the vote counts"
    HARMFUL = "harmful", "withheld, and the vote is not counted: harmful content"
    MANIPULATION = "manipulation", "withheld, and the vote is not counted: an attempt to cheat"


EXCLUDING = (Verdict.HARMFUL, Verdict.MANIPULATION)


class TextCheckQuerySet(models.QuerySet["TextCheck"]):
    def withheld(self) -> "TextCheckQuerySet":
        """Return those whose text is not public: ruled so, or flagged and not ruled yet."""
        return self.filter(
            Q(verdict="", state=CheckState.FLAGGED) | Q(verdict__in=[Verdict.WITHHELD, *EXCLUDING])
        )

    def to_rule_on(self) -> "TextCheckQuerySet":
        """Return those that were flagged, stored, and wait for a moderator."""
        return self.filter(state=CheckState.FLAGGED, verdict="", turn__isnull=False)

    def pending(self) -> "TextCheckQuerySet":
        """Return those of texts that were stored and not judged yet."""
        return self.filter(
            state__in=[CheckState.WAITING, CheckState.UNVERIFIED], turn__isnull=False
        )

    def of_battle(self, battle: Any) -> "TextCheckQuerySet":
        """Return the checks of a battle's texts; also of a battle in an outer query."""
        return self.filter(turn__battle=battle)


class TextCheck(models.Model):
    """What the check said of one text. A prompt that was not sent has no turn, and no text."""

    turn = models.ForeignKey(
        "battles.Turn", null=True, blank=True, on_delete=models.CASCADE, related_name="checks"
    )
    part = models.CharField(max_length=8, choices=Part)
    state = models.CharField(max_length=10, choices=CheckState, default=CheckState.WAITING)
    action = models.CharField(max_length=12, choices=Action, blank=True, default="")
    # Categories that it is flagged for, the worst first, and all scores.
    flagged_for = models.JSONField(default=list, blank=True)
    scores = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    # The last time that the check was asked, how it failed, and how long that took.
    tried_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=60, blank=True, default="")
    seconds = models.FloatField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # Until then it is not asked again.
    next_at = models.DateTimeField(default=timezone.now)
    # The last of its rulings; empty before the first.
    verdict = models.CharField(max_length=12, choices=Verdict, blank=True, default="")

    objects = TextCheckQuerySet.as_manager()

    class Meta:
        constraints = [
            # Serves: the checks of a turn; holds: one for each text.
            models.UniqueConstraint(fields=["turn", "part"], name="text_check_one_per_text"),
            models.CheckConstraint(condition=Q(part__in=Part.values), name="text_check_part_known"),
            models.CheckConstraint(
                condition=Q(state__in=CheckState.values), name="text_check_state_known"
            ),
            models.CheckConstraint(
                condition=Q(action__in=Action.values), name="text_check_action_known"
            ),
            models.CheckConstraint(
                condition=Q(verdict__in=["", *Verdict.values]), name="text_check_verdict_known"
            ),
            models.CheckConstraint(
                condition=Q(turn=None, action__in=NOT_SENT)
                | (Q(turn__isnull=False) & ~Q(action__in=NOT_SENT)),
                name="text_check_of_a_turn_unless_not_sent",
            ),
            models.CheckConstraint(
                condition=Q(state="flagged") | Q(flagged_for=[]),
                name="text_check_flagged_for_only_when_flagged",
            ),
        ]
        indexes = [
            # Serves: the texts to ask about next.
            models.Index(
                fields=["next_at"],
                condition=Q(state__in=["waiting", "unverified"], turn__isnull=False),
                name="text_check_due",
            ),
            # Serves: the last answers of the check; the last hour's.
            models.Index(fields=["-tried_at"], name="text_check_by_time_tried"),
            # Serves: what moderators have to look at.
            models.Index(
                fields=["-id"],
                condition=Q(state="flagged", verdict="", turn__isnull=False),
                name="text_check_to_rule_on",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_part_display()}: {self.state}"


class Ruling(models.Model):
    """What a moderator ruled of a text. Rows are added, never changed: the last one stands."""

    text_check = models.ForeignKey(TextCheck, on_delete=models.CASCADE, related_name="rulings")
    verdict = models.CharField(max_length=12, choices=Verdict)
    # An account's name, which outlives the account.
    moderator = models.CharField(max_length=150)
    note = models.CharField(max_length=500, blank=True, default="")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict__in=Verdict.values), name="ruling_verdict_known"
            ),
            models.CheckConstraint(condition=~Q(moderator=""), name="ruling_says_whose"),
        ]
        permissions = [("rule_on_texts", "Can read flagged texts and rule on them")]

    def __str__(self) -> str:
        return f"{self.moderator}: {self.verdict}"


class TextLook(models.Model):
    """A moderator had a flagged text shown."""

    text_check = models.ForeignKey(TextCheck, on_delete=models.CASCADE, related_name="looks")
    moderator = models.CharField(max_length=150)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(moderator=""), name="text_look_says_whose"),
        ]

    def __str__(self) -> str:
        return f"{self.moderator}, {self.at:%Y-%m-%d %H:%M}"
