"""Log-in and second factor, from django-allauth; nobody signs up and no mail is sent."""

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any

from allauth.account import views
from allauth.account.internal.stagekit import get_pending_stage
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth import logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, include, path, reverse

from arena.staff.second_factor import is_left_behind, keep_enrolling_session
from arena.staff.site import name_actor

type View = Callable[..., HttpResponse]


class LogIn(views.LoginView):
    """The log-in page, in the frame of the site's own pages."""

    def get_context_data(self, **named: Any) -> dict[str, Any]:
        """Leave allauth's `site` out: ours has the arena's name."""
        context: dict[str, Any] = super().get_context_data(**named)
        context.pop("site", None)
        return context


def own_account(view: View) -> View:
    """Let a view change the visitor's own account: in one transaction that says whose it is."""

    @wraps(view)
    def named(request: HttpRequest, *positional: Any, **keywords: Any) -> HttpResponse:
        if is_left_behind(request):
            logout(request)
            return HttpResponseRedirect(reverse("account_login"))
        is_inside = request.user.is_authenticated
        enrols = is_inside and not is_mfa_enabled(request.user)
        with transaction.atomic():
            name_actor(_who(request))
            response = view(request, *positional, **keywords)
            if enrols and is_mfa_enabled(request.user):
                keep_enrolling_session(request)
        return response

    return named


def _who(request: HttpRequest) -> str:
    """Return the account's name; while its second factor is awaited, by the password it gave."""
    if request.user.is_authenticated:
        return request.user.get_username()
    stage = get_pending_stage(request)
    return stage.login.user.get_username() if stage and stage.login.user else ""


def _of_own_account(routes: Iterable[URLPattern | URLResolver]) -> Iterator[Any]:
    for route in routes:
        if isinstance(route, URLResolver):
            inner = list(_of_own_account(route.url_patterns))
            yield URLResolver(route.pattern, inner, route.default_kwargs)
        else:
            yield URLPattern(route.pattern, own_account(route.callback), name=route.name)


urlpatterns = list(
    _of_own_account(
        [
            path("login/", LogIn.as_view(), name="account_login"),
            path("logout/", views.logout, name="account_logout"),
            path("inactive/", views.account_inactive, name="account_inactive"),
            path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
            path("password/", views.password_change, name="account_change_password"),
            # Named by allauth's own views; it says that it is closed.
            path("closed/", views.signup, name="account_signup"),
            path("factors/", include("allauth.mfa.urls")),
        ]
    )
)
