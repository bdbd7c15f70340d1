"""Alarms: a problem that lasts is told once by each channel, and its end once more.

Everything stands in rows, so a process may die anywhere and two schedulers are harmless. What a
moment heals is never told. A message that was sent by a process that died before it could write so
is sent again, under the same id.
"""

import datetime as dt
import socket
import uuid
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from arena.locks import only_one
from arena.operating import channels
from arena.operating.complaints import DEAD_CHECK, Complaint, complaints
from arena.operating.models import Notice, Problem

_PAUSES = (60, 300, 900, 3600)  # seconds
_MOST_AT_ONCE = 50
# What a machine alone can see is over when the machine was not heard of for so long.
_HOST_IS_GONE = dt.timedelta(days=1)


def watch(now: dt.datetime) -> None:
    """Look for what is wrong, keep it, and tell of what is due. One process at a time."""
    with only_one("alarms") as mine:
        if mine:
            note(complaints(now), now)
            tell(now)


@transaction.atomic
def note(found: Iterable[Complaint], now: dt.datetime) -> None:
    """Keep what is wrong now: begin, go on with, or end its problems."""
    here = socket.gethostname()[:100]
    lasts = dt.timedelta(seconds=settings.ALARM_SECONDS)
    by_key = {complaint.key[:200]: complaint for complaint in found}
    known = list(Problem.objects.filter(ended_at=None, key__in=by_key))
    for problem in known:
        complaint = by_key[problem.key]
        problem.title, problem.advice = complaint.title[:300], complaint.advice
        problem.seen_at = now
    Problem.objects.bulk_update(known, ["title", "advice", "seen_at"])
    new = by_key.keys() - {problem.key for problem in known}
    # Two at once: the constraint keeps one.
    Problem.objects.bulk_create(
        (_problem(by_key[key], now) for key in by_key if key in new), ignore_conflicts=True
    )
    gone = Problem.objects.filter(ended_at=None).exclude(key__in=by_key)
    if any(key.startswith(DEAD_CHECK) for key in by_key):
        gone = gone.none()  # what a dead check would say is not known, so nothing is over
    gone = gone.filter(Q(host__in=["", here]) | Q(seen_at__lt=now - _HOST_IS_GONE))
    # What was never told leaves without a word as soon as it is gone.
    gone.filter(told_at=None).delete()
    for problem in gone.filter(seen_at__lte=now - lasts).order_by("id"):
        problem.ended_at = now
        problem.save(update_fields=["ended_at"])
        told_by = problem.notices.filter(event=Notice.Event.BEGAN).values_list("channel", flat=True)
        _add_notices(problem, told_by, Notice.Event.ENDED, now)
    begun = Problem.objects.filter(told_at=None, ended_at=None, began_at__lte=now - lasts)
    for problem in begun.order_by("id"):
        problem.told_at = now
        problem.save(update_fields=["told_at"])
        _add_notices(problem, channels.configured(), Notice.Event.BEGAN, now)


def tell(now: dt.datetime) -> None:
    """Send what is due, all of one channel in one message; what is not taken is tried again."""
    for channel in channels.configured():
        due = _next_message(channel)
        if not due or due[0].next_at > now:
            continue
        these = Notice.objects.filter(message=due[0].message)
        try:
            channels.send(channel, message_of(due))
        except channels.NotSentError as error:
            pause = _PAUSES[min(due[0].attempts, len(_PAUSES) - 1)]
            these.update(
                attempts=F("attempts") + 1,
                error=str(error)[:60],
                next_at=now + dt.timedelta(seconds=pause),
            )
        else:
            these.update(attempts=F("attempts") + 1, sent_at=now, error="")


def _next_message(channel: str) -> list[Notice]:
    """Return the notices of the message that a channel is to take next, with their problems."""
    unsent = Notice.objects.filter(channel=channel, sent_at=None).order_by("id")
    first = unsent.first()
    if first is None:
        return []
    if first.message is None:
        these = unsent.filter(message=None).values_list("pk", flat=True)[:_MOST_AT_ONCE]
        first.message = uuid.uuid4()
        Notice.objects.filter(pk__in=list(these)).update(message=first.message)
    return list(unsent.filter(message=first.message).select_related("problem"))


def message_of(notices: Sequence[Notice]) -> channels.Message:
    """Return what is told of these notices, the newest troubles first."""
    began = [notice for notice in notices if notice.event == Notice.Event.BEGAN]
    first = (began or notices)[0]
    more = f" and {len(notices) - 1} more" if len(notices) > 1 else ""
    ended = "" if began else "ended: "
    lines: list[str] = []
    for notice in [*began, *(one for one in notices if one not in began)]:
        lines += ["", *_lines(notice)]
    return channels.Message(
        id=str(notices[0].message),
        subject=f"[{settings.SITE_NAME}] {ended}{first.problem.title}{more}",
        lines=lines[1:],
        problems=[_for_machines(notice) for notice in notices],
    )


def _lines(notice: Notice) -> list[str]:
    problem = notice.problem
    if notice.event == Notice.Event.ENDED:
        assert problem.ended_at is not None  # noqa: S101 -- written with the notice
        return [
            f"Ended: {problem.title}",
            f"From {_clock(problem.began_at)} to {_clock(problem.ended_at)}.",
        ]
    where = [_address(problem.link)] if problem.link else []
    return [f"{problem.title}", problem.advice, f"Since {_clock(problem.began_at)}.", *where]


def _for_machines(notice: Notice) -> dict[str, str]:
    problem = notice.problem
    return {
        "key": problem.key,
        "event": notice.event,
        "title": problem.title,
        "advice": problem.advice if notice.event == Notice.Event.BEGAN else "",
        "began_at": problem.began_at.isoformat(),
        "ended_at": problem.ended_at.isoformat() if problem.ended_at else "",
        "link": _address(problem.link) if problem.link else "",
    }


def _address(link: str) -> str:
    """Return a page's whole address, where the settings say what the site's is."""
    return f"{next(iter(settings.CSRF_TRUSTED_ORIGINS), '')}{link}"


def _clock(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _problem(complaint: Complaint, now: dt.datetime) -> Problem:
    return Problem(
        key=complaint.key[:200],
        host=complaint.host,
        title=complaint.title[:300],
        advice=complaint.advice,
        link=complaint.link,
        permission=complaint.permission,
        began_at=now,
        seen_at=now,
    )


def _add_notices(
    problem: Problem, of: Iterable[str], event: Notice.Event, now: dt.datetime
) -> None:
    Notice.objects.bulk_create(
        (
            Notice(problem=problem, channel=channel, event=event, created_at=now, next_at=now)
            for channel in of
        ),
        ignore_conflicts=True,
    )
