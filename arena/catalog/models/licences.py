"""The licences that models come under."""

from django.db import models
from django.db.models import Q

from arena.catalog.licences import LicenceClass, Permission


class Licence(models.Model):
    """One licence: what it allows, since when it exists, and where that can be read."""

    # The SPDX identifier where there is one, else a word of our own.
    identifier = models.CharField(
        max_length=60,
        unique=True,
        help_text="The SPDX identifier where there is one, as Apache-2.0; else a word of our own.",
    )
    name = models.CharField(max_length=120, unique=True)
    licence_class = models.CharField(
        max_length=32,
        choices=LicenceClass,
        help_text="Of a model under it. A model whose data and code are out too is fully open.",
    )
    commercial_use = models.CharField(max_length=10, choices=Permission, default=Permission.UNKNOWN)
    derivatives = models.CharField(
        "models built on it", max_length=10, choices=Permission, default=Permission.UNKNOWN
    )
    conditions = models.CharField(
        max_length=300, blank=True, default="", help_text="What to mind, in one sentence."
    )
    since = models.DateField(
        "valid from", null=True, blank=True, help_text="Empty where it is not known."
    )
    source = models.CharField(
        max_length=500, blank=True, default="", help_text="Where its text can be read."
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(identifier="") & ~Q(name=""), name="licence_has_identifier_and_name"
            ),
            models.CheckConstraint(
                condition=Q(licence_class__in=LicenceClass.values), name="licence_class_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    commercial_use__in=Permission.values, derivatives__in=Permission.values
                ),
                name="licence_permissions_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name
