"""What every page knows: the site's name, its languages and its navigation."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from arena.languages import language_named_by

# Each language in its own words, and as HTML's `lang` writes it.
OWN_NAMES = {"en": "English", "zh-hans": "简体中文", "zh-hant": "繁體中文"}
LANGUAGE_TAGS = {"zh-hans": "zh-Hans", "zh-hant": "zh-Hant"}
# Route name and label; a route that does not exist (yet) is left out of the navigation.
NAVIGATION: tuple[tuple[str, str | Promise], ...] = (
    ("battles:new", _("Battle")),
    ("leaderboard", _("Leaderboard")),
    ("gap", _("Gap")),
    ("which", _("Which model?")),
)


def site(request: HttpRequest) -> dict[str, Any]:
    """Return `site` for every template; it is worked out when a template first asks for it."""
    return {"site": SimpleLazyObject(lambda: describe_site(request))}


def describe_site(request: HttpRequest) -> dict[str, Any]:
    """Return the site's name, languages and navigation, as seen from a request's page."""
    language = get_language() or settings.LANGUAGE_CODE
    return {
        "name": settings.SITE_NAME,
        "home": _address_of("battles:new") or "/",
        "mine": _address_of("battles:mine"),
        "accounts": settings.SENDS_EMAIL,
        # What stands between two sentences: nothing in Chinese, whose full stop is wide.
        "space": "" if language.startswith("zh") else " ",
        "language_tag": LANGUAGE_TAGS.get(language, language),
        # Bare, as the page to come back to: the new language comes before an old prefix.
        "set_language": _without_language(_address_of("set_language") or ""),
        "here": _without_language(request.get_full_path()),
        "languages": [
            {
                "code": code,
                "label": OWN_NAMES.get(code, label),
                "tag": LANGUAGE_TAGS.get(code, code),
                "current": code == language,
            }
            for code, label in settings.LANGUAGES
        ],
        "navigation": [
            {"label": label, "url": address, "current": address == request.path}
            for name, label in NAVIGATION
            if (address := _address_of(name))
        ],
    }


def _address_of(route: str) -> str | None:
    try:
        return reverse(route)
    except NoReverseMatch:
        return None


def _without_language(path: str) -> str:
    """Return a path as the view that sets the language wants it: without a prefix."""
    language = language_named_by(path.partition("?")[0])
    return (path.removeprefix(f"/{language}") or "/") if language else path
