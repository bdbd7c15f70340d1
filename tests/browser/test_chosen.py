"""Side by side, and a chat with one: models that the visitor chooses, in a real browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.battling import answers, send, wait_until_votable
from tests.browser.site import Site
from tests.browser.test_accessibility import axe, violations

__all__ = ["axe"]  # a fixture

pytestmark = pytest.mark.browser
type Visit = Callable[..., Page]

NAMES = ("Parrot 70B", "Mockingbird 8B")
SLUGS = ("parrot-70b", "mockingbird-8b")
SIDE_BY_SIDE = f"/side-by-side/?a={SLUGS[0]}&b={SLUGS[1]}"
CHAT = f"/chat/?a={SLUGS[1]}"


def wait_until_answered(page: Page, turn: int = 1) -> None:
    """Wait until every side of a turn is complete."""
    open_sides = page.locator(".turn").nth(turn - 1).locator('.side:not([data-state="complete"])')
    expect(page.locator(".turn")).to_have_count(turn)
    expect(open_sides).to_have_count(0)


def test_the_switch_keeps_the_draft_and_says_where_one_is(visit: Visit) -> None:
    page = visit()
    switch = page.get_by_role("navigation", name="Who answers")
    expect(switch.locator("[aria-current]")).to_have_text("Blind battle")
    page.get_by_label("Your prompt").fill("half a thought")
    for name in ("Side by side", "Chat with one", "Blind battle"):
        switch.get_by_role("link", name=name).click()
        expect(switch.locator("[aria-current]")).to_have_text(name)
        expect(page.get_by_label("Your prompt")).to_have_value("half a thought")


def test_two_that_were_chosen_answer_under_their_names_without_a_vote(visit: Visit) -> None:
    page = visit("/side-by-side/")
    send(page, "Hello")
    expect(page.locator(".battle-notice")).to_contain_text("Choose who answers first")
    expect(page.get_by_label("Model A")).to_be_focused()
    expect(page.get_by_label("Your prompt")).to_have_value("Hello")
    for letter, name in zip("AB", NAMES, strict=True):
        page.get_by_label(f"Model {letter}").select_option(name)
    assert page.url.endswith(SIDE_BY_SIDE)
    send(page, "say:Well met.")
    wait_until_answered(page)
    assert answers(page) == ["Well met.", "Well met."]
    for side, name in zip("ab", NAMES, strict=True):
        expect(page.locator(f'.head[data-side="{side}"]')).to_contain_text(name)
    expect(page.locator(".vote")).to_be_hidden()
    expect(page.locator(".chosen")).to_contain_text("no vote")
    page.keyboard.press("1")  # there is nothing to vote on
    page.keyboard.press("/")
    expect(page.get_by_label("Your prompt")).to_be_focused()
    send(page, "say:Once more.")
    wait_until_answered(page, 2)
    page.reload()
    wait_until_answered(page, 2)
    assert answers(page, 2) == ["Once more.", "Once more."]
    expect(page.locator('.head[data-side="b"]')).to_contain_text(NAMES[1])
    page.get_by_role("button", name="Start over", exact=True).click()
    expect(page.get_by_label("Model B")).to_have_value(SLUGS[1])
    assert page.url.endswith(SIDE_BY_SIDE)


def test_its_prompt_can_go_to_a_blind_pair_which_is_voted_on_as_ever(visit: Visit) -> None:
    page = visit(SIDE_BY_SIDE)
    send(page, "say:Good day.")
    wait_until_answered(page)
    page.get_by_role("button", name="Same prompt, blind", exact=True).click()
    wait_until_votable(page)
    expect(page.locator("main")).to_have_attribute("data-mode", "blind")
    expect(page.locator(".chosen")).to_be_hidden()
    for name in NAMES:
        expect(page.locator(".field-of-battle")).not_to_contain_text(name)
    page.keyboard.press("3")
    expect(page.locator(".verdict")).to_be_visible()
    page.get_by_role("button", name="New battle", exact=True).click()
    expect(page.locator(".modes [aria-current]")).to_have_text("Blind battle")


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_one_alone_answers_in_one_column(visit: Visit, phone: bool) -> None:
    page = visit(CHAT, phone=phone)
    send(page, "say:Good day.")
    wait_until_answered(page)
    assert answers(page) == ["Good day."]
    expect(page.locator(".answer")).to_be_visible()
    expect(page.locator(".head:visible")).to_have_count(1)
    expect(page.locator(".head:visible")).to_contain_text(NAMES[1])
    expect(page.locator(".tabs")).to_be_hidden()
    send(page, "say:Good night.")
    wait_until_answered(page, 2)
    page.goto("/me/")
    entry = page.locator(".mine-entry")
    expect(entry).to_contain_text(NAMES[1])
    expect(entry).to_contain_text("no vote")
    entry.locator(".mine-prompt").click()
    wait_until_answered(page, 2)
    assert answers(page, 2) == ["Good night."]


def test_a_turn_that_failed_is_tried_again_in_place(visit: Visit) -> None:
    page = visit(CHAT)
    send(page, "fail:")
    expect(page.locator(".battle-notice")).to_contain_text("This turn failed")
    expect(page.get_by_label("Your prompt")).to_have_value("fail:")
    send(page, "say:It works.")
    wait_until_answered(page)
    assert answers(page) == ["It works."]


def test_without_scripts_the_page_says_what_it_needs(visit: Visit) -> None:
    page = visit("/chat/", java_script_enabled=False)
    expect(page.locator(".without-scripts")).to_be_visible()
    expect(page.get_by_label("Your prompt")).to_be_disabled()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
@pytest.mark.parametrize("address", [SIDE_BY_SIDE, CHAT], ids=["side by side", "chat"])
def test_axe_finds_nothing_before_and_after_the_answers(
    visit: Visit, axe: str, scheme: str, phone: bool, address: str
) -> None:
    page = visit(address, phone=phone, color_scheme=scheme)
    assert violations(page, axe) == []
    send(page, "say:Good day.")
    wait_until_answered(page)
    assert violations(page, axe) == []


def test_an_address_with_a_model_that_is_not_there_leaves_the_choice_open(
    visit: Visit, site: Site
) -> None:
    page = visit("/chat/?a=no-such-model")
    expect(page.get_by_label("Model", exact=True)).to_have_value("")
    assert site.execute(
        "SELECT count(*) FROM battles_battle WHERE model_b_id IS NULL AND blind"
    ) == (0,)
