"""How django-allauth behaves here: accounts are made by staff, secrets are kept encrypted."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest
from django.urls import reverse

from arena.catalog import keys


class StaffAccounts(DefaultAccountAdapter):
    """Accounts of staff. Nobody signs up: `createsuperuser` and the admin make them."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Return the admin, where staff were going."""
        return reverse("admin:index")


class SecondFactor(DefaultMFAAdapter):
    """Second factors. A shared secret is encrypted as endpoint keys are."""

    def encrypt(self, text: str) -> str:
        """Return what is stored of a secret."""
        return keys.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret again."""
        return keys.decrypt(encrypted_text)
