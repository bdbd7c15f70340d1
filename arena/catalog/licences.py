"""Licence classes, from closed to fully open; the cut between open and closed is movable."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class LicenceClass(models.TextChoices):
    """How far a model is open. `unknown` stands on neither frontier."""

    CLOSED = "closed", _("closed")
    WEIGHTS_NONCOMMERCIAL = "weights_noncommercial", _("open weights, non-commercial")
    WEIGHTS_RESTRICTED = "weights_restricted", _("open weights, restricted")
    WEIGHTS_PERMISSIVE = "weights_permissive", _("open weights, permissive")
    FULLY_OPEN = "fully_open", _("fully open")
    UNKNOWN = "unknown", _("unknown")


OPEN_CLASSES = frozenset(
    {
        LicenceClass.WEIGHTS_NONCOMMERCIAL,
        LicenceClass.WEIGHTS_RESTRICTED,
        LicenceClass.WEIGHTS_PERMISSIVE,
        LicenceClass.FULLY_OPEN,
    }
)


class Permission(models.TextChoices):
    """Whether a licence allows something."""

    YES = "yes", pgettext_lazy("permission", "yes")
    LIMITED = "limited", _("with limits")
    NO = "no", pgettext_lazy("permission", "no")
    UNKNOWN = "unknown", _("unknown")
