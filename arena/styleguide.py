"""The style guide: every component in each of its states, and every error page; in debug only."""

from collections.abc import Callable, Mapping

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from arena import errors
from arena.catalog.licences import LicenceClass

ERROR_PAGES: Mapping[int, Callable[[HttpRequest], HttpResponse]] = {
    400: lambda request: errors.bad_request(request, Exception()),
    403: lambda request: errors.forbidden(request, Exception()),
    404: lambda request: errors.not_found(request, Exception()),
    429: lambda request: _refusal(429, "too_many_requests"),
    500: errors.server_error,
    503: lambda request: _refusal(503, "restarting"),
}


def styleguide(request: HttpRequest) -> HttpResponse:
    """Show each component in each state."""
    text = {"licences": LicenceClass.choices, "error_pages": sorted(ERROR_PAGES)}
    return render(request, "site/styleguide.html", text)


def error_page(request: HttpRequest, code: int) -> HttpResponse:
    """Show the page of an error, which is hard to bring about."""
    if code not in ERROR_PAGES:
        raise Http404
    return ERROR_PAGES[code](request)


def _refusal(status: int, code: str) -> HttpResponse:
    return HttpResponse(errors.page_without_request(status, code), status=status)


urlpatterns = [
    path("", styleguide, name="styleguide"),
    path("errors/<int:code>/", error_page, name="styleguide_error"),
]
