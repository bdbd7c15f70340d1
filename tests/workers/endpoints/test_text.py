from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.endpoints.text import Parts, SafeText, ThinkSplitter, safe_text


def cut(text: str, places: list[int]) -> list[str]:
    ends = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[a:b] for a, b in pairwise(ends)]


def split(pieces: list[str], *, opens_in_think: bool = False) -> Parts:
    splitter = ThinkSplitter(opens_in_think=opens_in_think)
    parts = [*(splitter.feed(piece) for piece in pieces), splitter.finish()]
    return Parts("".join(part.text for part in parts), "".join(part.reasoning for part in parts))


@given(st.text(st.characters(codec=None)), st.lists(st.integers(0)))
def test_safe_text_can_be_stored_however_it_is_cut(text: str, places: list[int]) -> None:
    safe = SafeText()
    result = "".join([*(safe.feed(piece) for piece in cut(text, places)), safe.finish()])

    result.encode()
    assert "\x00" not in result
    assert result == safe_text(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


@given(st.text())
def test_safe_text_leaves_good_text_alone(text: str) -> None:
    assert safe_text(text) == text.replace("\x00", "\ufffd")


THINKING = "\n <think>Two and two.\nThat is < 5.</think>\n\nThe answer is 4."


@given(st.lists(st.integers(0)))
def test_it_tells_thinking_from_the_answer_however_it_is_cut(places: list[int]) -> None:
    expected = Parts("The answer is 4.", "Two and two.\nThat is < 5.")

    assert split(cut(THINKING, places)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Plain.",
        "In HTML, <think> is not a tag.",
        "<thin is not a tag",
        "<thi",
        " ",
        "</think>",
        "a <think>b</think> c",
    ],
)
@given(places=st.lists(st.integers(0)))
def test_it_leaves_an_answer_that_does_not_think_alone(text: str, places: list[int]) -> None:
    assert split(cut(text, places)) == Parts(text, "")


def test_thinking_that_is_never_closed_is_no_answer() -> None:
    assert split(["<think>", "on and on </thi"]) == Parts("", "on and on </thi")


def test_it_knows_servers_that_have_opened_the_tag_themselves() -> None:
    assert split(["So: ", "4.</think>", "\n4"], opens_in_think=True) == Parts("4", "So: 4.")
