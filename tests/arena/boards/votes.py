"""Votes that tests of what comes after a vote need."""

import datetime as dt
from collections.abc import Collection, Sequence

from django.db import transaction
from django.db.models import Count, Q

from arena.battles.models import Battle, Reply, Turn, Vote
from arena.battles.pictures.models import Picture
from arena.catalog.models import LanguageModel, Licensing
from arena.integrity.fact_rows import count_decisions
from arena.integrity.models import FailedLabel, NotCounted, VoteFacts
from arena.voters.models import Voter

NOW = dt.datetime(2026, 6, 1, 12, 0, tzinfo=dt.UTC)


def new_model(name: str, licence_class: str = "", **fields: object) -> LanguageModel:
    """Make a model, with a licence since long ago where a class is given."""
    model = LanguageModel.objects.create(slug=name.lower().replace(" ", "-"), name=name, **fields)
    if licence_class:
        Licensing.objects.create(
            language_model=model, licence_class=licence_class, since=dt.date(2020, 1, 1)
        )
    return model


def cast(
    model_a: LanguageModel,
    model_b: LanguageModel,
    outcome: str = "a",
    *,
    voter: Voter | None = None,
    source: str = "live",
    final_at: dt.datetime = NOW,
    prompt: str = "",
    picture: bool = False,
    answers: Sequence[str] = ("One.", "Two."),
) -> Vote:
    """Store a battle and its vote; with a prompt, also the turn and its two replies.

    A picture goes with the prompt.
    """
    voter = voter or Voter.objects.create(source=source)
    cast_at = final_at - dt.timedelta(seconds=3)
    battle = Battle.objects.create(voter=voter, model_a=model_a, model_b=model_b)
    if prompt:
        turn = Turn.objects.create(
            battle=battle,
            number=1,
            prompt=prompt,
            picture=_picture(voter, final_at) if picture else None,
            state="complete",
            ended_at=cast_at,
        )
        _answer(turn, answers)
    return Vote.objects.create(
        battle=battle,
        outcome=outcome,
        source=source,
        cast_at=cast_at,
        final_at=final_at,
    )


def go_on(vote: Vote, prompt: str, answers: Sequence[str] = ("More.", "And more.")) -> Turn:
    """Store what a voter said a minute after the vote, when the names were known."""
    at = vote.final_at + dt.timedelta(minutes=1)
    number = vote.battle.turns.count() + 1
    turn = Turn.objects.create(
        battle=vote.battle, number=number, prompt=prompt, state="complete", ended_at=at
    )
    _answer(turn, answers)
    return turn


def _answer(turn: Turn, texts: Sequence[str]) -> None:
    Reply.objects.bulk_create(
        Reply(
            turn=turn,
            side=side,
            language_model=turn.battle.model(side),
            state="complete",
            finish_reason="stop",
            text=text,
        )
        for side, text in zip("ab", texts, strict=True)
    )


def _picture(voter: Voter, at: dt.datetime) -> Picture:
    return Picture.objects.create(
        voter=voter, content=b"drawn", sha256="0", width=1, height=1, used_at=at
    )


def cast_many(
    first: LanguageModel,
    second: LanguageModel,
    *,
    wins: int,
    losses: int,
    voters: int = 2,
    source: str = "live",
) -> None:
    """Store votes of which the first model wins and loses so many."""
    people = [Voter.objects.create(source=source) for _ in range(voters)]
    outcomes = ["a"] * wins + ["b"] * losses
    for number, outcome in enumerate(outcomes):
        cast(first, second, outcome, voter=people[number % voters], source=source)


@transaction.atomic
def exclude_votes(votes: Collection[int], reason: NotCounted, *, now: dt.datetime) -> int:
    """Count votes no longer, for a reason; return how many were counted until now."""
    counted = VoteFacts.objects.filter(pk__in=votes, counted=True)
    sources = counted.order_by("source").values_list("source", flat=True).distinct()
    changed = 0
    for source in list(sources):
        revision = count_decisions(source, len(votes))
        changed += counted.filter(source=source).update(
            counted=False, not_counted_because=reason, revision=revision, decided_at=now
        )
    return changed


def label_counts() -> dict[str, int]:
    """Return how many live votes are ``labelled``, ``by_rule`` and, of these, ``unverified``.

    Unverified are those whose question was put and not answered.
    """
    live = VoteFacts.objects.filter(source="live")
    counts: dict[str, int] = live.aggregate(
        labelled=Count("pk", filter=Q(label_version__gt=0)),
        by_rule=Count("pk", filter=Q(label_version=0)),
    )
    return counts | {"unverified": FailedLabel.objects.count()}
