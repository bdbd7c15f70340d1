"""What a model takes as input."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Modality(models.TextChoices):
    """A kind of input."""

    TEXT = "text", _("text")
    IMAGE = "image", _("image")
    AUDIO = "audio", _("audio")
    VIDEO = "video", _("video")
