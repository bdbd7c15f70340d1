"""Tables of which there is one row at most, or one of a kind, in the admin."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin


class OnlyOneAdmin(ModelAdmin):
    """Lets one row be added, and asks whether it is there on this table's own pages alone."""

    def the_one(self) -> QuerySet[Any]:
        """Return the rows of which there may be one."""
        return self.model._default_manager.all()  # type: ignore[no-any-return]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False once it is there."""
        return bool(super().has_add_permission(request)) and not self.the_one().exists()

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        """Return what the menu of every page shows, which has no link to add a row."""
        return {
            "add": False,
            "change": self.has_change_permission(request),
            "delete": self.has_delete_permission(request),
            "view": self.has_view_permission(request),
        }
