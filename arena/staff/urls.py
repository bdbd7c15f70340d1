"""Log-in and second factor, from django-allauth; nobody signs up and no mail is sent."""

from allauth.account import views
from django.urls import include, path

urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("password/", views.password_change, name="account_change_password"),
    # Named by allauth's own views; it says that it is closed.
    path("closed/", views.signup, name="account_signup"),
    path("factors/", include("allauth.mfa.urls")),
]
