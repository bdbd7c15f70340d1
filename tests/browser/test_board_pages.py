"""Every page of the boards for everyone: axe-core, both themes, phone and desktop; choices."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.site import Site
from tests.browser.test_accessibility import axe, violations

__all__ = ["axe"]
pytestmark = pytest.mark.browser
type Visit = Callable[..., Page]

SIMULATED = "source=simulated"
PAGES = (
    f"/leaderboard/?{SIMULATED}",
    f"/gap/?{SIMULATED}",
    f"/gap/?{SIMULATED}&view=published",
    "/models/simulated-aster-4-200b/",
    "/compare/simulated-aster-4-200b/simulated-obelisk-2/",
    f"/method/?{SIMULATED}",
    f"/transparency/?{SIMULATED}",
    f"/which/?{SIMULATED}&gpus=2&gb=40&commercial=on",
)


@pytest.fixture(scope="module")
def simulated(site: Site) -> Iterator[None]:
    """Fill the boards with simulated votes; one command takes them away."""
    site.manage("simulate_votes", "--votes", "10000")
    yield
    site.manage("remove_simulated")


@pytest.mark.parametrize(("phone", "scheme"), [(False, "light"), (False, "dark"), (True, "light")])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    visit: Visit, axe: str, simulated: None, path: str, *, phone: bool, scheme: str
) -> None:
    page = visit(path, phone=phone, color_scheme=scheme)
    page.wait_for_load_state("networkidle")
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


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


def test_the_cut_can_be_moved(visit: Visit, simulated: None) -> None:
    page = visit(f"/gap/?{SIMULATED}")
    page.get_by_label("Open means").select_option("weights_permissive")
    expect(page).to_have_url(re.compile("cut=weights_permissive"))
    expect(page.get_by_text("Open here means")).to_be_visible()
