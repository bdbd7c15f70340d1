"""Taking models out of the draw and putting them back, with a reason that is shown for ever.

The database logs every change of a contestant, so the reason that stands beside the change is part
of the record that the transparency page reads.
"""

import datetime as dt
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from arena.catalog.models import LanguageModel


class SamplingReason(models.TextChoices):
    """Why a model is drawn more, less, or not at all. Public."""

    WITHDRAWN = "withdrawn", _("its maker or host withdrew it")
    REPLACED = "replaced", _("a newer version took its place")
    COST = "cost", _("it costs too much to run")
    UNRELIABLE = "unreliable", _("it failed too often")
    MISSERVED = "misserved", _("it was not served as its maker intends")
    TERMS = "terms", _("its licence or terms do not allow it here")
    FEW_VOTES = "few_votes", _("it needs more votes")
    ENOUGH_VOTES = "enough_votes", _("its rating is firm")
    MISTAKE = "mistake", _("a mistake was put right")
    OTHER = "other", _("another reason")


def retire(
    found: "models.QuerySet[LanguageModel]", *, reason: str, note: str = "", at: dt.datetime
) -> int:
    """Take models out of the draw; return how many were in it. They stay listed."""
    return found.filter(retired_at=None).update(
        retired_at=at, sampling_reason=reason, sampling_note=note
    )


def bring_back(found: "models.QuerySet[LanguageModel]", *, reason: str = "", note: str = "") -> int:
    """Put retired models into the draw again; return how many."""
    return found.exclude(retired_at=None).update(
        retired_at=None, sampling_reason=reason, sampling_note=note
    )
