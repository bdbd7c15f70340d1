"""What slices of votes are called on pages: uses, kinds of prompt, languages."""

from collections.abc import Mapping

from babel import Locale, UnknownLocaleError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from arena.boards.lists import listed, reader_locale

CATEGORIES: dict[str, str | Promise] = {
    "coding": gettext_lazy("Coding"),
    "mathematical_reasoning": gettext_lazy("Mathematical reasoning"),
    "advice": gettext_lazy("Advice"),
    "brainstorming": gettext_lazy("Brainstorming"),
    "classification": gettext_lazy("Classification"),
    "closed_qa": gettext_lazy("Questions on a given text"),
    "creative_writing": gettext_lazy("Creative writing"),
    "extraction": gettext_lazy("Extraction"),
    "persona": gettext_lazy("Persona"),
    "open_qa": gettext_lazy("Open questions"),
    "rewriting": gettext_lazy("Rewriting"),
    "summarisation": gettext_lazy("Summarisation"),
    "hard": gettext_lazy("Hard prompts"),
    "longer": gettext_lazy("Longer prompts"),
    "multi_turn": gettext_lazy("Several turns"),
    "with_picture": gettext_lazy("With a picture"),
    "refusal_excluded": gettext_lazy("Without refusals"),
    "starter_excluded": gettext_lazy("Without the site's own prompts"),
}
STYLE_FEATURES: dict[str, str | Promise] = {
    "tokens": gettext_lazy("Length in tokens"),
    "headers": gettext_lazy("Headings"),
    "lists": gettext_lazy("Items of lists"),
    "bold": gettext_lazy("Bold passages"),
}


def category_name(category: str) -> str:
    """Return a category in the reader's words; one without a name of its own as it is stored."""
    return str(CATEGORIES.get(category, category.replace("_", " ")))


def language_name(tag: str) -> str:
    """Return a prompt language in the reader's words, from its BCP 47 tag."""
    try:
        name = Locale.parse(tag, sep="-").get_display_name(reader_locale())
    except (UnknownLocaleError, ValueError):
        return tag
    if not name:
        return tag
    if reader_locale().language == "zh":
        # Babel has the half-width marks of Latin text.
        return name.replace(" (", "（").replace(")", "）")
    return name[:1].upper() + name[1:]


def mix_text(shares: Mapping[str, float]) -> str:
    """Return a mix of languages in the reader's words, the largest share first."""
    parts = sorted(shares.items(), key=lambda part: -part[1])
    return listed(
        _("%(language)s %(share)s%%")
        % {"language": language_name(tag), "share": f"{100 * share:g}"}
        for tag, share in parts
    )


def slice_name(category: str, language: str) -> str:
    """Return a slice in the reader's words."""
    if category and language:
        words = {"category": category_name(category), "language": language_name(language)}
        return _("%(category)s, %(language)s") % words
    if category:
        return category_name(category)
    return language_name(language) if language else _("All votes")
