"""The pages of the boards: every chart is drawn, and choices are taken in place."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.public_pages import SIMULATED
from tests.browser.site import Site
from tests.browser.test_accessibility import axe, violations

__all__ = ["axe"]
pytestmark = pytest.mark.browser
type Visit = Callable[..., Page]

_TWO_BOARDS = """
from arena.boards.snapshots import Method, Slice, board_of
for part in (Slice(category="coding"), Slice(language="en")):
    board_of("simulated", Method.BRADLEY_TERRY, part)
"""


@pytest.fixture(scope="module", autouse=True)
def two_slices(site: Site, simulated: None) -> None:
    """Let there be a use and a language to choose before any page is made, and kept."""
    site.manage("shell", "-c", _TWO_BOARDS)


def test_every_chart_of_the_gap_is_drawn(visit: Visit, simulated: None) -> None:
    page = visit(f"/gap/?{SIMULATED}")
    charts = page.locator(".chart")
    assert charts.count() > 6
    for chart in charts.all():
        expect(chart.locator("svg")).to_be_visible()


def test_the_table_is_filtered_in_place_as_one_types(visit: Visit, simulated: None) -> None:
    page = visit(f"/leaderboard/?{SIMULATED}")
    page.evaluate("window.sameDocument = true")
    rows = page.locator(".board tbody tr")
    expect(rows).to_have_count(20)
    page.get_by_label("Search").fill("basalt")
    expect(rows).to_have_count(4)
    expect(page).to_have_url(re.compile("q=basalt"))
    page.get_by_label("Licence").select_option("open")
    expect(page.get_by_text("No rated model fits these choices.")).to_be_visible()
    assert page.evaluate("window.sameDocument"), "the page was loaded again"
    page.reload()
    expect(page.get_by_label("Search")).to_have_value("basalt")


def test_the_arrow_keys_pass_over_choices_and_enter_takes_one(
    visit: Visit, simulated: None
) -> None:
    page = visit(f"/leaderboard/?{SIMULATED}")
    page.evaluate("window.sameDocument = true")
    use = page.locator("select[name=category]")
    first = use.locator("option").nth(1).get_attribute("value") or "nothing"
    use.focus()
    for key, value in (("ArrowDown", first), ("ArrowUp", ""), ("ArrowDown", first)):
        use.press(key)
        expect(use).to_have_value(value)
    assert page.evaluate("window.sameDocument"), "the page was left on the way"
    use.press("Enter")
    expect(page).to_have_url(re.compile(f"category={first}"))


def test_choosing_a_language_lets_go_of_the_use(visit: Visit, simulated: None) -> None:
    page = visit(f"/leaderboard/?{SIMULATED}")
    page.locator("select[name=category]").select_option("coding")
    expect(page).to_have_url(re.compile("category=coding"))
    page.locator("select[name=language]").select_option("en")
    expect(page).to_have_url(re.compile("language=en"))
    assert "category" not in page.url
    expect(page.locator("select[name=category]")).to_have_value("")


def test_the_cut_can_be_moved(visit: Visit, simulated: None) -> None:
    page = visit(f"/gap/?{SIMULATED}")
    page.get_by_label("Open means").select_option("weights_permissive")
    expect(page).to_have_url(re.compile("cut=weights_permissive"))
    expect(page.get_by_text("Open here means")).to_be_visible()


@pytest.mark.parametrize("phone", [False, True])
def test_a_board_s_id_leads_to_its_figures(
    visit: Visit, axe: str, simulated: None, *, phone: bool
) -> None:
    page = visit(f"/leaderboard/?{SIMULATED}", phone=phone)
    page.locator(".board-id a").click()
    expect(page.get_by_role("heading", name=re.compile("^Board [0-9a-f]{12}$"))).to_be_visible()
    expect(page.get_by_role("heading", name="Why did it move?")).to_be_visible()
    expect(page.locator(".frozen tbody tr")).to_have_count(20)
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_chart_on_a_phone_names_every_class_in_full(visit: Visit, simulated: None) -> None:
    page = visit(f"/gap/?{SIMULATED}", phone=True)
    rungs = page.locator("#licence-ladder .chart svg .role-axis-label text")
    expect(rungs.filter(has_text="permissive")).to_have_count(1)
    expect(rungs.filter(has_text="restricted")).to_have_count(1)
    expect(rungs.filter(has_text="…")).to_have_count(0)
