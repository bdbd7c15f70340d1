"""The battle page for everyone: axe-core in each state and theme, and what it cannot see."""

from collections.abc import Callable
from http import HTTPStatus

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.battling import send, wait_until_votable
from tests.browser.fake_server import FakeServer
from tests.browser.site import ROOT

pytestmark = pytest.mark.browser
type Visit = Callable[..., Page]

AXE = ROOT / ".local/npm/node_modules/axe-core/axe.min.js"
RUN_AXE = """
async () => {
  const { violations } = await axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ; ")}`);
}
"""
# What a stored battle says that has no vote any more.
OVER = {"votable": False, "void": "failed", "vote": None}
ANSWER = (
    "## A heading\n\nWords, [a link](https://elsewhere.example/) and `code`.\n\n"
    "```python\nprint(1)\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- one\n- two\n\n$x^2$\n"
)


@pytest.fixture(scope="session")
def axe() -> str:
    """Return axe-core's script; `make setup` fetches it."""
    if not AXE.exists():
        pytest.fail(f"{AXE} is missing: `make setup` fetches it")
    return AXE.read_text()


def violations(page: Page, axe: str) -> list[str]:
    """Return what axe-core finds wrong with a page as it is now."""
    page.evaluate(axe)
    found: list[str] = page.evaluate(RUN_AXE)
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_axe_finds_nothing_in_any_state_of_a_battle(
    visit: Visit, axe: str, scheme: str, phone: bool
) -> None:
    page = visit("", phone=phone, color_scheme=scheme)
    server = FakeServer(page)
    page.goto("/")
    assert violations(page, axe) == [], "landing"
    send(page, "Hello")
    server.begin()
    server.tell_next("queue", position=2)
    expect(page.locator(".in-line:visible").first).to_be_visible()
    assert violations(page, axe) == [], "waiting"
    server.say(ANSWER, ANSWER)
    expect(page.locator(".answer:visible h2").first).to_be_visible()
    assert violations(page, axe) == [], "streaming"
    server.end()
    wait_until_votable(page)
    assert violations(page, axe) == [], "vote"
    server.begin()
    server.end("failed")
    expect(page.locator(".battle-notice")).to_be_visible()
    assert violations(page, axe) == [], "void"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_at_the_reveal(visit: Visit, axe: str, scheme: str) -> None:
    page = visit(color_scheme=scheme)
    send(page, f"say:{ANSWER}")
    wait_until_votable(page)
    page.keyboard.press("1")
    expect(page.locator(".verdict")).to_be_visible()
    assert violations(page, axe) == []


@pytest.fixture
def streaming(visit: Visit) -> tuple[Page, FakeServer]:
    """Open a battle whose answers a test streams."""
    page = visit("")
    server = FakeServer(page)
    page.goto("/")
    send(page, "Hello")
    server.begin()
    return page, server


def test_a_screen_reader_is_told_the_stages_and_not_the_stream(
    streaming: tuple[Page, FakeServer],
) -> None:
    page, server = streaming
    page.evaluate(
        "window.said = []; new MutationObserver(() => said.push(announcements.textContent))"
        ".observe(announcements, {childList: true, characterData: true, subtree: true})"
    )
    for number in range(50):
        server.say(f"word{number} ", f"word{number} ")
    server.end()
    wait_until_votable(page)
    said = page.evaluate("said")
    assert len(said) == 1, said
    assert "Keys 1 to 4" in said[0]
    live = page.locator(".turns [aria-live], .turns [role=status], .turns [role=log]")
    assert live.count() == 0
    expect(page.locator('.side[data-side="a"]')).to_have_attribute("aria-busy", "false")


def test_a_prompt_that_is_too_long_is_said_once_and_when_it_is_not_sent(visit: Visit) -> None:
    page = visit()
    box = page.get_by_label("Your prompt")
    said = page.locator("#announcements")
    expect(box).to_be_enabled()
    box.fill("a" * 30_001)
    expect(said).to_have_text("Characters too many: 1")
    expect(box).to_have_accessible_description("Characters too many: 1")
    box.press("a")
    expect(page.locator(".composer-limit")).to_have_text("Characters too many: 2")
    expect(said).to_have_text("Characters too many: 1")  # not with every letter
    box.press("Enter")
    expect(said).to_have_text("Characters too many: 2")
    box.fill("a" * 29_999)
    expect(said).to_have_text("Characters left: 1")


def test_a_vote_that_is_counted_later_is_said_then(visit: Visit) -> None:
    page = visit()
    undecided: list[bool] = []

    def reveal(route: Route) -> None:
        reply = route.fetch()
        if reply.status != HTTPStatus.OK:
            route.fulfill(response=reply)
            return
        known = reply.json()
        known["receipt"] |= {"counted": True if undecided else None, "reason": None}
        undecided.append(True)
        route.fulfill(response=reply, json=known)

    page.route("**/reveal/", reveal)
    send(page, "say:An answer.")
    wait_until_votable(page)
    page.keyboard.press("1")
    expect(page.locator(".receipt")).to_contain_text("it is being checked")
    expect(page.locator("#announcements")).to_contain_text("Your vote counts")


