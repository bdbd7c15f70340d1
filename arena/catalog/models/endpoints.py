"""Where models are served."""

import datetime as dt
from collections.abc import Collection

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from arena.catalog import keys

_LONGEST_PAUSE = dt.timedelta(hours=1)


class Provider(models.Model):
    """An account at a hosted API, or a server of one's own: an address and a key."""

    name = models.CharField(max_length=120, unique=True)
    # Free text; never amended (no "/v1" is added).
    base_url = models.CharField("base URL", max_length=500)
    # What kind of server it is: a slug of `workers.endpoints.presets`, or empty.
    preset = models.CharField("kind of server", max_length=40, blank=True, default="")
    api_key_encrypted = models.TextField(blank=True, default="", editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(base_url__startswith="http://") | Q(base_url__startswith="https://"),
                name="provider_base_url_is_http",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def set_api_key(self, plain: str) -> None:
        """Encrypt and keep a key; empty text removes it. The caller saves."""
        self.api_key_encrypted = keys.encrypt(plain.strip())

    def read_api_key(self) -> str:
        """Return the key in the clear, for the call to the endpoint and nothing else."""
        return keys.decrypt(self.api_key_encrypted)

    def has_api_key(self, plain: str) -> bool:
        """Return whether this is the stored key; one that can't be read any more is no key's."""
        try:
            return self.read_api_key() == plain
        except keys.KeyUnreadableError:
            return False


class EndpointQuerySet(models.QuerySet["Endpoint"]):
    def available(self, *, at: dt.datetime) -> "EndpointQuerySet":
        """Return the endpoints that may be called: enabled, admitted, and not suspended."""
        return self.filter(enabled=True, admission=AdmissionState.PASSED).filter(
            Q(suspended_until=None) | Q(suspended_until__lte=at)
        )

    def seeing(self) -> "EndpointQuerySet":
        """Return the endpoints that were found to see pictures by their admission test."""
        return self.filter(findings__takes_images=True)

    def record_success(self, pks: Collection[int]) -> None:
        """Forget the failures of some endpoints."""
        self.filter(pk__in=pks).exclude(failures_in_a_row=0, suspended_until=None).update(
            failures_in_a_row=0, suspended_until=None
        )

    @transaction.atomic
    def record_failure(
        self,
        pk: int,
        *,
        code: str,
        at: dt.datetime,
        while_paused: bool = False,
    ) -> None:
        """Count a failure; the `BREAKER_FAILURES`-th in a row suspends the endpoint for
        `BREAKER_SECONDS`, each later one for twice as long as the one before, up to an hour.

        What was asked before a pause and fails in it is no news, and is not counted; with
        ``while_paused`` it was asked in the pause.
        """
        endpoint = self.select_for_update(no_key=True).filter(pk=pk).first()
        if endpoint is None:
            return
        endpoint.last_failure_code, endpoint.last_failed_at = code, at
        paused = endpoint.suspended_until is not None and endpoint.suspended_until > at
        if while_paused or not paused:
            endpoint.failures_in_a_row += 1
            doublings = endpoint.failures_in_a_row - settings.BREAKER_FAILURES
            if doublings >= 0:
                pause = dt.timedelta(seconds=settings.BREAKER_SECONDS)
                longest = max(pause, _LONGEST_PAUSE)
                endpoint.suspended_until = at + min(pause * 2 ** min(doublings, 16), longest)
        endpoint.save(
            update_fields=[
                *("failures_in_a_row", "suspended_until", "last_failure_code", "last_failed_at")
            ]
        )


class AdmissionState(models.TextChoices):
    """Where an endpoint stands with its admission test."""

    UNTESTED = "untested", "not tested"
    PASSED = "passed", "passed"
    FAILED = "failed", "failed"


class Endpoint(models.Model):
    """One address that serves one model."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="endpoints")
    language_model = models.ForeignKey(
        "LanguageModel", on_delete=models.PROTECT, related_name="endpoints"
    )
    model_name = models.CharField(
        max_length=200, help_text="What the server calls the model, sent as it is."
    )
    parameters = models.JSONField(
        default=dict,
        blank=True,
        help_text="Sent with each request as it is; nothing is sent that is not here.",
    )
    quirks = models.JSONField(
        default=list, blank=True, help_text="What this server cannot take, by name."
    )
    system_prompt = models.TextField(blank=True, default="")
    engine = models.CharField(max_length=60, blank=True, default="")
    quantisation = models.CharField(max_length=60, blank=True, default="")
    max_concurrent = models.PositiveSmallIntegerField(default=8)
    requests_per_minute = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="At most so many calls in any minute, over all processes. Empty for no limit.",
    )
    token_limit = models.PositiveIntegerField(
        default=4096,
        db_default=4096,
        help_text="At most so many tokens in an answer; sent with each call, and what a call is "
        "reserved for. Half of the server's context at most, where that is known.",
    )
    weight = models.FloatField(
        default=1.0,
        help_text="Its share of the model's battles, relative to the model's other endpoints. "
        "One with 0 is only used when the others fail.",
    )
    gpu_group = models.CharField(
        "GPU group",
        max_length=60,
        blank=True,
        default="",
        help_text="Endpoints with the same word here cannot be loaded at the same time, and are "
        "never drawn against each other.",
    )
    enabled = models.BooleanField(default=True)
    # What the last admission test found; see `arena.catalog.admissions`.
    admission = models.CharField(
        max_length=10, choices=AdmissionState, default=AdmissionState.UNTESTED, editable=False
    )
    admitted_at = models.DateTimeField(null=True, blank=True, editable=False)
    refused_parameters = models.JSONField(default=list, blank=True, editable=False)
    findings = models.JSONField(default=dict, blank=True, editable=False)
    # The circuit breaker.
    failures_in_a_row = models.PositiveIntegerField(default=0, editable=False)
    suspended_until = models.DateTimeField(null=True, blank=True, editable=False)
    last_failure_code = models.CharField(max_length=60, blank=True, default="", editable=False)
    last_failed_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = EndpointQuerySet.as_manager()

    class Meta:
        ordering = ["language_model", "provider"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "language_model", "model_name"],
                name="endpoint_one_per_provider_model_and_name",
            ),
            models.CheckConstraint(
                condition=Q(max_concurrent__gte=1), name="endpoint_takes_at_least_one_request"
            ),
            models.CheckConstraint(
                condition=Q(requests_per_minute=None) | Q(requests_per_minute__gte=1),
                name="endpoint_takes_at_least_one_request_a_minute",
            ),
            models.CheckConstraint(
                condition=Q(token_limit__gte=1), name="endpoint_answers_have_a_token"
            ),
            models.CheckConstraint(condition=~Q(model_name=""), name="endpoint_has_a_model_name"),
            models.CheckConstraint(
                condition=Q(weight__gte=0) & Q(weight__lt=float("inf")),
                name="endpoint_weight_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(admission__in=AdmissionState.values), name="endpoint_admission_known"
            ),
            models.CheckConstraint(
                condition=~Q(admission="passed") | Q(admitted_at__isnull=False),
                name="endpoint_passed_at_some_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.language_model} @ {self.provider}"

    @property
    def calls_at_once(self) -> int:
        """How many it gets: as many as were allowed, or as went well when more did not."""
        limit = self.findings.get("concurrency") if self.findings.get("crowded") else None
        return min(self.max_concurrent, limit or self.max_concurrent)
