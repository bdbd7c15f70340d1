from typing import Any

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import post_migrate


class StaffConfig(AppConfig):
    name = "arena.staff"

    def ready(self) -> None:
        # Last of all: permissions are made by the same signal, app by app.
        post_migrate.connect(_make_roles, dispatch_uid="roles")


class OfficeConfig(AdminConfig):
    """Django's admin, behind our own door."""

    default_site = "arena.staff.site.Office"


def _make_roles(app_config: AppConfig, **_: Any) -> None:
    from django.apps import apps  # noqa: PLC0415  once the registry is full

    from arena.staff.roles import make_roles  # noqa: PLC0415  it imports models

    if app_config == list(apps.get_app_configs())[-1]:
        make_roles()