def test_coming_back_to_a_battle_that_is_over_says_nothing_again(
    streaming: tuple[Page, FakeServer],
) -> None:
    page, server = streaming
    server.end("failed")
    notice = page.locator(".battle-notice")
    expect(notice).to_contain_text("does not count")
    page.evaluate("announcements.textContent = ''")
    turn = {"number": 1, "prompt": "Hello", "state": "failed", "a": "", "b": ""}
    server.tell("battle", battle=server.battle, turns=[turn], seq=1, **OVER)
    server.tell("battle", battle=server.battle, turns=[turn, {**turn, "number": 2}], seq=1, **OVER)
    expect(page.locator(".turn")).to_have_count(2)
    expect(notice).to_contain_text("does not count")
    expect(page.locator("#announcements")).to_have_text("")


def test_a_prompt_that_failed_and_was_cleared_stays_cleared(
    streaming: tuple[Page, FakeServer],
) -> None:
    page, server = streaming
    turn = {"number": 1, "prompt": "Hello", "state": "failed", "a": "", "b": ""}
    chosen = {side: {"name": f"Model {side}", "organisation": ""} for side in "ab"}
    box = page.get_by_label("Your prompt")
    for turns in ([turn], [turn], [turn, {**turn, "number": 2}]):
        server.tell("battle", battle=server.battle, turns=turns, seq=0, models=chosen, **OVER)
    expect(page.locator(".turn")).to_have_count(2)
    expect(box).to_have_value("Hello")
    box.fill("")
    for _ in range(2):
        server.tell("battle", battle=server.battle, turns=turns, seq=0, models=chosen, **OVER)
    server.tell("error", code="test", message="All that came before is read.")
    expect(page.locator(".battle-notice")).to_contain_text("All that came before")
    expect(box).to_have_value("")


def test_languages_and_directions_are_marked(streaming: tuple[Page, FakeServer]) -> None:
    page, server = streaming
    server.say("مرحبا بالعالم، هذا نص عربي. " * 3, "这是一个测试，说明中文的回答。" * 3)
    server.end()
    wait_until_votable(page)
    arabic, chinese = page.locator(".answer").all()
    expect(arabic).to_have_attribute("lang", "ar")
    expect(chinese).to_have_attribute("lang", "zh-Hans")
    paragraph = arabic.locator("p").first
    assert paragraph.evaluate("(e) => getComputedStyle(e).direction") == "rtl"
    assert chinese.locator("p").first.evaluate("(e) => getComputedStyle(e).direction") == "ltr"


def test_the_keyboard_goes_through_a_battle_in_reading_order(
    streaming: tuple[Page, FakeServer],
) -> None:
    page, server = streaming
    server.say(ANSWER, ANSWER)
    server.end()
    wait_until_votable(page)
    page.locator("main").focus()
    seen = []
    for _ in range(16):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                "document.activeElement.dataset.outcome ?? (document.activeElement.id ||"
                " document.activeElement.closest('[data-side]')?.dataset.side + '-side')"
            )
        )
    votes = [name for name in seen if name in {"a", "b", "tie", "both_bad", "prompt"}]
    assert votes[:5] == ["a", "b", "tie", "both_bad", "prompt"], seen
    assert seen.index("a-side") < seen.index("b-side") < seen.index("a")


def test_at_twice_the_size_nothing_is_cut_off(visit: Visit) -> None:
    page = visit("", viewport={"width": 640, "height": 400})
    server = FakeServer(page)
    page.goto("/")
    send(page, "Hello")
    server.begin()
    server.say(ANSWER * 3, ANSWER * 3)
    server.end()
    wait_until_votable(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    dock = page.locator(".dock").bounding_box()
    assert dock is not None
    assert dock["height"] <= 200, "the answers have less than half of the screen"


def test_with_forced_colours_every_control_has_an_edge(visit: Visit) -> None:
    page = visit(forced_colors="active")
    send(page, "say:Done.")
    wait_until_votable(page)
    controls = page.locator(".vote-choices button, .composer").all()
    assert len(controls) == 5
    for control in controls:
        width = control.evaluate("(e) => parseFloat(getComputedStyle(e).borderTopWidth)")
        assert width >= 1


@pytest.mark.parametrize("wish", ["reduce", "no-preference"])
def test_waiting_moves_only_for_those_who_do_not_mind(visit: Visit, wish: str) -> None:
    page = visit("", reduced_motion=wish)
    server = FakeServer(page)
    page.goto("/")
    send(page, "Hello")
    server.begin()
    expect(page.locator(".turn")).to_be_visible()
    moving = page.evaluate(
        "document.getAnimations()"
        ".filter((each) => each.effect.getComputedTiming().iterations === Infinity).length"
    )
    assert (moving > 0) == (wish == "no-preference")
