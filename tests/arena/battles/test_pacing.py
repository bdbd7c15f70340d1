"""The pace at which text becomes visible tells nothing about either side."""

import random
from itertools import pairwise

import pytest

from arena.battles.pacing import STEPS, Mode, Pacer, belong_together, tokens_in
from tests.arena.battles.timing import battles, guessed_right

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
                pacer.end(side, now)
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
    pacer.end("a", 0.0)
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
        pacer.end(side, 0.0)
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
    pacer.end("a", 0.0)
    assert pacer.states() == {"a": "complete", "b": "waiting"}


CLUSTERS = [
    "e\u0301",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467",
    "\U0001f44d\U0001f3fd",
    "\U0001f1e8\U0001f1f3",
    "\U0001f1eb\U0001f1f7",
    "\u1112\u1161\u11ab",
    "\u2764\ufe0f",
    "\u0928\u093f",
    "\r\n",
    "\u51b0",
    "a",
]


def test_no_frame_ends_inside_what_is_read_as_one_character() -> None:
    generator = random.Random(3)
    clusters = generator.choices(CLUSTERS, k=400)
    ends, length = set(), 0
    for cluster in clusters:
        ends.add(length)
        length += len(cluster)
    text = "".join(clusters)
    _, frames = play("paced", {"a": (text, 0.0, 30.0), "b": (WORDS * 30, 0.0, 30.0)})
    shown, cuts = 0, 0
    for _, frame in frames:
        assert shown in ends
        cuts += bool(frame["a"])
        shown += len(frame["a"])
    assert shown == length
    assert cuts > 100


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_it_knows_what_is_read_as_one(cluster: str) -> None:
    assert all(belong_together(cluster, place) for place in range(1, len(cluster)))
    assert not belong_together(f"{cluster}x", len(cluster))


@pytest.mark.parametrize("unevenness", [0.0, 0.5, 1.0])
def test_an_uneven_stream_is_shown_evenly(unevenness: float) -> None:
    generator = random.Random(11)
    pacer, now, due, sent = Pacer("ab", mode="paced"), 0.0, 0.0, 0
    text = WORDS * 12
    sizes: list[int] = []
    while not pacer.finished:
        now += FRAME
        while due <= now and sent < len(text):
            for side in "ab":
                pacer.feed(side, text[sent : sent + 20], now)
            sent += 20
            due += 5 / 50 * generator.lognormvariate(0.0, unevenness)  # 5 tokens, 50 a second
        if sent >= len(text):
            for side in "ab":
                pacer.end(side, now)
        sizes.append(len(pacer.advance(now)["a"]))
    begun = sizes[next(n for n, size in enumerate(sizes) if size) :]
    assert max(begun) <= 50 * FRAME * 4 + 1, "no burst"
    still = sum(size == 0 for size in begun) / len(begun)
    assert still < 0.12, "hardly a frame without text"
    changes = [abs(a - b) for a, b in pairwise(begun) if a and b]
    assert sum(changes) / len(changes) < 1.5, "the pace hardly changes"


@pytest.mark.parametrize(
    ("short", "long"), [("Yes.", WORDS * 15), ("\u597d", WORDS * 3), ("", "No.")]
)
def test_a_very_short_side_does_not_slow_the_other(short: str, long: str) -> None:
    sides = {"a": (short or "Y", 0.1, 90.0), "b": (long, 0.2, 60.0)}
    pacer, frames = play("paced", sides)
    assert (pacer.shown("a"), pacer.shown("b")) == (short or "Y", long)
    assert frames[-1][0] < 0.2 + 0.7 + tokens_in(long) / 25.0


def test_the_rest_of_the_longer_answer_keeps_the_common_pace() -> None:
    """Whether the longer one is there already or is still being written."""
    speeds = []
    for rates in ((20.0, 160.0), (160.0, 20.0)):
        sides = {"a": (WORDS * 6, 0.0, rates[0]), "b": (WORDS * 18, 0.0, rates[1])}
        _, frames = play("paced", sides)
        end = max(at for at, frame in frames if frame["a"])
        rest = [(at, frame["b"]) for at, frame in frames if at > end + 1.0]
        seconds = rest[-1][0] - rest[0][0]
        speeds.append(tokens_in("".join(text for _, text in rest)) / seconds)
    assert speeds[0] == pytest.approx(speeds[1], rel=0.05)


def test_an_attacker_who_knows_both_names_learns_little_from_the_pace() -> None:
    # The full form, with thousands of battles: `make bench-live`.
    known, unknown = battles("paced", 500, seed=1), battles("paced", 500, seed=2)
    assert guessed_right(known, unknown) <= 0.55


def test_the_attack_is_a_real_one() -> None:
    assert guessed_right(battles("live", 150, seed=1), battles("live", 150, seed=2)) > 0.95
