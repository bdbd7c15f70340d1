"""The content security policy of the admin, and of nothing else.

The admin's theme runs on Alpine.js, which compiles the expressions in its attributes
(`'unsafe-eval'`), and sets widths and positions as inline styles (`'unsafe-inline'` for styles
only). Its dialogs frame the admin's own pages. Scripts still come from this host alone, inline
scripts stay forbidden, and the public site keeps the strict policy of `SECURE_CSP`.
"""

from collections.abc import Callable, Sequence
from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.csp import CSP
from django.views.decorators.csp import csp_override

ADMIN_CSP: dict[str, Sequence[str]] = {
    **cast("dict[str, list[str]]", settings.SECURE_CSP),
    "script-src": [CSP.SELF, CSP.UNSAFE_EVAL],
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],
    "font-src": [CSP.SELF],
    "frame-ancestors": [CSP.SELF],
}


def admin_policy(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Give answers of the admin's own views `ADMIN_CSP`; a middleware."""

    @csp_override(ADMIN_CSP)
    def with_admin_policy(_: HttpRequest, response: HttpResponse) -> HttpResponse:
        return response

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.resolver_match and request.resolver_match.app_name == "admin":
            with_admin_policy(request, response)
        return response

    return middleware
