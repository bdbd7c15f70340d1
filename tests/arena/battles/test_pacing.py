"""The pace at which text becomes visible tells nothing about either side."""

import random

import pytest

from arena.battles.pacing import STEPS, Mode, Pacer, tokens_in

FRAME = 0.04
WORDS = "The river keeps its course, and the bank remembers the water. "


def play(
    mode: Mode, sides: dict[str, tuple[str, float, float]]
) -> tuple[Pacer, list[tuple[float, dict[str, str]]]]:
    """Feed each side (text, first second, tokens a second); return the frames by time."""
    pacer = Pacer(sides, mode=mode)
    frames: list[tuple[float, dict[str, str]]] = []
    fed = dict.fromkeys(sides, 0)
    now = 0.0
    while not pacer.finished:
        assert now < 600
        for side, (text, first, rate) in sides.items():
            due = min(len(text), int(max(0.0, now - first) * rate * 4))
            if due > fed[side]:
                pacer.feed(side, text[fed[side] : due], now)
                fed[side] = due
            if due == len(text):
                pacer.end(side)
        frames.append((now, dict(pacer.advance(now))))
        now += FRAME
    return pacer, frames


@pytest.mark.parametrize("mode", ["paced", "live"])
def test_all_of_the_text_becomes_visible_in_order(mode: Mode) -> None:
    texts = {"a": WORDS * 20, "b": "冰为什么会浮在水面上?" * 15 + "\U0001f600e\u0301" + WORDS}
    pacer, frames = play(mode, {"a": (texts["a"], 0.3, 60.0), "b": (texts["b"], 1.1, 25.0)})
    for side, text in texts.items():
        assert pacer.shown(side) == text
        assert "".join(frame[side] for _, frame in frames) == text


def test_nothing_shows_before_both_have_begun() -> None:
    pacer = Pacer("ab", mode="paced")
    pacer.feed("a", WORDS, 0.0)
    pacer.end("a")
    assert set(pacer.advance(5.0).values()) == {""}
    assert set(pacer.states().values()) == {"waiting"}
    assert not pacer.anything_shown


def test_both_sides_stand_at_the_same_token_whatever_their_speed() -> None:
    sides = {"a": (WORDS * 30, 0.2, 120.0), "b": (WORDS * 30, 1.5, 18.0)}
    _, frames = play("paced", sides)
    shown = {"a": 0, "b": 0}
    checked = 0
    for _, frame in frames:
        for side in shown:
            shown[side] += len(frame[side])
        assert abs(shown["a"] - shown["b"]) <= 4
        checked += any(frame.values())
    assert checked > 100


def test_both_sides_end_in_the_same_frame() -> None:
    pacer = Pacer("ab", mode="paced")
    for side in "ab":
        pacer.feed(side, WORDS * (1 if side == "a" else 4), 0.0)
        pacer.end(side)
    states = []
    for frame in range(2000):
        pacer.advance(frame * FRAME)
        states.append(tuple(pacer.states().values()))
    assert {("streaming", "streaming"), ("complete", "complete")} <= set(states)
    assert all(a == b for a, b in states)


def test_there_are_no_bursts() -> None:
    generator = random.Random(7)
    pacer = Pacer("ab", mode="paced")
    now, largest = 0.0, 0
    for _ in range(500):
        now += FRAME
        for side in "ab":
            if generator.random() < 0.05:  # one lump of 20 tokens now and then
                pacer.feed(side, WORDS[:20] * 4, now)
        largest = max(largest, *(len(text) for text in pacer.advance(now).values()))
    assert 0 < largest <= STEPS[-1] * FRAME * 4 + 1


def test_it_costs_little_time() -> None:
    # 300 tokens at 24 a second take 12.5 s; the pace is 15, and what is left is caught up.
    sides = {"a": (WORDS * 19, 0.0, 24.0), "b": (WORDS * 19, 0.0, 90.0)}
    _, frames = play("paced", sides)
    upstream = tokens_in(WORDS * 19) / 24.0
    assert frames[-1][0] < upstream + 4.0


def test_live_shows_what_has_come() -> None:
    pacer = Pacer("ab", mode="live")
    pacer.feed("a", "early", 0.0)
    assert pacer.advance(0.0) == {"a": "early", "b": ""}
    assert pacer.states() == {"a": "streaming", "b": "waiting"}
    pacer.end("a")
    assert pacer.states() == {"a": "complete", "b": "waiting"}
