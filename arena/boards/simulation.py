"""Simulated votes on models that do not exist, so that a new arena's boards can be looked at.

Everything it writes carries the source `simulated`, and one call removes it all. Simulated models
have no endpoint and are never drawn in a battle.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from django.db import connection, transaction
from django.utils.text import slugify
from numpy.typing import NDArray

from arena.battles.models import Outcome
from arena.boards.removal import remove_source
from arena.catalog.licences import OPEN_CLASSES, LicenceClass
from arena.catalog.models import LanguageModel, Licensing
from arena.voters.models import Voter

SOURCE = "simulated"

_CLOSED, _PERMISSIVE = LicenceClass.CLOSED, LicenceClass.WEIGHTS_PERMISSIVE
_RESTRICTED, _NONCOMMERCIAL = LicenceClass.WEIGHTS_RESTRICTED, LicenceClass.WEIGHTS_NONCOMMERCIAL
# Name, organisation, class, months before the end when it came out, points, billions of parameters.
# Closed models lead, open ones catch up: by true points 140 two years ago, 50 at the end.
_CAST: tuple[tuple[str, str, LicenceClass, float, float, float | None], ...] = (
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
_DAYS_PER_MONTH = 30.4375
# Votes fall into this many days before the end; a model is met only after its release.
_VOTING_DAYS = 75
_TIES, _BOTH_BAD = 0.17, 0.06
# Points by which voters differ in their taste for a model.
_TASTE = 60.0
_ROWS_AT_ONCE = 5_000


@dataclass(frozen=True, eq=False)
class Draw:
    """n simulated votes as columns; models and voters by position."""

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    outcome: NDArray[np.int64]
    voter: NDArray[np.int64]
    seconds: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.a)


@dataclass(frozen=True)
class Cast:
    """Who takes part: primary keys by position, and the moment before which all of it happens."""

    models: Sequence[int]
    voters: Sequence[uuid.UUID]
    until: dt.datetime


def simulate(
    *,
    votes: int,
    voters: int,
    seed: int,
    until: dt.datetime,
    on_progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Write fictional models, voters, battles and votes; return how many votes.

    Parameters
    ----------
    votes, voters : int
    seed : int
        The same seed, numbers and `until` give the same votes.
    until : aware datetime
        The last vote is cast before it; release dates reach two years back from it.
    on_progress : callable
        Called with the number of votes written so far.
    """
    rng = np.random.default_rng(seed)
    with transaction.atomic():
        cast = Cast(_write_models(until), _write_voters(rng, voters, until), until)
        draw = draw_votes(rng, votes, voters)
        for start in range(0, votes, _ROWS_AT_ONCE):
            rows = range(start, min(start + _ROWS_AT_ONCE, votes))
            _write_votes(rng, draw, rows, cast=cast)
            on_progress(rows.stop)
    return votes


@transaction.atomic
def remove_simulated() -> int:
    """Remove every simulated vote with all that came of it; return how many votes there were."""
    removed = remove_source(SOURCE)
    LanguageModel.objects.filter(simulated=True).delete()
    return removed


def draw_votes(rng: np.random.Generator, votes: int, voters: int) -> Draw:
    """Draw who votes when, on which pair, and how.

    A vote follows Bradley-Terry on the true points plus the voter's own taste, so votes of one
    voter hang together; ties and both-bad are drawn apart from strength.
    """
    strength = np.array([points for _, _, _, _, points, _ in _CAST], dtype=float)
    age = np.array([months for _, _, _, months, _, _ in _CAST]) * _DAYS_PER_MONTH
    days_before = np.sort(rng.uniform(0, _VOTING_DAYS, votes))[::-1]
    voter = rng.choice(voters, votes, p=_habits(rng, voters))
    a, b = _draw_pairs(rng, days_before, age)
    taste = rng.normal(0, _TASTE, (voters, len(_CAST)))
    lead = strength[a] + taste[voter, a] - strength[b] - taste[voter, b]
    a_wins = rng.random(votes) < 1 / (1 + 10 ** (-lead / 400))
    kind = rng.random(votes)
    outcome = np.select([kind < _TIES, kind < _TIES + _BOTH_BAD], [2, 3], np.where(a_wins, 0, 1))
    return Draw(a, b, outcome, voter, days_before * 86_400)


