"""The admin's door: who comes in, and who is named in the log of changes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from unfold.sites import UnfoldAdminSite

from arena.staff.second_factor import has_second_factor, is_left_behind

# Pages that wait for other servers, by the name of their address, and the action that does on a
# page with several. A transaction would stay open for as long as such a server takes.
_WAITING = {"catalog_endpoint_discover": [], "catalog_moderation_changelist": ["ask_now"]}


class Office(UnfoldAdminSite):
    """The admin site. Staff enter with a password and a second factor."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether this is staff, with a second factor where one is asked for."""
        return super().has_permission(request) and has_second_factor(request)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Send a visitor to the log-in, and staff without a second factor to where they get one.

        Raises
        ------
        PermissionDenied
            For an account that is not staff's.
        """
        if not request.user.is_authenticated:
            return _redirect("account_login", request)
        if not super().has_permission(request):
            raise PermissionDenied
        if is_left_behind(request):
            logout(request)
            return _redirect("account_login", request)
        if not has_second_factor(request):
            return _redirect("mfa_index", request)
        return HttpResponseRedirect(_next_of(request) or reverse("admin:index"))

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Log out, as everywhere."""
        return HttpResponseRedirect(reverse("account_logout"))

    def admin_view(
        self, view: Callable[..., HttpResponse], cacheable: bool = False
    ) -> Callable[..., HttpResponse]:
        """Let every change of a view say whose it is, and be one transaction.

        A view that waits for other servers changes rows one by one.
        """

        @wraps(view)
        def named(request: HttpRequest, *positional: Any, **keywords: Any) -> HttpResponse:
            if request.method in {"GET", "HEAD"}:
                return view(request, *positional, **keywords)
            changes = changes_one_by_one if _waits_for_servers(request) else changes_together
            with changes(request.user.get_username()):
                return view(request, *positional, **keywords)

        wrapped: Callable[..., HttpResponse] = super().admin_view(named, cacheable)
        return wrapped


@contextmanager
def changes_together(name: str) -> Iterator[None]:
    """Make the changes inside in one transaction that says whose they are."""
    with transaction.atomic():
        name_actor(name)
        yield


@contextmanager
def changes_one_by_one(name: str) -> Iterator[None]:
    """Say whose the changes inside are, each of which is a transaction of its own."""
    _set_actor(name, for_transaction=False)
    try:
        yield
    finally:
        _set_actor("", for_transaction=False)  # the connection is another's next


def name_actor(name: str) -> None:
    """Say who makes the changes of this transaction; the database writes it into their log."""
    _set_actor(name, for_transaction=True)


def _set_actor(name: str, *, for_transaction: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('parity.actor', %s, %s)", [name, for_transaction])


def _waits_for_servers(request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is not None and _WAITING.get(match.url_name or "") == request.POST.getlist(
        "action"
    )


def _redirect(name: str, request: HttpRequest) -> HttpResponseRedirect:
    wanted = _next_of(request)
    query = f"?{urlencode({'next': wanted})}" if wanted else ""
    return HttpResponseRedirect(f"{reverse(name)}{query}")


def _next_of(request: HttpRequest) -> str:
    wanted = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else ""
