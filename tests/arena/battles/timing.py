"""An attack on blindness: which side is which, told from when text appears and how much of it.

Battles are simulated on a clock of their own, through the real `Pacer` and the frame rule of
`LiveTurn`. The models differ in speed, delay, size and regularity of their pieces; their texts
do not differ, since what a text gives away no pace can hide. The attacker knows both names, has
seen thousands of battles of the same models with the answer, and sees every frame of the battle.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arena.battles.beat import SECONDS
from arena.battles.pacing import Mode, Pacer

type Floats = NDArray[np.float64]

SIDES = ("a", "b")
_WORDS = (
    "the",
    "of",
    "river",
    "water",
    "and",
    "bank",
    "course",
    "keeps",
    "remembers",
    "its",
    "with",
)


@dataclass(frozen=True)
class Pace:
    """How a model sends: seconds before its first piece, tokens a second and in one piece.

    ``unevenness`` is the spread of the logarithm of the time between two pieces.
    """

    delay: float
    rate: float
    piece: int
    unevenness: float


MODELS = (
    Pace(delay=1.6, rate=14.0, piece=1, unevenness=0.6),
    Pace(delay=0.5, rate=31.0, piece=1, unevenness=0.2),
    Pace(delay=0.9, rate=55.0, piece=4, unevenness=0.8),
    Pace(delay=0.2, rate=130.0, piece=12, unevenness=0.4),
)


@dataclass(frozen=True)
class Frame:
    """A moment at which text appeared, and the text of each side."""

    at: float
    texts: Mapping[str, str]


@dataclass(frozen=True)
class Battle:
    """What an attacker sees, which two models it is, and whether side a is the first of them."""

    frames: Sequence[Frame]
    pair: tuple[int, int]
    first_is_a: bool


def pieces(model: Pace, generator: random.Random) -> Iterator[tuple[float, str]]:
    """Yield (when it comes, what comes) of one answer; its length is that of any model."""
    tokens = min(500, max(4, int(generator.lognormvariate(4.6, 0.7))))
    text = [f" {generator.choice(_WORDS)}" for _ in range(tokens)]
    at = model.delay * generator.lognormvariate(0.0, 0.3)
    for start in range(0, tokens, model.piece):
        yield at, "".join(text[start : start + model.piece])
        at += model.piece / model.rate * generator.lognormvariate(0.0, model.unevenness)


def play(mode: Mode, models: Sequence[Pace], generator: random.Random) -> list[Frame]:
    """Have a battle of two models and return its frames."""
    coming = {
        side: list(pieces(model, generator)) for side, model in zip(SIDES, models, strict=True)
    }
    pacer, frames = Pacer(SIDES, mode=mode), []
    now = generator.uniform(0.0, SECONDS)
    places = dict.fromkeys(SIDES, 0)
    while not pacer.finished:
        now += SECONDS * generator.lognormvariate(0.0, 0.05)  # a loop that has other work, too
        for side, answer in coming.items():
            while places[side] < len(answer) and answer[places[side]][0] <= now:
                pacer.feed(side, answer[places[side]][1], now)
                places[side] += 1
            if places[side] == len(answer):
                pacer.end(side, now)
        texts = dict(pacer.advance(now))
        if any(texts.values()):
            frames.append(Frame(now, texts))
    return frames


def battles(mode: Mode, count: int, seed: int) -> list[Battle]:
    """Have so many battles of random pairs, the sides drawn by chance."""
    generator = random.Random(seed)
    played = []
    for _ in range(count):
        first, second = sorted(generator.sample(range(len(MODELS)), 2))
        first_is_a = generator.random() < 0.5
        order = (first, second) if first_is_a else (second, first)
        frames = play(mode, [MODELS[number] for number in order], generator)
        played.append(Battle(frames, (first, second), first_is_a))
    return played


def clues(battle: Battle) -> list[float]:
    """Return what tells side a from side b: each number changes its sign when they are swapped.

    When each begins and ends, how much comes at once and how evenly, where text stops (in the
    middle of a word, before a pause), and what the rest of the longer answer does after the end of
    the shorter one, compared with before.
    """
    of_side = [_clues_of_side(battle.frames, side) for side in SIDES]
    own = [a - b for a, b in zip(*of_side, strict=True)]
    return [*own, *_clues_of_rest(battle.frames)]


def _clues_of_side(frames: Sequence[Frame], side: str) -> list[float]:
    sizes = np.array([len(frame.texts[side]) for frame in frames], dtype=float)
    times = np.array([frame.at for frame in frames])
    some = np.flatnonzero(sizes)
    present, gaps = sizes[some], np.diff(times[some])
    text, at_word, at_pause, pauses = "", 0, 0, 1
    for number, index in enumerate(some.tolist()):
        text += frames[index].texts[side]
        following = int(some[number + 1]) if number + 1 < len(some) else len(frames) - 1
        ends_word = following < len(frames) and frames[following].texts[side][:1] in {"", " "}
        at_word += ends_word
        if number < len(gaps) and gaps[number] > 1.5 * SECONDS:
            pauses += 1
            at_pause += ends_word
    return [
        times[some[0]],
        times[some[-1]],
        float(present.mean()),
        float(present.std()),
        float(present.max()),
        float(np.median(gaps)) if len(gaps) else 0.0,
        float(gaps.std()) if len(gaps) else 0.0,
        at_word / len(some),
        at_pause / pauses,
        float(len(some)),
        float(sizes.sum()) / max(times[some[-1]] - times[some[0]], 0.1),
    ]


def _clues_of_rest(frames: Sequence[Frame]) -> list[float]:
    """Return how the longer answer goes on alone; the sign says on which side it is."""
    last = {side: max(n for n, f in enumerate(frames) if f.texts[side]) for side in SIDES}
    if last["a"] == last["b"]:
        return [0.0] * 6
    longer = max(SIDES, key=lambda side: last[side])
    sign = 1.0 if longer == "a" else -1.0
    turn = min(last.values())
    before = [(f.at, len(f.texts[longer])) for f in frames[: turn + 1]]
    after = [(f.at, len(f.texts[longer])) for f in frames[turn:]]
    speeds = [_speed(part) for part in (before, after)]
    return [
        sign,
        sign * speeds[0],
        sign * speeds[1],
        sign * (speeds[1] / max(speeds[0], 1.0)),
        sign * float(np.diff([at for at, _ in after]).std()),
        sign * float(np.std([size for _, size in after])),
    ]


def _speed(part: Sequence[tuple[float, int]]) -> float:
    return sum(size for _, size in part[1:]) / max(part[-1][0] - part[0][0], 0.1)


def guessed_right(known: Sequence[Battle], unknown: Sequence[Battle]) -> float:
    """Return the share of battles in which the attacker, trained on others, names the sides.

    For each pair a logistic regression of its own on the clues and their squares with sign.
    """
    right = total = 0
    for pair in sorted({battle.pair for battle in unknown}):
        x, y = _matrix([battle for battle in known if battle.pair == pair])
        z, truth = _matrix([battle for battle in unknown if battle.pair == pair])
        scale = np.sqrt((x**2).mean(axis=0)) + 1e-9
        weights = _logistic(x / scale, y)
        right += int((((z / scale) @ weights > 0) == (truth > 0)).sum())
        total += len(truth)
    return right / total


def _matrix(known: Sequence[Battle]) -> tuple[Floats, Floats]:
    x = np.array([clues(battle) for battle in known])
    y = np.array([1.0 if battle.first_is_a else -1.0 for battle in known])
    return np.hstack([x, np.sign(x) * x**2]), y


def _logistic(x: Floats, y: Floats, penalty: float = 0.01) -> Floats:
    """Return the weights of a logistic regression without intercept: swapping sides swaps y."""
    weights = np.zeros(x.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(np.clip(y * (x @ weights), -30, 30)))
        gradient = -(x * (y * chance)[:, None]).mean(axis=0) + penalty * weights
        curve = chance * (1 - chance)
        hessian = (x * curve[:, None]).T @ x / len(y) + penalty * np.eye(len(weights))
        weights -= np.linalg.solve(hessian, gradient)
    return np.asarray(weights)
