"""Where the focus goes and that it is seen: on any screen, however far a page is enlarged."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.battling import send, wait_until_votable
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.fake_server import FakeServer

pytestmark = pytest.mark.browser
type Visit = Callable[..., Page]

# What is left of 1280 by 800 at 200 % and of 1280 by 1024 at 400 %, and a telephone on its side.
TWICE = ViewportSize(width=640, height=400)
FOUR_TIMES = ViewportSize(width=320, height=256)
SIDEWAYS = ViewportSize(width=844, height=390)
LOW = {"twice": TWICE, "four-times": FOUR_TIMES, "sideways": SIDEWAYS}
LINKS = "\n\n".join(
    f"A paragraph with [a link](https://elsewhere.example/{n}) and words after it, so that it has"
    " several lines in a narrow column, as most paragraphs do."
    for n in range(12)
)
# How much of the screen's height is taken by what sticks to its edges.
STUCK = """
[...document.querySelectorAll(".dock, .heads, .tabs")]
  .filter((each) => getComputedStyle(each).position === "sticky")
  .reduce((sum, each) => sum + each.getBoundingClientRect().height, 0) / innerHeight
"""
# Of what has the focus: its place when something else lies over all of it, else nothing.
COVERED = """
() => {
  const focused = document.activeElement;
  const seen = [...focused.getClientRects()].some(({ left, right, top, bottom }) =>
    [0.1, 0.5, 0.9].some((x) => [0.1, 0.5, 0.9].some((y) => focused.contains(
      document.elementFromPoint(left + (right - left) * x, top + (bottom - top) * y)))));
  return seen || focused === document.body ? "" : focused.outerHTML.slice(0, 120);
}
"""


@pytest.fixture
def streamed(visit: Visit) -> Callable[..., Page]:
    """Return a function that opens a battle with long answers full of links, ready for its vote."""

    def open_battle(**options: object) -> Page:
        page = visit("", **options)
        server = FakeServer(page)
        page.goto("/")
        send(page, "Hello")
        server.wait_to_hear("prompt")
        server.begin()
        server.say(LINKS, LINKS)
        server.end()
        wait_until_votable(page)
        expect(page.locator(".answer:visible").first.get_by_role("link")).to_have_count(12)
        return page

    return open_battle


def test_the_focus_goes_from_the_vote_to_what_can_be_done_next(visit: Visit) -> None:
    page = visit()
    send(page, "say:Keys.")
    wait_until_votable(page)
    choice = page.get_by_role("button", name="A", exact=True)
    undo = page.get_by_role("button", name="Undo", exact=True)
    page.keyboard.press("Tab")  # so that the keyboard is what is used
    choice.focus()
    page.keyboard.press("Enter")
    expect(undo).to_be_focused()
    page.keyboard.press("Enter")
    wait_until_votable(page)
    expect(choice).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".verdict")).to_be_visible()
    expect(page.get_by_role("button", name="New battle", exact=True)).to_be_focused()


def test_the_focus_of_who_is_elsewhere_stays_there(visit: Visit) -> None:
    page = visit()
    send(page, "say:Keys.")
    wait_until_votable(page)
    page.get_by_role("button", name="A", exact=True).click()
    page.keyboard.press("/")
    expect(page.locator(".verdict")).to_be_visible()
    expect(page.get_by_label("Your prompt")).to_be_focused()


@pytest.mark.parametrize("size", LOW.values(), ids=LOW)
def test_an_enlarged_page_keeps_room_to_read_in_at_the_reveal(
    visit: Visit, size: ViewportSize
) -> None:
    page = visit(viewport=size)
    send(page, f"say:{LINKS}")
    wait_until_votable(page)
    assert page.evaluate(STUCK) <= 0.5
    page.keyboard.press("1")
    expect(page.locator(".verdict")).to_be_visible()
    assert page.evaluate(STUCK) <= 0.5
    page.get_by_role("button", name="Say why", exact=True).click()
    expect(page.locator(".why")).to_be_visible()
    assert page.evaluate(STUCK) <= 0.5
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    heading = page.locator(".head-name:visible").first
    heading.scroll_into_view_if_needed()
    expect(heading).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize(
    "size", [DESKTOP, PHONE, *LOW.values()], ids=["desktop", "phone", *LOW.keys()]
)
def test_what_has_the_focus_is_seen(
    streamed: Callable[..., Page], size: ViewportSize, backwards: bool
) -> None:
    page = streamed(viewport=size)
    page.evaluate("scrollTo(0, 0)")
    if backwards:
        page.get_by_label("Your prompt").focus()
    else:
        page.locator("main").focus()
    covered = []
    for _ in range(36):
        page.keyboard.press("Shift+Tab" if backwards else "Tab")
        covered.append(page.evaluate(COVERED))
    assert not [each for each in covered if each]


def test_the_page_stands_still_while_the_focus_goes_through_the_dock(
    streamed: Callable[..., Page],
) -> None:
    page = streamed()
    page.evaluate("scrollTo(0, 100)")
    page.keyboard.press("/")
    page.keyboard.type("Words")
    for _ in range(4):
        page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="A", exact=True)).to_be_focused()
    assert page.evaluate("scrollY") == 100


@pytest.mark.parametrize("size", [TWICE, PHONE], ids=["twice", "phone"])
def test_what_is_above_comes_first(streamed: Callable[..., Page], size: ViewportSize) -> None:
    page = streamed(viewport=size)
    page.get_by_role("button", name="A", exact=True).focus()
    heights = []
    for _ in range(5):
        box = page.locator(":focus").bounding_box()
        assert box is not None
        heights.append(box["y"])
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") != "prompt"
    assert heights == sorted(heights)
    assert heights[-1] > heights[0], "the box comes after the votes"
