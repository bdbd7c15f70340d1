"""The signed cookie that carries a visitor's id. No row exists until the first prompt.

Signing in and out gives a browser another id. Its limits stay: the cookie then carries, beside the
id, the one as which the browser is counted.
"""

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


def sign(voter_id: uuid.UUID, *, counted_as: uuid.UUID | None = None) -> str:
    """Return the cookie's value for a voter, counted as another one where that is said."""
    ids = [voter_id] if counted_as in {None, voter_id} else [voter_id, counted_as]
    return signing.Signer(salt=_SALT).sign(".".join(map(str, ids)))


def read(value: str | None) -> uuid.UUID | None:
    """Return the voter whom a cookie's value names; None when it is missing or not ours."""
    ids = _ids(value)
    return ids[0] if ids else None


def _ids(value: str | None) -> list[uuid.UUID]:
    if not value:
        return []
    try:
        signed = signing.Signer(salt=_SALT).unsign(value)
        return [uuid.UUID(part) for part in signed.split(".")]
    except (signing.BadSignature, ValueError):
        return []


def voter_of(request: HttpRequest) -> uuid.UUID | None:
    """Return the voter who sent an HTTP request."""
    return read(request.COOKIES.get(COOKIE))


def counted_as_of(request: HttpRequest) -> uuid.UUID | None:
    """Return as whom the limits count the sender of an HTTP request."""
    ids = _ids(request.COOKIES.get(COOKIE))
    return ids[-1] if ids else None


def voter_of_scope(scope: Mapping[str, Any]) -> uuid.UUID | None:
    """Return the voter who opened a socket, from its ASGI scope."""
    return read(cookies_of_scope(scope).get(COOKIE))


def counted_as_of_scope(scope: Mapping[str, Any]) -> uuid.UUID | None:
    """Return as whom the limits count the sender of a request or socket, from its ASGI scope."""
    ids = _ids(cookies_of_scope(scope).get(COOKIE))
    return ids[-1] if ids else None


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
    _set(response, sign(uuid7()))


def become(response: HttpResponse, request: HttpRequest, voter_id: uuid.UUID | None = None) -> None:
    """Let a browser be another voter, or a new one; what it has used up of its limits stays so."""
    ids = _ids(request.COOKIES.get(COOKIE))
    _set(response, sign(voter_id or uuid7(), counted_as=ids[-1] if ids else None))


def _set(response: HttpResponse, value: str) -> None:
    response.set_cookie(
        COOKIE,
        value,
        max_age=_TWO_YEARS,
        httponly=True,
        samesite="Lax",
        secure=settings.HTTPS,
    )
