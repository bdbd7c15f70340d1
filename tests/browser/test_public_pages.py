"""Every public page: axe-core in both themes, on a phone too, enlarged, and none forgotten."""

from collections.abc import Callable, Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from playwright.sync_api import Page, ViewportSize

from tests.browser.public_pages import NOT_A_PAGE, PAGES, REACHED, PublicPage
from tests.browser.test_accessibility import axe, violations

__all__ = ["axe"]
pytestmark = pytest.mark.browser
type Visit = Callable[..., Page]

# 1280 pixels at 200 % and at 400 %: WCAG's resize and reflow.
ENLARGED = (ViewportSize(width=640, height=400), ViewportSize(width=320, height=256))
# Of staff, tested with the admin; or without a name, which no page has.
STAFF = ("admin/", "api/")


each_page = pytest.mark.parametrize("each", PAGES, ids=lambda page: page.name)


def public_routes(resolver: URLResolver, before: str = "", names: str = "") -> Iterator[str]:
    """Return the names of all routes that are open to everyone."""
    for pattern in resolver.url_patterns:
        path = f"{before}{pattern.pattern}"
        if path.startswith(STAFF):
            continue
        if isinstance(pattern, URLResolver):
            inner = f"{names}{pattern.namespace}:" if pattern.namespace else names
            yield from public_routes(pattern, path, inner)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield f"{names}{pattern.name}"


def test_no_public_page_is_forgotten() -> None:
    routes = set(public_routes(get_resolver()))
    listed = {page.route for page in PAGES} | set(REACHED)
    assert len(routes) > len(NOT_A_PAGE)
    forgotten = routes - listed - NOT_A_PAGE
    assert not forgotten, f"list these in tests/browser/public_pages.py: {sorted(forgotten)}"
    gone = (listed | NOT_A_PAGE) - routes - {"account_login"}
    assert not gone, f"these routes are gone: {sorted(gone)}"


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
@each_page
@pytest.mark.usefixtures("simulated")
def test_axe_finds_nothing_in_either_theme(
    visit: Visit, axe: str, each: PublicPage, phone: bool
) -> None:
    page = visit(each.address, phone=phone, color_scheme="light")
    page.wait_for_load_state("networkidle")
    assert violations(page, axe) == [], "light"
    page.emulate_media(color_scheme="dark")
    assert violations(page, axe) == [], "dark"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "scrolls sideways"


@each_page
@pytest.mark.usefixtures("simulated")
def test_nothing_scrolls_sideways_when_it_is_enlarged(visit: Visit, each: PublicPage) -> None:
    page = visit("")
    for viewport in ENLARGED:
        page.set_viewport_size(viewport)
        page.goto(each.address, wait_until="networkidle")
        wide = page.evaluate(
            "[document.documentElement.scrollWidth, ...Array.from(document.querySelectorAll('*'))"
            ".filter((e) => e.getBoundingClientRect().right > innerWidth + 1)"
            ".map((e) => e.outerHTML.slice(0, 120)).slice(0, 8)]"
        )
        assert wide[0] <= viewport["width"], wide
