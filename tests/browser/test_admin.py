"""An administrator adds an endpoint in the browser; its model meets others, wins, and is ranked."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from tests.browser.battling import answers, send, wait_until_votable
from tests.browser.site import InThread, Site
from tests.browser.test_boards import ON_THE_BOARD, line_of
from workers.demo.fiction import FICTIONAL_MODELS
from workers.demo.scripted import ScriptedServer

pytestmark = pytest.mark.browser
type Visit = Callable[..., Page]

KEY = "sk-planted-in-the-browser"
PASSWORD = "correct-horse-7"
# One of three models stays out of a battle by chance; twelve times in a row once in 500,000.
MOST_BATTLES = 12


@pytest.fixture(scope="module")
def staff(site: Site) -> str:
    """Return the name of an account that may do everything."""
    name = "browser-staff"
    site.manage(
        *("createsuperuser", "--no-input", "--username", name, "--email", "staff@example.org"),
        DJANGO_SUPERUSER_PASSWORD=PASSWORD,
    )
    return name


@contextmanager
def contestant(site: Site, name: str) -> Iterator[ScriptedServer]:
    """Serve the model to add; take it out of battles again at the end."""
    server = ScriptedServer(speed=50, require_key=KEY)
    with InThread(server):
        try:
            yield server
        finally:
            site.execute("UPDATE catalog_endpoint SET enabled = false WHERE model_name = %s", name)


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize(
    ("phone", "model"),
    [(False, FICTIONAL_MODELS[0].name), (True, FICTIONAL_MODELS[5].name)],
    ids=["desktop", "phone"],
)
def test_an_endpoint_that_the_admin_adds_wins_a_battle(
    visit: Visit, site: Site, staff: str, phone: bool, model: str
) -> None:
    with contestant(site, model) as server:
        office = visit("/admin/", phone=phone)
        log_in(office, staff)
        add_endpoint(office, server.base_url, model)
        assert KEY not in office.content()

        page = visit(phone=phone)
        side = meet(page, model)
        page.get_by_role("button", name=side.upper(), exact=True).click()
        winner = page.locator(f'.head[data-side="{side}"]')
        expect(winner.locator(".head-name")).to_contain_text(model)
        expect(winner.locator(".head-chosen")).to_have_count(1)

        assert office.request.get("/readyz").json()["ready"] is True
        figures = office.request.get("/metrics").text().splitlines()
        assert "parity_models_drawable 3.0" in figures

    board = visit("/leaderboard/", phone=phone)
    expect(line_of(board, model).locator(".votes")).to_have_text("1", timeout=ON_THE_BOARD)


def log_in(page: Page, name: str) -> None:
    """Log in as staff."""
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page).to_have_title("Site administration | Parity")


def add_endpoint(page: Page, base_url: str, model: str) -> None:
    """Add an endpoint by base URL, key and model name, and read that it is in battles."""
    page.goto("/admin/catalog/endpoint/")
    page.goto("/admin/catalog/endpoint/add/")
    page.get_by_label("Base URL").fill(base_url)
    page.get_by_label("API key").fill(KEY)
    page.get_by_label("Model name").fill(model)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Passed: it is in battles.")).to_be_visible(timeout=60_000)


def meet(page: Page, model: str) -> str:
    """Start battles until the model is in one; return its side: it does not repeat the prompt."""
    for _ in range(MOST_BATTLES):
        page.goto("/")
        send(page, "say:Polly.")
        wait_until_votable(page)
        for side, answer in zip("ab", answers(page), strict=True):
            if answer != "Polly.":
                assert model not in page.content(), "a name was shown before the vote"
                return side
    raise AssertionError(f"{model} was never drawn")
