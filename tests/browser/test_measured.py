"""Price and speed as readers see them: figures of real replies, of battles that were voted on."""

import os
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from arena.boards.measurements import LEAST_REPLIES
from tests.browser.battling import send, wait_until_votable
from tests.browser.site import Site, drop_database, running_site
from workers.demo.scripted import ScriptedServer

pytestmark = pytest.mark.browser

# Of the same maker's; the second writes about twice as fast.
NAMES = ("halcyon-3-large", "halcyon-3-mini")
_PUBLISH = """
from django.utils import timezone
from arena.boards.publication import publish_boards
from arena.integrity.facts import decide_votes
decide_votes(timezone.now())
publish_boards(timezone.now())
"""
_PRICES = """
    INSERT INTO catalog_price (language_model_id, input_usd, output_usd, since, evidence)
    SELECT id, 3, 12 / id, '2026-01-01', '' FROM catalog_languagemodel
"""


@pytest.fixture(scope="module")
def measured(
    site: Site, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Serve a site of its own on which enough battles were had and voted on; yield its address."""
    parts = urlsplit(site.environment["DATABASE_URL"])
    database_url = urlunsplit(parts._replace(path=f"/test_parity_measured_{os.getpid()}"))
    urls = {"database_url": database_url, "redis_url": site.environment["REDIS_URL"]}
    folder = tmp_path_factory.mktemp("measured")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARITY_PACING", "live")
        patch.setenv("PARITY_MIN_VOTES_FOR_RATING", "2")
        models = ScriptedServer(speed=4)
        with running_site(models, NAMES, **urls, folder=folder) as address:
            environment = {
                "DATABASE_URL": database_url,
                "REDIS_URL": urls["redis_url"],
                "PARITY_COLUMNS_DIR": str(folder / "columns"),
            }
            there = Site(address, site.parrots, {**os.environ, **environment})
            _have_battles(browser, there)
            there.execute(_PRICES)
            there.manage("shell", "--no-imports", "--command", _PUBLISH)
            yield address
    drop_database(database_url)


def _have_battles(browser: Browser, site: Site) -> None:
    page = browser.new_page(base_url=site.url)
    for number in range(LEAST_REPLIES):
        page.goto("/")
        send(page, "Name three trees.")
        wait_until_votable(page)
        page.keyboard.press("123"[number % 3])
        # Names come when the vote is final.
        expect(page.locator(".receipt")).to_contain_text("receipt")
    page.close()


@pytest.fixture(params=[1280, 1600])
def board(request: pytest.FixtureRequest, browser: Browser, measured: str) -> Iterator[Page]:
    """Open the leaderboard on a screen of some width."""
    viewport: ViewportSize = {"width": request.param, "height": 900}
    page = browser.new_page(base_url=measured, viewport=viewport)
    page.goto("/leaderboard/")
    yield page
    page.close()


def test_speeds_and_costs_of_real_replies_stand_beside_whole_names(board: Page) -> None:
    lines = board.locator(".board tbody tr")
    expect(lines).to_have_count(2)
    speeds = {}
    for line in lines.all():
        name = line.locator(".model a")
        assert name.evaluate("link => link.getBoundingClientRect().width") > 100
        assert line.locator(".model").evaluate("cell => cell.clientWidth") > 150
        assert line.locator(".price").inner_text().startswith("$")
        assert line.locator(".first").inner_text().endswith("s")
        speeds[name.inner_text()] = int(line.locator(".speed").inner_text())
    assert speeds["Halcyon 3 Mini"] > speeds["Halcyon 3 Large"] > 0


@pytest.mark.parametrize("name", ["rating-and-price", "rating-and-speed"])
def test_rating_is_drawn_against_price_and_speed_with_names_on_the_marks(
    board: Page, name: str
) -> None:
    chart = board.locator(f"#{name} .chart svg")
    expect(chart.locator(".mark-symbol path")).to_have_count(2)
    front = board.locator(f"#{name} tbody tr", has_text="yes")
    named = chart.locator(".mark-text text").all_text_contents()
    assert front.count() >= 1
    assert set(named) & {"Halcyon 3 Large", "Halcyon 3 Mini"}
    ticks = " ".join(chart.locator(".role-axis-label text").all_text_contents())
    assert ticks
    assert "e+" not in ticks
