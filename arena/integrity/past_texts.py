"""The check of texts of the past: what it would flag, or its judgements stored for good."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.db.models import QuerySet
from django.utils import timezone

from arena.battles.models import Reply, Turn, TurnState
from arena.battles.moderation.models import Part, TextCheck
from arena.catalog.models import Moderation
from arena.catalog.moderation import Finding
from arena.integrity.moderation import Examined, InLine, describe, examine_all, picture_to_check

_TURNS_AT_ONCE = 100

type Key = tuple[int, str]
"""A turn and one of its texts."""


@dataclass
class PastReport:
    """What a run found. ``by_category`` counts texts; one may be flagged for several."""

    asked: int = 0
    flagged: int = 0
    unanswered: int = 0
    by_category: Counter[str] = field(default_factory=Counter)
    # The check failed for a reason that is no single text's: the run ended there.
    error_code: str = ""


def past_turns(source: str) -> QuerySet[Turn]:
    """Return the complete turns of a source whose texts are still there, the newest first."""
    turns = Turn.objects.filter(state=TurnState.COMPLETE, battle__voter__source=source)
    turns = turns.select_related("picture").defer("picture__content")
    return turns.exclude(prompt="").order_by("-pk")


def check_past(
    check: Moderation,
    turns: QuerySet[Turn],
    *,
    limit: int | None = None,
    answers: bool = False,
    dry_run: bool,
    on_progress: Callable[[int], None],
) -> PastReport:
    """Ask about past prompts, their pictures where it takes them, and answers where wanted.

    Parameters
    ----------
    check : Moderation
        Asked in any mode, off too; its thresholds hold.
    turns : QuerySet of Turn
        As `past_turns` gives them.
    limit : int, optional
        Stop after so many turns.
    dry_run : bool
        Write nothing, and ask also about what was judged before. Otherwise judgements are stored
        and each text is asked about once, so a run that broke off can be started again.
    on_progress : callable
        Called with the number of turns done so far.
    """
    report = PastReport()
    done, last = 0, None
    while not report.error_code and (limit is None or done < limit):
        page = turns if last is None else turns.filter(pk__lt=last)
        size = _TURNS_AT_ONCE if limit is None else min(_TURNS_AT_ONCE, limit - done)
        block = list(page[:size])
        if not block:
            break
        texts = _texts(block, answers=answers, pictures=check.takes_pictures)
        if not dry_run:
            known = TextCheck.objects.filter(turn__in=block).values_list("turn_id", "part")
            texts = {key: text for key, text in texts.items() if key not in set(known)}
        examined = examine_all(check, texts)
        _add(report, examined, unasked=len(texts) - len(examined))
        if not dry_run:
            _store(examined)
        done, last = done + len(block), block[-1].pk
        on_progress(done)
    return report


def _texts(turns: Sequence[Turn], *, answers: bool, pictures: bool) -> dict[Key, InLine]:
    texts: dict[Key, InLine] = {(turn.pk, Part.PROMPT.value): turn.prompt for turn in turns}
    if pictures:
        found = {turn.pk: picture_to_check(turn) for turn in turns}
        texts |= {(pk, Part.PICTURE.value): picture for pk, picture in found.items() if picture}
    if answers:
        replies = Reply.objects.filter(turn__in=turns).exclude(text="").order_by()
        texts |= {
            (turn, side): text
            for turn, side, text in replies.values_list("turn_id", "side", "text")
        }
    return texts


def _add(report: PastReport, examined: dict[Key, Examined], *, unasked: int) -> None:
    report.asked += len(examined)
    report.unanswered += unasked
    for found in examined.values():
        if isinstance(found.finding, Finding):
            report.flagged += bool(found.finding.flagged)
            report.by_category.update(found.finding.flagged)
        else:
            report.unanswered += 1
            if not found.finding.is_of_the_text:
                report.error_code = found.finding.code


def _store(examined: dict[Key, Examined]) -> None:
    now = timezone.now()
    rows = []
    for (turn, part), found in examined.items():
        if isinstance(found.finding, Finding):
            row = TextCheck(turn_id=turn, part=part)
            describe(row, found, now)
            rows.append(row)
    TextCheck.objects.bulk_create(rows, ignore_conflicts=True)
