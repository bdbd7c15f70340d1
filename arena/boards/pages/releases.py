"""The data releases: votes, prompts and answers to download, and how to rate them again."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from arena.boards.downloads import releases_at_hand
from arena.boards.pages.answer import answer


@require_safe
def releases(request: HttpRequest) -> HttpResponseBase:
    """Show what there is to download."""
    found = releases_at_hand()
    key = tuple((release["release"], len(release["files"])) for release in found)
    return answer(request, "boards/releases.html", key, lambda: gather(found))


def gather(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return all that the page shows."""
    return {
        "title": _("Data"),
        "description": _("Votes, prompts and answers to download, with all that was left out."),
        "licence": settings.RELEASE_LICENCE,
        "releases": [
            {
                "name": release["release"],
                "files": [
                    {**file, "size": filesizeformat(file["bytes"])} for file in release["files"]
                ],
            }
            for release in found
        ],
    }
