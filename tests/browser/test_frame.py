"""What every page has: navigation, language, theme; and its weight."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Response, expect

pytestmark = pytest.mark.browser
type Visit = Callable[..., Page]


def test_every_link_of_the_navigation_leads_somewhere(visit: Visit) -> None:
    page = visit()
    links = [link.get_attribute("href") for link in page.locator(".site-nav a").all()]
    assert "/" in links
    for link in links:
        response = page.request.get(link or "")
        assert response.status == 200, link


@pytest.mark.parametrize(("label", "tag"), [("简体中文", "zh-Hans"), ("繁體中文", "zh-Hant")])
def test_the_language_is_switched_and_kept(visit: Visit, label: str, tag: str) -> None:
    page = visit()
    page.get_by_label("Language").click()
    page.get_by_role("button", name=label).click()
    expect(page.locator("html")).to_have_attribute("lang", tag)
    page.goto("/leaderboard/")
    expect(page.locator("html")).to_have_attribute("lang", tag)
    page.get_by_label(page.locator(".menu summary").first.get_attribute("aria-label") or "").click()
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_the_theme_is_remembered_and_set_before_the_first_paint(visit: Visit) -> None:
    page = visit()
    page.get_by_label("Colours").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    dark = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    page.context.add_init_script(
        "new MutationObserver((_, observer) => { if (document.body) { observer.disconnect();"
        " window.themeAtBody = document.documentElement.dataset.theme; } })"
        ".observe(document, {childList: true, subtree: true});"
    )
    page.reload()
    assert page.evaluate("window.themeAtBody") == "dark"
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == dark


def test_the_landing_page_is_light(visit: Visit) -> None:
    page = visit("")
    responses: list[Response] = []

    def remember(response: Response) -> None:
        responses.append(response)

    page.on("response", remember)
    page.goto("/", wait_until="networkidle")
    sizes = {response.url: response.request.sizes()["responseBodySize"] for response in responses}
    scripts = sum(size for url, size in sizes.items() if url.endswith(".js"))
    assert scripts > 0
    assert scripts < 60_000, sizes
    assert sum(sizes.values()) < 100_000, sizes
    assert not [url for url in sizes if "/vendor/" in url], "renderers load with the first answer"


def test_an_unknown_page_is_answered_kindly(visit: Visit) -> None:
    page = visit("")
    response = page.request.get("/no/such/page/")
    assert response.status == 404
    assert "There is nothing at this address" in response.text()
