"""The jobs of what counts. Their schedule stands in `arena.settings`."""

from celery import shared_task
from django.utils import timezone

from arena.integrity import labels, moderation


@shared_task
def label_prompts() -> None:
    """Ask the labelling endpoint, where one is chosen, about prompts that it has not seen."""
    labels.label_prompts(timezone.now())


@shared_task
def check_texts() -> None:
    """Ask the check, where one is set up, about texts that it has not judged."""
    moderation.check_texts(timezone.now())
