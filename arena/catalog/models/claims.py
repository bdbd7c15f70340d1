"""What is said of models, and by whom; what servers call them."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from arena.catalog.models.language_models import LanguageModel


class Fact(models.TextChoices):
    """What a source may speak of: the fields of a model."""

    ORGANISATION = "organisation", _("Organisation")
    WEIGHTS_RELEASED_ON = "weights_released_on", _("Weights released")
    API_RELEASED_ON = "api_released_on", _("API released")
    PARAMS_TOTAL_B = "params_total_b", _("Parameters")
    PARAMS_ACTIVE_B = "params_active_b", _("Active parameters")
    CONTEXT_TOKENS = "context_tokens", _("Context")
    MODALITIES = "modalities", _("Takes")
    HUGGING_FACE = "hugging_face", "Hugging Face"
    MODELSCOPE = "modelscope", "ModelScope"


class Claim(models.Model):
    """What one source says of one fact of a model.

    The model's own field holds what the arena goes by. Claims that say the same are its sources;
    claims that say something else are shown beside it.
    """

    language_model = models.ForeignKey(
        LanguageModel, on_delete=models.CASCADE, related_name="claims"
    )
    fact = models.CharField(max_length=24, choices=Fact)
    value = models.CharField(
        max_length=200,
        help_text="As the source has it: 2024-07-23 or only 2024-07, 70.6, 131072, text+image.",
    )
    source = models.CharField(max_length=500, help_text="An address, or words.")
    read_on = models.DateField(null=True, blank=True, help_text="The day it was looked up.")

    class Meta:
        ordering = ["fact", "id"]
        constraints = [
            # Serves: a model's page; a second load of the same file.
            models.UniqueConstraint(
                fields=["language_model", "fact", "source"], name="claim_one_per_fact_and_source"
            ),
            models.CheckConstraint(condition=Q(fact__in=Fact.values), name="claim_fact_known"),
            models.CheckConstraint(
                condition=~Q(value="") & ~Q(source=""), name="claim_has_value_and_source"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_fact_display()}: {self.value} ({self.source})"


class Alias(models.Model):
    """A name by which servers know a model. Several models may share one: then it tells nothing."""

    language_model = models.ForeignKey(
        LanguageModel, on_delete=models.CASCADE, related_name="aliases"
    )
    name = models.CharField(max_length=200)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "aliases"
        constraints = [
            models.UniqueConstraint(
                fields=["language_model", "name"], name="alias_one_per_model_and_name"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="alias_not_empty"),
        ]
        indexes = [
            # Serves: the model that a server's name means, however it is spelled.
            models.Index(Lower("name"), name="alias_by_lower_name"),
        ]

    def __str__(self) -> str:
        return self.name
