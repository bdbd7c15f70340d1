"""How the battle page behaves while answers stream: nothing moves, the reader is not disturbed."""

from collections.abc import Callable, Sequence

import pytest
from playwright.sync_api import Page, expect

from tests.browser.battling import send, wait_until_votable
from tests.browser.fake_server import MODULE, FakeServer

pytestmark = pytest.mark.browser
type Visit = Callable[..., Page]
type Streaming = Callable[..., tuple[Page, FakeServer]]

ANSWER = """## First part

Some **bold** text with `code` and a [link](https://elsewhere.example/), long enough to need a
second line in a column that is half as wide as the page.

- one
- two with *marks*
  - three

```python
def f(x):
    return x + 1
```

| name | number |
|:-----|-------:|
| one  |      1 |
| two  |      2 |

## Second part

1. Formulas: $x^2 + y_1$ and

$$
\\sum_{k=1}^n k
$$

Text
- a list after text

The [reference][1] is here.

[1]: https://elsewhere.example/one
"""
TABLE = ANSWER.partition("| name")[2].partition("## Second")[0]
WITHOUT_TABLE = ANSWER.replace(f"| name{TABLE}", "")
# Less than a pixel of a line: what Chromium reports now and then when a machine is busy.
UNSEEN = 0.001
SHIFTS = """
window.shift = 0;
window.moved = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    shift += entry.value;
    const box = ({ x, y, width, height }) => [x, y, width, height].map(Math.round).join(" ");
    for (const { node, previousRect, currentRect } of entry.sources)
      moved.push([node?.outerHTML?.slice(0, 200) ?? "", box(previousRect), box(currentRect)]);
  }
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture
def streaming(visit: Visit) -> Streaming:
    """Return a function that opens a battle whose answers the test streams."""

    def begin(**options: object) -> tuple[Page, FakeServer]:
        page = visit("", **options)
        server = FakeServer(page)
        page.add_init_script(SHIFTS)
        page.goto("/")
        send(page, "Hello $x$")
        server.begin()
        expect(page.locator(".turn")).to_have_count(1)
        return page, server

    return begin


def stream(server: FakeServer, a: str, b: str, *, step: int = 7, every: int = 15) -> None:
    """Send two answers in small pieces, at about the pace of real ones."""
    for at in range(0, max(len(a), len(b)), step):
        server.say(a[at : at + step], b[at : at + step])
        server.page.wait_for_timeout(every)


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_nothing_moves_while_answers_stream_and_end(streaming: Streaming, phone: bool) -> None:
    page, server = streaming(phone=phone)
    server.say("Hello $x$. ", "Hello $y$. ")
    page.locator(".answer math").first.wait_for(state="attached")
    page.evaluate("shift = 0")
    stream(server, WITHOUT_TABLE, WITHOUT_TABLE[::-1].swapcase()[:400])
    server.end()
    wait_until_votable(page)
    page.wait_for_timeout(300)
    assert page.evaluate("shift") == 0


def test_a_growing_table_moves_its_own_columns_at_most(streaming: Streaming) -> None:
    page, server = streaming()
    server.say("Hello `x`. ", "Hello `y`. ")
    page.locator(".answer code").first.wait_for(state="attached")
    page.evaluate("shift = 0")
    rows = "".join(f"| row {n} | {'word ' * (n % 5)} | {n * 7} |\n" for n in range(40))
    stream(server, f"\n\n| a | b | c |\n|---|---|--:|\n{rows}", "The other side. " * 40, every=8)
    server.end()
    wait_until_votable(page)
    page.wait_for_timeout(300)
    assert page.evaluate("shift") < 0.01


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_nothing_moves_while_the_landing_page_loads(visit: Visit, phone: bool) -> None:
    page = visit("", phone=phone)
    page.add_init_script(SHIFTS)
    page.goto("/", wait_until="networkidle")
    expect(page.locator(".starter").first).to_be_visible()
    page.wait_for_timeout(200)
    shift, moved = page.evaluate("[shift, moved]")
    assert shift < UNSEEN, moved


def test_no_half_mark_is_ever_shown(streaming: Streaming) -> None:
    page, server = streaming()
    page.evaluate(
        "window.seen = new Set(); new MutationObserver(() => {"
        " for (const e of document.querySelectorAll('.answer')) seen.add(e.innerText);"
        "}).observe(document.querySelector('.turns'), {childList: true, subtree: true,"
        " characterData: true})"
    )
    server.say("First: ", "First: ")
    expect(page.locator(".answer p").first).to_be_visible()
    stream(server, "\n\n" + ANSWER, "\n\n" + ANSWER, step=1, every=2)
    server.end()
    wait_until_votable(page)
    seen = page.evaluate("[...seen]")
    assert len(seen) > 20
    for half in ("**", "```", "##", "](", "|", "$$", "\\sum", "- two", "\n-", "`", "[1]:"):
        shown = [text for text in seen if half in text]
        assert not shown, (half, shown[0][-80:])


def test_what_was_marked_stays_marked_when_the_answer_ends(streaming: Streaming) -> None:
    page, server = streaming()
    stream(server, ANSWER, ANSWER, step=40)
    page.locator(".answer li").first.wait_for()  # then the paragraph before it is closed
    page.evaluate("getSelection().selectAllChildren(document.querySelector('.answer p'))")
    marked = page.evaluate("String(getSelection())")
    server.end()
    wait_until_votable(page)
    assert marked.startswith("Some bold text")
    assert page.evaluate("String(getSelection())") == marked


def test_the_page_follows_the_end_unless_the_reader_scrolls(streaming: Streaming) -> None:
    page, server = streaming(viewport={"width": 1000, "height": 500})
    distance = "document.documentElement.scrollHeight - innerHeight - scrollY"
    paragraph = "A paragraph of an answer, as long as a line or two of its column is wide.\n\n"
    stream(server, paragraph * 8, paragraph * 8, step=75)
    page.wait_for_function(f"() => scrollY > 50 && {distance} < 3")
    page.mouse.wheel(0, -200)
    page.wait_for_function(f"() => {distance} > 100")
    at = page.evaluate("scrollY")
    stream(server, paragraph * 4, paragraph * 4, step=75)
    page.wait_for_timeout(100)
    assert page.evaluate("scrollY") == at, "the page ran away from its reader"
    page.mouse.wheel(0, 5000)
    page.wait_for_function(f"() => {distance} < 3")
    stream(server, paragraph * 4, paragraph * 4, step=75)
    page.wait_for_function(f"() => {distance} < 3")
    assert page.evaluate("scrollY") > at


def test_the_place_in_line_is_told_to_both_sides_alike(streaming: Streaming) -> None:
    page, server = streaming()
    lines = page.locator(".in-line")
    server.tell_next("queue", position=3)
    expect(lines).to_have_text(["These models are busy. Battles before yours: 2"] * 2)
    server.tell_next("queue", position=1)
    expect(lines).to_have_text(["These models are busy. Your battle is next."] * 2)
    server.tell_next("queue", position=0)
    expect(lines.first).to_be_hidden()
    server.say("Hello", "Hello")
    expect(page.locator(".answer").first).to_have_text("Hello")


def test_headings_of_two_answers_are_put_side_by_side(streaming: Streaming) -> None:
    page, server = streaming()
    parts = [f"## Part {n}\n\n" for n in range(1, 4)]
    a = "".join(part + "Short.\n\n" for part in parts)
    b = "".join(part + "A much longer part of this answer. " * 12 + "\n\n" for part in parts)
    server.say(a, b)
    toggle = page.get_by_role("button", name="Align headings", exact=True)
    expect(toggle).to_be_hidden()
    server.end()
    wait_until_votable(page)
    tops = """['a', 'b'].map((side) => {
      const all = [...document.querySelectorAll(`.side[data-side=${side}] h2`)];
      const [first] = all;
      return all.map((e) => Math.round(e.offsetTop - first.offsetTop));
    })"""
    expect(toggle).to_be_visible()
    apart = page.evaluate(tops)
    assert len(apart[0]) == len(parts)
    assert apart[0] != apart[1]
    toggle.click()
    of_a, of_b = page.evaluate(tops)
    assert of_a == of_b
    toggle.click()
    assert page.evaluate(tops) == apart


def test_a_whole_answer_is_copied_as_it_was_written(streaming: Streaming) -> None:
    page, server = streaming(permissions=["clipboard-read", "clipboard-write"])
    server.say("A **bold** answer.", "Another.")
    copy = page.locator('.side[data-side="a"]').get_by_role(
        "button", name="Copy answer", exact=True
    )
    expect(copy).to_be_hidden()
    server.end()
    copy.click()
    expect(page.locator('.side[data-side="a"] .answer-tools')).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "A **bold** answer."


def test_enter_ends_a_composition_and_sends_nothing(visit: Visit) -> None:
    page = visit("")
    FakeServer(page)
    page.goto("/")
    box = page.get_by_label("Your prompt")
    box.focus()
    devtools = page.context.new_cdp_session(page)
    enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}
    for word in ("n", "ni", "nihao"):
        composed = {"text": word, "selectionStart": len(word), "selectionEnd": len(word)}
        devtools.send("Input.imeSetComposition", composed)
    devtools.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **enter})
    devtools.send("Input.dispatchKeyEvent", {"type": "keyUp", **enter})
    expect(page.locator("main")).to_have_attribute("data-stage", "landing")
    devtools.send("Input.insertText", {"text": "你好"})
    expect(box).to_have_value("你好")
    expect(page.locator("main")).to_have_attribute("data-stage", "landing")
    box.press("Enter")
    expect(page.locator("main")).to_have_attribute("data-stage", "battle")
    expect(page.locator(".prompt-text")).to_have_text("你好")


def test_digits_during_a_composition_do_not_vote(streaming: Streaming) -> None:
    page, server = streaming()
    server.say("Hello", "Hello")
    server.end()
    wait_until_votable(page)
    page.evaluate(
        "document.dispatchEvent(new KeyboardEvent('keydown',"
        " {key: '1', isComposing: true, bubbles: true}))"
    )
    expect(page.locator(".vote")).to_have_attribute("data-state", "awake")


def test_a_swipe_on_a_phone_turns_to_the_other_answer(streaming: Streaming) -> None:
    page, server = streaming(phone=True)
    server.say("one two three", "four five")
    shown = page.locator("main").get_attribute("data-shown")
    other = "b" if shown == "a" else "a"
    expect(page.locator(f'.tab[data-side="{other}"] .tab-state')).to_contain_text("words")
    start, end = (300, 60) if other == "b" else (60, 300)
    devtools = page.context.new_cdp_session(page)
    for kind, x in (("touchStart", start), ("touchMove", (start + end) // 2), ("touchMove", end)):
        devtools.send(
            "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": 300}]}
        )
    devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page.locator("main")).to_have_attribute("data-shown", other)


GROW = (
    """async ([texts, steps]) => {"""
    + MODULE
    + """
  const { Growth } = await module("growth");
  const { render } = await module("markdown");
  const bare = (element) => {
    const copy = element.cloneNode(true);
    for (const ink of copy.querySelectorAll("[class^=hljs]")) ink.replaceWith(...ink.childNodes);
    copy.normalize();
    return copy.innerHTML.replace(/\\s+/g, " ").replace(/> | </g, (found) => found.trim()).trim();
  };
  const whole = (text) => {
    const place = document.createElement("div");
    place.append(render(text));
    return bare(place);
  };
  const place = document.querySelector(".answer");
  const problems = [];
  for (const text of texts) for (const step of steps) {
    place.replaceChildren();
    const growth = new Growth(place);
    const closed = `${text}\\n\\nEnd.\\n\\nX`;
    for (let at = 0; at < closed.length; at += step) {
      growth.append(closed.slice(at, at + step));
      growth.draw();
    }
    if (bare(place) !== whole(closed)) problems.push(["grown", step, bare(place), whole(closed)]);
    await growth.finish(text, async () => {});
    if (bare(place) !== whole(text)) problems.push(["finished", step, bare(place), whole(text)]);
  }
  return problems;
}"""
)
DOCUMENTS: Sequence[str] = (
    ANSWER.replace("The [reference][1] is here.", ""),
    "- tight\n- list\n\n- loose now\n- more\n\n  para\n\n* another\n1) x\n2) y\n",
    "> quote\n> - list\n> - two\n>\n> more\nlazy\n\nSetext\n===\n\nOther\n---\n\n    code\n    m",
    "1. out\n   - inner\n     1. deep\n\n        para\n     2. last\n   - two\n\n   para\n2. next",
    "a | b\n--|--\n1 | 2\n\n***all*** ~~gone~~ 2 * 3 a_b_c __u__ \\* `` ` `` line  \nbreak\\\nend",
    "```\nplain\n\n\n- not a list\n~~~\n```\n~~~js\nlet x = `a`;\n~~~\n\n- ```py\n  x\n  ```\n",
    "你好，**世界**。这是一个`测试`。\n\n\\(a+b\\) \\[c\\] price $5 and $6. $x$ <b>raw</b> &amp;",
    "long " * 2_500,
)


def test_what_grew_is_what_the_whole_text_renders_to(streaming: Streaming) -> None:
    page, server = streaming()
    server.say("$x$ `y`", "$x$ `y`")
    page.locator(".answer math").first.wait_for()
    assert page.evaluate(GROW, [DOCUMENTS[:-1], [1, 2, 3, 5, 16, 64]]) == []
    assert page.evaluate(GROW, [DOCUMENTS[-1:], [500, 5_000]]) == []
