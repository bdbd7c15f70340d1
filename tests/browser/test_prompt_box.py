"""The prompt box: drafts, keys, limits, starters; and what the page says without scripts."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
type Visit = Callable[..., Page]


def test_a_draft_survives_a_reload(visit: Visit) -> None:
    page = visit()
    page.get_by_label("Your prompt").fill("half a thought")
    page.reload()
    expect(page.get_by_label("Your prompt")).to_have_value("half a thought")


def test_shift_enter_breaks_the_line_and_sends_nothing(visit: Visit) -> None:
    page = visit()
    box = page.get_by_label("Your prompt")
    box.fill("one")
    box.press("Shift+Enter")
    box.press_sequentially("two")
    expect(box).to_have_value("one\ntwo")
    expect(page.locator("main")).to_have_attribute("data-stage", "landing")


@pytest.mark.parametrize("composing", ["isComposing: true, keyCode: 13", "keyCode: 229"])
def test_enter_does_not_send_while_text_is_composed(visit: Visit, composing: str) -> None:
    page = visit()
    page.get_by_label("Your prompt").fill("拼音")
    page.evaluate(
        "document.querySelector('#prompt').dispatchEvent(new KeyboardEvent('keydown', "
        f"{{key: 'Enter', bubbles: true, cancelable: true, {composing}}}))"
    )
    expect(page.locator("main")).to_have_attribute("data-stage", "landing")
    expect(page.get_by_label("Your prompt")).to_have_value("拼音")


def test_the_limit_is_shown_near_it_and_holds_the_prompt_back_beyond(visit: Visit) -> None:
    page = visit()
    box = page.get_by_label("Your prompt")
    limit = page.locator(".composer-limit")
    box.fill("a" * 20_000)
    expect(limit).to_be_hidden()
    box.fill("a" * 29_990)
    expect(limit).to_have_text("Characters left: 10")
    box.fill("a" * 30_002)
    expect(limit).to_have_text("Characters too many: 2")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_disabled()


def test_a_starter_prompt_fills_the_box(visit: Visit) -> None:
    page = visit()
    starters = page.locator(".starter")
    expect(starters.first).to_be_visible()
    text = starters.first.locator(".starter-text").text_content()
    starters.first.click()
    expect(page.get_by_label("Your prompt")).to_have_value(text or "missing")


def test_one_click_shows_other_starter_prompts(visit: Visit) -> None:
    page = visit()
    expect(page.locator(".starter")).to_have_count(3)
    before = page.locator(".starter-text").all_text_contents()
    page.get_by_role("button", name="Other prompts", exact=True).click()
    after = page.locator(".starter-text").all_text_contents()
    assert not set(before) & set(after)


def test_digits_typed_into_the_box_are_text_not_votes(visit: Visit) -> None:
    page = visit()
    box = page.get_by_label("Your prompt")
    box.fill("say:Done.")
    box.press("Enter")
    expect(page.locator(".vote")).to_have_attribute("data-state", "awake")
    box.click()
    page.keyboard.press("1")
    expect(box).to_have_value("1")
    expect(page.locator(".vote")).to_have_attribute("data-state", "awake")


def test_without_scripts_the_page_says_so(visit: Visit) -> None:
    page = visit("", java_script_enabled=False)
    page.goto("/")
    expect(page.get_by_text("that needs JavaScript")).to_be_visible()
    page.context.close()


def test_the_terms_are_shown_until_the_first_prompt(visit: Visit) -> None:
    page = visit()
    expect(page.locator(".terms")).to_be_visible()
    box = page.get_by_label("Your prompt")
    box.fill("say:Hello.")
    box.press("Enter")
    expect(page.locator(".vote")).to_have_attribute("data-state", "awake")
    page.goto("/")
    expect(page.locator(".terms")).to_have_count(0)
