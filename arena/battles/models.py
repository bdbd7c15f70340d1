"""Battles, turns, replies and votes. What must hold is held by the database."""

import datetime as dt
from collections.abc import Iterable, Mapping

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from arena.battles.moderation.models import (  # noqa: F401 -- Django finds an app's tables here
    Ruling,
    TextCheck,
    TextLook,
)
from arena.battles.pictures.models import Picture
from arena.catalog.models import Endpoint, LanguageModel
from arena.ids import uuid7
from arena.voters.models import Voter


class Side(models.TextChoices):
    """The two places of a battle. Code about sides loops over `Side`."""

    A = "a", "A"
    B = "b", "B"


class Outcome(models.TextChoices):
    """What a vote says; the same word in form, table, API and export."""

    A = "a", _("A is better")
    B = "b", _("B is better")
    TIE = "tie", _("Tie")
    BOTH_BAD = "both_bad", _("Both bad")


class TurnState(models.TextChoices):
    """Where a turn stands. Only a battle whose last turn is complete can be voted on."""

    STREAMING = "streaming"
    COMPLETE = "complete"
    FAILED = "failed"
    STOPPED = "stopped"


class ReplyState(models.TextChoices):
    """Where one side's answer stands."""

    STREAMING = "streaming"
    COMPLETE = "complete"
    FAILED = "failed"
    STOPPED = "stopped"


class FinishReason(models.TextChoices):
    """Why an answer ended, normalised over servers."""

    STOP = "stop"
    LENGTH = "length"
    CONTENT_FILTER = "content_filter"
    TOOL_CALLS = "tool_calls"
    ERROR = "error"


class BattleQuerySet(models.QuerySet["Battle"]):
    def votable(self) -> "BattleQuerySet":
        """Return the battles that can be voted on: blind, not void, all turns complete."""
        turns = Turn.objects.filter(battle=models.OuterRef("pk"))
        return self.filter(
            models.Exists(turns.filter(state=TurnState.COMPLETE)),
            ~models.Exists(turns.filter(state__in=[TurnState.STREAMING, TurnState.STOPPED])),
            blind=True,
            voided_at=None,
        )


class Battle(models.Model):
    """One meeting of two models on one visitor's prompts; or one alone, if the visitor chose it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    voter = models.ForeignKey(Voter, on_delete=models.PROTECT, related_name="battles")
    model_a = models.ForeignKey(LanguageModel, on_delete=models.PROTECT, related_name="+")
    # Null where one model answers alone.
    model_b = models.ForeignKey(
        LanguageModel, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    # Null for imported and simulated battles.
    endpoint_a = models.ForeignKey(
        Endpoint, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    endpoint_b = models.ForeignKey(
        Endpoint, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    # False where the visitor chose the models: their names are known, so there is never a vote.
    blind = models.BooleanField(default=True, db_default=True, editable=False)
    # Why this pair was drawn: rule, weights, draw probability.
    pairing = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    voided_at = models.DateTimeField(null=True, blank=True)
    void_reason = models.CharField(max_length=60, blank=True, default="")

    objects = BattleQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(voided_at=None, void_reason="")
                | (Q(voided_at__isnull=False) & ~Q(void_reason="")),
                name="battle_void_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(blind=False) | Q(model_b__isnull=False),
                name="battle_blind_has_two_models",
            ),
        ]
        indexes = [
            # Serves: one voter's battles, newest first.
            models.Index(fields=["voter", "-created_at"], name="battle_by_voter_newest_first"),
            # Serves: the last hour's battles (metrics, admin). BRIN: rows come in this order.
            BrinIndex(fields=["created_at"], autosummarize=True, name="battle_by_time"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def model_ids(self) -> Mapping[Side, int]:
        """The models by side: two, or one on side A."""
        ids = {Side.A: self.model_a_id, Side.B: self.model_b_id}
        return {side: model for side, model in ids.items() if model is not None}

    def model(self, side: str) -> LanguageModel:
        """Return the model on a side of `model_ids`."""
        model: LanguageModel = getattr(self, f"model_{Side(side)}")
        return model

    def endpoint(self, side: str) -> Endpoint | None:
        """Return the endpoint that serves a side."""
        return {Side.A: self.endpoint_a, Side.B: self.endpoint_b}[Side(side)]


class Runner(models.Model):
    """A web process that streams turns. A turn whose runner stopped beating is abandoned."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    started_at = models.DateTimeField(default=timezone.now)
    beat_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.id)


class TurnQuerySet(models.QuerySet["Turn"]):
    def abandoned(self, *, since: dt.datetime) -> "TurnQuerySet":
        """Return the turns still marked streaming whose process has not beaten `since` then."""
        return self.filter(state=TurnState.STREAMING).filter(
            Q(runner=None) | Q(runner__beat_at__lt=since)
        )

    def before(self, votes: "Iterable[int] | VoteQuerySet") -> "TurnQuerySet":
        """Return the turns, failed attempts too, that had ended when votes were cast.

        The votes, or their keys, are at most one of each battle.
        """
        return self.filter(
            battle__votes__in=votes, ended_at__lte=models.F("battle__votes__cast_at")
        )

    def voted_on(self, votes: "Iterable[int] | VoteQuerySet") -> "TurnQuerySet":
        """Return what votes are about: the complete turns before them.

        Whoever goes on after the names were told says and reads what has no part in the vote.
        """
        return self.before(votes).filter(state=TurnState.COMPLETE)


