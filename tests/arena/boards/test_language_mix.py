"""The gap in a fixed mix of languages: weighed to it, hidden where a language is thin."""

import datetime as dt
import json
from typing import Any

import numpy as np
import pytest
from django.test import Client

from arena.boards.catalogue import read_facts
from arena.boards.columns import Bit, VoteColumns
from arena.boards.gap.mix import mixed_gap
from arena.boards.gap.rules import CUTS, MIX
from arena.boards.models import Board, Snapshot
from arena.boards.newest import newest_mix
from arena.boards.publication import publish_boards
from arena.boards.simulation import simulate
from arena.boards.votes import CountedVotes
from arena.catalog.models import LanguageModel
from arena.integrity.languages import TAGS
from tests.arena.boards.votes import NOW, new_model

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 6, 1)


def votes_of(shares: dict[str, float], leads: dict[str, float], n: int = 12_000) -> CountedVotes:
    """Votes between a closed and an open model whose distance differs by language."""
    closed = new_model("Basalt", "closed", api_released_on=dt.date(2026, 1, 1))
    opened = new_model("Aster", "fully_open", weights_released_on=dt.date(2026, 1, 1))
    rng = np.random.default_rng(3)
    tags = rng.choice(list(shares), n, p=list(shares.values()))
    lead = np.array([leads[tag] for tag in tags])
    closed_wins = rng.random(n) < 1 / (1 + 10 ** (-lead / 400))
    return CountedVotes(
        "live",
        1,
        VoteColumns(
            vote=np.arange(1, n + 1),
            revision=np.ones(n, dtype=np.int64),
            a=np.full(n, closed.pk, dtype=np.int32),
            b=np.full(n, opened.pk, dtype=np.int32),
            outcome=np.where(closed_wins, 0, 1).astype(np.int8),
            voter=rng.integers(0, 300, n),
            at=np.zeros(n, dtype=np.int64),
            bits=np.full(n, Bit.COUNTED, dtype=np.uint16),
            category=np.zeros(n, dtype=np.int8),
            language=np.array([TAGS.index(tag) for tag in tags], dtype=np.int8),
            style=np.zeros((n, 4)),
        ),
    )


def gap_of(votes: CountedVotes, least: int = 30) -> dict[str, Any]:
    everything = np.ones(len(votes), dtype=bool)
    return mixed_gap(votes, everything, read_facts(TODAY), TODAY, min_votes=least)


LEADS = {"en": 0.0, "zh-Hans": 200.0, "zh-Hant": 200.0, "de": -400.0}
# Half the votes at 50 in 100, half at 76: 63 in 100, which is 92 points.
EXPECTED = 92


@pytest.mark.parametrize(
    "shares",
    [
        {"en": 0.7, "zh-Hans": 0.1, "zh-Hant": 0.1, "de": 0.1},
        {"en": 0.2, "zh-Hans": 0.6, "zh-Hant": 0.1, "de": 0.1},
    ],
)
def test_the_total_stays_where_it_is_whoever_votes_more(shares: dict[str, float]) -> None:
    votes = votes_of(shares, LEADS)
    found = gap_of(votes)
    latest = found["latest"]
    assert latest["lower"] < EXPECTED < latest["upper"]
    assert latest["gap"] == pytest.approx(EXPECTED, abs=15)
    assert found["series"][-1]["gap"] == latest["gap"]
    assert found["votes"]["zh"] > found["min_battles"]
    assert sum(found["votes"].values()) == (votes.columns.language != TAGS.index("de")).sum()
    assert set(found["cuts"]) == set(CUTS[1:])
    json.dumps(found, allow_nan=False)


def test_the_interval_knows_how_few_votes_the_rarer_language_has() -> None:
    def width(shares: dict[str, float]) -> float:
        latest = gap_of(votes_of(shares, LEADS))["latest"]
        LanguageModel.objects.all().delete()
        return float(latest["upper"] - latest["lower"])

    assert width({"en": 0.9, "zh-Hans": 0.1}) > 1.2 * width({"en": 0.5, "zh-Hans": 0.5})


def test_a_thin_language_hides_the_total_and_is_named() -> None:
    found = gap_of(votes_of({"en": 0.95, "zh-Hans": 0.05}, LEADS))
    assert found["undefined"] == "thin"
    assert found["thin"] == ["zh"]
    assert "latest" not in found


def test_a_model_that_was_hardly_asked_in_one_language_is_not_eligible() -> None:
    votes = votes_of({"en": 0.5, "zh-Hans": 0.5}, LEADS)
    assert gap_of(votes, least=1000)["eligible"] == {"closed": 1, "open": 1}
    few = gap_of(votes, least=7000)
    assert few["eligible"] == {"closed": 0, "open": 0}
    assert few["latest"] is None


def test_votes_that_allow_no_rating_give_a_reason() -> None:
    votes = votes_of({"en": 0.5, "zh-Hans": 0.5}, {"en": 9e9, "zh-Hans": 9e9})
    assert gap_of(votes)["undefined"] == "unrated"


def test_the_mix_adds_up_and_names_no_vote_twice() -> None:
    assert sum(MIX.shares.values()) == 1
    tags = [tag for tag in TAGS for name in MIX.shares if f"{tag}-".startswith(f"{name}-")]
    assert set(MIX.shares) <= set(tags)
    assert len(tags) == len(set(tags))


def test_it_is_published_with_the_boards_of_all_languages_and_kept_between(client: Client) -> None:
    simulate(votes=6000, voters=100, seed=1, until=NOW)
    publish_boards(NOW)
    stored = Snapshot.objects.filter(gap__has_key="mix").values_list("board__slug", flat=True)
    assert sorted(stored) == [
        *("overall", "overall-90-days", "overall-90-days-style", "overall-style"),
    ]
    board = Board.objects.get(slug="overall")
    published = newest_mix(board)
    assert published
    assert published["latest"]
    live = board.snapshots.get()
    live.pk, live.published_for, live.gap = None, None, {"frontiers": {}}
    live.save()
    assert newest_mix(board) == published
    answer = client.get("/api/v1/gap?source=simulated").json()
    assert answer["mix"] == json.loads(json.dumps(published))
    assert "mix" not in answer["gap"]
    in_one = client.get("/api/v1/boards/language-zh/gap?source=simulated").json()
    assert in_one["mix"] is None
    text = client.get("/gap/?source=simulated").content.decode()
    assert 'id="gap-fixed-mix"' in text
    assert "In the fixed mix of languages" in text
    assert "English 50% and Chinese 50%" in text
    csv = client.get("/charts/gap-fixed-mix.csv?source=simulated").content.decode()
    assert len(csv.splitlines()) == 1 + len(published["series"])
