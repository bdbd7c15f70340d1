"""What a voter does on the battle page, in steps that tests share."""

import re

from playwright.sync_api import Page, expect


def send(page: Page, prompt: str) -> None:
    """Write a prompt and press Enter."""
    box = page.get_by_label("Your prompt")
    box.fill(prompt)
    box.press("Enter")


def wait_until_votable(page: Page) -> None:
    """Wait for both answers."""
    expect(page.locator(".vote")).to_have_attribute("data-state", "awake")


def answers(page: Page, turn: int = 1) -> list[str]:
    """Return the text of both answers of a complete turn.

    A side is complete when its last words have come; they are drawn a moment later.
    """
    place = page.locator(".turn").nth(turn - 1)
    expect(place.locator(".answer").filter(has_not_text=re.compile(r"\S"))).to_have_count(0)
    return [text.strip() for text in place.locator(".answer").all_text_contents()]
