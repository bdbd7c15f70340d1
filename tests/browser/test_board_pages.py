"""The pages of the boards: every chart is drawn, and choices are taken in place."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.public_pages import SIMULATED

pytestmark = pytest.mark.browser
type Visit = Callable[..., Page]


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
