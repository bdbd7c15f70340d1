"""The signed cookie that carries a visitor's id. No row exists until the first prompt."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.http.cookie import parse_cookie

from arena.ids import uuid7

COOKIE = "parity_voter"
_SALT = "parity.voter"
_TWO_YEARS = 2 * 365 * 24 * 3600


def sign(voter_id: uuid.UUID) -> str:
    """Return the cookie's value for a voter."""
    return signing.Signer(salt=_SALT).sign(str(voter_id))


def read(value: str | None) -> uuid.UUID | None:
    """Return the voter whom a cookie's value names; None when it is missing or not ours."""
    if not value:
        return None
    try:
        return uuid.UUID(signing.Signer(salt=_SALT).unsign(value))
    except (signing.BadSignature, ValueError):
        return None


def voter_of(request: HttpRequest) -> uuid.UUID | None:
    """Return the voter who sent an HTTP request."""
    return read(request.COOKIES.get(COOKIE))


def voter_of_scope(scope: Mapping[str, Any]) -> uuid.UUID | None:
    """Return the voter who opened a socket, from its ASGI scope."""
    return read(cookies_of_scope(scope).get(COOKIE))


def cookies_of_scope(scope: Mapping[str, Any]) -> dict[str, str]:
    """Return the cookies of an ASGI scope."""
    headers: Iterable[tuple[bytes, bytes]] = scope.get("headers", ())
    lines = [value.decode("latin-1") for name, value in headers if name == b"cookie"]
    return parse_cookie("; ".join(lines))


def remember(response: HttpResponse, request: HttpRequest) -> None:
    """Give a visitor without a valid cookie a new one."""
    if voter_of(request) is None:
        remember_anew(response)


def remember_anew(response: HttpResponse) -> None:
    """Give a visitor a new cookie, whoever they were before."""
    response.set_cookie(
        COOKIE,
        sign(uuid7()),
        max_age=_TWO_YEARS,
        httponly=True,
        samesite="Lax",
        secure=settings.HTTPS,
    )
