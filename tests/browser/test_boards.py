"""The boards as readers see them: a fresh vote, the chart, narrow and dark, without a script."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from tests.browser.battling import send, wait_until_votable
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.site import MODELS, Site

pytestmark = pytest.mark.browser
type Visit = Callable[..., Page]

LEADERBOARD = "/leaderboard/?source=simulated"
GAP = "/gap/?source=simulated"
SIMULATED_MODELS = 20
# The promise is ten seconds after the vote is final; a loaded machine gets longer.
ON_THE_BOARD = 120_000


def line_of(page: Page, model: str) -> Locator:
    """Return the line of a model, rated or not."""
    return page.locator("tbody tr").filter(has=page.get_by_role("link", name=model, exact=True))


def test_a_vote_is_on_the_live_board_without_a_reload(
    visit: Visit, site: Site, worker: None
) -> None:
    site.wait_until_boards_are_up_to_date()
    board = visit("/leaderboard/")
    cells = [line_of(board, model.replace("-", " ").title()).locator(".votes") for model in MODELS]
    before = [int(cell.inner_text()) for cell in cells]
    board.evaluate("window.sameDocument = true")

    page = visit()
    send(page, "say:Which of us is on the board?")
    wait_until_votable(page)
    page.keyboard.press("1")
    expect(page.locator(".receipt")).to_contain_text("receipt")

    for cell, count in zip(cells, before, strict=True):
        expect(cell).to_have_text(str(count + 1), timeout=ON_THE_BOARD)
    assert board.evaluate("window.sameDocument"), "the board was loaded again"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
@pytest.mark.parametrize("path", [LEADERBOARD, GAP], ids=["leaderboard", "gap"])
def test_pages_of_simulated_votes_say_so_and_fit_the_screen(
    visit: Visit, simulated: None, path: str, phone: bool, scheme: str
) -> None:
    page = visit(path, phone=phone, color_scheme=scheme)
    expect(page.locator(".notice.simulated")).to_be_visible()
    expect(page.locator(".chart svg, .board tbody svg").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "scrolls sideways"
    text, ground = page.evaluate(
        "['color', 'backgroundColor'].map((name) => getComputedStyle(document.documentElement)"
        "[name].match(/[0-9.]+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0))"
    )
    assert (ground > text) == (scheme == "light")


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_the_gap_is_drawn_and_follows_the_theme(visit: Visit, simulated: None, phone: bool) -> None:
    page = visit(GAP, phone=phone, color_scheme="light")
    chart = page.locator("#gap .chart")
    lines = chart.locator("svg .mark-line path")
    expect(lines).to_have_count(2)
    assert chart.locator("svg .mark-symbol path").count() >= SIMULATED_MODELS
    for mark in (lines.first, lines.last, chart.locator("svg .mark-area path").first):
        box = mark.bounding_box()
        assert box is not None
        assert box["width"] > 100, "there is hardly a mark"
    frame, drawn = chart.bounding_box(), chart.locator("svg").bounding_box()
    assert frame is not None
    assert drawn is not None
    assert drawn["width"] <= frame["width"] + 1
    names = chart.locator("svg .mark-text text").all_text_contents()
    assert any("closed" in name for name in names), names
    assert any("open" in name for name in names), names

    light = lines.first.get_attribute("stroke") or ""
    page.emulate_media(color_scheme="dark")
    expect(lines.first).not_to_have_attribute("stroke", light)
    expect(lines).to_have_count(2)


def test_the_gap_is_told_in_words_and_numbers_as_well(visit: Visit, simulated: None) -> None:
    page = visit(GAP)
    expect(page.get_by_role("heading", level=1)).to_contain_text("The best open model")
    frame = page.locator("#gap")
    frame.get_by_text("The figures as a table").click()
    for side in ("closed", "open"):
        cells = frame.locator("details[open] tbody td").filter(has_text=re.compile(f"^{side}$"))
        assert cells.count() > 1


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_leaderboard_works_without_a_script(
    browser: Browser, site: Site, simulated: None, viewport: ViewportSize
) -> None:
    context = browser.new_context(base_url=site.url, java_script_enabled=False, viewport=viewport)
    page = context.new_page()
    page.goto(LEADERBOARD)
    rows = page.locator(".board tbody tr")
    expect(rows).to_have_count(SIMULATED_MODELS)
    expect(rows.first.locator(".interval circle")).to_be_visible()

    ratings = [int(text.split()[0]) for text in rows.locator(".rating").all_inner_texts()]
    assert ratings == sorted(ratings, reverse=True)
    page.get_by_label("Licence").select_option("closed")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page).to_have_url(re.compile("licence=closed"))
    closed = rows.count()
    assert 1 < closed < SIMULATED_MODELS
    page.goto(f"{LEADERBOARD}&licence=closed&sort=votes")
    votes = [int(text.replace(",", "")) for text in rows.locator(".votes").all_inner_texts()]
    assert len(votes) == closed
    assert votes == sorted(votes, reverse=True)
    page.goto(GAP)
    assert page.locator("#gap tbody tr").count() > 1
    context.close()


def test_on_a_phone_every_figure_of_the_board_has_its_heading_above_it(
    visit: Visit, simulated: None
) -> None:
    page = visit(LEADERBOARD, phone=True)
    for column in ("rank", "model", "rating", "class", "interval", "votes"):
        heading, cell = page.locator(f".board .{column}:visible").all()[:2]
        above, below = heading.bounding_box(), cell.bounding_box()
        assert above is not None
        assert below is not None
        assert above["x"] == below["x"]
        assert above["width"] == below["width"]
    page.locator(".board thead").get_by_role("link", name="Votes", exact=True).click()
    expect(page).to_have_url(re.compile("sort=votes"))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_on_a_phone_no_table_of_a_board_needs_to_be_scrolled_sideways(
    visit: Visit, simulated: None
) -> None:
    page = visit("/which/?source=simulated&gpus=2&gb=40&commercial=on", phone=True)
    page.locator(".fitting").first.wait_for()
    assert frames_too_narrow(page) == []
    page.goto(LEADERBOARD)
    page.locator(".board-id a").click()
    page.locator(".frozen").wait_for()
    assert frames_too_narrow(page) == []


def frames_too_narrow(page: Page) -> list[str]:
    """Return the first words of each table that is wider than the page lets it be."""
    frames = page.locator(".table-frame:visible").all()
    assert frames
    return [
        frame.inner_text()[:40]
        for frame in frames
        if frame.evaluate("(frame) => frame.scrollWidth > frame.clientWidth")
    ]
