"""The runs of the admission test."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from arena.catalog.models.endpoints import Endpoint


class RunState(models.TextChoices):
    """Where one run of the admission test stands."""

    WAITING = "waiting"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"


class AdmissionQuerySet(models.QuerySet["Admission"]):
    def open(self) -> "AdmissionQuerySet":
        """Return the runs that wait or run."""
        return self.filter(state__in=[RunState.WAITING, RunState.RUNNING])


class Admission(models.Model):
    """One run of an endpoint's admission test: why, which steps, what it found."""

    class Reason(models.TextChoices):
        ADDED = "added", "the endpoint was added"
        ASKED = "asked", "somebody asked for it"
        SCHEDULED = "scheduled", "it was due"

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="admissions")
    reason = models.CharField(max_length=10, choices=Reason)
    state = models.CharField(max_length=10, choices=RunState, default=RunState.WAITING)
    # Each step as it ended: name, outcome, code, values, detail. For administrators only.
    steps = models.JSONField(default=list)
    # The step that runs now; empty when none does.
    doing = models.CharField(max_length=20, blank=True, default="")
    findings = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    beat_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = AdmissionQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint"],
                condition=Q(state__in=["waiting", "running"]),
                name="admission_one_open_per_endpoint",
            ),
            models.CheckConstraint(
                condition=Q(state__in=RunState.values), name="admission_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "running"], ended_at=None)
                | Q(state__in=["passed", "failed"], ended_at__isnull=False),
                name="admission_ended_unless_open",
            ),
        ]
        indexes = [
            # Serves: an endpoint's last test, and which are due.
            models.Index(fields=["endpoint", "-created_at"], name="admission_by_endpoint_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.endpoint}: {self.state}"
