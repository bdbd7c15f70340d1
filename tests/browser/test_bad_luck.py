"""What goes wrong at a voter's end: no script, no cookie, no network, two tabs, odd input."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.browser.battling import answers, send, wait_until_votable
from tests.browser.conftest import Watched
from tests.browser.public_pages import PAGES, PublicPage
from tests.browser.site import Site

pytestmark = pytest.mark.browser
type Visit = Callable[..., Page]

# Emoji of several code points, both directions with their marks, combining marks, no spaces.
ODD = (
    "\U0001f469\u200d\U0001f467\U0001f3f3\ufe0f\u200d\U0001f308 "
    "שלום \u202eabc\u202c مرحبا Z\u0351\u036b a\u0335 " + "无" * 60
)


def votable(visit: Visit, **options: object) -> Page:
    """Return a battle that waits for its vote."""
    page = visit(**options)
    send(page, "say:An answer.")
    wait_until_votable(page)
    return page


def cut(page: Page, part: str) -> Callable[[], None]:
    """Lose every request whose address ends so; return what mends it."""
    page.route(f"**/{part}", lambda route: route.abort("connectionreset"))
    return lambda: page.unroute(f"**/{part}")


@pytest.fixture
def losing(watched: Watched) -> None:
    """Expect what Chromium says on the console when the network fails."""
    watched.expects_lost_network = True


@pytest.mark.parametrize("each", PAGES, ids=lambda page: page.name)
@pytest.mark.usefixtures("simulated")
def test_every_page_says_something_without_a_script(visit: Visit, each: PublicPage) -> None:
    page = visit("", java_script_enabled=False)
    page.goto(each.address)
    expect(page.locator("h1").first).to_be_visible()
    assert len(page.locator("main").inner_text()) > 40
    page.context.close()


def test_a_browser_that_refuses_cookies_is_told_why(visit: Visit) -> None:
    page = visit()
    page.context.clear_cookies()
    send(page, "say:Nobody's.")
    expect(page.locator(".battle-notice")).to_contain_text("refuses our cookie")
    expect(page.get_by_label("Your prompt")).to_have_value("say:Nobody's.")


@pytest.mark.usefixtures("losing")
def test_a_prompt_sent_without_a_network_comes_back(visit: Visit) -> None:
    page = visit("")
    lost = [True]

    def connect(socket: WebSocketRoute) -> None:
        if lost:
            socket.close(code=1011)
        else:
            socket.connect_to_server()

    page.route_web_socket("**/ws/battle/**", connect)
    page.goto("/")
    send(page, "say:Lost and found.")
    expect(page.locator(".battle-notice")).to_contain_text("send it again")
    expect(page.get_by_label("Your prompt")).to_have_value("say:Lost and found.")
    lost.clear()
    page.get_by_label("Your prompt").press("Enter")
    wait_until_votable(page)
    assert answers(page) == ["Lost and found."] * 2


@pytest.mark.usefixtures("losing")
def test_a_vote_that_does_not_arrive_can_be_cast_again(visit: Visit) -> None:
    page = votable(visit)
    mend = cut(page, "vote/")
    page.keyboard.press("1")
    expect(page.locator(".battle-notice")).to_contain_text("not stored yet")
    wait_until_votable(page)
    mend()
    page.keyboard.press("1")
    expect(page.locator(".verdict")).to_be_visible()


@pytest.mark.usefixtures("losing")
def test_a_vote_whose_answer_is_lost_is_one_vote(visit: Visit, site: Site) -> None:
    page = votable(visit)

    def answer_lost(route: Route) -> None:
        route.fetch()
        route.abort("connectionreset")

    page.route("**/vote/", answer_lost, times=1)
    page.keyboard.press("1")
    expect(page.locator(".battle-notice")).to_contain_text("press again")
    page.keyboard.press("2")
    expect(page.locator(".verdict")).to_contain_text("You preferred")
    # The first press was stored, and stands.
    expect(page.locator('.head[data-side="a"] .head-chosen')).to_have_count(1)
    assert votes_of(site, page) == 1


@pytest.mark.usefixtures("losing")
def test_names_that_cannot_be_fetched_come_with_the_network(visit: Visit) -> None:
    page = votable(visit)
    mend = cut(page, "reveal/")
    page.keyboard.press("1")
    expect(page.locator(".vote-sentence")).to_have_text("You chose A.")
    expect(page.get_by_text("Names in a moment")).to_be_visible()
    mend()
    expect(page.locator(".verdict")).to_be_visible()


@pytest.mark.usefixtures("losing")
def test_reasons_and_a_link_that_did_not_arrive_are_asked_again(visit: Visit) -> None:
    page = votable(visit)
    page.keyboard.press("1")
    page.get_by_role("button", name="Say why", exact=True).click()
    mend = cut(page, "reasons/")
    useful = page.locator(".why-side").first.get_by_role("button", name="useful", exact=True)
    useful.click()
    expect(page.locator(".why-state")).to_contain_text("Not kept yet")
    mend()
    page.get_by_label("A comment, if you like").fill(ODD)
    expect(page.locator(".why-state")).to_have_text("Kept")
    page.get_by_role("button", name="Share", exact=True).click()
    mend = cut(page, "share/")
    share = page.get_by_role("button", name="Make a link", exact=True)
    for _ in range(2):
        share.click()
        expect(page.locator(".after").get_by_text("did not reach the server")).to_have_count(1)
    mend()
    share.click()
    expect(page.get_by_label("Link to this battle")).to_be_visible()


def test_a_session_that_ended_is_said_with_what_to_do(visit: Visit, watched: Watched) -> None:
    watched.expected_statuses = {403, 404}
    page = votable(visit)
    page.context.clear_cookies()
    page.keyboard.press("1")
    expect(page.locator(".battle-notice")).to_contain_text("Reload it")
    page.reload()
    expect(page.locator("h1")).to_have_text("There is nothing at this address")


def test_back_and_forward_go_through_the_battles(visit: Visit) -> None:
    page = votable(visit)
    first = page.url
    page.keyboard.press("1")
    expect(page.locator(".verdict")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_have_attribute("data-stage", "landing")
    page.go_back()
    expect(page).to_have_url(first)
    expect(page.locator(".head-name")).to_have_count(2)
    page.go_forward()
    expect(page.locator("main")).to_have_attribute("data-stage", "landing")
    expect(page.get_by_label("Your prompt")).to_be_enabled()


def test_a_double_click_sends_once_and_votes_once(visit: Visit, site: Site) -> None:
    page = visit()
    page.get_by_label("Your prompt").fill("say:Twice.")
    page.get_by_role("button", name="Send", exact=True).dblclick()
    wait_until_votable(page)
    expect(page.locator(".turn")).to_have_count(1)
    page.get_by_label("Your prompt").fill("say:Again twice.")
    # Where sending was, stopping is now.
    page.get_by_role("button", name="Send", exact=True).dblclick()
    wait_until_votable(page)
    expect(page.locator(".turn")).to_have_count(2)
    assert answers(page, turn=2) == ["Again twice."] * 2
    page.get_by_role("button", name="A", exact=True).dblclick()
    expect(page.locator(".verdict")).to_be_visible()
    assert votes_of(site, page) == 1


def test_two_tabs_that_vote_differently_cast_one_vote(visit: Visit, site: Site) -> None:
    page = votable(visit)
    other = page.context.new_page()
    other.goto(page.url)
    wait_until_votable(other)
    page.keyboard.press("1")
    expect(page.locator(".verdict")).to_be_visible()
    other.keyboard.press("2")
    expect(other.locator('.head[data-side="a"] .head-chosen')).to_have_count(1)
    assert votes_of(site, page) == 1


def test_a_pasted_megabyte_is_held_back_with_the_number_that_is_too_many(visit: Visit) -> None:
    page = visit()
    box = page.get_by_label("Your prompt")
    box.evaluate(
        "(box) => { box.value = 'word '.repeat(200_000);"
        " box.dispatchEvent(new InputEvent('input', {bubbles: true})); }"
    )
    expect(page.locator(".composer-limit")).to_have_text("Characters too many: 969,999")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    box.press("Enter")
    expect(page.locator("main")).to_have_attribute("data-stage", "landing")
    box.fill("say:Short.")
    box.press("Enter")
    wait_until_votable(page)


@pytest.mark.usefixtures("simulated")
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_emoji_and_directions_are_text_in_every_field(
    visit: Visit, watched: Watched, phone: bool
) -> None:
    watched.expected_statuses = {404}  # how /which/ answers a number that is none
    page = visit(phone=phone)
    send(page, f"say:{ODD}")
    wait_until_votable(page)
    assert answers(page) == [ODD] * 2
    assert not scrolls_sideways(page)
    page.get_by_role("button", name="A", exact=True).click()
    expect(page.locator(".verdict")).to_be_visible()
    page.goto("/me/")
    expect(page.locator(".mine-prompt")).to_contain_text("无" * 60)
    assert not scrolls_sideways(page)
    page.get_by_role("searchbox").fill("שלום")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator(".mine-entry")).to_have_count(1)
    for address in ("/leaderboard/?source=simulated&q=", "/which/?source=simulated&gb="):
        page.goto(address + ODD)
        expect(page.locator("h1").first).to_be_visible()
        assert not scrolls_sideways(page), address


def scrolls_sideways(page: Page) -> bool:
    """Return whether the page is wider than the screen."""
    wide: bool = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return wide


def votes_of(site: Site, page: Page) -> int:
    """Return how many votes the open battle has."""
    battle = page.url.rstrip("/").rpartition("/")[2]
    found = site.execute("SELECT count(*) FROM battles_vote WHERE battle_id = %s::uuid", battle)
    assert found is not None
    return int(found[0])
