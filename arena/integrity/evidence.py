"""What the texts of a battle say about its vote: read once, piece by piece, and not kept.

Only what had been said when the vote was cast: `TurnQuerySet.before`.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from arena.battles.models import Reply, Side, Turn
from arena.battles.moderation.models import EXCLUDING, TextCheck, Verdict
from arena.catalog.models import LanguageModel
from arena.integrity.categories import categorise
from arena.integrity.fact_rows import NewFacts
from arena.integrity.identity import Names, asks_for_identity
from arena.integrity.languages import detect_language
from arena.integrity.models import NotCounted
from arena.integrity.prompts import is_hard, is_longer, is_starter
from arena.integrity.refusals import refuses
from arena.integrity.style import Style

_OF_VERDICT = {
    Verdict.HARMFUL: NotCounted.HARMFUL,
    Verdict.MANIPULATION: NotCounted.MANIPULATION,
}
# Long answers are read this many at a time.
_TEXTS = 200


class DueVote(NamedTuple):
    """What is needed of a vote; whole rows of the ORM would take most of the time."""

    pk: int
    source: str
    battle: UUID
    model_a: int
    model_b: int

    def model(self, side: str) -> int:
        """Return the model on a side."""
        return {Side.A: self.model_a, Side.B: self.model_b}[Side(side)]


@dataclass
class Evidence:
    """What one battle's texts say."""

    prompts: list[str] = field(default_factory=list)
    reasons: set[str] = field(default_factory=set)
    styles: dict[str, Style] = field(default_factory=dict)
    refusal: bool = False
    with_picture: bool = False

    @property
    def has_text(self) -> bool:
        """Return whether there is anything to judge: an erased voter's words are gone."""
        return any(self.prompts)

    def facts(self, vote: DueVote) -> NewFacts:
        """Return the facts of the battle's vote."""
        reasons = set(self.reasons)
        if vote.model_a == vote.model_b:
            reasons.add(NotCounted.SAME_MODEL)
        if self.prompts and not self.has_text:  # gone before anybody could judge it
            reasons.add(NotCounted.ERASED)
        first = self.prompts[0] if self.prompts else ""
        return NewFacts(
            vote=vote.pk,
            # Of several reasons the first in the order of `NotCounted` is given.
            reason=next((reason for reason in NotCounted.values if reason in reasons), ""),
            category=categorise(first),
            language=detect_language(first),
            hard=is_hard(first),
            longer=is_longer(self.prompts),
            multi_turn=len(self.prompts) > 1,
            refusal=self.refusal,
            starter=is_starter(first),
            with_picture=self.with_picture,
            style=self._style(),
        )

    def _style(self) -> tuple[int, int, int, int, int, int, int, int] | None:
        if len(self.styles) < len(Side):
            return None
        a, b = (self.styles[side] for side in Side)
        return (
            *(a.tokens, b.tokens, a.headers, b.headers),
            *(a.lists, b.lists, a.bold, b.bold),
        )


def read_evidence(votes: Sequence[DueVote], names: "CatalogueNames") -> dict[UUID, Evidence]:
    """Read prompts and answers once; of each battle at most one vote, the standing one.

    Imported and simulated votes were cleaned by their owners, so only live ones are searched for
    identities.
    """
    read: dict[UUID, Evidence] = defaultdict(Evidence)
    battles = {vote.battle: vote for vote in votes}
    keys = [vote.pk for vote in votes]
    complete = Turn.objects.voted_on(keys)
    prompts = complete.order_by("battle", "number").values_list("battle_id", "prompt", "picture_id")
    for battle, prompt, picture in prompts.iterator(chunk_size=_TEXTS):
        read[battle].prompts.append(prompt)
        read[battle].with_picture |= picture is not None
        if battles[battle].source == "live" and names.asked_for(prompt):
            read[battle].reasons.add(NotCounted.IDENTITY_IN_PROMPT)
    if not read:
        return read
    # A prompt may have been checked for an attempt that failed.
    ruled = TextCheck.objects.filter(turn__in=Turn.objects.before(keys), verdict__in=EXCLUDING)
    for battle, verdict in ruled.values_list("turn__battle_id", "verdict"):
        read[battle].reasons.add(_OF_VERDICT[Verdict(verdict)])
    answers = Reply.objects.filter(turn__in=complete).order_by()
    columns = ("turn__battle_id", "side", "text")
    for battle, side, text in answers.values_list(*columns).iterator(chunk_size=_TEXTS):
        evidence, vote = read[battle], battles[battle]
        evidence.styles[side] = evidence.styles.get(side, Style()) + Style.of(text)
        evidence.refusal |= refuses(text)
        if vote.source == "live" and names.given_away(vote.model(side), text):
            evidence.reasons.add(NotCounted.IDENTITY_IN_ANSWER)
    return read


class CatalogueNames:
    """The names of all models that can be met and of their makers, and of each model by itself.

    A maker's name by itself is no verdict: most prompts that say "Google" mean the search.
    """

    def __init__(self) -> None:
        # Not the loaded catalogue's: a word such as "o3" or "Sonar" tells nothing where no such
        # model can be met.
        models = LanguageModel.objects.entered().filter(simulated=False)
        names = dict(models.values_list("pk", "name"))
        makers = models.exclude(organisation="").values_list("organisation", flat=True)
        self._models = Names(names.values())
        self._all = Names([*names.values(), *makers])
        self._own = {pk: Names([name]) for pk, name in names.items()}

    def asked_for(self, prompt: str) -> bool:
        """Return whether a prompt names a model, or asks the answerer who it is."""
        return (
            self._models.named_in(prompt)
            or self._all.introduced_in(prompt)
            or asks_for_identity(prompt)
        )

    def given_away(self, model: int, answer: str) -> bool:
        """Return whether an answer names its own model, or introduces itself as any."""
        own = self._own.get(model)
        return bool(own and own.named_in(answer)) or self._all.introduced_in(answer)
