"""What the admin shows and never changes: battles, votes, verdicts, boards."""

from typing import Any

from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline
from unfold.paginator import InfinitePaginator


class ReadOnly:
    """No add, change or delete, whatever the user's permissions; viewing goes by them."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: rows come from the arena itself."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: what happened stays as it was."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: erasing is a command, with its own record."""
        return False


class ReadOnlyAdmin(ReadOnly, ModelAdmin):
    """A table to look at. It never counts its rows, so it opens as fast with millions of them."""

    paginator = InfinitePaginator
    show_full_result_count = False
    list_per_page = 50
    actions: Any = None


class ReadOnlyInline(ReadOnly, TabularInline):
    """Rows of another table, on the page of what they belong to."""

    extra = 0
    tab = False
    show_change_link = True
