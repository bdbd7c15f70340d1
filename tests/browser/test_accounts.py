"""The account nobody needs, in a real browser: a code, a passkey, another browser, and the end."""

import re
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.battling import send, wait_until_votable
from tests.browser.conftest import Watched
from tests.browser.site import Site
from tests.browser.test_accessibility import axe as axe  # noqa: PLC0414  a fixture
from tests.browser.test_accessibility import violations

pytestmark = pytest.mark.browser
type Visit = Callable[..., Page]
_MOST_SECONDS = 60.0


def code_for(site: Site, address: str) -> str:
    """Wait for the last letter to an address; return its code."""
    letter = re.compile(rf"^To: {re.escape(address)}$.*?^ {{4}}(\S+)$", re.MULTILINE | re.DOTALL)
    end = time.monotonic() + _MOST_SECONDS
    while time.monotonic() < end:
        if codes := letter.findall(site.log.read_text()):
            return str(codes[-1])
        time.sleep(0.1)
    raise AssertionError(f"no letter to {address}:\n{site.log.read_text()}")


def sign_in(page: Page, site: Site, address: str) -> None:
    page.get_by_label("Your e-mail address").fill(address)
    page.get_by_role("button", name="Send me a code", exact=True).click()
    code = page.get_by_label("The code")
    expect(code).to_be_focused()
    code.fill(code_for(site, address).lower())
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(re.compile(r"/me/$"))


def with_authenticator(page: Page) -> None:
    """Give a page's browser an authenticator of its own, which always agrees."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def by_name(site: Site, watched: Watched) -> str:
    """Return the site's address with a name: passkeys are for names alone."""
    local = site.url.replace("127.0.0.1", "localhost")
    watched.own = urlsplit(local).netloc
    return local


def test_a_battle_goes_with_its_voter_to_another_browser(
    visit: Visit, site: Site, axe: str
) -> None:
    first, second = visit(), visit("/me/account/", phone=True)
    send(first, "say:Owls turn their heads.")
    wait_until_votable(first)
    first.goto("/me/account/")
    sign_in(first, site, "two@example.org")
    expect(first.locator(".mine-prompt")).to_have_text("say:Owls turn their heads.")
    sign_in(second, site, "two@example.org")
    expect(second.get_by_text("this list is that of all your browsers")).to_be_visible()
    assert violations(second, axe) == []
    second.locator(".mine-prompt").click()
    wait_until_votable(second)
    second.keyboard.press("1")
    expect(second.locator(".verdict")).to_be_visible()
    first.goto("/me/account/")
    first.get_by_role("button", name="Sign out everywhere else", exact=True).click()
    expect(first.get_by_text("Signed in as")).to_be_visible()
    second.goto("/me/")
    expect(second.get_by_text("You have had no battle")).to_be_visible()


def test_an_open_page_goes_on_when_its_visitor_signed_in_elsewhere(
    visit: Visit, site: Site, watched: Watched
) -> None:
    page = visit()
    send(page, "say:Owls turn their heads.")
    wait_until_votable(page)
    tab = page.context.new_page()
    watched.watch(tab)
    tab.goto("/me/account/")
    sign_in(tab, site, "tabs@example.org")
    page.bring_to_front()
    page.get_by_role("textbox").fill("say:And their eyes?")
    page.keyboard.press("Enter")
    # The socket comes back with the new cookie, and the prompt is still in its box.
    expect(page.get_by_text("Connected again.").first).to_be_visible()
    expect(page.get_by_role("textbox")).to_have_value("say:And their eyes?")
    page.get_by_role("textbox").press("Enter")
    expect(page.locator(".answer").last).to_contain_text("And their eyes?")


def test_a_passkey_is_added_used_and_removed(
    visit: Visit, site: Site, watched: Watched, axe: str
) -> None:
    local = by_name(site, watched)
    page = visit("")
    with_authenticator(page)
    page.goto(f"{local}/me/account/")
    sign_in(page, site, "passkey@example.org")
    page.get_by_role("link", name="Account").click()
    page.get_by_role("button", name="Add a passkey", exact=True).click()
    removal = page.get_by_role("button", name=re.compile("Remove: Passkey of"))
    expect(removal).to_be_visible()
    assert violations(page, axe) == []
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_text("You have had no battle")).to_be_visible()
    page.get_by_role("link", name="Account").click()
    page.get_by_role("button", name="Sign in with a passkey", exact=True).click()
    expect(page).to_have_url(re.compile(r"/me/$"))
    page.get_by_role("link", name="Account").click()
    expect(page.get_by_text("Signed in as")).to_contain_text("passkey@example.org")
    expect(page.get_by_text("last used on")).to_be_visible()
    # Staff's door is another one: this passkey opens no session there.
    watched.expected_statuses.add(403)
    page.goto(f"{local}/admin/account/login/")
    page.get_by_role("button", name="Use a passkey", exact=True).click()
    expect(page.get_by_text("This page is not open to you")).to_be_visible()
    page.goto(f"{local}/me/account/")
    removal.click()
    expect(removal).to_have_count(0)
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("link", name="Account").click()
    watched.expected_statuses.add(400)
    page.get_by_role("button", name="Sign in with a passkey", exact=True).click()
    expect(page.get_by_text("This passkey was not taken.")).to_be_visible()


def test_what_is_answered_to_another_question_is_no_passkey(
    visit: Visit, site: Site, watched: Watched
) -> None:
    watched.expected_statuses.add(400)
    page = visit("")
    page.goto(f"{by_name(site, watched)}/me/account/")
    sent = page.evaluate(
        """async () => {
          const token = document.querySelector("meta[name=csrf-token]").content;
          const ask = async (body) => (await fetch("/me/account/passkey/", {
            method: "POST", body, headers: {"X-CSRFToken": token},
          })).status;
          const handle = btoa("1").replace(/=/g, "");
          const made = {id: "AA", rawId: "AA", type: "public-key", response: {
            clientDataJSON: "e30", authenticatorData: "AA", signature: "AA", userHandle: handle}};
          return [await ask("["), await ask("null"), await ask("{}"), await ask("[".repeat(9000)),
                  await ask(JSON.stringify({response: 1})), await ask(JSON.stringify(made))];
        }"""
    )
    assert sent == [400] * 6


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_the_pages_of_an_account_are_for_everyone(  # noqa: PLR0917  fixtures
    visit: Visit, site: Site, watched: Watched, axe: str, scheme: str, phone: bool
) -> None:
    page = visit("/me/account/", phone=phone, color_scheme=scheme)
    wide = "document.documentElement.scrollWidth > innerWidth"
    assert violations(page, axe) == []
    address = f"somebody-with-a-rather-long-name-{scheme}-{phone}@mail.example.org".lower()
    page.get_by_label("Your e-mail address").fill(address)
    page.get_by_role("button", name="Send me a code", exact=True).click()
    expect(page.get_by_label("The code")).to_be_focused()
    assert violations(page, axe) == []
    watched.expected_statuses.add(400)
    page.get_by_label("The code").fill("BBBB-BBBB")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("That is another code.")
    assert violations(page, axe) == []
    assert not page.evaluate(wide)
    page.get_by_label("The code").fill(code_for(site, address))
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Account").click()
    expect(page.get_by_text("Signed in as")).to_be_visible()
    assert violations(page, axe) == []
    assert not page.evaluate(wide)
