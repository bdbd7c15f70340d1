"""Reads settings from environment variables, with errors that say what to do."""

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from arena.connections import LimitedConnection

# Absolute, since the programs we start run in another folder.
LOCAL_DIR = Path(
    os.environ.get("PARITY_LOCAL_DIR") or Path(__file__).resolve().parent.parent / ".local"
).absolute()


def words(name: str, *, default: list[str]) -> list[str]:
    """Return the comma-separated words of variable `name`."""
    value = os.environ.get(name)
    if value is None:
        return default
    return [word.strip() for word in value.split(",") if word.strip()]


def boolean(name: str, *, default: bool) -> bool:
    """Return variable `name` as a truth value: 1, true, yes, on or 0, false, no, off."""
    value = os.environ.get(name, "").strip().lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    if value:
        raise ImproperlyConfigured(f"{name} is {value!r}: write 1 or 0.")
    return default


def number(name: str, *, default: float) -> float:
    """Return variable `name` as a number >= 0."""
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    try:
        parsed = float(value)
    except ValueError:
        parsed = -1.0
    if not 0 <= parsed < float("inf"):
        raise ImproperlyConfigured(f"{name} is {value!r}: write a number that is 0 or more.")
    return parsed


def integer(name: str, *, default: int) -> int:
    """Return variable `name` as a whole number >= 0."""
    parsed = number(name, default=default)
    if parsed != int(parsed):
        raise ImproperlyConfigured(f"{name} is {parsed!r}: write a whole number.")
    return int(parsed)


def database_from_url(url: str) -> dict[str, Any]:
    """Return Django's database settings for a `postgresql://` URL.

    Query parameters become libpq options, so `?host=/folder` names a socket folder and
    `?sslmode=require` asks for TLS.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(
            f"DATABASE_URL begins with {parts.scheme!r}: Parity needs Postgres, "
            "for example postgresql://user:password@host:5432/parity."
        )
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "parity",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", None) or parts.hostname or "",
        "PORT": str(parts.port or options.pop("port", "")),
        # One pool a process: web threads borrow a connection for one call only. When Postgres
        # comes back the pool must try at once, not after the long pauses of an outage.
        "OPTIONS": {
            "connect_timeout": "5",
            **options,
            "pool": {
                "connection_class": LimitedConnection,
                "min_size": 0,
                "max_size": 20,
                "timeout": 5,
                "reconnect_timeout": 2,
            },
        },
        "CONN_MAX_AGE": 0,
    }


def mailers_from_url(url: str) -> dict[str, Any]:
    """Return Django's mailers for an `smtp://` or `smtps://` URL, or for `console:`.

    `smtp` asks the server for TLS before it says anything else, unless `?tls=0`; `smtps` speaks
    TLS from the start; `console:` prints each mail, for the demo.
    """
    if url == "console:":
        return {"default": {"BACKEND": "django.core.mail.backends.console.EmailBackend"}}
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ImproperlyConfigured(  # the URL holds a password, and is not repeated
            "PARITY_EMAIL_URL is not of the form smtp://user:password@host:587."
        )
    implicit = parts.scheme == "smtps"
    options = {
        "host": parts.hostname,
        "port": parts.port,
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "use_ssl": implicit,
        "use_tls": not implicit and query.get("tls") != "0",
        "timeout": 20.0,
    }
    return {"default": {"OPTIONS": options}}


def local_secret(variable: str, file_name: str) -> str:
    """Return the secret in `variable`, or one made once and kept in `.local/` for us alone."""
    value = os.environ.get(variable)
    if value:
        return value
    path = LOCAL_DIR / file_name
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        LOCAL_DIR.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{secrets.token_hex(8)}")
    fresh.touch(mode=0o600)
    fresh.write_text(secrets.token_urlsafe(50))
    try:
        os.link(fresh, path)  # the first process wins; the others read what it wrote
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_text().strip()
