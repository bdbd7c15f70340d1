"""The contestants, where they are served, and what that costs: one module per noun."""

from arena.catalog.models.admissions import Admission, RunState
from arena.catalog.models.budgets import Budget, DailySpend, Reservation
from arena.catalog.models.endpoints import AdmissionState, Endpoint, Provider
from arena.catalog.models.language_models import (
    LanguageModel,
    Licensing,
    PublishedScore,
    Standing,
)
from arena.catalog.models.prices import Price

__all__ = [
    "Admission",
    "AdmissionState",
    "Budget",
    "DailySpend",
    "Endpoint",
    "LanguageModel",
    "Licensing",
    "Price",
    "Provider",
    "PublishedScore",
    "Reservation",
    "RunState",
    "Standing",
]
