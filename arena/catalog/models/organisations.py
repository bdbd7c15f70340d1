"""Who makes models."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q


class Organisation(models.Model):
    """A maker of models, known by the name that stands on its models."""

    name = models.CharField(max_length=120, unique=True)
    country = models.CharField(
        max_length=2,
        blank=True,
        default="",
        validators=[RegexValidator("^[A-Z]{2}$", "Two capital letters, as FR.")],
        help_text="Where it sits: two letters of ISO 3166-1. Empty where it is not known.",
    )
    site = models.URLField(blank=True, default="", max_length=500)
    source = models.CharField(
        max_length=500, blank=True, default="", help_text="Who says so: an address, or words."
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="organisation_has_a_name"),
            models.CheckConstraint(
                condition=Q(country="") | Q(country__regex="^[A-Z]{2}$"),
                name="organisation_country_is_two_letters",
            ),
        ]

    def __str__(self) -> str:
        return self.name
