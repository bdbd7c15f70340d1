"""The contestants: what is known of them, and where they stand."""

import datetime as dt

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from arena.catalog.licences import LicenceClass
from arena.catalog.modalities import Modality
from arena.catalog.models.endpoints import Endpoint
from arena.catalog.models.licences import Licence
from arena.catalog.sampling import SamplingReason


class LanguageModelQuerySet(models.QuerySet["LanguageModel"]):
    def drawable(self, *, at: dt.datetime, seeing: bool = False) -> "LanguageModelQuerySet":
        """Return the models that may be drawn: not simulated or retired, with an endpoint up.

        With `seeing`, only those with an endpoint that is up and takes pictures.
        """
        endpoints = Endpoint.objects.available(at=at)
        return self.filter(
            simulated=False,
            retired_at=None,
            sampling_weight__gt=0,
            endpoints__in=endpoints.seeing() if seeing else endpoints,
        ).distinct()

    def entered(self) -> "LanguageModelQuerySet":
        """Return the models of this arena: not those that only stand in the loaded catalogue."""
        return self.filter(Q(catalogue_rows=None) | Q(endpoints__isnull=False)).distinct()


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
    # What it takes as input; empty where it is not known.
    modalities = ArrayField(
        models.CharField(max_length=8, choices=Modality),
        blank=True,
        default=list,
        help_text="What the model can be given. Nothing ticked: not known.",
    )
    link = models.URLField("link", blank=True, default="", max_length=500)
    # Names of repositories, as "meta-llama/Llama-3.1-8B-Instruct".
    hugging_face = models.CharField("Hugging Face", max_length=200, blank=True, default="")
    modelscope = models.CharField("ModelScope", max_length=200, blank=True, default="")
    # Fictional; votes on it are simulated. Never drawn in a battle.
    simulated = models.BooleanField(default=False, editable=False)
    sampling_weight = models.FloatField(
        default=1.0, help_text="How often it is drawn, relative to others. 0 takes it out."
    )
    retired_at = models.DateTimeField(null=True, blank=True)
    # Of the last change of the two above; the log of changes keeps those before.
    sampling_reason = models.CharField(
        "why it is drawn so", max_length=20, choices=SamplingReason, blank=True, default=""
    )
    sampling_note = models.CharField(
        "in other words",
        max_length=200,
        blank=True,
        default="",
        help_text="Public, like the reason.",
    )
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
            models.CheckConstraint(
                condition=Q(modalities__contained_by=Modality.values),
                name="language_model_modalities_known",
            ),
            models.CheckConstraint(
                condition=Q(sampling_reason="") | Q(sampling_reason__in=SamplingReason.values),
                name="language_model_sampling_reason_known",
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
    # Null where only the class is known.
    licence = models.ForeignKey(
        Licence,
        to_field="identifier",
        db_column="licence",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="licensings",
    )
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

    def clean(self) -> None:
        """Refuse a class that is not the licence's; fully open goes beyond any licence."""
        if self.licence is None or self.licence_class == LicenceClass.FULLY_OPEN:
            return
        if self.licence_class != self.licence.licence_class:
            label = LicenceClass(self.licence.licence_class).label
            raise ValidationError(
                {"licence_class": f"A model under {self.licence} is {label}, or fully open."}
            )


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
    # The board's snapshot that says so, by number: boards are another app's.
    snapshot = models.PositiveBigIntegerField(null=True)
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.language_model}: {self.rating}"
