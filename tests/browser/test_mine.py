"""The voter's own pages in a real browser: say why, share, look back, erase."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.battling import send, wait_until_votable
from tests.browser.conftest import Watched
from tests.browser.site import Site
from tests.browser.test_accessibility import axe as axe  # noqa: PLC0414  a fixture
from tests.browser.test_accessibility import violations

pytestmark = pytest.mark.browser
type Visit = Callable[..., Page]
ANSWER = (
    "## Light\n\nIt **scatters** in the air, and this is why the sky is blue to you.\n\n"
    "| a | b |\n|---|---|\n| 1 | 2 |\n\n"
    "```python\nprint(1)\n```\n\nSo $x^2$.\n"
)


def vote(page: Page, key: str = "1") -> None:
    """Have a battle on the open page, vote, and wait for the names."""
    send(page, f"say:{ANSWER}")
    wait_until_votable(page)
    page.keyboard.press(key)
    expect(page.locator(".verdict")).to_be_visible()


def settle(page: Page) -> None:
    """Wait until the history, which waits a little longer than the reveal, names the models."""
    models = page.locator(".mine-models")
    for _ in range(40):
        expect(models).to_have_count(1)
        if "Names come after the vote" not in (models.text_content() or ""):
            return
        page.wait_for_timeout(250)
        page.reload()
    raise AssertionError("the history never named the models")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_reasons_are_kept_over_a_reload(visit: Visit, axe: str, scheme: str, phone: bool) -> None:
    page = visit(phone=phone, color_scheme=scheme)
    vote(page)
    expect(page.locator(".why")).to_have_count(0)
    page.get_by_role("button", name="Say why", exact=True).click()
    page.locator(".why-side").first.get_by_role("button", name="clear", exact=True).click()
    page.get_by_label("A comment, if you like").fill("A says why.")
    expect(page.locator(".why-state")).to_have_text("Kept")
    assert violations(page, axe) == []
    page.reload()
    page.get_by_role("button", name="Say why", exact=True).click()
    clear = page.locator(".why-side").first.get_by_role("button", name="clear", exact=True)
    expect(clear).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label("A comment, if you like")).to_have_value("A says why.")
    page.get_by_role("button", name="Say why", exact=True).click()
    expect(page.locator(".after")).to_be_hidden()


@pytest.mark.parametrize("leaves", ["link", "reload"])
def test_a_comment_is_kept_when_the_page_is_left_at_once(visit: Visit, leaves: str) -> None:
    page = visit()
    vote(page)
    address = page.url
    page.get_by_role("button", name="Say why", exact=True).click()
    page.get_by_label("A comment, if you like").fill("Written and left.")
    if leaves == "link":
        page.get_by_role("link", name="Leaderboard", exact=True).first.click()
    else:
        page.reload()
    # What was sent last arrives by itself, a moment after the page that sent it has gone.
    everything = "await (await fetch('/me/export/')).text()"
    page.wait_for_function(f"async () => ({everything}).includes('Written and left.')")
    page.goto(address)
    page.get_by_role("button", name="Say why", exact=True).click()
    expect(page.get_by_label("A comment, if you like")).to_have_value("Written and left.")


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_a_link_works_for_others_until_it_is_ended(
    visit: Visit, axe: str, watched: Watched, phone: bool
) -> None:
    page = visit(phone=phone)
    vote(page)
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.locator(".share-note")).to_contain_text("until you end it")
    page.get_by_role("button", name="Make a link", exact=True).click()
    link = page.get_by_label("Link to this battle").input_value()
    reader = visit("", phone=phone, color_scheme="dark")
    reader.goto(link)
    expect(reader.locator(".answer h2").first).to_have_text("Light")
    expect(reader.locator("h1")).to_contain_text("against")
    expect(reader.locator(".shared-prompt")).to_have_attribute("lang", "en")
    # What the server leaves to the browser: colours of code, formulas.
    expect(reader.locator(".answer code span[class^=hljs]").first).to_be_visible()
    expect(reader.locator(".answer math").first).to_be_visible()
    assert violations(reader, axe) == []
    wide = reader.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not wide
    page.get_by_role("button", name="Stop sharing", exact=True).click()
    expect(page.get_by_role("button", name="Make a link", exact=True)).to_be_visible()
    watched.expected_statuses.add(404)
    response = reader.reload()
    assert response is not None
    assert response.status == 404


def test_the_history_leads_back_to_a_battle_and_is_erased(visit: Visit, axe: str) -> None:
    page = visit()
    vote(page, "2")
    page.get_by_role("link", name="My battles").click()
    settle(page)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert violations(page, axe) == [], scheme
    expect(page.locator(".mine-models .chosen")).to_have_count(1)
    expect(page.locator(".mine-prompt").first).to_have_attribute("lang", "en")
    page.get_by_role("searchbox").fill("no such words")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_text("No battle of yours fits")).to_be_visible()
    page.get_by_role("link", name="Show all").click()
    page.locator(".mine-prompt").click()
    expect(page.locator(".verdict")).to_be_visible()
    page.goto("/me/")
    page.get_by_role("link", name="Erase everything").click()
    assert violations(page, axe) == []
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Erase everything", exact=True).click()
    expect(page.get_by_text("Your texts are erased")).to_be_visible()
    expect(page.locator(".mine-entry")).to_have_count(0)


def test_what_is_yours_begins_empty(visit: Visit, axe: str) -> None:
    page = visit("/me/")
    expect(page.get_by_role("link", name="Start a battle")).to_be_visible()
    assert violations(page, axe) == []
    page.get_by_role("link", name="My board").click()
    expect(page.get_by_text("None of your votes has been counted yet")).to_be_visible()
    assert violations(page, axe) == []


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_my_board_shows_what_i_chose_before_there_is_any_rating(
    visit: Visit, site: Site, worker: None, phone: bool
) -> None:
    page = visit(phone=phone)
    vote(page)
    page.goto("/me/")
    settle(page)
    site.wait_until_boards_are_up_to_date()
    page.goto("/me/board/")
    expect(page.locator(".own-board .rating")).to_have_count(0)
    records = page.locator(".own-board td.record")
    expect(records).to_have_count(2)
    expect(records.first).to_be_visible()
    assert sorted(records.all_inner_texts()) == ["0 · 0 · 1", "1 · 0 · 0"]
