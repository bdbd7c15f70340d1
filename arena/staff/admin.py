"""The log of changes, to look at."""

import json
from typing import Any

from django.contrib import admin
from django.utils.html import format_html, format_html_join

from arena.read_only import ReadOnlyAdmin
from arena.staff.models import Change


@admin.register(Change)
class ChangeAdmin(ReadOnlyAdmin):
    """Who changed what, and what it was before."""

    list_display = ("at", "who", "action", "what", "fields_changed")
    list_filter = ("action", "table", "actor")
    search_fields = ("row__exact", "actor__exact", "table__exact")
    fields = ("at", "who", "action", "what", "difference")
    readonly_fields = fields

    @admin.display(description="who", ordering="actor")
    def who(self, change: Change) -> str:
        """Return the account, or what stands for a command or a job."""
        return change.actor or "a command or job"

    @admin.display(description="what")
    def what(self, change: Change) -> str:
        """Return table and row."""
        return f"{change.table.replace('_', ' ')} {change.row}"

    @admin.display(description="fields")
    def fields_changed(self, change: Change) -> str:
        """Return the names of what differs."""
        names = sorted({**(change.before or {}), **(change.after or {})})
        return ", ".join(names) if change.action == "update" else "the whole row"

    @admin.display(description="before and after")
    def difference(self, change: Change) -> str:
        """Return each field with its values."""
        before, after = change.before or {}, change.after or {}
        rows = (
            (name, _shown(before, name), _shown(after, name))
            for name in sorted({**before, **after})
        )
        return format_html(
            '<table class="difference"><thead><tr><th>field</th><th>before</th><th>after</th></tr>'
            "</thead><tbody>{}</tbody></table>",
            format_html_join("", "<tr><th>{}</th><td>{}</td><td>{}</td></tr>", rows),
        )


def _shown(values: dict[str, Any], name: str) -> str:
    if name not in values:
        return ""
    value = values[name]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
