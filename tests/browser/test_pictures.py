"""A picture in the prompt box: by button, paste and drop, on a desktop and a phone."""

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.battling import answers, send, wait_until_votable
from tests.browser.site import Site
from tests.browser.test_accessibility import axe, violations

pytestmark = pytest.mark.browser
type Visit = Callable[..., Page]

__all__ = ["axe"]  # a fixture
_PASTE = """
([kind, selector]) => {
  const files = new DataTransfer();
  const pixel = Uint8Array.from(atob(
    "R0lGODlhAQABAIAAAP8AAP///yH5BAAAAAAALAAAAAABAAEAAAICRAEAOw=="), (c) => c.charCodeAt(0));
  files.items.add(new File([pixel], "pixel.gif", { type: "image/gif" }));
  const options = { bubbles: true, cancelable: true };
  const event = kind === "paste"
    ? new ClipboardEvent("paste", { ...options, clipboardData: files })
    : new DragEvent("drop", { ...options, dataTransfer: files });
  document.querySelector(selector).dispatchEvent(event);
}
"""


@pytest.fixture(autouse=True)
def _seeing(site: Site) -> Iterator[None]:
    """Let both models take pictures, for one test."""
    site.execute("UPDATE catalog_endpoint SET findings = findings || '{\"takes_images\": true}'")
    yield
    site.execute("UPDATE catalog_endpoint SET findings = findings - 'takes_images'")


def photograph(width: int = 2400, height: int = 1800) -> FilePayload:
    image = Image.new("RGB", (width, height), "#8fb4d0")
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, height * 0.62, width, height), fill="#5c7f4a")
    pen.ellipse((width * 0.7, height * 0.1, width * 0.85, height * 0.3), fill="#f2d479")
    pen.polygon(
        [(width * 0.1, height * 0.62), (width * 0.4, height * 0.2), (width * 0.65, height * 0.62)],
        fill="#77706a",
    )
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=0)
    return FilePayload(name="IMG_0001.png", mimeType="image/png", buffer=file.getvalue())


def attach(page: Page, file: FilePayload) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Attach a picture", exact=True).click()
    chooser.value.set_files(file)


def look(page: Page, name: str) -> None:
    """Keep a picture of the page where somebody wants to look at it."""
    if folder := os.environ.get("PARITY_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_it_is_attached_removed_sent_and_still_there(
    visit: Visit, axe: str, phone: bool, scheme: str
) -> None:
    page = visit(phone=phone, color_scheme=scheme)
    name = f"{'phone' if phone else 'desktop'}-{scheme}"
    button = page.get_by_role("button", name="Attach a picture", exact=True)
    preview = page.locator(".attached img")
    attach(page, photograph())
    expect(preview).to_be_visible()
    assert preview.evaluate("image => image.naturalWidth") == 1568
    look(page, f"attached-{name}")
    assert violations(page, axe) == []
    page.get_by_role("button", name="Remove the picture", exact=True).press("Enter")
    expect(preview).to_be_hidden()
    expect(button).to_be_focused()
    attach(page, photograph(300, 700))
    expect(preview).to_be_visible()
    send(page, "say:A mountain in the sun.")
    wait_until_votable(page)
    expect(preview).to_be_hidden()
    assert answers(page) == ["A mountain in the sun."] * 2
    shown = page.locator(".prompt-picture img")
    expect(shown).to_be_visible()
    assert shown.evaluate("image => image.naturalHeight") == 700
    expect(button).to_be_visible()
    look(page, f"answered-{name}")
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.reload()
    expect(shown).to_be_visible()


@pytest.mark.parametrize(("kind", "where"), [("paste", "#prompt"), ("drop", ".intro")])
def test_it_is_pasted_and_dropped(visit: Visit, kind: str, where: str) -> None:
    page = visit()
    page.evaluate(_PASTE, [kind, where])
    preview = page.locator(".attached img")
    expect(preview).to_be_visible()
    assert preview.evaluate("image => image.naturalWidth") == 1


def test_what_is_no_picture_is_said_and_the_prompt_is_kept(visit: Visit, watched: Any) -> None:
    watched.expected_statuses = {400}
    page = visit()
    box = page.get_by_label("Your prompt")
    box.fill("What is this?")
    attach(page, FilePayload(name="a.png", mimeType="image/png", buffer=b"<svg onload=alert(1)>"))
    expect(page.locator(".battle-notice")).to_contain_text("cannot be read as a picture")
    expect(page.locator(".attached")).to_be_hidden()
    expect(box).to_have_value("What is this?")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_enabled()


def test_a_blind_battle_that_began_without_one_offers_none(visit: Visit) -> None:
    page = visit()
    button = page.get_by_role("button", name="Attach a picture", exact=True)
    expect(button).to_be_visible()
    send(page, "say:No picture.")
    wait_until_votable(page)
    expect(button).to_be_hidden()
    page.reload()
    wait_until_votable(page)
    expect(button).to_be_hidden()


def test_history_marks_it_and_a_link_shows_it(visit: Visit, axe: str) -> None:
    page = visit(color_scheme="dark")
    attach(page, photograph())
    expect(page.locator(".attached img")).to_be_visible()
    send(page, "say:A mountain.")
    wait_until_votable(page)
    page.keyboard.press("1")
    expect(page.locator(".verdict")).to_be_visible()
    page.locator(".after-openers button").nth(1).click()
    page.locator(".after .share button").first.click()
    link = page.locator(".share input").input_value()
    page.goto("/me/")
    expect(page.locator(".mine-entry")).to_contain_text("With a picture")
    look(page, "history")
    other = visit("", phone=True)
    other.goto(link)
    shown = other.locator(".shared-picture img")
    assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1568
    look(other, "shared-phone")
    assert violations(other, axe) == []
    assert other.evaluate("document.documentElement.scrollWidth <= innerWidth")
