"""Celery tasks of voters."""

from celery import shared_task
from django.utils import timezone

from arena.voters.addresses import destroy_old_keys


@shared_task(name="arena.voters.tasks.destroy_old_address_keys")
def destroy_old_address_keys() -> None:
    """Destroy the keys of network hashes that are old enough."""
    destroy_old_keys(today=timezone.now().date())