def _habits(rng: np.random.Generator, voters: int) -> NDArray[np.float64]:
    """Return how often each voter votes: most a little, some a lot."""
    habit = rng.lognormal(0, 1, voters)
    share: NDArray[np.float64] = habit / habit.sum()
    return share


def _draw_pairs(
    rng: np.random.Generator, days_before: NDArray[np.float64], age: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw two different models that were out on each vote's day."""
    key = rng.random((len(days_before), len(age)))
    key[days_before[:, None] >= age[None, :]] = np.inf
    pair = np.argsort(key, axis=1)[:, :2]
    return pair[:, 0], pair[:, 1]


def _write_models(until: dt.datetime) -> list[int]:
    models = []
    for name, organisation, licence_class, months, _points, billions in _CAST:
        day = until.date() - dt.timedelta(days=round(months * _DAYS_PER_MONTH))
        models.append(
            LanguageModel(
                slug=f"simulated-{slugify(name)}",
                name=name,
                organisation=organisation,
                api_released_on=day,
                weights_released_on=day if licence_class in OPEN_CLASSES else None,
                params_total_b=billions,
                simulated=True,
            )
        )
    LanguageModel.objects.bulk_create(models)
    Licensing.objects.bulk_create(
        Licensing(
            language_model=model, licence_class=line[2], since=model.api_released_on or until.date()
        )
        for model, line in zip(models, _CAST, strict=True)
    )
    return [model.pk for model in models]


def _write_voters(rng: np.random.Generator, voters: int, until: dt.datetime) -> list[uuid.UUID]:
    rows = [
        Voter(
            id=_key(rng, until - dt.timedelta(days=_VOTING_DAYS)),
            source=SOURCE,
            pseudonym=f"simulated voter {number + 1}",
            created_at=until - dt.timedelta(days=_VOTING_DAYS),
        )
        for number in range(voters)
    ]
    Voter.objects.bulk_create(rows, batch_size=_ROWS_AT_ONCE)
    return [row.pk for row in rows]


def _write_votes(rng: np.random.Generator, draw: Draw, rows: Sequence[int], *, cast: Cast) -> None:
    """Copy battles and their votes into the database."""
    outcomes = (Outcome.A, Outcome.B, Outcome.TIE, Outcome.BOTH_BAD)
    times = [cast.until - dt.timedelta(seconds=float(draw.seconds[row])) for row in rows]
    keys = [_key(rng, at) for at in times]

    def battles() -> Iterator[tuple[object, ...]]:
        for key, at, row in zip(keys, times, rows, strict=True):
            pair = (cast.models[side[row]] for side in (draw.a, draw.b))
            yield (key, cast.voters[draw.voter[row]], *pair, '{"rule": "simulated"}', at, "")

    def votes() -> Iterator[tuple[object, ...]]:
        for key, at, row in zip(keys, times, rows, strict=True):
            yield key, outcomes[draw.outcome[row]].value, SOURCE, at, at

    _copy(
        "battles_battle (id, voter_id, model_a_id, model_b_id, pairing, created_at, void_reason)",
        battles(),
    )
    _copy("battles_vote (battle_id, outcome, source, cast_at, final_at)", votes())


def _copy(table: str, rows: Iterator[tuple[object, ...]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copying:
        for row in rows:
            copying.write_row(row)


def _key(rng: np.random.Generator, at: dt.datetime) -> uuid.UUID:
    """Return a UUIDv7 of a moment whose random part is drawn from `rng`."""
    milliseconds = int(at.timestamp() * 1000)
    value = milliseconds << 80 | int.from_bytes(rng.bytes(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    return uuid.UUID(int=value & ~(0b11 << 62) | 0b10 << 62)
