"""The content security policy of the admin, and of nothing else.

The admin's theme runs on Alpine.js, which compiles the expressions in its attributes
(`'unsafe-eval'`), and sets widths and positions as inline styles (`'unsafe-inline'`, for styles
only). Its dialogs frame the admin's own pages. Scripts still come from this host alone, inline
scripts stay forbidden, and the public site keeps the strict policy of `SECURE_CSP`.
"""

from collections.abc import Callable, Sequence
from inspect import iscoroutinefunction
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.csp import CSP
from django.utils.decorators import sync_and_async_middleware
from django.views.decorators.csp import csp_override

ADMIN_CSP: dict[str, Sequence[str]] = {
    **settings.SECURE_CSP,
    "script-src": [CSP.SELF, CSP.UNSAFE_EVAL],
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],
    "frame-ancestors": [CSP.SELF],
}


@csp_override(ADMIN_CSP)
def _with_admin_policy(_: HttpRequest, response: HttpResponse) -> HttpResponse:
    return response


def _with_its_policy(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    in_admin = request.resolver_match and request.resolver_match.app_name == "admin"
    return _with_admin_policy(request, response) if in_admin else response


@sync_and_async_middleware
def admin_policy(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Give answers of the admin's own views `ADMIN_CSP`; a middleware."""

    async def asynchronous(request: HttpRequest) -> HttpResponse:
        return _with_its_policy(request, await get_response(request))

    def synchronous(request: HttpRequest) -> HttpResponse:
        return _with_its_policy(request, get_response(request))

    return asynchronous if iscoroutinefunction(get_response) else synchronous
