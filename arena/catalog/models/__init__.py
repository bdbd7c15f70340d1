"""The contestants, where they are served, and what that costs: one module per noun."""

from arena.catalog.models.admissions import Admission, RunState
from arena.catalog.models.budgets import Budget, DailySpend, Reservation
from arena.catalog.models.catalogue_rows import CatalogueRow
from arena.catalog.models.claims import Alias, Claim, Fact
from arena.catalog.models.endpoints import AdmissionState, Endpoint, Provider
from arena.catalog.models.language_models import (
    LanguageModel,
    Licensing,
    PublishedScore,
    Standing,
)
from arena.catalog.models.licences import Licence
from arena.catalog.models.moderation import Mode, Moderation, WhenDead
from arena.catalog.models.organisations import Organisation
from arena.catalog.models.prices import Price

__all__ = [
    "Admission",
    "AdmissionState",
    "Alias",
    "Budget",
    "CatalogueRow",
    "Claim",
    "DailySpend",
    "Endpoint",
    "Fact",
    "LanguageModel",
    "Licence",
    "Licensing",
    "Mode",
    "Moderation",
    "Organisation",
    "Price",
    "Provider",
    "PublishedScore",
    "Reservation",
    "RunState",
    "Standing",
    "WhenDead",
]
