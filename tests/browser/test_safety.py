"""Hostile texts as answer, prompt, model name and error: nothing runs, nothing is fetched.

The texts come through the page's own code, under the site's own content policy: a scripted socket
stands in for the server, so that thousands fit into a minute; a sample takes the real one. Every
test here ends with the checks of `visit` too: no request to another host, no dialog, no report of
the content policy, nothing on the console.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import batched
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.battling import send, wait_until_votable
from tests.browser.conftest import Watched
from tests.browser.corpus import corpus
from tests.browser.fake_server import MODULE, FakeServer
from tests.browser.payloads import VECTORS
from tests.browser.site import Site
from tests.browser.test_admin import PASSWORD, log_in

pytestmark = pytest.mark.browser
type Visit = Callable[..., Page]

PROMISED = 5000
TOGETHER = 300
MODELS_AT_ONCE = 20
LONGEST_NAME = 100
# The texts call one of these when they run.
HOOKS = """
window.runs = [];
for (const name of ["XSS", "alert", "confirm", "prompt", "print", "open"])
  window[name] = (...all) => { runs.push([name, String(all)]); };
document.write = (text) => { runs.push(["write", text]); };
"""
# What of a hostile text stands in the page, once every element was poked as a reader could.
INSPECT = """
async () => {
  const place = document.querySelector("#main");
  const allowed = /^(https?:|mailto:)/;
  const never = new Set(("script iframe object embed img video audio style link base meta "
    + "foreignobject animate set").split(" "));
  const ours = new Set(["TEXTAREA", "BUTTON", "FORM", "LABEL", "TEMPLATE", "SECTION", "ARTICLE"]);
  const problems = [...runs];
  for (const element of place.querySelectorAll("*")) {
    if (never.has(element.localName.toLowerCase()) && element.id !== "starter-prompts")
      problems.push(element.outerHTML);
    for (const { name, value } of element.attributes) {
      if (/^on|^style$|^src|^srcdoc$|^formaction$|^background$/.test(name)
        || /^\\s*(javascript|data|vbscript):/i.test(value)) problems.push([name, value]);
    }
    if (!element.closest(".turns, .battle-notice, .heads, .verdict")) continue;
    if (element.id || element.hasAttribute("name") || (ours.has(element.tagName)
      && !element.closest(".turn") && !element.matches(".battle-notice > .button")))
      problems.push(element.outerHTML);
    for (const kind of ["mouseover", "focus", "toggle", "begin", "error", "load", "animationend"])
      element.dispatchEvent(new Event(kind));
  }
  for (const link of place.querySelectorAll(".turns a[href]")) {
    if (!allowed.test(link.href) || link.host === location.host) problems.push(link.href);
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  return [...problems, ...runs].slice(0, 20);
}
"""
UNTIL_QUIET = """
() => new Promise((resolve) => {
  const end = () => { observer.disconnect(); resolve(document.querySelectorAll(".turn").length); };
  let timer = setTimeout(end, 150);
  const observer = new MutationObserver(() => {
    clearTimeout(timer);
    timer = setTimeout(end, 150);
  });
  observer.observe(document.querySelector(".turns"), { childList: true, subtree: true });
})
"""


@pytest.fixture
def fake(visit: Visit) -> Iterator[FakeServer]:
    """Open the battle page on a scripted socket, hooked to notice whatever runs."""
    page = visit("")
    server = FakeServer(page)
    page.add_init_script(HOOKS)
    page.goto("/")
    page.evaluate("window.sameDocument = true")
    send(page, "Hello $x$ `code`")
    server.begin()
    expect(page.locator(".vote")).to_have_attribute("data-state", "asleep")
    page.wait_for_function("() => location.pathname.startsWith('/battle/')")
    yield server
    assert page.evaluate("window.sameDocument"), "the page was left"
    assert page.evaluate(INSPECT) == []


def turn(number: int, text: str, other: str) -> dict[str, Any]:
    """Return a turn that has ended, with hostile text in each of its places."""
    return {"number": number, "prompt": text, "state": "complete", "a": text, "b": other}


def test_there_are_as_many_hostile_texts_as_promised() -> None:
    assert len(set(corpus())) >= PROMISED


def test_hostile_answers_and_prompts_run_nothing(fake: FakeServer) -> None:
    shown = 0
    for texts in batched(corpus(), TOGETHER, strict=False):
        others = (*texts[1:], texts[0])
        turns = [turn(n + 1, *pair) for n, pair in enumerate(zip(texts, others, strict=True))]
        fake.tell_turns(turns)
        fake.page.wait_for_function(
            "([text, count]) => document.querySelectorAll('.turn').length === count"
            " && document.querySelector('.prompt-text').textContent === text",
            arg=[texts[0], len(texts)],
        )
        fake.page.evaluate(UNTIL_QUIET)
        assert fake.page.evaluate(INSPECT) == []
        prompts = fake.page.locator(".prompt-text").all_text_contents()
        assert prompts == list(texts)
        shown += len(prompts)
    assert shown >= PROMISED


def test_hostile_errors_run_nothing(fake: FakeServer) -> None:
    texts = corpus()
    assert len(texts) >= PROMISED
    for group in batched(texts, TOGETHER, strict=False):
        for text in group:
            fake.tell("error", code="hostile", message=text)
        expect(fake.page.locator(".battle-notice span")).to_have_js_property(
            "textContent", group[-1]
        )
        assert fake.page.evaluate(INSPECT) == []


def test_hostile_names_of_models_run_nothing_at_the_reveal(fake: FakeServer) -> None:
    reveal = (
        """async (texts) => {"""
        + MODULE
        + """
  const { turnCards, sentences } = await module("reveal");
  const page = document.querySelector("#main");
  let shown = 0;
  for (const text of texts) {
    const model = { name: text, slug: text, organisation: text, licence_class: text,
      licence_label: text, params_total_b: 7, url: text };
    const side = { model, rating: null, first_token_seconds: 1, total_seconds: 1, cost: 0.1,
      completion_tokens: 1, tokens_estimated: true, tokens_per_second: 1, reasoning: [text],
      finish_reason: "length" };
    const revealed = { sides: { a: side, b: side }, outcome: "a",
      receipt: { code: text, counted: false, reason: text }, pair: { votes: 90, agreed: 0.5,
        path: text, record: { a: 1, b: 2, tie: 3, both_bad: 4 } } };
    turnCards(page, revealed);
    document.querySelector(".vote-after").replaceChildren(...sentences(revealed));
    shown += Number(document.querySelector(".head-name").textContent.includes(text));
    for (const link of page.querySelectorAll(".heads a")) {
      if (!/^https?:$/.test(link.protocol)) XSS(link.href);
    }
  }
  return shown;
}"""
    )
    texts = corpus()
    assert fake.page.evaluate(reveal, list(texts)) == len(texts) >= PROMISED
    assert fake.page.evaluate(INSPECT) == []


def test_hostile_answers_run_nothing_wherever_a_frame_cuts_them(fake: FakeServer) -> None:
    grow = (
        """async (texts) => {"""
        + MODULE
        + """
  fake = document.querySelector(".answer");
  const { Growth } = await module("growth");
  const bad = "script, iframe, object, embed, img, svg, style, form, input, [style], [src], [id]";
  const problems = [];
  let draws = 0;
  for (const text of texts) {
    fake.replaceChildren();
    const growth = new Growth(fake);
    for (const letter of text) {
      growth.append(letter);
      growth.draw();
      draws += 1;
      if (fake.querySelector(bad)) problems.push(text);
      for (const { href, host } of fake.querySelectorAll("a[href]"))
        if (!/^(https?|mailto):/.test(href) || host === location.host) problems.push(text);
    }
    await growth.finish(text, async () => {});
    if (fake.querySelector(bad)) problems.push(text);
  }
  return [problems.slice(0, 9), draws];
}""".replace("fake", "place").replace("  place =", "  const place =")
    )
    short = [text for text in corpus() if len(text) < 120]
    chosen = [*VECTORS, *short[::12]]
    assert len(chosen) >= 400
    problems, draws = fake.page.evaluate(grow, chosen)
    assert problems == []
    assert draws >= 10_000


@pytest.mark.parametrize("part", range(4))
def test_hostile_answers_and_prompts_of_a_battle_run_nothing(visit: Visit, part: int) -> None:
    page = visit("")
    page.add_init_script(HOOKS)
    page.goto("/")
    vectors = [vector.replace("\0", "") for vector in VECTORS[part::4]]
    assert len(vectors) >= 15
    send(page, "say:" + "\n\n".join(vectors))
    wait_until_votable(page)
    expect(page.locator(".prompt-text")).to_contain_text(vectors[0].split("\n")[0])
    page.reload()
    wait_until_votable(page)
    assert page.evaluate(INSPECT) == []


def test_an_answer_cannot_cover_the_page(visit: Visit) -> None:
    page = visit()
    send(page, "say:$\\rule{900em}{900em}$ $\\kern-50em x$ <div style='position:fixed'>x</div>")
    wait_until_votable(page)
    for answer in page.locator(".answer").all():
        assert answer.evaluate("(e) => getComputedStyle(e).contain").find("paint") >= 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.fixture(scope="module")
def renamed(site: Site) -> Iterator[Callable[[Sequence[str]], None]]:
    """Return a function that gives the models of the simulated boards other names."""
    site.manage("simulate_votes", "--votes", "4000")
    count = site.execute("SELECT count(*) FROM catalog_languagemodel WHERE simulated")
    assert count == (MODELS_AT_ONCE,)

    def rename(names: Sequence[str]) -> None:
        for number, name in enumerate(names):
            site.execute(
                "UPDATE catalog_languagemodel SET name = %s, organisation = %s WHERE id = (SELECT"
                " id FROM catalog_languagemodel WHERE simulated ORDER BY id OFFSET %s LIMIT 1)",
                *(name, name[:120], number),
            )
        # Pages are kept for a minute; those of another snapshot are others.
        # Locked, because a worker may be writing the same rows in another order.
        site.execute(
            "BEGIN; LOCK TABLE boards_snapshot IN EXCLUSIVE MODE;"
            " UPDATE boards_snapshot SET created_at = created_at + interval '1 ms'; COMMIT"
        )

    yield rename
    site.manage("remove_simulated")


def hostile_names() -> list[str]:
    """Return hostile texts that fit into a name, each once as the database compares them."""
    fitting = [text.strip() for text in corpus() if "\0" not in text]
    names = sorted({name for name in fitting if 0 < len(name) <= LONGEST_NAME})
    return names[:: len(names) // 240]


def test_hostile_names_of_models_run_nothing_on_the_pages_of_the_boards(
    visit: Visit, watched: Watched, site: Site, renamed: Callable[[Sequence[str]], None]
) -> None:
    page = visit("")
    page.add_init_script(HOOKS)
    names = hostile_names()
    assert len(names) >= 200
    slug = site.execute(
        "SELECT slug FROM catalog_languagemodel WHERE simulated ORDER BY id LIMIT 1"
    )
    assert slug is not None
    shown = 0
    for group in batched(names, MODELS_AT_ONCE, strict=False):
        renamed(group)
        page.goto("/leaderboard/?source=simulated")
        listed = " ".join((page.locator(".board tbody").text_content() or "").split())
        shown += sum(" ".join(name.split()) in listed for name in group)
        assert page.evaluate("runs") == []
        page.goto(f"/models/{slug[0]}/?source=simulated")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.evaluate("runs") == []
        page.goto("/gap/?source=simulated")
        expect(page.locator(".chart svg").first).to_be_visible()
        assert page.evaluate("runs") == []
    assert shown >= 150, "the names were not on the page"
    # What a chart warns of is for the tests of the boards.
    watched.problems[:] = [each for each in watched.problems if ": WARN " not in each]


def test_hostile_names_of_models_run_nothing_in_the_admin(
    visit: Visit, site: Site, renamed: Callable[[Sequence[str]], None]
) -> None:
    name = "safety-staff"
    site.manage(
        *("createsuperuser", "--no-input", "--username", name, "--email", "safe@example.org"),
        DJANGO_SUPERUSER_PASSWORD=PASSWORD,
    )
    page = visit("/admin/")
    page.add_init_script(HOOKS)
    log_in(page, name)
    for group in batched(hostile_names()[::3], MODELS_AT_ONCE, strict=False):
        renamed(group)
        page.goto("/admin/catalog/languagemodel/?all=")
        assert page.locator("#result_list tbody tr").count() >= MODELS_AT_ONCE
        assert page.evaluate("runs") == []
