"""Boards and their snapshots. Pages read the newest snapshot and never compute ratings."""

from typing import Self
from urllib.parse import urlencode

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from arena.catalog.models import LanguageModel


class Method(models.TextChoices):
    """How votes become ratings."""

    BRADLEY_TERRY = "bradley_terry", "Bradley-Terry"
    ELO = "elo", "Elo"


class BoardQuerySet(models.QuerySet["Board"]):
    """Boards of any source, by their slice."""

    def of_all_time(self, method: Method = Method.BRADLEY_TERRY) -> Self:
        """Return those of every use and language, without style control."""
        return self.filter(method=method, days=None, style_controlled=False)

    def of_all_votes(self, method: Method = Method.BRADLEY_TERRY) -> Self:
        """Return each source's overall board."""
        return self.of_all_time(method).filter(category="", language="")


class Board(models.Model):
    """A rating table of one slice of votes with one method and its parameters."""

    slug = models.SlugField(max_length=80)
    # One source of votes: live, import:NAME or simulated; never mixed.
    source = models.CharField(max_length=64)
    method = models.CharField(max_length=20, choices=Method)
    # The slice: a use or a kind of prompt (`arena.boards.slices`), a language with its script, the
    # last so many days; empty and null are everything.
    category = models.CharField(max_length=40, blank=True, default="")
    language = models.CharField(max_length=20, blank=True, default="")
    days = models.PositiveSmallIntegerField(null=True, blank=True)
    style_controlled = models.BooleanField(default=False)
    # Of its votes, those whose prompt the labelling endpoint was asked about, as of the last
    # publication; null where labels don't make the board (`arena.boards.labelling`).
    label_share = models.FloatField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = BoardQuerySet.as_manager()

    class Meta:
        ordering = ["source", "slug"]
        constraints = [
            # Serves: find a board by what its page's address names.
            models.UniqueConstraint(
                fields=["source", "slug"], name="board_one_per_source_and_slug"
            ),
            models.UniqueConstraint(
                fields=["source", "method", "category", "language", "days", "style_controlled"],
                nulls_distinct=False,
                name="board_one_per_slice",
            ),
            models.CheckConstraint(
                condition=Q(method__in=Method.values), name="board_method_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slug} ({self.source})"

    def address_of(self, replay_id: str, *, since: str = "") -> str:
        """Return the address of the page of a frozen board of this kind, beside an earlier one."""
        named = {"board": self.slug, "source": self.source, "since": since}
        usual = {"board": "overall", "source": "live", "since": ""}
        query = urlencode({name: said for name, said in named.items() if said != usual[name]})
        return reverse("snapshot", kwargs={"replay_id": replay_id}) + (f"?{query}" if query else "")


class Snapshot(models.Model):
    """A frozen board. Its `replay_id` is the hash of input, parameters and code version."""

    board = models.ForeignKey(Board, on_delete=models.CASCADE, related_name="snapshots")
    replay_id = models.CharField(max_length=64)
    # SHA-256 of the published rows of the fit: equal after a faithful replay anywhere.
    figures_hash = models.CharField(max_length=64, blank=True, default="")
    parameters = models.JSONField(default=dict)
    # Votes cast before are not in it; null on a board of all time.
    since = models.DateTimeField(null=True, blank=True)
    # Style coefficients with their intervals, on a board that controls for style.
    style = models.JSONField(default=list)
    # What moved each rating since the published snapshot before: see `arena.boards.movement`.
    movement = models.JSONField(default=dict)
    # Counted votes, those who cast them, and the highest vote id among them.
    votes = models.PositiveIntegerField()
    voters = models.PositiveIntegerField()
    last_vote_id = models.BigIntegerField()
    # What it was made of, so that a refresh can tell whether anything is new: the source's
    # `DecisionCount`, and a digest of the models' dates and licences.
    decisions = models.PositiveBigIntegerField(default=0)
    catalogue = models.CharField(max_length=64, default="")
    # The open-versus-closed series drawn on /gap/, computed with the board.
    gap = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    # The start of the period it was published for: kept for ever. Null for the live snapshots
    # in between, which are pruned.
    published_for = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            # Holds: two schedulers publish a board once.
            models.UniqueConstraint(
                fields=["board", "published_for"], name="snapshot_published_once_a_period"
            ),
        ]
        indexes = [
            # Serves: the newest snapshot of a board.
            models.Index(fields=["board", "-id"], name="snapshot_newest_of_board"),
            # Serves: the boards that have an id.
            models.Index(fields=["replay_id"], name="snapshot_by_replay_id"),
        ]

    def __str__(self) -> str:
        return f"{self.board} {self.created_at:%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        """Return the address of its page, which says which board: several can share an id."""
        return self.board.address_of(self.replay_id)


class SnapshotRow(models.Model):
    """One model's line on a snapshot."""

    snapshot = models.ForeignKey(Snapshot, on_delete=models.CASCADE, related_name="rows")
    language_model = models.ForeignKey(LanguageModel, on_delete=models.PROTECT, related_name="+")
    votes = models.PositiveIntegerField()
    # Points, rounded to 0.01; null with too few votes or no connection to the other models.
    rating = models.FloatField(null=True)
    lower = models.FloatField(null=True)
    upper = models.FloatField(null=True)
    rank_best = models.PositiveIntegerField(null=True)
    rank_worst = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ["snapshot", models.F("rating").desc(nulls_last=True), "-votes"]
        constraints = [
            # Serves: a snapshot's rows.
            models.UniqueConstraint(
                fields=["snapshot", "language_model"], name="snapshot_row_one_per_model"
            ),
            models.CheckConstraint(
                condition=Q(lower=None) | Q(lower__lte=models.F("upper")),
                name="snapshot_row_interval_in_order",
            ),
            models.CheckConstraint(
                condition=Q(rank_best=None) | Q(rank_best__lte=models.F("rank_worst")),
                name="snapshot_row_ranks_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.language_model}: {self.rating}"


class PairTable(models.Model):
    """Direct votes between the models of a board's newest full fit, and how its ratings vary
    together. Read it with `arena.boards.pairs.read_pairs`.
    """

    board = models.OneToOneField(
        Board, primary_key=True, on_delete=models.CASCADE, related_name="pair_table"
    )
    replay_id = models.CharField(max_length=64)
    # Primary keys of the m models; the tables below are (m, m) in this order.
    language_models = models.JSONField()
    # Of int32, deflated.
    won = models.BinaryField()
    tied = models.BinaryField()
    both_bad = models.BinaryField()
    # Of float32, points squared, NaN without a rating; stored as it is, so that
    # `pairs.difference_variances` can read single numbers of it.
    covariance = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"pairs of {self.board}"


class BoardFailure(models.Model):
    """A source whose boards could not be made the last time a job tried; gone once they are."""

    job = models.CharField(max_length=20)
    source = models.CharField(max_length=64)
    error = models.TextField()
    # The source's `DecisionCount` then.
    decisions = models.PositiveBigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "source"], name="board_failure_one_per_source"),
        ]

    def __str__(self) -> str:
        return f"{self.job} {self.source}: {self.error[:80]}"


