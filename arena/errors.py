"""Error pages: what happened, whether anything was lost, what to do.

The page for an error of our own (500) asks nothing of the database, the session or the context
processors: any of them may be what failed.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from arena.context import describe_site

type ErrorView = Callable[[HttpRequest, Exception], HttpResponse]


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400."""
    return _page(
        request,
        400,
        _("This request could not be read"),
        _("Something in it was malformed, so nothing was done. Go back and try once more."),
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    return _page(
        request,
        403,
        _("This page is not open to you"),
        _("It belongs to someone else, or it asks you to sign in first."),
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404. Another visitor's battle is answered like one that does not exist."""
    return _page(
        request,
        404,
        _("There is nothing at this address"),
        _(
            "The link may be old or mistyped. "
            "A battle can be opened only by the visitor it belongs to."
        ),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 to a form without a valid token, mostly because cookies are refused."""
    return _page(
        request,
        403,
        _("This form could not be accepted"),
        _(
            "The page was open for too long, or cookies are blocked. "
            "Reload it and try once more; nothing was lost."
        ),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500 without the database, the session or context processors."""
    text = {
        "site": describe_site(request),
        "code": 500,
        "heading": _("Something failed on our side"),
        "advice": _("Votes that were confirmed are safe. Please try again in a minute."),
    }
    return HttpResponse(render_to_string("errors/error.html", text), status=500)


def _page(request: HttpRequest, status: int, heading: str, advice: str) -> HttpResponse:
    text = {"code": status, "heading": heading, "advice": advice}
    return render(request, "errors/error.html", text, status=status)
