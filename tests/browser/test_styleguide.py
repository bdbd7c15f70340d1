"""The style guide and the error pages, which a site shows in debug: looked at by axe-core."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from arena.styleguide import ERROR_PAGES
from tests.browser.conftest import Watched
from tests.browser.site import Site, web_process
from tests.browser.test_accessibility import axe, violations

__all__ = ["axe"]
pytestmark = pytest.mark.browser
type Visit = Callable[..., Page]
SCHEMES = ("light", "dark")


@pytest.fixture(scope="module")
def debugged(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the same site in debug; return its address."""
    log = tmp_path_factory.mktemp("debugged") / "web.log"
    with web_process({**site.environment, "PARITY_DEBUG": "1"}, log) as url:
        yield url


@pytest.fixture
def opened(visit: Visit, watched: Watched, debugged: str) -> Callable[..., Page]:
    """Return a function that opens a page of the site in debug."""
    watched.own = debugged.removeprefix("http://")

    def open_page(path: str, **options: object) -> Page:
        page = visit("", **options)
        page.goto(f"{debugged}{path}", wait_until="networkidle")
        return page

    return open_page


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_every_component_is_open_to_everyone(
    opened: Callable[..., Page], axe: str, phone: bool
) -> None:
    page = opened("/styleguide/", phone=phone)
    assert page.locator("#colours li").count() > 20
    for scheme in SCHEMES:
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert violations(page, axe) == [], scheme
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="A dialog", exact=True).click()
    assert violations(page, axe) == []
    page.get_by_role("button", name="Leave it", exact=True).click()
    page.get_by_role("button", name="A toast", exact=True).click()
    expect(page.locator(".toast")).to_be_visible()


@pytest.mark.parametrize("code", sorted(ERROR_PAGES))
def test_every_error_page_is_open_to_everyone(
    opened: Callable[..., Page], axe: str, watched: Watched, code: int
) -> None:
    watched.expected_statuses = {code}
    page = opened(f"/styleguide/errors/{code}/")
    expect(page.locator(".error-code")).to_have_text(str(code))
    for scheme in SCHEMES:
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert violations(page, axe) == [], scheme
    page.get_by_role("link", name="To the battle box").click()
    expect(page.locator("main")).to_have_attribute("data-stage", "landing")


def test_it_is_shown_in_debug_only(visit: Visit) -> None:
    assert visit().request.get("/styleguide/").status == 404
