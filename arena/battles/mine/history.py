"""A voter's own battles, newest first, and what may be said of each: names only after the vote."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from django.core.exceptions import ObjectDoesNotExist
from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Left

from arena.battles.models import Battle, Outcome, Turn, TurnState, Vote
from arena.battles.prompts import storable
from arena.battles.votes import receipt_code
from arena.voters.models import Voter

PAGE = 20
_EXCERPT = 280
_MAX_QUERY = 200
# An undo that began in time may still be on its way to the disk.
SETTLING = dt.timedelta(seconds=5)


class Verdict(StrEnum):
    """What came of a battle's vote."""

    NONE = "none"  # not voted yet, or taken back
    VOID = "void"
    PENDING = "pending"  # it can still be taken back
    CHECKED_SOON = "checked_soon"  # final; the integrity rules have not looked yet
    COUNTED = "counted"
    NOT_COUNTED = "not_counted"
    CHOSEN = "chosen"  # the voter knew who answers, so there is no vote


@dataclass(frozen=True)
class Search:
    """What a voter looks for: words in a prompt or a model's name, and an outcome."""

    words: str = ""
    outcome: str = ""

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Self:
        """Read a page's query; what is not understood is left out."""
        outcome = parameters.get("outcome", "")
        return cls(
            words=storable(parameters.get("q", "")).strip()[:_MAX_QUERY],
            outcome=outcome if outcome in {*Outcome.values, "none"} else "",
        )

    def __bool__(self) -> bool:
        return bool(self.words or self.outcome)


@dataclass(frozen=True)
class Entry:
    """One line of the history."""

    battle: Battle
    prompt: str
    turns: int
    has_picture: bool
    vote: Vote | None
    verdict: Verdict
    why: str = ""

    @property
    def has_names(self) -> bool:
        """Return whether the models may be named: the vote can no longer be taken back."""
        return self.verdict not in {Verdict.NONE, Verdict.VOID, Verdict.PENDING}

    @property
    def names(self) -> tuple[str, ...]:
        """Return the models' names; the page shows them only where `has_names`."""
        sides = self.battle.model_ids if self.has_names else ()
        return tuple(self.battle.model(side).name for side in sides)

    @property
    def receipt(self) -> str:
        """Return the code of the vote's receipt."""
        return receipt_code(self.vote) if self.vote else ""

    @property
    def is_erased(self) -> bool:
        """Return whether nothing of its text is left."""
        return not self.prompt


def own_battles(
    voter_id: uuid.UUID | None, search: Search, *, at: dt.datetime
) -> QuerySet[Battle, Battle]:
    """Return a voter's battles that fit a search, newest first."""
    if voter_id is None:
        return Battle.objects.none()
    voters = Voter.objects.ids_of_person(voter_id)
    battles = Battle.objects.filter(voter__in=voters)
    standing = Vote.objects.standing().filter(battle=OuterRef("pk"))
    if search.words:
        # The voter's own rows by their keys: what either of two conditions may need, Postgres
        # would otherwise read of everybody.
        own = {"battle__voter__in": voters}
        fits = Turn.objects.filter(**own, prompt__icontains=search.words).values("battle")
        settled = Vote.objects.standing().filter(**own, final_at__lte=at - SETTLING)
        # Before the vote not even a search may tell who answers.
        named = Q(model_a__name__icontains=search.words) | Q(model_b__name__icontains=search.words)
        known = Q(blind=False) | Q(pk__in=settled.values("battle"))
        battles = battles.filter(Q(pk__in=fits) | (known & named))
    if search.outcome == "none":
        battles = battles.filter(~Exists(standing))
    elif search.outcome:
        battles = battles.filter(Exists(standing.filter(outcome=search.outcome)))
    return battles.order_by("-created_at")


def history_page(
    voter_id: uuid.UUID | None, search: Search, *, number: str, at: dt.datetime
) -> tuple[Page[Battle], list[Entry]]:
    """Return one page of a voter's history: the page, and its entries."""
    pages = Paginator(own_battles(voter_id, search, at=at), PAGE)
    page = pages.get_page(number)
    return page, entries([battle.pk for battle in page.object_list], at=at)


def entries(battle_ids: Iterable[uuid.UUID], *, at: dt.datetime) -> list[Entry]:
    """Return the entries of battles, in their order; a fixed number of queries."""
    ids = list(battle_ids)
    first = Turn.objects.filter(battle=OuterRef("pk")).order_by("number", "attempt")
    battles = (
        Battle.objects.filter(pk__in=ids)
        .select_related("model_a", "model_b", "shared")
        .annotate(
            first_prompt=Subquery(first.values(text=Left(F("prompt"), _EXCERPT))[:1]),
            has_picture=Exists(first.filter(picture__isnull=False)),
            turn_count=Count("turns", filter=Q(turns__state=TurnState.COMPLETE)),
        )
        .in_bulk()
    )
    votes = {
        vote.battle_id: vote
        for vote in Vote.objects.standing().filter(battle__in=ids).select_related("facts")
    }
    return [_entry(battles[pk], votes.get(pk), at) for pk in ids if pk in battles]


def verdict_of(battle: Battle, vote: Vote | None, *, at: dt.datetime) -> tuple[Verdict, str]:
    """Return what came of a battle's standing vote, and why where it does not count."""
    if not battle.blind:
        return Verdict.CHOSEN, ""
    if vote is None:
        return (Verdict.VOID, "") if battle.voided_at else (Verdict.NONE, "")
    if vote.final_at > at - SETTLING:
        return Verdict.PENDING, ""
    facts = facts_of(vote)
    if facts is None:
        return Verdict.CHECKED_SOON, ""
    if facts.counted:
        return Verdict.COUNTED, ""
    return Verdict.NOT_COUNTED, str(facts.get_not_counted_because_display())


def facts_of(vote: Vote) -> Any | None:
    """Return what the integrity rules decided, which stands above this app; None before that."""
    try:
        return vote.facts
    except ObjectDoesNotExist:
        return None


def _entry(battle: Any, vote: Vote | None, at: dt.datetime) -> Entry:
    verdict, why = verdict_of(battle, vote, at=at)
    return Entry(
        battle=battle,
        prompt=battle.first_prompt or "",
        turns=battle.turn_count,
        has_picture=battle.has_picture,
        vote=vote,
        verdict=verdict,
        why=why,
    )
