"""What every template knows of the site."""

import pytest
from django.test import RequestFactory
from django.test.utils import override_script_prefix
from django.utils import translation

from arena.context import describe_site


@pytest.mark.parametrize(
    ("path", "bare"),
    [
        ("/", "/"),
        ("/zh-hans/", "/"),
        ("/zh-hant/gap/?board=1", "/gap/?board=1"),
        ("/gap/", "/gap/"),
        ("/zh-hanson/", "/zh-hanson/"),
    ],
)
def test_the_language_form_comes_back_to_the_bare_path(path: str, bare: str) -> None:
    assert describe_site(RequestFactory().get(path))["here"] == bare


def test_each_language_is_named_in_its_own_words_and_one_is_current() -> None:
    with translation.override("zh-hans"):
        languages = describe_site(RequestFactory().get("/zh-hans/"))["languages"]
    assert [language["label"] for language in languages] == ["English", "简体中文", "繁體中文"]
    assert [language["tag"] for language in languages if language["current"]] == ["zh-Hans"]


def test_the_page_that_is_shown_is_marked_in_the_navigation() -> None:
    with override_script_prefix("/zh-hans/"):
        links = describe_site(RequestFactory().get("/zh-hans/"))["navigation"]
    assert len(links) > 1
    assert [link["url"] for link in links if link["current"]] == ["/zh-hans/"]
