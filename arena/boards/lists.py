"""Several things in one phrase: "a, b, and c" in English, "甲、乙和丙" in Chinese."""

import re
from collections.abc import Iterable

from babel import Locale, UnknownLocaleError
from babel.lists import format_list
from django.utils.translation import get_language, to_locale

# Where the Chinese "and" touches a Latin letter or a figure: there Chinese text has a space.
_BESIDE_LATIN = re.compile(r"(?<=[A-Za-z0-9%])(?=和)|(?<=和)(?=[A-Za-z0-9])")


def reader_locale() -> Locale:
    """Return the locale of the page's language; English where Babel does not know it."""
    try:
        return Locale.parse(to_locale(get_language() or "en"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def listed(names: Iterable[object]) -> str:
    """Return names as a list in the reader's language; empty for none."""
    phrase = format_list([str(name) for name in names], locale=reader_locale())
    return _BESIDE_LATIN.sub(" ", phrase)
