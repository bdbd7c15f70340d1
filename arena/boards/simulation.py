"""Simulated votes on models that do not exist, so that a new arena's boards can be looked at.

Everything it writes carries the source `simulated`, and one call removes it all. Simulated models
have no endpoint and are never drawn in a battle.
"""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from django.db import transaction
from django.utils.text import slugify
from numpy.typing import NDArray

from arena.boards.removal import checked_at_once, remove_source
from arena.boards.simulated_rows import SimulatedRows, time_ordered_keys
from arena.catalog.licences import OPEN_CLASSES, LicenceClass
from arena.catalog.models import LanguageModel, Licensing
from arena.integrity.categories import USES
from arena.voters.models import Voter

SOURCE = "simulated"

# Name, organisation, class, months before the end when it came out, points, billions of parameters.
type Member = tuple[str, str, LicenceClass, float, float, float | None]

_CLOSED, _PERMISSIVE = LicenceClass.CLOSED, LicenceClass.WEIGHTS_PERMISSIVE
_RESTRICTED, _NONCOMMERCIAL = LicenceClass.WEIGHTS_RESTRICTED, LicenceClass.WEIGHTS_NONCOMMERCIAL
# Closed models lead, open ones catch up: by true points 140 two years ago, 50 at the end.
_CAST: tuple[Member, ...] = (
    ("Basalt 1", "Quarrystone", _CLOSED, 24.0, 1001, None),
    ("Aster 7B", "Open Meadow", _NONCOMMERCIAL, 23.4, 819, 7),
    ("Obelisk Small", "Sandglass", _CLOSED, 22.2, 942, None),
    ("Aster 30B", "Open Meadow", _RESTRICTED, 21.0, 888, 30),
    ("Basalt 2", "Quarrystone", _CLOSED, 18.7, 1070, None),
    ("Bramble 13B", "Hedgerow Collective", _PERMISSIVE, 17.9, 906, 13),
    ("Fennel 8B", "Saltmarsh Institute", LicenceClass.FULLY_OPEN, 16.4, 865, 8),
    ("Obelisk Large", "Sandglass", _CLOSED, 15.2, 1113, None),
    ("Aster 2 70B", "Open Meadow", _RESTRICTED, 14.1, 992, 70),
    ("Copperleaf", "Foundry Nine", _CLOSED, 12.6, 1052, None),
    ("Bramble 2 40B", "Hedgerow Collective", _PERMISSIVE, 11.3, 1040, 40),
    ("Basalt 3", "Quarrystone", _CLOSED, 10.1, 1161, None),
    ("Fennel 2 32B", "Saltmarsh Institute", LicenceClass.FULLY_OPEN, 8.8, 1029, 32),
    ("Aster 3 120B", "Open Meadow", _RESTRICTED, 7.5, 1104, 120),
    ("Copperleaf Mini", "Foundry Nine", _CLOSED, 6.6, 1046, None),
    ("Obelisk 2", "Sandglass", _CLOSED, 5.4, 1198, None),
    ("Bramble 3 90B", "Hedgerow Collective", _PERMISSIVE, 4.3, 1148, 90),
    ("Basalt 4", "Quarrystone", _CLOSED, 3.2, 1220, None),
    ("Aster 4 8B", "Open Meadow", _PERMISSIVE, 2.3, 1074, 8),
    ("Aster 4 200B", "Open Meadow", _RESTRICTED, 1.4, 1170, 200),
)
# Who takes more than text; of one model it is not known.
_MODALITIES = {
    "Basalt 3": ["text", "image"],
    "Obelisk 2": ["text", "image", "audio"],
    "Basalt 4": ["text", "image", "audio", "video"],
    "Bramble 3 90B": ["text", "image"],
    "Aster 4 200B": ["text", "image"],
    "Copperleaf": [],
}
_DAYS_PER_MONTH = 30.4375
# Votes fall into this many days before the end; a model is met only after its release.
_VOTING_DAYS = 75
_TIES, _BOTH_BAD = 0.17, 0.06
# Points by which voters differ in their taste for a model.
_TASTE = 60.0
# What a longer or a more structured answer gains by that alone, in points per standard deviation.
_LENGTH_BONUS, _LIST_BONUS = 43.0, 9.0
_LANGUAGES, _LANGUAGE_SHARES = ("en", "zh-Hans", "zh-Hant", "de", ""), (0.55, 0.2, 0.12, 0.08, 0.05)
_USE_SHARES = (0.2, 0.08, 0.12, 0.05, 0.02, 0.05, 0.1, 0.03, 0.04, 0.2, 0.07, 0.04)
_ROWS_AT_ONCE = 100_000


