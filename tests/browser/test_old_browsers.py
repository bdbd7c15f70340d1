"""A browser older than the page needs: it is told, and what it shows can be read."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watched
from tests.browser.site import ROOT

pytestmark = pytest.mark.browser
type Visit = Callable[..., Page]


@pytest.mark.parametrize("name", ["main", "composer"])
def test_a_script_that_a_browser_cannot_read_is_said_with_what_it_needs(
    visit: Visit, watched: Watched, name: str
) -> None:
    page = visit("")
    page.route(
        re.compile(rf"/battles/{name}[.\w]*\.js$"),
        lambda route: route.fulfill(content_type="text/javascript", body="export {}; let old ="),
    )
    page.goto("/")
    expect(page.get_by_text("needs JavaScript in a current browser")).to_be_visible()
    expect(page.locator(".starters")).to_be_hidden()
    assert [each.partition(":")[0] for each in watched.problems] == ["exception"]
    watched.problems.clear()  # this one was meant


def test_a_browser_that_can_read_them_is_told_nothing(visit: Visit) -> None:
    page = visit()
    expect(page.locator("main")).to_have_attribute("data-running", "")
    expect(page.get_by_text("needs JavaScript in a current browser")).to_be_hidden()


def test_every_colour_is_given_to_browsers_without_light_dark() -> None:
    css = (ROOT / "static/site/tokens.css").read_text()
    new, _, old = css.partition("@supports not (color: light-dark(")
    drawn = dict(re.findall(r"^ +(--[\w-]+): (.*light-dark\(.*);$", new, re.MULTILINE))
    given = dict(re.findall(r"^ +(--[\w-]+): (.*);$", old, re.MULTILINE))
    assert len(drawn) > 20
    assert list(given) == list(drawn)
    for name, value in drawn.items():
        light = re.sub(
            r"light-dark\(((?:rgb\([^)]*\)|[^,])*), (?:rgb\([^)]*\)|[^)])*\)", r"\1", value
        )
        assert given[name] == light, name
