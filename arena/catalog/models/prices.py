"""What tokens cost."""

from django.db import models
from django.db.models import Q

from arena.catalog.models.language_models import LanguageModel


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
