"""The public account of a source: who was drawn and how often, which votes are left out and why,
and how few votes would change the first place.

Counting reads every battle, so it is a job, once a publication's period; pages read what it wrote.
"""

import datetime as dt
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection
from django.db.models import Count, Max, Min, QuerySet
from numpy.typing import NDArray

from arena.battles.models import Battle
from arena.boards.catalogue import Facts, read_facts
from arena.boards.column_cache import CacheHeldError
from arena.boards.models import Board, Ledger
from arena.boards.pairs import Pairs, read_pairs
from arena.boards.position import position_bias
from arena.boards.prediction import check_prediction
from arena.integrity.models import VoteFacts
from arena.integrity.rule_changes import moved_votes
from arena.locks import only_one
from ratings import RatingsError, Tally, fit_bradley_terry, votes_to_flip_first_place
from ratings.outcomes import BothBad, Ties

_logger = logging.getLogger(__name__)
LEDGERS = "write ledgers"
# The rule under which a vote is left out, where none does.
_COUNTED = ""
# Ways to count a tie and "both bad", shown on the method page with what each does.
POLICIES: tuple[tuple[Ties, BothBad], ...] = (
    ("half", "half"),
    ("half", "drop"),
    ("drop", "drop"),
)

type _Pair = tuple[int, int]


def write_ledgers(now: dt.datetime) -> list[str]:
    """Count anew each source whose ledger is older than a period; return the sources.

    Idempotent, and one run at a time.
    """
    with only_one(LEDGERS) as mine:
        if not mine:
            return []
        period = dt.timedelta(seconds=settings.PUBLISH_SECONDS)
        fresh = Ledger.objects.filter(made_at__gt=now - period)
        # A source is first seen before its first publication, which makes the pairs.
        halves = fresh.filter(content__pairs="", source__in=_with_pairs().values("source"))
        due = Board.objects.exclude(
            source__in=fresh.exclude(pk__in=halves.values("pk")).values("source")
        )
        sources = sorted(set(due.values_list("source", flat=True)))
        for source in sources:
            Ledger.objects.update_or_create(
                source=source, defaults={"content": count_source(source, now), "made_at": now}
            )
        return sources


def count_source(source: str, now: dt.datetime) -> dict[str, Any]:
    """Count one source.

    Returns
    -------
    dict
        ``models``: by slug, battles, first and last day, counted votes, and votes left out by
        rule; ``rules``: votes by rule; ``moved``: how many votes each version of the rules moved
        (`arena.integrity.rule_changes`); ``classes``: by licence class, places in battles, counted
        votes, votes left out, and these by rule; ``battles``, ``counted``; ``pairs``: the
        `replay_id` of the board that the last two are about, if there is one; ``influence``: see
        `_influence`; ``policies``: see `_policies`; ``position``: see
        `arena.boards.position`; ``prediction``: see `arena.boards.prediction`. A vote between two
        models, or classes, counts for each of them, and once for one that met itself.
    """
    facts = read_facts(now.date())
    battles = _battles(source)
    votes = _votes(source)
    by_model = _by(votes, lambda model: model)
    by_class = _by(votes, lambda model: facts[model].licence_class)
    places: Counter[str] = Counter()
    for pair, met in battles.items():
        for model in pair:
            places[facts[model].licence_class] += met["battles"]
    pairs = _pairs(source)
    uncounted = VoteFacts.objects.filter(source=source, counted=False)
    rules = uncounted.values_list("not_counted_because").annotate(votes=Count("pk")).order_by()
    return {
        "models": [
            _model(facts[model], row, by_model[model])
            for model, row in sorted(
                _of_models(battles).items(), key=lambda item: -item[1]["battles"]
            )
        ],
        "rules": dict(rules),
        "moved": [
            {"part": part, "version": version, **asdict(moved)}
            for (part, version), moved in sorted(moved_votes(source).items())
        ],
        "classes": {
            name: {
                "places": number,
                "counted": by_class[name][_COUNTED],
                "excluded": sum(_left_out(by_class[name]).values()),
                "by_rule": _left_out(by_class[name]),
            }
            for name, number in places.items()
        },
        "battles": sum(row["battles"] for row in battles.values()),
        "counted": sum(number for (_, rule), number in votes.items() if rule == _COUNTED),
        # The board whose pairs were counted.
        "pairs": pairs.replay_id if pairs else "",
        "influence": _influence(pairs, facts) if pairs else None,
        "policies": _policies(pairs) if pairs else [],
        "prediction": _prediction(source, now),
        "position": position_bias(source),
    }


