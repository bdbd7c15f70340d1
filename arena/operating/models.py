"""Runs of jobs, problems with what was told of them, and the figures of each day."""

from django.db import models
from django.db.models import Q
from django.utils import timezone


class JobDay(models.Model):
    """One scheduled job on one day (UTC): how often it ran, and how long it was not heard of."""

    # The task's name in the schedule.
    job = models.CharField(max_length=100)
    day = models.DateField()
    runs = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    succeeded_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    # The class of the last error; its text may quote anything.
    error = models.CharField(max_length=100, blank=True, default="")
    # The longest time from one success to the next that came on this day.
    longest_gap_seconds = models.FloatField(default=0.0)

    class Meta:
        verbose_name = "day of a job"
        verbose_name_plural = "days of jobs"
        ordering = ["-day", "job"]
        constraints = [
            # Serves: a job's newest days.
            models.UniqueConstraint(fields=["job", "day"], name="job_day_one_per_job_and_day"),
        ]

    def __str__(self) -> str:
        return f"{self.job} {self.day}"


class Problem(models.Model):
    """Something that was wrong for a while: when it began, and when it ended."""

    # What it is, the same each time: kind and row.
    key = models.CharField(max_length=200)
    # The machine that sees it, where others cannot; else empty.
    host = models.CharField(max_length=100, blank=True, default="")
    title = models.CharField(max_length=300)
    advice = models.TextField()
    # A path of the admin, and the permission that opens it.
    link = models.CharField(max_length=200, blank=True, default="")
    permission = models.CharField(max_length=100, blank=True, default="")
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    # When its beginning was handed to the alarms; null while it may still be a moment's trouble.
    told_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-began_at", "-id"]
        constraints = [
            # Holds: a problem that lasts is one row, whoever looks. Serves: what is open.
            models.UniqueConstraint(
                fields=["key"], condition=Q(ended_at=None), name="problem_one_open_per_key"
            ),
        ]
        indexes = [
            # Serves: the list of the admin.
            models.Index(fields=["-began_at", "-id"], name="problem_newest_first"),
        ]

    def __str__(self) -> str:
        return self.title


class Notice(models.Model):
    """That a problem began or ended, to be told once by one channel."""

    class Channel(models.TextChoices):
        EMAIL = "email", "e-mail"
        WEBHOOK = "webhook"

    class Event(models.TextChoices):
        BEGAN = "began"
        ENDED = "ended"

    problem = models.ForeignKey(Problem, on_delete=models.CASCADE, related_name="notices")
    channel = models.CharField(max_length=10, choices=Channel)
    event = models.CharField(max_length=5, choices=Event)
    created_at = models.DateTimeField(default=timezone.now)
    # Those of one message: it is sent again whole, under the same id, until it is taken.
    message = models.UUIDField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    # A code of ours, never the server's words: they may quote the address, which is a secret.
    error = models.CharField(max_length=60, blank=True, default="")
    next_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [
            # Holds: each channel tells of each event once.
            models.UniqueConstraint(
                fields=["problem", "channel", "event"], name="notice_once_per_channel"
            ),
        ]
        indexes = [
            # Serves: what is still to be sent.
            models.Index(fields=["channel", "id"], condition=Q(sent_at=None), name="notice_unsent"),
        ]

    def __str__(self) -> str:
        return f"{self.problem}: {self.event}, by {self.get_channel_display()}"


class ArenaDay(models.Model):
    """What happened on one day (UTC) in live battles."""

    day = models.DateField(primary_key=True)
    battles = models.PositiveIntegerField()
    void_battles = models.PositiveIntegerField()
    votes = models.PositiveIntegerField()
    # Of these votes, those that are not counted.
    excluded = models.PositiveIntegerField()
    answers = models.PositiveIntegerField()
    # Of these answers, those that failed.
    failed = models.PositiveIntegerField()
    counted_at = models.DateTimeField()

    class Meta:
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"{self.day}"
