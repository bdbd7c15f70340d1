"""Which pages may open the battle socket: ours, by the exact Origin header."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.conf import settings
from django.http.request import split_domain_port, validate_host

type Send = Callable[[dict[str, Any]], Awaitable[None]]
type Application = Callable[[Any, Any, Any], Awaitable[Any]]


class SameOriginOnly:
    """Refuses a socket from another origin, or without one, before its consumer runs."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Send) -> None:
        """Run the application, or close the socket unopened (the browser sees status 403)."""
        if is_same_origin(scope):
            await self._application(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 4403})


def is_same_origin(scope: Mapping[str, Any]) -> bool:
    """Return whether a socket was opened by a page of this site.

    The Origin must be the site's own (scheme, host and port of this request, where the host is one
    of `PARITY_HOSTS`) or one of `PARITY_ORIGINS`.
    """
    origins = [value for name, value in scope["headers"] if name == b"origin"]
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if len(origins) != 1 or len(hosts) != 1:
        return False
    origin: str = origins[0].decode("latin-1")
    host: str = hosts[0].decode("latin-1")
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    domain, _port = split_domain_port(host)
    if not domain or not validate_host(domain, list(settings.ALLOWED_HOSTS)):
        return False
    secure = settings.HTTPS or scope.get("scheme") in {"https", "wss"}
    expected = f"{'https' if secure else 'http'}://{host}"
    return origin == expected