@dataclass(frozen=True, eq=False)
class Draw:
    """n simulated votes as columns; models and voters by position.

    Attributes
    ----------
    counts : (4, 2, n)
        Tokens, headers, lists and bold passages of side A and B.
    category : (n,)
        Place in `USES`, from 1; 0 for none.
    language : (n,)
        Place in `_LANGUAGES`.
    flags : (4, n) bool
        Hard, longer, multi-turn, refusal.
    """

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    outcome: NDArray[np.int64]
    voter: NDArray[np.int64]
    seconds: NDArray[np.float64]
    counts: NDArray[np.int64]
    category: NDArray[np.int64]
    language: NDArray[np.int64]
    flags: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.a)


def simulate(
    *,
    votes: int,
    voters: int,
    seed: int,
    until: dt.datetime,
    models: int = len(_CAST),
    source: str = SOURCE,
    on_progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Write fictional models, voters, battles and votes with their facts; return how many votes.

    Parameters
    ----------
    votes, voters : int
    seed : int
        The same seed, numbers and `until` give the same votes.
    until : aware datetime
        The last vote is cast before it; release dates reach two years back from it.
    models : int
        Above the cast of twenty, nameless ones are added.
    source : str
        Another one is for measurements in a database that is thrown away.
    on_progress : callable
        Called with the number of votes written so far.
    """
    rng = np.random.default_rng(seed)
    cast = _cast(rng, models)
    with transaction.atomic(), checked_at_once():
        keys = _write_models(cast, until)
        people = _write_voters(rng, voters, until, source)
        draw = draw_votes(rng, votes, voters, cast)
        rows = SimulatedRows(source, keys, people, until, _LANGUAGES)
        for start in range(0, votes, _ROWS_AT_ONCE):
            block = slice(start, min(start + _ROWS_AT_ONCE, votes))
            rows.write(rng, draw, block)
            on_progress(block.stop)
    return votes


@transaction.atomic
def remove_simulated() -> int:
    """Remove every simulated vote with all that came of it; return how many votes there were."""
    removed = remove_source(SOURCE)
    LanguageModel.objects.filter(simulated=True).delete()
    return removed


def draw_votes(
    rng: np.random.Generator, votes: int, voters: int, cast: tuple[Member, ...] = _CAST
) -> Draw:
    """Draw who votes when, on which pair, on what, and how.

    A vote follows Bradley-Terry on the true points plus the voter's own taste, so votes of one
    voter hang together, plus what length and lists gain; ties and both-bad are drawn apart.
    """
    strength = np.array([points for _, _, _, _, points, _ in cast], dtype=float)
    age = np.array([months for _, _, _, months, _, _ in cast]) * _DAYS_PER_MONTH
    days_before = np.sort(rng.uniform(0, _VOTING_DAYS, votes))[::-1]
    voter = rng.choice(voters, votes, p=_habits(rng, voters))
    a, b = _draw_pairs(rng, days_before, age)
    counts = _draw_counts(rng, np.stack([a, b]), len(cast))
    taste = rng.normal(0, _TASTE, (voters, len(cast))).astype(np.float32)
    lead = strength[a] + taste[voter, a] - strength[b] - taste[voter, b]
    lead += _LENGTH_BONUS * _standard(counts[0]) + _LIST_BONUS * _standard(counts[2])
    a_wins = rng.random(votes) < 1 / (1 + 10 ** (-lead / 400))
    kind = rng.random(votes)
    outcome = np.select([kind < _TIES, kind < _TIES + _BOTH_BAD], [2, 3], np.where(a_wins, 0, 1))
    return Draw(
        a,
        b,
        outcome,
        voter,
        days_before * 86_400,
        counts,
        category=rng.choice(len(USES), votes, p=_USE_SHARES) + 1,
        language=rng.choice(len(_LANGUAGES), votes, p=_LANGUAGE_SHARES),
        flags=rng.random((4, votes)) < np.array([[0.3], [0.1], [0.2], [0.04]]),
    )


def _cast(rng: np.random.Generator, models: int) -> tuple[Member, ...]:
    """Return the cast, with nameless members where more are wanted."""
    classes = list(LicenceClass)
    more = tuple(
        (
            f"Model {number + 1:03d}",
            f"Maker {number % 40 + 1}",
            classes[int(rng.integers(len(classes)))],
            float(rng.uniform(3, 24)),
            float(rng.normal(1000, 110)),
            None,
        )
        for number in range(len(_CAST), models)
    )
    return _CAST[:models] + more


def _habits(rng: np.random.Generator, voters: int) -> NDArray[np.float64]:
    """Return how often each voter votes: most a little, some a lot."""
    habit = rng.lognormal(0, 1, voters)
    share: NDArray[np.float64] = habit / habit.sum()
    return share


def _draw_pairs(
    rng: np.random.Generator, days_before: NDArray[np.float64], age: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw two different models that were out on each vote's day, in blocks of bounded memory."""
    pairs = np.empty((len(days_before), 2), dtype=np.int64)
    step = max(1, 20_000_000 // len(age))
    for start in range(0, len(days_before), step):
        days = days_before[start : start + step]
        key = rng.random((len(days), len(age)), dtype=np.float32)
        key[days[:, None] >= age[None, :]] = np.inf
        pairs[start : start + step] = np.argpartition(key, (0, 1), axis=1)[:, :2]
    return pairs[:, 0].copy(), pairs[:, 1].copy()


def _draw_counts(
    rng: np.random.Generator, sides: NDArray[np.int64], models: int
) -> NDArray[np.int64]:
    """Draw tokens, headers, lists and bold passages of both answers; some models say more."""
    wordy = rng.normal(0, 0.35, models)[sides]
    tokens = np.exp(rng.normal(5.4, 0.5, sides.shape) + wordy).astype(np.int64) + 1
    layout = np.exp(wordy) * np.array([0.8, 3.0, 2.0])[:, None, None]
    return np.concatenate([tokens[None], rng.poisson(layout)])


def _standard(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return (a - b) / (a + b) over its standard deviation."""
    a, b = counts.astype(float)
    share = np.divide(a - b, a + b, out=np.zeros_like(a), where=a + b > 0)
    deviation = share.std()
    scaled: NDArray[np.float64] = share / (deviation or 1.0)
    return scaled


def _write_models(cast: tuple[Member, ...], until: dt.datetime) -> list[int]:
    models = []
    for name, organisation, licence_class, months, _points, billions in cast:
        day = until.date() - dt.timedelta(days=round(months * _DAYS_PER_MONTH))
        models.append(
            LanguageModel(
                slug=f"simulated-{slugify(name)}",
                name=name,
                organisation=organisation,
                api_released_on=day,
                weights_released_on=day if licence_class in OPEN_CLASSES else None,
                params_total_b=billions,
                modalities=_MODALITIES.get(name, ["text"]),
                simulated=True,
            )
        )
    LanguageModel.objects.bulk_create(models)
    Licensing.objects.bulk_create(
        Licensing(
            language_model=model, licence_class=line[2], since=model.api_released_on or until.date()
        )
        for model, line in zip(models, cast, strict=True)
    )
    return [model.pk for model in models]


def _write_voters(
    rng: np.random.Generator, voters: int, until: dt.datetime, source: str
) -> list[uuid.UUID]:
    began = until - dt.timedelta(days=_VOTING_DAYS)
    keys = time_ordered_keys(rng, np.full(voters, began.timestamp()))
    Voter.objects.bulk_create(
        (
            Voter(
                id=uuid.UUID(bytes=key.tobytes()),
                source=source,
                pseudonym=f"simulated voter {number + 1}",
                created_at=began,
            )
            for number, key in enumerate(keys)
        ),
        batch_size=5000,
    )
    return [uuid.UUID(bytes=key.tobytes()) for key in keys]