def _prediction(source: str, now: dt.datetime) -> dict[str, Any] | None:
    """Return how the board of a week ago did; None where that cannot be told this time."""
    try:
        return check_prediction(source, now)
    except (RatingsError, CacheHeldError):
        # The rest of the account does not wait for it: the next one tries again.
        _logger.exception("The predictions about %s could not be checked", source)
        return None


def _battles(source: str) -> dict[_Pair, dict[str, Any]]:
    """Return the battles of each pair, the side that a model stood on told apart."""
    rows = (
        Battle.objects.filter(voter__source=source, blind=True)
        .values_list("model_a", "model_b")
        .annotate(battles=Count("pk"), first=Min("created_at"), last=Max("created_at"))
        .order_by()
    )
    return {
        (model_a, model_b): {"battles": battles, "first": first, "last": last}
        for model_a, model_b, battles, first, last in rows
    }


def _of_models(battles: Mapping[_Pair, dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Return each model's battles, with the first and the last."""
    found: dict[int, dict[str, Any]] = {}
    for pair, met in battles.items():
        for model in set(pair):
            own = found.setdefault(model, {**met, "battles": 0})
            own["battles"] += met["battles"]
            own["first"], own["last"] = (
                min(own["first"], met["first"]),
                max(own["last"], met["last"]),
            )
    return found


def _votes(source: str) -> Counter[tuple[_Pair, str]]:
    """Return how many votes each pair has under each rule that left them out, or counted."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT b.model_a_id, b.model_b_id, f.not_counted_because, count(*)
            FROM integrity_votefacts f
            JOIN battles_vote v ON v.id = f.vote_id
            JOIN battles_battle b ON b.id = v.battle_id
            WHERE f.source = %s
            GROUP BY b.model_a_id, b.model_b_id, f.not_counted_because
            """,
            [source],
        )
        return Counter({((a, b), rule): votes for a, b, rule, votes in cursor.fetchall()})


def _by[Name: Hashable](
    votes: Mapping[tuple[_Pair, str], int], name_of: Callable[[int], Name]
) -> defaultdict[Name, Counter[str]]:
    """Return the votes of each name that models have, by rule; a vote once for each name."""
    found: defaultdict[Name, Counter[str]] = defaultdict(Counter)
    for (pair, rule), number in votes.items():
        for name in {name_of(model) for model in pair}:
            found[name][rule] += number
    return found


def _left_out(votes: Counter[str]) -> dict[str, int]:
    return {rule: number for rule, number in votes.items() if rule != _COUNTED}


def _model(facts: Facts, row: dict[str, Any], votes: Counter[str]) -> dict[str, Any]:
    return {
        "model": facts.slug,
        "battles": row["battles"],
        "first": row["first"].date().isoformat(),
        "last": row["last"].date().isoformat(),
        "counted": votes[_COUNTED],
        "excluded": _left_out(votes),
    }


def _pairs(source: str) -> Pairs | None:
    board = _with_pairs().filter(source=source).first()
    return read_pairs(board) if board else None


def _with_pairs() -> QuerySet[Board]:
    """Return the boards of all votes, of any source, whose pairs are kept."""
    return Board.objects.of_all_votes().filter(pair_table__isnull=False)


def _tally(pairs: Pairs) -> Tally:
    """Return the counts as outcomes: a, b, tie, both bad. Which side is A is of no account here."""
    even = [np.triu(table).astype(np.float64) for table in (pairs.tied, pairs.both_bad)]
    count: NDArray[np.float64] = np.stack(
        [pairs.won.astype(np.float64), np.zeros(pairs.won.shape), *even]
    )
    return Tally.from_counts(tuple(map(str, pairs.models)), count)


def _influence(pairs: Pairs, facts: dict[int, Facts]) -> dict[str, Any] | None:
    """Return how few votes would change the first place if they were taken away."""
    try:
        flip = votes_to_flip_first_place(_tally(pairs))
    except RatingsError:
        return None
    if flip is None:
        return None
    return {
        "leader": facts[int(flip.leader)].name,
        "challenger": facts[int(flip.challenger)].name,
        "votes": flip.votes,
        "share": flip.share,
    }


def _policies(pairs: Pairs) -> list[dict[str, Any]]:
    """Return the spread of the ratings, best minus worst, under each way to count even votes."""
    tally, spreads = _tally(pairs), []
    for ties, both_bad in POLICIES:
        try:
            board = fit_bradley_terry(
                tally,
                interval=None,
                ties=ties,
                both_bad=both_bad,
            )
        except RatingsError:
            continue
        rating = board.rating[board.rated]
        spreads.append(
            {
                "ties": ties,
                "both_bad": both_bad,
                "spread": round(float(rating.max() - rating.min()), 1),
                "models": len(rating),
            }
        )
    return spreads
