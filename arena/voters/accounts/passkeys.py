"""Passkeys, by django-allauth's own ceremony. A browser is believed nothing before its check.

A passkey is one that can sign in by itself: it is found without a name, and it verifies its user.
"""

import datetime as dt
import struct
from typing import Any

from allauth.mfa.webauthn.internal import auth
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from arena.voters.accounts.account import own_change, passkeys_of
from arena.voters.models import Voter

MOST = 10
# What allauth and fido2 raise at JSON and CBOR that a browser did not write.
_BROKEN = (
    ValidationError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
    struct.error,
)


class PasskeyRefused(Exception):  # noqa: N818  reads as `raise PasskeyRefused`
    """What a browser sent is no passkey, or none of a voter's."""


def registration(user: User) -> dict[str, Any]:
    """Return what a browser is asked to make a passkey from."""
    options: dict[str, Any] = auth.begin_registration(user, passwordless=True)
    return options


def add_passkey(user: User, sent: Any, *, at: dt.datetime) -> None:
    """Keep a passkey that a browser has made.

    Raises
    ------
    PasskeyRefused
        When it is none, was made for another question, or there are enough.
    """
    try:
        auth.parse_registration_response(sent)
        made = auth.complete_registration(sent)
    except _BROKEN as error:
        raise PasskeyRefused from error
    if not made.is_user_verified():
        raise PasskeyRefused
    name = _("Passkey of %(day)s") % {"day": date_format(at, "DATE_FORMAT")}
    with own_change():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if passkeys_of(user).count() >= MOST:
            raise PasskeyRefused
        auth.WebAuthn.add(user, name, sent)


def remove_passkey(user: User, passkey_id: int) -> None:
    """Forget one of an account's passkeys; what is not there is gone already."""
    with own_change():
        passkeys_of(user).filter(pk=passkey_id).delete()


def authentication() -> dict[str, Any]:
    """Return what a browser is asked to prove, by whatever passkey it has."""
    options: dict[str, Any] = auth.begin_authentication()
    return options


def owner_of(sent: Any, *, at: dt.datetime) -> User:
    """Return the account that a browser has proved by a passkey.

    Raises
    ------
    PasskeyRefused
        When it proves nothing, or an account that is no voter's.
    """
    try:
        auth.parse_authentication_response(sent)
        user = auth.extract_user_from_response(sent)
        passkey = auth.complete_authentication(user, sent)
    except _BROKEN as error:
        raise PasskeyRefused from error
    found = User.objects.filter(
        pk=user.pk, is_staff=False, is_superuser=False, is_active=True
    ).first()
    if found is None or not Voter.objects.filter(user=found).exists():
        raise PasskeyRefused
    with own_change():
        type(passkey).objects.filter(pk=passkey.pk).update(last_used_at=at)
    return found
