"""What every page has: navigation, language, theme."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.battling import send

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
    page.get_by_role("button", name=label, exact=True).click()
    expect(page.locator("html")).to_have_attribute("lang", tag)
    page.goto("/leaderboard/")
    expect(page.locator("html")).to_have_attribute("lang", tag)
    page.get_by_label(page.locator(".menu summary").first.get_attribute("aria-label") or "").click()
    page.get_by_role("button", name="English", exact=True).click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_a_new_language_keeps_what_the_address_has_come_to_be(visit: Visit) -> None:
    page = visit()
    send(page, "say:Stay.")
    expect(page).to_have_url(re.compile("/battle/[0-9a-f-]+/$"))
    battle = page.url
    page.locator(".menu summary").first.click()
    page.get_by_role("button", name="繁體中文", exact=True).click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hant")
    expect(page).to_have_url(battle)
    page.goto("/zh-hans/which/")
    page.evaluate("history.replaceState(null, '', '?gpus=2')")
    page.locator(".menu summary").first.click()
    page.get_by_role("button", name="English", exact=True).click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page).to_have_url(re.compile(r"/which/\?gpus=2$"))


def test_the_theme_is_remembered_and_set_before_the_first_paint(visit: Visit) -> None:
    page = visit()
    page.get_by_label("Colours").click()
    page.get_by_role("button", name="Dark", exact=True).click()
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


def test_an_unknown_page_is_answered_kindly(visit: Visit) -> None:
    page = visit("")
    response = page.request.get("/no/such/page/")
    assert response.status == 404
    assert "There is nothing at this address" in response.text()


def test_on_a_phone_the_link_of_the_open_page_is_in_sight(visit: Visit) -> None:
    for address in ("/which/", "/me/", "/leaderboard/"):
        page = visit(address, phone=True)
        expect(page.locator(".site-nav [aria-current]")).to_be_in_viewport(ratio=1)
        page.context.close()


def test_with_forced_colours_only_the_current_link_is_underlined(visit: Visit) -> None:
    page = visit("/leaderboard/", forced_colors="active", viewport={"width": 1280, "height": 800})
    colours = {
        kind: {
            link.evaluate("(e) => getComputedStyle(e).borderBlockEndColor")
            for link in page.locator(f".site-nav a{which}").all()
        }
        for kind, which in {"current": "[aria-current]", "other": ":not([aria-current])"}.items()
    }
    assert (len(colours["current"]), len(colours["other"])) == (1, 1)
    paper = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert colours["other"] == {paper}
    assert not colours["current"] & colours["other"]