class Turn(models.Model):
    """A prompt and its two replies. A retried turn has the same number and the next attempt."""

    battle = models.ForeignKey(Battle, on_delete=models.CASCADE, related_name="turns")
    number = models.PositiveSmallIntegerField()
    attempt = models.PositiveSmallIntegerField(default=1)
    prompt = models.TextField()
    # Attached to the prompt. One that was used is never deleted, only emptied.
    picture = models.ForeignKey(
        Picture,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
    )
    state = models.CharField(max_length=12, choices=TurnState, default=TurnState.STREAMING)
    runner = models.ForeignKey(Runner, null=True, blank=True, on_delete=models.SET_NULL)
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    # Numbers of the frames that showed it; they count over the whole battle.
    first_seq = models.PositiveIntegerField(default=1, editable=False)
    last_seq = models.PositiveIntegerField(null=True, editable=False)

    objects = TurnQuerySet.as_manager()

    class Meta:
        ordering = ["battle", "number", "attempt"]
        constraints = [
            # Serves: a battle's turns in order.
            models.UniqueConstraint(
                fields=["battle", "number", "attempt"], name="turn_one_per_number_and_attempt"
            ),
            models.UniqueConstraint(
                fields=["battle"],
                condition=Q(state="streaming"),
                name="turn_one_streaming_per_battle",
            ),
            models.UniqueConstraint(
                fields=["battle", "number"],
                condition=Q(state="complete"),
                name="turn_one_complete_per_number",
            ),
            models.CheckConstraint(
                condition=Q(number__gte=1, attempt__gte=1), name="turn_counts_from_one"
            ),
            models.CheckConstraint(
                condition=Q(state__in=TurnState.values), name="turn_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state="streaming", ended_at=None)
                | (~Q(state="streaming") & Q(ended_at__isnull=False)),
                name="turn_ended_unless_streaming",
            ),
        ]
        indexes = [
            # Serves: the sweep for turns of dead processes.
            models.Index(
                fields=["runner"], condition=Q(state="streaming"), name="turn_streaming_by_runner"
            ),
            # Serves: the deletion of pictures that were never used.
            models.Index(
                fields=["picture"], condition=Q(picture__isnull=False), name="turn_by_picture"
            ),
            # Serves: the last hour's turns (metrics, admin).
            BrinIndex(fields=["started_at"], autosummarize=True, name="turn_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.battle_id} #{self.number}"


class Reply(models.Model):
    """One side's answer to one turn: what was sent, what came, how it ended."""

    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="replies")
    side = models.CharField(max_length=1, choices=Side)
    language_model = models.ForeignKey(
        LanguageModel, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    endpoint = models.ForeignKey(
        Endpoint,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="replies",
        db_index=False,  # the index below has it first
    )
    state = models.CharField(max_length=12, choices=ReplyState, default=ReplyState.STREAMING)
    text = models.TextField(blank=True, default="")
    reasoning = models.TextField(blank=True, default="")
    finish_reason = models.CharField(max_length=20, choices=FinishReason, blank=True, default="")
    error_code = models.CharField(max_length=60, blank=True, default="")
    # The server's own words, for admins only: they often name the model.
    error_detail = models.TextField(blank=True, default="")
    prompt_tokens = models.PositiveIntegerField(null=True, blank=True)
    completion_tokens = models.PositiveIntegerField(null=True, blank=True)
    tokens_estimated = models.BooleanField(default=False)
    # Seconds from the request's start.
    first_token_seconds = models.FloatField(null=True, blank=True)
    total_seconds = models.FloatField(null=True, blank=True)
    # The request without its key, and the serving facts of that moment (engine, quantisation).
    sent = models.JSONField(default=dict)
    # The voter had the texts of this battle erased; the figures stay.
    erased = models.BooleanField(default=False, db_default=False, editable=False)

    class Meta:
        verbose_name_plural = "replies"
        ordering = ["turn", "side"]
        constraints = [
            # Serves: a turn's two replies.
            models.UniqueConstraint(fields=["turn", "side"], name="reply_one_per_side"),
            models.CheckConstraint(condition=Q(side__in=Side.values), name="reply_side_known"),
            models.CheckConstraint(
                condition=Q(state__in=ReplyState.values), name="reply_state_known"
            ),
            models.CheckConstraint(
                # Success is content and a finish reason; what was erased had both.
                condition=~Q(state="complete")
                | (Q(finish_reason__in=["stop", "length"]) & (Q(erased=True) | ~Q(text=""))),
                name="reply_complete_has_text_and_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(error_code=""), name="reply_failed_has_a_code"
            ),
        ]
        indexes = [
            # Serves: an endpoint's last success, whatever failed since; one that is deleted.
            models.Index(fields=["endpoint", "-id"], name="reply_by_endpoint_newest_first"),
            # Serves: how reliable a model was of late; a model that is deleted.
            models.Index(fields=["language_model", "-id"], name="reply_by_model_newest_first"),
        ]

    def __str__(self) -> str:
        return f"{self.turn} {self.side}"


class VoteQuerySet(models.QuerySet["Vote"]):
    def standing(self) -> "VoteQuerySet":
        """Return the votes that were not taken back."""
        return self.filter(retraction=None)

    def final(self, *, at: dt.datetime) -> "VoteQuerySet":
        """Return the standing votes whose undo time is over."""
        return self.standing().filter(final_at__lte=at)


class Vote(models.Model):
    """A voter's word on a battle. Never changed: an undo is a `Retraction`, after which the battle
    may be voted again by a vote that `replaces` it. So a battle has at most one standing vote:
    the first is unique by battle, each other by the retraction that it follows.
    """

    battle = models.ForeignKey(Battle, on_delete=models.PROTECT, related_name="votes")
    outcome = models.CharField(max_length=8, choices=Outcome)
    # live, import:NAME or simulated. A board rates one source.
    source = models.CharField(max_length=64, default="live")
    # The row in the imported file; null for live votes.
    external_id = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001
    cast_at = models.DateTimeField(default=timezone.now)
    # Until then it can be taken back; from then on it is counted and the names are sent.
    final_at = models.DateTimeField()
    replaces = models.OneToOneField(
        "Retraction", null=True, blank=True, on_delete=models.PROTECT, related_name="followed_by"
    )

    objects = VoteQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            # Serves: a battle's vote; holds: one first vote per battle.
            models.UniqueConstraint(
                fields=["battle"], condition=Q(replaces=None), name="vote_one_first_per_battle"
            ),
            # Serves: a second import of the same file.
            models.UniqueConstraint(
                fields=["source", "external_id"],
                condition=Q(external_id__isnull=False),
                name="vote_one_per_imported_row",
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=Outcome.values), name="vote_outcome_known"
            ),
            models.CheckConstraint(
                condition=Q(source="live")
                | Q(source="simulated")
                | Q(source__startswith="import:"),
                name="vote_source_known",
            ),
            models.CheckConstraint(
                condition=Q(final_at__gte=models.F("cast_at")), name="vote_final_after_cast"
            ),
        ]
        indexes = [
            # Serves: one source's votes after the last one rated.
            models.Index(fields=["source", "id"], name="vote_by_source_in_order"),
            # Serves: the last hour's votes (metrics, admin), votes that have just become final.
            BrinIndex(fields=["cast_at"], autosummarize=True, name="vote_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.battle_id}: {self.outcome}"


class Retraction(models.Model):
    """A vote taken back within its undo time."""

    vote = models.OneToOneField(Vote, primary_key=True, on_delete=models.PROTECT)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.vote} taken back"


class Reason(models.TextChoices):
    """What a voter may say of one answer, after the vote."""

    USEFUL = "useful", _("useful")
    COMPLETE = "complete", pgettext_lazy("reason", "complete")
    CREATIVE = "creative", _("creative")
    CLEAR = "clear", _("clear")
    WRONG = "wrong", _("wrong")
    SUPERFICIAL = "superficial", _("superficial")
    IGNORED_INSTRUCTIONS = "ignored_instructions", _("ignored instructions")
    WRONG_LANGUAGE = "wrong_language", _("wrong language or script")


class VoteReason(models.Model):
    """One reason that a voter gave for one answer. The vote itself never changes."""

    vote = models.ForeignKey(Vote, on_delete=models.CASCADE, related_name="reasons")
    side = models.CharField(max_length=1, choices=Side)
    reason = models.CharField(max_length=24, choices=Reason)

    class Meta:
        constraints = [
            # Serves: a vote's reasons.
            models.UniqueConstraint(fields=["vote", "side", "reason"], name="vote_reason_once"),
            models.CheckConstraint(
                condition=Q(side__in=Side.values), name="vote_reason_side_known"
            ),
            models.CheckConstraint(condition=Q(reason__in=Reason.values), name="vote_reason_known"),
        ]

    def __str__(self) -> str:
        return f"{self.vote_id} {self.side}: {self.reason}"


class VoteComment(models.Model):
    """What a voter wrote about a battle after the vote."""

    vote = models.OneToOneField(
        Vote, primary_key=True, on_delete=models.CASCADE, related_name="comment"
    )
    text = models.TextField()
    written_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="vote_comment_has_text"),
        ]

    def __str__(self) -> str:
        return f"{self.vote_id}: {self.text[:60]}"


class SharedBattle(models.Model):
    """A battle that its voter shows to whoever has the link; without the row the link is dead."""

    battle = models.OneToOneField(
        Battle, primary_key=True, on_delete=models.CASCADE, related_name="shared"
    )
    # The link's last part: 128 random bits.
    token = models.CharField(max_length=32, unique=True)
    shared_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(token=""), name="shared_battle_has_a_token"),
        ]

    def __str__(self) -> str:
        return f"{self.battle_id} since {self.shared_at:%Y-%m-%d}"
