"""System checks: wrong configuration is found at start-up, with what to do about it."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004  the framework's name

from arena import servers
from arena.voters.addresses import trusted_proxies
from workers.endpoints import Allowance


@register()
def check_pacing(**_: Any) -> list[CheckMessage]:
    """Refuse a pacing that does not exist."""
    if settings.PACING in {"paced", "live"}:
        return []
    return [
        Error(
            f"PARITY_PACING is {settings.PACING!r}.", hint="Write paced or live.", id="parity.E001"
        )
    ]


@register()
def check_pairing(**_: Any) -> list[CheckMessage]:
    """Refuse a way of drawing pairs that does not exist."""
    if settings.PAIRING in {"adaptive", "weights"}:
        return []
    return [
        Error(
            f"PARITY_PAIRING is {settings.PAIRING!r}.",
            hint="Write adaptive or weights.",
            id="parity.E008",
        )
    ]


@register()
def check_same_model_share(**_: Any) -> list[CheckMessage]:
    """Refuse a share that leaves most votes uncounted: 1 is every battle, not one in a hundred."""
    if 0 <= settings.SAME_MODEL_SHARE < 0.5:
        return []
    return [
        Error(
            f"PARITY_SAME_MODEL_SHARE is {settings.SAME_MODEL_SHARE:g}.",
            hint="Write a share under 0.5, such as 0.01 for one battle in a hundred.",
            id="parity.E009",
        )
    ]


@register()
def check_origins(**_: Any) -> list[CheckMessage]:
    """Refuse an origin that is not a scheme and a host."""
    return [
        Error(
            f"PARITY_ORIGINS has {origin!r}.",
            hint="Write scheme and host, for example https://arena.example.org.",
            id="parity.E002",
        )
        for origin in settings.CSRF_TRUSTED_ORIGINS
        if urlsplit(origin).scheme not in {"http", "https"} or urlsplit(origin).path
    ]


@register()
def check_limits(**_: Any) -> list[CheckMessage]:
    """Refuse limits under which no battle could end well."""
    too_small = [
        name
        for name in (
            "MAX_TURNS",
            "MAX_PROMPT_CHARACTERS",
            "PROMPTS_PER_MINUTE",
            "VOTES_PER_MINUTE",
            "REQUESTS_PER_MINUTE",
            "SOCKETS_PER_VISITOR",
            "VISITORS_PER_NETWORK",
            "TOTAL_SECONDS",
            "FIRST_TOKEN_SECONDS",
            "IDLE_SECONDS",
            "CONNECT_SECONDS",
            "MAX_ANSWER_CHARACTERS",
            "BREAKER_FAILURES",
            "LIVE_BOARD_SECONDS",
            "PUBLISH_SECONDS",
        )
        if getattr(settings, name) <= 0
    ]
    return [
        Error(f"PARITY_{name} is 0.", hint="Write a number above 0.", id="parity.E003")
        for name in too_small
    ]


@register()
def check_endpoint_allow(**_: Any) -> list[CheckMessage]:
    """Refuse an allow-list that cannot be read, or that allows what is never called."""
    found: list[CheckMessage] = []
    for text in settings.ENDPOINT_ALLOW:
        try:
            Allowance.parse(text)
        except ValueError as error:
            found.append(
                Error(
                    f"PARITY_ENDPOINT_ALLOW: {error}",
                    hint="Write network:port, for example 127.0.0.1:11434,10.0.0.0/8:8000-8100.",
                    id="parity.E004",
                )
            )
    return found


@register()
def check_alarms(**_: Any) -> list[CheckMessage]:
    """Refuse alarms that could never be delivered."""
    found: list[CheckMessage] = []
    webhook = urlsplit(settings.ALARM_WEBHOOK)
    if settings.ALARM_WEBHOOK and (webhook.scheme not in {"http", "https"} or not webhook.hostname):
        found.append(
            Error(  # it is a secret, and not repeated
                "PARITY_ALARM_WEBHOOK is no http(s) URL.",
                hint="Write it whole, for example https://hooks.example.org/services/...",
                id="parity.E006",
            )
        )
    for text in settings.ALARM_WEBHOOK_ALLOW:
        try:
            Allowance.parse(text)
        except ValueError as error:
            found.append(
                Error(
                    f"PARITY_ALARM_WEBHOOK_ALLOW: {error}",
                    hint="Write network:port, for example 10.0.0.5:8065.",
                    id="parity.E007",
                )
            )
    return found


@register()
def check_trusted_proxies(**_: Any) -> list[CheckMessage]:
    """Refuse a proxy that is not a network: a typing error would let anyone name an address."""
    try:
        trusted_proxies()
    except ValueError as error:
        return [
            Error(
                f"PARITY_TRUSTED_PROXIES: {error}",
                hint="Write networks, for example 10.0.0.0/8,172.16.0.5/32.",
                id="parity.E005",
            )
        ]
    return []


@register(deploy=True)
def check_deployment(**_: Any) -> list[CheckMessage]:
    """Warn of what is right for a demo and wrong for a public site."""
    found: list[CheckMessage] = []
    if servers.uses_embedded():
        found.append(
            Warning(
                "The embedded Postgres or Valkey is in use.",
                hint="Set DATABASE_URL and REDIS_URL, and back the database up.",
                id="parity.W001",
            )
        )
    if settings.HTTPS and not settings.TRUSTED_PROXIES:
        found.append(
            Warning(
                "All visitors behind the proxy share its limits.",
                hint="Set PARITY_TRUSTED_PROXIES to the proxy's network.",
                id="parity.W003",
            )
        )
    if settings.ENCRYPTION_KEYS[0] == settings.SECRET_KEY:
        found.append(
            Warning(
                "Endpoint keys are encrypted with the secret key, so neither can be rotated alone.",
                hint="Set PARITY_ENCRYPTION_KEYS and run manage.py rotate_keys.",
                id="parity.W002",
            )
        )
    return found
