"""Log-in and second factor, from django-allauth; nobody signs up and no mail is sent."""

from typing import Any

from allauth.account import views
from django.urls import include, path


class LogIn(views.LoginView):
    """The log-in page, in the frame of the site's own pages."""

    def get_context_data(self, **named: Any) -> dict[str, Any]:
        """Leave allauth's `site` out: ours has the arena's name."""
        context: dict[str, Any] = super().get_context_data(**named)
        context.pop("site", None)
        return context


urlpatterns = [
    path("login/", LogIn.as_view(), name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("password/", views.password_change, name="account_change_password"),
    # Named by allauth's own views; it says that it is closed.
    path("closed/", views.signup, name="account_signup"),
    path("factors/", include("allauth.mfa.urls")),
]
