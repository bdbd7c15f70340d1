"""What may be spent, what is held for calls that run, and what was spent."""

import datetime as dt
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from arena.catalog.models.endpoints import Endpoint

_DOLLARS: dict[str, Any] = {"max_digits": 14, "decimal_places": 6}


def today() -> dt.date:
    """Return the day in UTC, which is when a day's budget begins."""
    return timezone.now().date()


class Budget(models.Model):
    """The caps of one endpoint, or of the whole site, beside what is spent and held, so that one
    statement can compare them. The counters are written by `arena.catalog.budget` alone.
    """

    # Empty for the whole site.
    endpoint = models.ForeignKey(
        Endpoint,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        editable=False,
    )
    daily_cap = models.DecimalField(
        "cap a day (US dollars, UTC)", null=True, blank=True, **_DOLLARS
    )
    total_cap = models.DecimalField("cap in total (US dollars)", null=True, blank=True, **_DOLLARS)
    # The day that the figures of today are of; an older one means that they are 0 by now.
    day = models.DateField(default=today, editable=False)
    spent_today = models.DecimalField(default=0, editable=False, **_DOLLARS)
    reserved_today = models.DecimalField(default=0, editable=False, **_DOLLARS)
    spent_total = models.DecimalField(default=0, editable=False, **_DOLLARS)
    reserved_total = models.DecimalField(default=0, editable=False, **_DOLLARS)

    class Meta:
        constraints = [
            # Serves: an endpoint's budget, the site's budget.
            models.UniqueConstraint(
                fields=["endpoint"], nulls_distinct=False, name="budget_one_per_endpoint_and_site"
            ),
            models.CheckConstraint(
                condition=(Q(daily_cap=None) | Q(daily_cap__gte=0))
                & (Q(total_cap=None) | Q(total_cap__gte=0)),
                name="budget_caps_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(
                    spent_today__gte=0,
                    reserved_today__gte=0,
                    spent_total__gte=0,
                    reserved_total__gte=0,
                ),
                name="budget_counters_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return "the whole site" if self.endpoint_id is None else str(self.endpoint)

    def save(self, **how: Any) -> None:
        """Save the caps; a form that was open for a while must not set the counters back."""
        if not self._state.adding:
            how["update_fields"] = ["daily_cap", "total_cap"]
        super().save(**how)


class Reservation(models.Model):
    """The worst case of one call that runs, held until it is settled. Settling deletes the row."""

    class Purpose(models.TextChoices):
        BATTLE = "battle"
        ADMISSION = "admission", "admission test"
        LABEL = "label"
        MODERATION = "moderation"

    # Empty where the endpoint is not stored (yet): then the site alone pays.
    endpoint = models.ForeignKey(
        Endpoint, null=True, blank=True, on_delete=models.SET_NULL, related_name="reservations"
    )
    purpose = models.CharField(max_length=12, choices=Purpose)
    amount = models.DecimalField(**_DOLLARS)
    # The price at which it is settled, per million tokens.
    input_usd = models.DecimalField(max_digits=12, decimal_places=6)
    output_usd = models.DecimalField(max_digits=12, decimal_places=6)
    # The day whose budget pays.
    day = models.DateField()
    # Nobody settles it any more after this: the sweep does, at the worst case.
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="reservation_holds_something"),
            models.CheckConstraint(
                condition=Q(purpose__in=["battle", "admission", "label", "moderation"]),
                name="reservation_purpose_known",
            ),
        ]
        indexes = [
            # Serves: the sweep for reservations of dead processes.
            models.Index(fields=["expires_at"], name="reservation_by_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} for a {self.purpose}"


class DailySpend(models.Model):
    """What was spent in one day, at an endpoint or by the whole site."""

    # Empty for the whole site.
    endpoint = models.ForeignKey(
        Endpoint, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    day = models.DateField()
    calls = models.PositiveIntegerField(default=0)
    spent = models.DecimalField(default=0, **_DOLLARS)
    # The part of it that no server's own count of tokens stands behind.
    estimated = models.DecimalField(default=0, **_DOLLARS)

    class Meta:
        ordering = ["-day"]
        constraints = [
            # Serves: the spend of a day, the last 30 days of an endpoint.
            models.UniqueConstraint(
                fields=["endpoint", "day"],
                nulls_distinct=False,
                name="daily_spend_one_per_endpoint_and_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.spent}"