class Publication(models.Model):
    """The full set of a source's boards, published for a period."""

    source = models.CharField(max_length=64)
    period = models.DateTimeField()
    # The source's `DecisionCount` that its boards have seen, and how many boards it wrote.
    decisions = models.PositiveBigIntegerField()
    boards = models.PositiveIntegerField()
    completed_at = models.DateTimeField()

    class Meta:
        constraints = [
            # Holds: one publication a period. Serves: a source's newest.
            models.UniqueConstraint(
                fields=["source", "period"], name="publication_one_per_source_and_period"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.period:%Y-%m-%d %H:%M}"


class FactSheet(models.Model):
    """The facts of all models in one state, as boards were published with."""

    # Of `arena.boards.catalogue.digest`; a snapshot names it as its `catalogue`.
    digest = models.CharField(primary_key=True, max_length=64)
    # Each model's `arena.boards.catalogue.Facts`.
    facts = models.JSONField()
    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"facts {self.digest[:12]}"


class Ledger(models.Model):
    """What the transparency page counts of a source: see `arena.boards.ledger`."""

    source = models.CharField(primary_key=True, max_length=64)
    content = models.JSONField()
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"ledger of {self.source}"


class Measurement(models.Model):
    """How fast a model answered in the arena's own battles of the last days, and how much."""

    language_model = models.OneToOneField(
        LanguageModel, primary_key=True, on_delete=models.CASCADE, related_name="measurement"
    )
    replies = models.PositiveIntegerField()
    # Medians over complete replies: seconds to the first token, tokens a second after it.
    first_token_seconds = models.FloatField(null=True)
    tokens_per_second = models.FloatField(null=True)
    # Means a reply.
    prompt_tokens = models.FloatField(null=True)
    completion_tokens = models.FloatField(null=True)
    # How much of the counts is an estimate, because the server reported none.
    estimated_share = models.FloatField(default=0.0)
    measured_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.language_model}: {self.replies} replies"
