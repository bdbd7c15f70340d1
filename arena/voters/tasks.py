"""Celery tasks of voters."""

from importlib import import_module

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from arena.voters.accounts.codes import forget_old_codes
from arena.voters.addresses import destroy_old_keys


@shared_task(name="arena.voters.tasks.destroy_old_address_keys")
def destroy_old_address_keys() -> None:
    """Destroy the keys of network hashes that are old enough."""
    destroy_old_keys(today=timezone.now().date())


@shared_task(name="arena.voters.tasks.forget_sign_ins")
def forget_sign_ins() -> None:
    """Delete codes that hold no more, and sessions that have ended."""
    forget_old_codes(at=timezone.now())
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
