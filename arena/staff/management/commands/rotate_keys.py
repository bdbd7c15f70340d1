"""Encrypt everything that is stored encrypted with the newest key."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from arena.catalog import keys
from arena.catalog.models import Provider


class Command(BaseCommand):
    """`manage.py rotate_keys`."""

    help = (
        "Encrypt endpoint keys and second factors with the first of PARITY_ENCRYPTION_KEYS. Put "
        "a new key in front, keep the old one behind it, start again, run this, and take the old "
        "one out."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate all or nothing."""
        lost: list[str] = []
        with transaction.atomic():
            providers = sum(_rotate_provider(p, lost) for p in _providers())
            secrets = sum(_rotate_secret(a, lost) for a in _authenticators())
            if lost:
                raise CommandError(
                    "Nothing was changed. These were encrypted with a key that is not in "
                    f"PARITY_ENCRYPTION_KEYS: {', '.join(lost)}. Add it, or remove them."
                )
        self.stdout.write(
            f"Encrypted with the newest key: {providers} endpoint keys, {secrets} second factors."
        )


def _providers() -> Any:
    return Provider.objects.select_for_update().exclude(api_key_encrypted="").order_by("pk")


def _authenticators() -> Any:
    return Authenticator.objects.select_for_update().order_by("pk")


def _rotate_provider(provider: Provider, lost: list[str]) -> bool:
    try:
        fresh = keys.rotate(provider.api_key_encrypted)
    except keys.KeyUnreadableError:
        lost.append(f"the key of {provider}")
        return False
    Provider.objects.filter(pk=provider.pk).update(api_key_encrypted=fresh)
    return True


def _rotate_secret(authenticator: Authenticator, lost: list[str]) -> bool:
    # A passkey's public half is no secret; apps and recovery codes share one with us.
    encrypted = {name for name in ("secret", "seed") if name in authenticator.data}
    try:
        fresh = {name: keys.rotate(authenticator.data[name]) for name in encrypted}
    except keys.KeyUnreadableError:
        lost.append(f"a second factor of {authenticator.user}")
        return False
    if fresh:
        authenticator.data = {**authenticator.data, **fresh}
        authenticator.save(update_fields=["data"])
    return bool(fresh)
