"""A voter's whole way: prompt, answers, follow-up, vote, undo, reveal, next battle."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.battling import answers, send, wait_until_votable
from tests.browser.conftest import Watched
from tests.browser.site import Site

pytestmark = pytest.mark.browser
type Visit = Callable[..., Page]

MARKDOWN = """say:Some **bold** text, a price of $5 and one of $6, and $x^2$.

```python
print("hello")
```

| name | number |
|:-----|-------:|
| one  |      1 |

$$\\sum_{k=1}^n k$$

![a cat](https://elsewhere.example/cat.png) and [a link](https://elsewhere.example/)
"""


def test_a_whole_battle_with_follow_up_vote_undo_and_reveal(visit: Visit) -> None:
    page = visit()
    send(page, "say:The first answer.")
    expect(page).to_have_url(re.compile(r"/battle/[0-9a-f-]{36}/$"))
    wait_until_votable(page)
    assert answers(page) == ["The first answer.", "The first answer."]
    send(page, "say:The second answer.")
    expect(page.locator(".vote")).to_have_attribute("data-state", "asleep")
    wait_until_votable(page)
    assert answers(page, turn=2) == ["The second answer.", "The second answer."]

    page.keyboard.press("1")
    expect(page.locator(".vote-sentence")).to_have_text("You chose A.")
    assert "Parrot" not in page.content()
    page.get_by_role("button", name="Undo", exact=True).click()
    wait_until_votable(page)
    page.keyboard.press("2")
    expect(page.locator(".verdict")).to_contain_text("You preferred")
    names = {name.strip() for name in page.locator(".head-name").all_text_contents()}
    assert names in ({"A Parrot 70B", "B Mockingbird 8B"}, {"A Mockingbird 8B", "B Parrot 70B"})
    expect(page.locator('.head[data-side="b"] .head-chosen')).to_be_visible()
    expect(page.locator(".receipt")).to_contain_text("receipt")
    expect(page.locator(".licence").first).to_be_visible()

    page.keyboard.press("Enter")
    expect(page.locator("main")).to_have_attribute("data-stage", "landing")
    expect(page.get_by_label("Your prompt")).to_be_focused()
    expect(page).to_have_url(re.compile(r"/$"))


def test_an_undo_that_the_server_refuses_can_be_asked_again(visit: Visit, watched: Watched) -> None:
    watched.expected_statuses = {429}
    page = visit()
    send(page, "say:An answer.")
    wait_until_votable(page)
    refusal = '{"code": "too_many_requests", "message": "Not so fast.", "retry_after": 30}'
    page.route(
        "**/undo/",
        lambda route: route.fulfill(status=429, content_type="application/json", body=refusal),
        times=1,
    )
    page.keyboard.press("1")
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.locator(".battle-notice")).to_contain_text("Not so fast.")
    page.get_by_role("button", name="Undo", exact=True).click()
    wait_until_votable(page)


def test_a_battle_on_a_phone(visit: Visit) -> None:
    page = visit(phone=True)
    box = page.get_by_label("Your prompt")
    box.fill("say:One answer at a time.")
    page.get_by_role("button", name="Send", exact=True).tap()
    wait_until_votable(page)
    assert page.locator(".answer:visible").count() == 1
    shown = page.locator("main").get_attribute("data-shown")
    other = "B" if shown == "a" else "A"
    page.locator(f'.tab[data-side="{other.lower()}"]').tap()
    expect(page.locator(f'.side[data-side="{other.lower()}"]')).to_be_visible()
    assert page.locator(".answer:visible").count() == 1
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, "the page scrolls sideways"
    for choice in page.locator(".vote-choices button").all():
        size = choice.bounding_box()
        assert size is not None
        assert size["height"] >= 44, "too low for a thumb"
    page.get_by_role("button", name="Tie", exact=True).tap()
    expect(page.locator(".verdict")).to_contain_text("You called it a tie.")


def test_markdown_is_rendered_with_code_tables_and_formulas(visit: Visit) -> None:
    page = visit()
    send(page, MARKDOWN)
    wait_until_votable(page)
    answer = page.locator(".answer").first
    expect(answer.locator("strong")).to_have_text("bold")
    expect(answer.locator("pre .hljs-built_in, pre .hljs-string").first).to_be_visible()
    expect(answer.locator("math")).to_have_count(2)
    expect(answer.locator("td.align-right")).to_have_text("1")
    expect(answer).to_contain_text("a price of $5 and one of $6")
    assert answer.locator("img").count() == 0
    link = answer.get_by_role("link", name="a link")
    assert link.get_attribute("rel") == "noopener noreferrer nofollow ugc"


def test_a_code_block_is_copied(visit: Visit) -> None:
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    send(page, MARKDOWN)
    wait_until_votable(page)
    page.locator(".copy").first.click()
    expect(page.locator(".copy").first).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == 'print("hello")\n'


def test_a_reload_in_the_middle_resumes_at_the_right_place(visit: Visit, site: Site) -> None:
    page = visit()
    words = " ".join(f"word{number}" for number in range(400))
    site.parrots.tokens_per_second = 150.0
    try:
        send(page, f"say:{words}")
        expect(page.locator(".answer").first).to_contain_text("word20 ")
        page.reload()
        expect(page.locator(".answer").first).to_contain_text("word0 word1 ")
        assert page.locator(".vote").get_attribute("data-state") == "asleep"
        wait_until_votable(page)
    finally:
        site.parrots.tokens_per_second = 400.0
    assert answers(page) == [words, words]
    page.reload()
    wait_until_votable(page)
    assert answers(page) == [words, words]


def test_a_lost_connection_comes_back_without_a_gap(visit: Visit, site: Site) -> None:
    page = visit("")
    page.add_init_script(
        "const Real = WebSocket; window.sockets = [];"
        "window.WebSocket = class extends Real {"
        "  constructor(...all) { super(...all); sockets.push(this); this.addEventListener('open',"
        "    () => { document.documentElement.dataset.opened = sockets.length; }); } };"
    )
    page.goto("/")
    words = " ".join(f"word{number}" for number in range(300))
    site.parrots.tokens_per_second = 150.0
    try:
        send(page, f"say:{words}")
        expect(page.locator(".answer").first).to_contain_text("word20 ")
        for opened in ("2", "3"):
            page.evaluate("sockets.at(-1).close()")
            expect(page.locator("html")).to_have_attribute("data-opened", opened)
        wait_until_votable(page)
    finally:
        site.parrots.tokens_per_second = 400.0
    assert answers(page) == [words, words]


def test_stop_ends_both_answers_and_offers_the_prompt_again(visit: Visit, site: Site) -> None:
    page = visit()
    site.parrots.tokens_per_second = 20.0
    try:
        send(page, "say:" + "slowly " * 300)
        expect(page.locator(".answer").first).to_contain_text("slowly")
        page.get_by_role("button", name="Stop", exact=True).click()
        expect(page.locator(".battle-notice")).to_contain_text("You stopped")
    finally:
        site.parrots.tokens_per_second = 400.0
    expect(page.locator(".vote")).to_have_attribute("data-state", "asleep")
    before = page.url
    page.get_by_role("button", name="Try again with the same prompt", exact=True).click()
    wait_until_votable(page)
    assert page.url != before


def test_another_visitor_sees_no_battle(visit: Visit, watched: Watched) -> None:
    page = visit()
    send(page, "say:Mine.")
    wait_until_votable(page)
    watched.expected_statuses = {404}
    stranger = visit("")
    stranger.goto(page.url)
    expect(stranger.get_by_role("heading", level=1)).to_have_text(
        "There is nothing at this address"
    )
    assert "Mine." not in stranger.content()


def test_a_failed_battle_is_said_plainly_and_can_be_tried_again(visit: Visit) -> None:
    page = visit()
    send(page, "fail:")
    notice = page.locator(".battle-notice")
    expect(notice).to_contain_text("does not count")
    expect(page.locator(".vote")).to_have_attribute("data-state", "asleep")
    expect(page.get_by_role("button", name="A", exact=True)).to_be_disabled()
    before = page.url
    page.get_by_role("button", name="Try again with the same prompt", exact=True).click()
    expect(page).not_to_have_url(before)


def test_a_prompt_that_is_refused_goes_back_into_the_box(visit: Visit, site: Site) -> None:
    page = visit()
    second = page.context.new_page()
    site.parrots.tokens_per_second = 20.0
    try:
        send(page, "say:" + "slowly " * 500)
        expect(page.locator(".answer").first).to_contain_text("slowly")
        second.goto("/")
        send(second, "say:One too many.")
        expect(second.locator(".battle-notice")).to_be_visible()
        expect(second.get_by_label("Your prompt")).to_have_value("say:One too many.")
        expect(second.locator("main")).to_have_attribute("data-stage", "landing")
        page.get_by_role("button", name="Stop", exact=True).click()
        expect(page.locator(".battle-notice")).to_contain_text("You stopped")
    finally:
        site.parrots.tokens_per_second = 400.0


def test_a_follow_up_that_is_refused_leaves_the_vote_open(visit: Visit, site: Site) -> None:
    page = visit()
    send(page, "say:Done.")
    wait_until_votable(page)
    other = page.context.new_page()
    other.goto("/")
    site.parrots.tokens_per_second = 20.0
    try:
        send(other, "say:" + "slowly " * 500)
        expect(other.locator(".answer").first).to_contain_text("slowly")
        send(page, "say:One too many.")
        expect(page.locator(".battle-notice")).to_contain_text("still being answered")
        wait_until_votable(page)
        expect(page.get_by_label("Your prompt")).to_have_value("say:One too many.")
        other.get_by_role("button", name="Stop", exact=True).click()
        expect(other.locator(".battle-notice")).to_contain_text("You stopped")
    finally:
        site.parrots.tokens_per_second = 400.0
    assert answers(page) == ["Done.", "Done."]


def test_what_another_tab_did_is_shown_when_the_reader_comes_back(visit: Visit) -> None:
    page = visit()
    send(page, "say:First.")
    wait_until_votable(page)
    other = page.context.new_page()
    other.goto(page.url)
    wait_until_votable(other)
    send(page, "say:Second.")
    expect(page.locator(".turn")).to_have_count(2)
    wait_until_votable(page)
    page.keyboard.press("3")
    expect(page.locator(".verdict")).to_be_visible()
    other.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(other.locator(".verdict")).to_contain_text("You called it a tie.")
    assert answers(other, turn=2) == ["Second.", "Second."]


def test_a_turn_that_fails_after_the_reveal_can_be_tried_again(visit: Visit) -> None:
    page = visit()
    send(page, "say:First.")
    wait_until_votable(page)
    page.keyboard.press("4")
    expect(page.locator(".verdict")).to_be_visible()
    send(page, "fail:")
    expect(page.locator(".battle-notice")).to_contain_text("This turn failed")
    expect(page.get_by_label("Your prompt")).to_have_value("fail:")
    send(page, "say:Second.")
    expect(page.locator(".turn").nth(1).locator(".answer").first).to_have_text("Second.")
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.locator(".battle-notice")).to_be_hidden()
    expect(page.locator(".verdict")).to_be_visible()


def test_going_on_after_the_reveal_is_not_voted_on(visit: Visit) -> None:
    page = visit()
    send(page, "say:First.")
    wait_until_votable(page)
    page.keyboard.press("4")
    expect(page.locator(".verdict")).to_contain_text("You found both bad.")
    send(page, "say:Going on.")
    expect(page.locator(".turn").nth(1).locator(".answer").first).to_have_text("Going on.")
    expect(page.get_by_role("button", name="New battle", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="A", exact=True)).to_be_hidden()
    page.reload()
    expect(page.locator(".verdict")).to_contain_text("You found both bad.")
    expect(page.locator(".head-name")).to_have_count(2)


def test_a_long_answer_is_drawn_in_proportion_to_its_length(visit: Visit) -> None:
    page = visit()
    send(page, "say:Warm up.")
    wait_until_votable(page)
    draw = """
    async (length) => {
      const { Answer } = await import(performance.getEntriesByType("resource")
        .map((entry) => entry.name).find((name) => /battles\\/answer[.\\w]*\\.js$/.test(name)));
      let blocks = 0;
      const place = document.createElement("div");
      document.querySelector(".answer").append(place);
      new MutationObserver((records) => {
        for (const record of records) blocks += record.addedNodes.length;
      }).observe(place, { childList: true });
      const answer = new Answer(place);
      const text = "A paragraph of *some* words, again and again.\\n\\n".repeat(length / 48);
      for (let at = 0; at < text.length; at += 480) {
        answer.append(text.slice(at, at + 480));
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      }
      await answer.end();
      return blocks;
    }
    """
    short, long = page.evaluate(draw, 6_000), page.evaluate(draw, 48_000)
    assert short > 0
    assert long < 12 * short, "the work grows faster than the text"
