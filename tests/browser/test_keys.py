"""The hundredth-time voter, who uses the keyboard alone; names of signs; what lies over a page."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.battling import send, wait_until_votable
from tests.browser.test_accessibility import axe, violations

__all__ = ["axe"]
pytestmark = pytest.mark.browser
type Visit = Callable[..., Page]


def test_two_battles_without_a_pointer(visit: Visit) -> None:
    page = visit()
    for last in (False, True):
        expect(page.get_by_label("Your prompt")).to_be_focused()
        page.keyboard.type("say:Keys.")
        page.keyboard.press("Enter")
        wait_until_votable(page)
        page.keyboard.press("1")
        expect(page.locator(".vote-sentence")).to_have_text("You chose A.")
        page.keyboard.press("u")
        wait_until_votable(page)
        page.keyboard.press("3")
        expect(page.locator(".verdict")).to_contain_text("You called it a tie.")
        if not last:
            page.keyboard.press("Enter")
            expect(page).to_have_url(re.compile(r"/$"))


def test_the_list_of_keys_opens_and_keys_do_nothing_behind_it(visit: Visit, axe: str) -> None:
    page = visit()
    send(page, "say:Keys.")
    wait_until_votable(page)
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys", exact=True)
    expect(keys).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert violations(page, axe) == [], scheme
    page.keyboard.press("1")
    keys.get_by_text("a tie, both bad").click()
    page.keyboard.press("2")
    expect(page.locator(".vote")).to_have_attribute("data-state", "awake")
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    page.keyboard.press("2")
    expect(page.locator(".vote-sentence")).to_have_text("You chose B.")


def test_the_list_of_keys_opens_by_its_button_and_gives_the_focus_back(visit: Visit) -> None:
    page = visit()
    opener = page.get_by_role("button", name="Keys", exact=True)
    opener.focus()
    page.keyboard.press("Enter")
    keys = page.get_by_role("dialog", name="Keys", exact=True)
    expect(keys.get_by_role("button", name="Close", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(keys).to_be_hidden()
    expect(opener).to_be_focused()


def test_the_keys_can_be_switched_off_and_stay_off(visit: Visit) -> None:
    page = visit()
    page.get_by_role("button", name="Keys", exact=True).click()
    keys = page.get_by_role("dialog", name="Keys", exact=True)
    use = keys.get_by_label("Use these keys")
    use.uncheck()
    keys.get_by_role("button", name="Close", exact=True).click()
    page.reload()
    send(page, "say:No keys.")
    wait_until_votable(page)
    expect(page.locator("#announcements")).not_to_contain_text("Keys")
    expect(page.locator(".vote-choices kbd").first).to_be_hidden()
    for key in ("1", "4", "?", "u", "/"):
        page.keyboard.press(key)
    expect(keys).to_be_hidden()
    expect(page.get_by_label("Your prompt")).not_to_be_focused()
    expect(page.locator(".vote")).to_have_attribute("data-state", "awake")
    page.goto("/")
    page.get_by_role("button", name="Keys", exact=True).click()
    expect(use).not_to_be_checked()
    use.check()
    page.keyboard.press("Escape")
    page.locator("main").focus()
    page.keyboard.press("?")
    expect(keys).to_be_visible()


def test_a_phone_is_offered_no_keys(visit: Visit) -> None:
    page = visit(phone=True)
    expect(page.locator(".starter").first).to_be_visible()
    expect(page.locator(".keys-open")).to_be_hidden()


def test_a_question_mark_in_the_prompt_is_text(visit: Visit) -> None:
    page = visit()
    page.get_by_label("Your prompt").press("?")
    expect(page.get_by_label("Your prompt")).to_have_value("?")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_sign_tells_its_name_to_the_pointer_and_to_the_keyboard(visit: Visit) -> None:
    page = visit("/leaderboard/")
    tip = page.locator(".tip")
    page.get_by_label("Colours").hover()
    expect(tip).to_have_text("Colours")
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    page.mouse.move(0, 400)
    page.locator(".site-nav a:visible").last.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(tip).to_be_visible()
    box = tip.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 1280
