"""Translations without GNU gettext: extract, compile and check, by Babel.

Templates are turned into Python-like text by Django itself (`templatize`, which `makemessages`
uses too), so that Babel's Python extractor reads both.
"""

import io
import re
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.utils.translation import to_locale
from django.utils.translation.template import templatize

_KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
# To Babel "95% intervals" holds "% i", a number padded by a space; nothing here is padded so.
_PERCENT_OF_PROSE = re.compile(r"(?<!%)% ")


class Command(BaseCommand):
    help = "Collect (extract), compile or check the translations in arena/locale."
    requires_system_checks: list[str] = []  # noqa: RUF012  as Django declares it

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["extract", "compile", "check"])

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        {"extract": self.extract, "compile": self.compile, "check": self.check_complete}[action]()

    def extract(self) -> None:
        """Bring every .po file up to date with the texts in the source."""
        template = collect()
        for language in translated_languages():
            catalog = read(language)
            catalog.update(template, no_fuzzy_matching=True)
            catalog.obsolete.clear()
            path = po_path(language)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                write_po(file, catalog, sort_output=True, width=98, omit_header=False)
            self.stdout.write(f"{path.relative_to(settings.BASE_DIR)}: {len(catalog)} texts")

    def compile(self) -> None:
        """Write the .mo files that Django reads."""
        for language in translated_languages():
            buffer = io.BytesIO()
            write_mo(buffer, read(language))
            target = po_path(language).with_suffix(".mo")
            if not target.exists() or target.read_bytes() != buffer.getvalue():
                target.write_bytes(buffer.getvalue())

    def check_complete(self) -> None:
        """Fail when a text has no translation, or a translation has other placeholders."""
        template = collect()
        faults = [
            fault for language in translated_languages() for fault in faults_of(language, template)
        ]
        if faults:
            raise CommandError(
                "\n".join(faults) + "\nRun `make messages`, then translate in arena/locale/."
            )
        self.stdout.write(f"{len(template)} texts, complete in {translated_languages()}")


def translated_languages() -> list[str]:
    """Return the languages that need a translation: all but the source's own."""
    return [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


def po_path(language: str) -> Path:
    """Return where a language's texts are."""
    root = Path(settings.LOCALE_PATHS[0])
    return root / to_locale(language) / "LC_MESSAGES" / "django.po"


def read(language: str) -> Catalog:
    """Return a language's catalogue; empty when the file is not there yet."""
    locale = to_locale(language)
    path = po_path(language)
    if not path.exists():
        return Catalog(
            locale=locale,
            project="Parity",
            charset="utf-8",
            creation_date=datetime(2026, 11, 21, tzinfo=UTC),
        )
    with path.open("rb") as file:
        return read_po(file, locale=locale)


def collect() -> Catalog:
    """Return every text of the source that is marked for translation."""
    catalog = Catalog(project="Parity", charset="utf-8")
    for path, source in sources():
        name = str(path.relative_to(settings.BASE_DIR))
        found = extract("python", io.BytesIO(source), _KEYWORDS, comment_tags=("Translators:",))
        for _line, text, comments, context in found:
            catalog.add(
                text,
                # Without line numbers: a moved line is not a change of the translation.
                locations=[(name, None)],  # type: ignore[list-item]  # Babel takes it
                auto_comments=comments,
                context=context,
            )
    return catalog


def sources() -> Iterator[tuple[Path, bytes]]:
    """Yield each file that may hold texts, as Python source."""
    for path in sorted((settings.BASE_DIR / "arena").rglob("*.py")):
        if "migrations" not in path.parts:
            yield path, path.read_bytes()
    templates = settings.BASE_DIR / "templates"
    for path in sorted((*templates.rglob("*.html"), *templates.rglob("*.txt"))):
        source = templatize(path.read_text(encoding="utf-8"), origin=str(path))
        # Prose has been blanked out by then, but its indentation would still have to be Python's.
        yield path, "\n".join(line.lstrip() for line in source.splitlines()).encode()


def faults_of(language: str, template: Catalog) -> Iterator[str]:
    """Yield a sentence for each text of `template` that a language lacks or has wrong."""
    catalog = read(language)
    for message in template:
        if not message.id:
            continue
        found = catalog.get(message.id, message.context)
        text = message.id if isinstance(message.id, str) else message.id[0]
        if found is None or not found.string or not all(_strings(found.string)) or found.fuzzy:
            yield f"{language}: not translated: {text!r}"
            continue
        for error in _as_formatted(found).check(catalog):
            yield f"{language}: {error}: {text!r}"


def _strings(value: str | tuple[str, ...] | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _as_formatted(message: Message) -> Message:
    """Return a message whose percent signs in prose are none of a placeholder."""
    ids, texts = (
        tuple(_PERCENT_OF_PROSE.sub("%% ", text) for text in _strings(value))
        for value in (message.id, message.string or "")
    )
    if isinstance(message.id, str):
        return Message(ids[0], texts[0], context=message.context)
    return Message(ids, texts, context=message.context)
