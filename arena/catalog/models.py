"""The contestants and where they are served."""

import datetime as dt
from collections.abc import Collection

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from arena.catalog import keys
from arena.catalog.licences import LicenceClass


class LanguageModelQuerySet(models.QuerySet["LanguageModel"]):
    def drawable(self, *, at: dt.datetime) -> "LanguageModelQuerySet":
        """Return the models that may be drawn: not simulated or retired, with an endpoint up."""
        return self.filter(
            simulated=False,
            retired_at=None,
            sampling_weight__gt=0,
            endpoints__in=Endpoint.objects.available(at=at),
        ).distinct()


class LanguageModel(models.Model):
    """A contestant. One model may be served by several endpoints."""

    slug = models.SlugField(max_length=120, unique=True, allow_unicode=True)
    name = models.CharField(max_length=200, unique=True)
    organisation = models.CharField(max_length=120, blank=True, default="")
    # The day the weights could be downloaded, and the day an API first served it.
    weights_released_on = models.DateField(null=True, blank=True)
    api_released_on = models.DateField(null=True, blank=True)
    # Billions; total for memory, active for speed.
    params_total_b = models.FloatField("total parameters (billions)", null=True, blank=True)
    params_active_b = models.FloatField("active parameters (billions)", null=True, blank=True)
    context_tokens = models.PositiveIntegerField(null=True, blank=True)
    link = models.URLField("link", blank=True, default="", max_length=500)
    # Fictional; votes on it are simulated. Never drawn in a battle.
    simulated = models.BooleanField(default=False, editable=False)
    sampling_weight = models.FloatField(
        default=1.0, help_text="How often it is drawn, relative to others. 0 takes it out."
    )
    retired_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = LanguageModelQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(sampling_weight__gte=0) & Q(sampling_weight__lt=float("inf")),
                name="language_model_weight_not_negative",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="language_model_has_a_name"),
            models.CheckConstraint(
                condition=Q(params_total_b=None) | Q(params_total_b__gt=0),
                name="language_model_total_parameters_positive",
            ),
            models.CheckConstraint(
                condition=Q(params_active_b=None) | Q(params_active_b__gt=0),
                name="language_model_active_parameters_positive",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def licence_class(self, on: dt.date | None = None) -> str:
        """Return the licence class in force on a day, by default today; else `unknown`."""
        day = on or timezone.now().date()
        records = [record for record in self.licensings.all() if record.since <= day]
        if not records:
            return LicenceClass.UNKNOWN
        return max(records, key=lambda record: record.since).licence_class

    def released_on(self) -> dt.date | None:
        """Return the day on a time axis: the weights' if there is one, else the API's."""
        return self.weights_released_on or self.api_released_on


class Licensing(models.Model):
    """The licence of a model from a day on."""

    language_model = models.ForeignKey(
        LanguageModel, on_delete=models.CASCADE, related_name="licensings"
    )
    licence = models.CharField(max_length=120, blank=True, default="")
    licence_class = models.CharField(max_length=32, choices=LicenceClass)
    since = models.DateField()
    evidence = models.URLField(blank=True, default="", max_length=500)

    class Meta:
        ordering = ["language_model", "since"]
        constraints = [
            # Serves: the class in force on a day.
            models.UniqueConstraint(
                fields=["language_model", "since"], name="licensing_one_per_model_and_day"
            ),
            models.CheckConstraint(
                condition=Q(licence_class__in=LicenceClass.values), name="licensing_class_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_licence_class_display()} ({self.since})"


class PublishedScore(models.Model):
    """What someone else measured of a model, with how and where it was said."""

    language_model = models.ForeignKey(
        LanguageModel, on_delete=models.CASCADE, related_name="published_scores"
    )
    benchmark = models.CharField(max_length=80)
    value = models.FloatField()
    # Examples given in the prompt; null where the source does not say.
    shots = models.PositiveSmallIntegerField(null=True, blank=True)
    harness = models.CharField(max_length=120, blank=True, default="")
    source = models.CharField(max_length=500)
    published_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["benchmark", "language_model", "-published_on"]
        constraints = [
            # Serves: a model's scores; a second import of the same file.
            models.UniqueConstraint(
                fields=["language_model", "benchmark", "shots", "harness", "source"],
                nulls_distinct=False,
                name="published_score_one_per_measurement",
            ),
            models.CheckConstraint(
                condition=Q(value__gt=float("-inf")) & Q(value__lt=float("inf")),
                name="published_score_is_a_number",
            ),
            models.CheckConstraint(
                condition=~Q(benchmark="") & ~Q(source=""),
                name="published_score_names_benchmark_and_source",
            ),
        ]
        indexes = [
            # Serves: one benchmark beside the arena's ratings.
            models.Index(fields=["benchmark"], name="published_score_by_benchmark"),
        ]

    def __str__(self) -> str:
        return f"{self.benchmark}: {self.value:g}"


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

    def record_success(self, pks: Collection[int]) -> None:
        """Forget the failures of some endpoints."""
        self.filter(pk__in=pks).exclude(failures_in_a_row=0, suspended_until=None).update(
            failures_in_a_row=0, suspended_until=None
        )

    def record_failure(
        self, pk: int, *, code: str, at: dt.datetime, limit: int, pause: dt.timedelta
    ) -> None:
        """Count a failure; the `limit`-th in a row suspends the endpoint for `pause`."""
        self.filter(pk=pk).update(
            failures_in_a_row=F("failures_in_a_row") + 1,
            last_failure_code=code,
            last_failed_at=at,
            suspended_until=models.Case(
                models.When(failures_in_a_row__gte=limit - 1, then=models.Value(at + pause)),
                default=F("suspended_until"),
            ),
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
        LanguageModel, on_delete=models.PROTECT, related_name="endpoints"
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


class RunState(models.TextChoices):
    """Where one run of the admission test stands."""

    WAITING = "waiting"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"


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


class Price(models.Model):
    """What tokens of a model cost from a day on: at one endpoint, or wherever it is served."""

    language_model = models.ForeignKey(
        LanguageModel, on_delete=models.CASCADE, related_name="prices"
    )
    # Empty for the maker's list price.
    endpoint = models.ForeignKey(
        "Endpoint", null=True, blank=True, on_delete=models.CASCADE, related_name="prices"
    )
    input_usd = models.DecimalField(
        "US dollars per million input tokens", max_digits=12, decimal_places=6
    )
    output_usd = models.DecimalField(
        "US dollars per million output tokens", max_digits=12, decimal_places=6
    )
    since = models.DateField()
    evidence = models.URLField(blank=True, default="", max_length=500)

    class Meta:
        ordering = ["language_model", "since"]
        constraints = [
            # Serves: the price in force on a day.
            models.UniqueConstraint(
                fields=["language_model", "endpoint", "since"],
                nulls_distinct=False,
                name="price_one_per_model_endpoint_and_day",
            ),
            models.CheckConstraint(
                condition=Q(input_usd__gte=0, output_usd__gte=0), name="price_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.language_model}: {self.input_usd} / {self.output_usd} ({self.since})"


class Standing(models.Model):
    """A model's place on the live overall board. Boards write it; reveal and pairing read it."""

    language_model = models.OneToOneField(
        LanguageModel, primary_key=True, on_delete=models.CASCADE, related_name="standing"
    )
    # Points; null while there are too few votes or the model is not connected to the others.
    rating = models.FloatField(null=True)
    lower = models.FloatField(null=True)
    upper = models.FloatField(null=True)
    rank_best = models.PositiveIntegerField(null=True)
    rank_worst = models.PositiveIntegerField(null=True)
    votes = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.language_model}: {self.rating}"
