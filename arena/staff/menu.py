"""What stands at the side of every admin page, in the order in which staff look for it."""

from typing import Any, NamedTuple

from django.http import HttpRequest
from django.urls import reverse


class Entry(NamedTuple):
    """A table: its name in the menu, its symbol, its app and model."""

    title: str
    icon: str
    app: str
    model: str


_GROUPS = {
    "Models": (
        Entry("Endpoints", "cable", "catalog", "endpoint"),
        Entry("Providers", "key", "catalog", "provider"),
        Entry("Language models", "neurology", "catalog", "languagemodel"),
        Entry("Organisations", "apartment", "catalog", "organisation"),
        Entry("Licences", "license", "catalog", "licence"),
        Entry("Admission tests", "fact_check", "catalog", "admission"),
    ),
    "Money": (
        Entry("Budgets", "savings", "catalog", "budget"),
        Entry("Daily spend", "payments", "catalog", "dailyspend"),
    ),
    "Moderation": (
        Entry("Moderation", "shield", "catalog", "moderation"),
        Entry("Text checks", "flag", "battles", "textcheck"),
        Entry("Rulings", "gavel", "battles", "ruling"),
    ),
    "Votes": (
        Entry("Battles", "swords", "battles", "battle"),
        Entry("Votes", "how_to_vote", "battles", "vote"),
        Entry("Verdicts on votes", "rule", "integrity", "votefacts"),
        Entry("Boards", "leaderboard", "boards", "board"),
        Entry("Accounts of votes", "balance", "boards", "ledger"),
    ),
    "Staff": (
        Entry("Accounts", "group", "auth", "user"),
        Entry("Changes", "history", "staff", "change"),
        Entry("Earlier problems", "report", "operating", "problem"),
    ),
}


def menu(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups of the theme's menu, with what the account may look at."""
    may = request.user.has_perm
    now = [{"title": "What is wrong now", "icon": "monitor_heart", "link": reverse("admin:index")}]
    if may("catalog.view_endpoint"):
        health = reverse("admin:endpoints")
        now.append({"title": "Health of endpoints", "icon": "dns", "link": health})
    groups: list[dict[str, Any]] = [{"items": now}]
    for title, entries in _GROUPS.items():
        items = [
            {
                "title": entry.title,
                "icon": entry.icon,
                "link": reverse(f"admin:{entry.app}_{entry.model}_changelist"),
            }
            for entry in entries
            if may(f"{entry.app}.view_{entry.model}")
        ]
        if items:
            groups.append({"title": title, "items": items})
    return groups
