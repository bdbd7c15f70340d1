"""How django-allauth behaves here: accounts are made by staff, secrets are kept encrypted."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from arena.catalog import keys
from arena.staff.site import name_actor


class StaffAccounts(DefaultAccountAdapter):
    """Accounts of staff. Nobody signs up: `createsuperuser` and the admin make them."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False."""
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Name whose password is tried: where it is right its hash may be made anew, and logged."""
        super().pre_authenticate(request, **credentials)
        named = User.objects.filter(username__iexact=credentials.get("username", "")).first()
        if named is not None:
            name_actor(named.get_username())

    def pre_login(
        self, request: HttpRequest, user: Any, **named_arguments: Any
    ) -> HttpResponse | None:
        """Refuse the account of a voter: it has a door of its own, and no session of staff's."""
        if hasattr(user, "voter"):
            raise PermissionDenied
        response: HttpResponse | None = super().pre_login(request, user, **named_arguments)
        return response

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Return the admin, where staff were going."""
        return reverse("admin:index")


class SecondFactor(DefaultMFAAdapter):
    """Second factors, and voters' passkeys. A shared secret is encrypted as endpoint keys are."""

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return for whom a passkey is, by the name that its owner knows."""
        return {**super().get_public_key_credential_rp_entity(), "name": settings.SITE_NAME}

    def get_public_key_credential_user_entity(self, user: Any) -> dict[str, Any]:
        """Return whose a passkey is: a voter's by the address, staff's by the account's name."""
        entity: dict[str, Any] = super().get_public_key_credential_user_entity(user)
        address = EmailAddress.objects.filter(user=user, primary=True).first()
        return (
            {**entity, "name": address.email, "display_name": address.email} if address else entity
        )

    def encrypt(self, text: str) -> str:
        """Return what is stored of a secret."""
        return keys.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret again.

        Raises
        ------
        ValidationError
            When its key is gone: forms say it where a code is asked for.
        """
        try:
            return keys.decrypt(encrypted_text)
        except keys.KeyUnreadableError:
            raise ValidationError(
                "This second factor cannot be read: the key that it was encrypted with is not in "
                "PARITY_ENCRYPTION_KEYS. Whoever runs the site has to add it there."
            ) from None
