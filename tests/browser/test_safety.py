"""Hostile answers and prompts: nothing runs, nothing is fetched, nothing leaves its place."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.battling import send, wait_until_votable
from tests.browser.payloads import PLACES, VECTORS

pytestmark = pytest.mark.browser
type Visit = Callable[..., Page]

COUNT = "window.runs = 0; window.XSS = () => { window.runs += 1; };"
# Every element of an answer, poked in every way that a reader could.
POKE = """
async (texts) => {
  const name = performance.getEntriesByType("resource")
    .map((entry) => entry.name).find((name) => /battles\\/markdown[.\\w]*\\.js$/.test(name));
  const { render } = await import(name);
  const place = document.querySelector(".answer");
  const allowed = /^(https?:|mailto:)/;
  const problems = [];
  for (const text of texts) {
    place.replaceChildren(render(text));
    await new Promise((resolve) => setTimeout(resolve));
    for (const element of place.querySelectorAll("*")) {
      for (const { name } of element.attributes) {
        if (/^on|^style$|^src|^srcdoc$|^id$|^name$/.test(name)) problems.push([name, text]);
      }
      for (const kind of ["mouseover", "focus", "toggle", "begin", "error", "load"]) {
        element.dispatchEvent(new Event(kind));
      }
    }
    for (const link of place.querySelectorAll("a")) {
      if (!allowed.test(link.href) || link.host === location.host) problems.push([link.href, text]);
    }
  }
  return problems;
}
"""


def test_hostile_markdown_runs_nothing_and_loads_nothing(visit: Visit) -> None:
    page = visit("")
    page.add_init_script(COUNT)
    page.goto("/")
    send(page, "say:An answer, so that the renderer is there: $x$.")
    wait_until_votable(page)
    texts = [place.format(vector) for vector in VECTORS for place in PLACES]
    assert len(texts) >= 700
    assert page.evaluate(POKE, texts) == []
    page.wait_for_timeout(300)
    assert page.evaluate("runs") == 0


@pytest.mark.parametrize("part", range(4))
def test_hostile_answers_and_prompts_of_a_battle_run_nothing(visit: Visit, part: int) -> None:
    page = visit("")
    page.add_init_script(COUNT)
    page.goto("/")
    vectors = [vector.replace("\0", "") for vector in VECTORS[part::4]]
    assert len(vectors) >= 15
    send(page, "say:" + "\n\n".join(vectors))
    wait_until_votable(page)
    expect(page.locator(".prompt-text")).to_contain_text(vectors[0].split("\n")[0])
    page.reload()
    wait_until_votable(page)
    assert page.evaluate("runs") == 0
    assert page.locator(".answer script, .answer img, .answer iframe, .answer style").count() == 0


def test_an_answer_cannot_cover_the_page(visit: Visit) -> None:
    page = visit()
    send(page, "say:$\\rule{900em}{900em}$ $\\kern-50em x$ <div style='position:fixed'>x</div>")
    wait_until_votable(page)
    for answer in page.locator(".answer").all():
        assert answer.evaluate("(e) => getComputedStyle(e).contain").find("paint") >= 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
