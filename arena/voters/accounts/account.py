"""An account: an address that was proved by a code, its passkeys, and the voter it signs in as.

It is a row of `auth_user` for django-allauth's sake, without a password and never staff's; nobody
enters the admin by it. What is done here leaves no trace in the log of what staff change.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import AbstractBaseUser, User
from django.db import connection, transaction
from django.db.models import QuerySet

from arena.locks import wait_in_line
from arena.voters.models import SignInCode, Voter


class AccountClosed(Exception):  # noqa: N818  reads as `raise AccountClosed`
    """The operators closed the account, or the address is one of their own."""


@contextmanager
def own_change() -> Iterator[None]:
    """Open a transaction in which an account is changed by its owner."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('parity.own_account', 'on', true)")
        yield
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('parity.own_account', '', true)")


def account_of(voter_id: uuid.UUID | None) -> User | None:
    """Return the account that is signed in as a voter."""
    if voter_id is None:
        return None
    return User.objects.filter(voter=voter_id, is_active=True).first()


def account_with(address: str) -> User:
    """Return the account of an address that was just proved, made where there is none.

    Raises
    ------
    AccountClosed
    """
    with own_change():
        wait_in_line(f"account:{address}")
        known = EmailAddress.objects.filter(email=address, verified=True)
        found = known.select_related("user").first()
        if found is not None:
            user: User = found.user
            if not user.is_active or user.is_staff or user.is_superuser:
                raise AccountClosed
            return user
        user = User(username=f"voter-{uuid.uuid4().hex}")
        user.set_unusable_password()
        user.save()
        EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
        return user


def was_signed_in(browser: uuid.UUID, address: str) -> bool:
    """Return whether the account of an address has adopted a browser, which once signed in."""
    own = EmailAddress.objects.filter(email=address, verified=True).values("user")
    return Voter.objects.filter(pk=browser, adopted_by__user__in=own).exists()


def address_of(user: AbstractBaseUser) -> str:
    """Return an account's address."""
    found = EmailAddress.objects.filter(user=user, primary=True).first()
    return str(found.email) if found else ""


def address_of_voter(voter_id: uuid.UUID | None) -> str:
    """Return the address of the account that is signed in as a voter; empty without one."""
    own = EmailAddress.objects.filter(user__voter=voter_id, primary=True)
    return own.values_list("email", flat=True).first() or ""


def passkeys_of(user: AbstractBaseUser) -> "QuerySet[Any]":
    """Return an account's passkeys, the oldest first."""
    kind = Authenticator.Type.WEBAUTHN
    passkeys: QuerySet[Any] = Authenticator.objects.filter(user=user, type=kind).order_by("pk")
    return passkeys


def delete_account(user: User) -> None:
    """Delete an account with its address, its passkeys and the codes it was sent."""
    with own_change():
        SignInCode.objects.filter(address=address_of(user)).delete()
        user.delete()


def account_as_json(user: User) -> dict[str, Any]:
    """Return what an account holds, for its owner."""
    return {
        "email": address_of(user),
        "since": user.date_joined.isoformat(),
        "passkeys": [
            {"name": passkey.wrap().name, "since": passkey.created_at.isoformat()}
            for passkey in passkeys_of(user)
        ],
    }
