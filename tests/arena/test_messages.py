from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from arena.management.commands import messages


@pytest.fixture
def site(tmp_path: Path, settings: Settings) -> Path:
    """A tiny source tree with two texts and one other language."""
    settings.BASE_DIR = tmp_path
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    settings.LANGUAGES = [("en", "English"), ("zh-hans", "Chinese")]
    (tmp_path / "arena").mkdir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "arena" / "views.py").write_text(
        "from django.utils.translation import gettext as _\n_('Hello %(name)s')\n"
    )
    (tmp_path / "templates" / "page.html").write_text(
        "{% load i18n %}{% blocktranslate count n=votes %}{{ n }} vote{% plural %}{{ n }} votes"
        "{% endblocktranslate %}"
    )
    return tmp_path


def translate(site: Path, **texts: str) -> None:
    """Fill the file's empty translations, in the order of the arguments' names."""
    path = site / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
    text = path.read_text()
    text = text.replace(
        'msgid "Hello %(name)s"\nmsgstr ""', f'msgid "Hello %(name)s"\nmsgstr "{texts["hello"]}"'
    )
    text = text.replace('msgstr[0] ""', f'msgstr[0] "{texts["votes"]}"')
    path.write_text(text)


def test_it_finds_texts_in_python_and_templates(site: Path) -> None:
    found = {message.id for message in messages.collect() if message.id}
    assert found == {"Hello %(name)s", ("%(n)s vote", "%(n)s votes")}


def test_it_fails_on_a_text_without_translation(site: Path) -> None:
    call_command("messages", "extract", verbosity=0)
    with pytest.raises(CommandError, match=r"zh-hans: not translated: 'Hello %\(name\)s'"):
        call_command("messages", "check")


def test_it_fails_on_another_placeholder(site: Path) -> None:
    call_command("messages", "extract", verbosity=0)
    translate(site, hello="你好 %(nom)s", votes="%(n)s 票")
    with pytest.raises(CommandError, match="zh-hans: "):
        call_command("messages", "check")


def test_it_passes_and_compiles_when_complete(site: Path) -> None:
    call_command("messages", "extract", verbosity=0)
    translate(site, hello="你好 %(name)s", votes="%(n)s 票")
    call_command("messages", "check")
    call_command("messages", "compile")
    assert (site / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.mo").stat().st_size > 0
