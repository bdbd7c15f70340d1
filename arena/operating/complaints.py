"""What is wrong now: each check is a question to rows or to the machine, with an answer that says
what to do. Nothing here quotes a server, an error's text, a prompt or a key.
"""

import datetime as dt
import logging
import shutil
import socket
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.urls import reverse

from arena.battles.pairing import why_no_battle
from arena.boards.models import BoardFailure
from arena.catalog.budget import SENTENCES, refusals
from arena.catalog.models import Endpoint, LanguageModel, Mode
from arena.catalog.slots import waiting_in_line
from arena.catalog.states import EndpointState, standings
from arena.connections import REDIS_IS_AWAY, sync_redis
from arena.integrity.labels import unanswered_labels
from arena.integrity.models import Labeller, UndecidedVote
from arena.integrity.moderation import moderation_state
from arena.operating import channels, jobs
from arena.operating.health import read_health
from arena.operating.models import Notice
from arena.operating.wording import advice_on, duration, fails_in_a_row, percentage

# What the key begins with where a check itself has failed.
DEAD_CHECK = "check:"
_logger = logging.getLogger(__name__)
_SECONDS = 2.0
# What a worker does in a minute or so; more is a worker that is too slow, or dead.
_MANY_MESSAGES = 300
_MANY_BATTLES_WAIT = 10
_VOTE_WAITS = dt.timedelta(minutes=2)
_MANY_FAILURES = 0.3
_ENOUGH_ANSWERS = 10

_CATALOG, _INTEGRITY, _BOARDS = (
    f"{app}.view_{table}"
    for app, table in (
        ("catalog", "endpoint"),
        ("integrity", "failedlabel"),
        ("boards", "boardfailure"),
    )
)


@dataclass(frozen=True, kw_only=True)
class Complaint:
    """One thing that is wrong.

    Attributes
    ----------
    key : str
        The same each time that the same is wrong.
    title, advice : str
        What is wrong, and what to do about it.
    link, permission : str
        A page of the admin, and who may open it; who may not is not told either. Empty for all.
    host : str
        The machine that sees it, where others cannot.
    since : datetime or None
        Since when it was seen, where that is known.
    """

    key: str
    title: str
    advice: str
    link: str = ""
    permission: str = ""
    host: str = ""
    since: dt.datetime | None = None


def complaints(now: dt.datetime) -> list[Complaint]:
    """Return all that is wrong now, what matters most first.

    A check that fails is itself wrong, and hides none of the others.
    """
    return [complaint for check in _CHECKS for complaint in _answers(check, now)]


def _answers(
    check: Callable[[dt.datetime], Iterable[Complaint]], now: dt.datetime
) -> list[Complaint]:
    try:
        with transaction.atomic():
            return list(check(now))
    except (OperationalError, InterfaceError):
        raise  # without Postgres no check can answer, and whoever asked says so
    except Exception as error:
        name = check.__name__.strip("_")
        _logger.exception("The check of %s failed", name)
        return [
            Complaint(
                key=f"{DEAD_CHECK}{name}",
                title=f"The check of {name} fails: what it would say is not known",
                advice=f"It ends with {type(error).__name__}; the log has the whole error. The "
                "other checks are not touched.",
            )
        ]


def _servers(now: dt.datetime) -> Iterator[Complaint]:
    try:
        with sync_redis(settings.REDIS_URL, seconds=_SECONDS) as client:
            messages, battles = client.llen("celery"), waiting_in_line(client)
    except REDIS_IS_AWAY:
        yield Complaint(
            key="valkey",
            title="Valkey does not answer",
            advice="Live battles cannot be followed after a reload, jobs do not start, and limits "
            "hold within each process alone. Look at its server; nothing that counts is lost.",
        )
        return
    if messages > _MANY_MESSAGES:
        yield Complaint(
            key="queue:celery",
            title=f"{messages:,} messages wait for a worker",
            advice="Look whether the workers run; if they do, start more of them.",
        )
    if battles > _MANY_BATTLES_WAIT:
        yield Complaint(
            key="queue:battles",
            title=f"{battles:,} battles wait for a free slot",
            advice="Voters wait. Raise the endpoints' calls at once if their servers can take "
            "more, or add endpoints.",
            link=reverse("admin:endpoints"),
            permission=_CATALOG,
        )


def _jobs(now: dt.datetime) -> Iterator[Complaint]:
    known = jobs.jobs(now, days=2)
    since = jobs.first_heard_of(known)
    late = [job for job in known if since is None or job.is_late(now, since=since)]
    if late and (since is None or len(late) == len(known)):
        yield Complaint(
            key="jobs",
            title="No job runs",
            advice="Votes are not counted and boards stand still. Start the worker and the "
            "scheduler: celery --app workers.celery worker, and beat.",
        )
        return
    for job in late:
        why = f" It fails: {job.error}, see the worker's log." if job.error else ""
        age = job.age(now)
        since_then = f"for {duration(age)}" if age is not None else "yet"
        yield Complaint(
            key=f"job:{job.name}",
            title=f"The job “{job.title}” has not ended well {since_then}",
            advice=f"It is due every {duration(job.period)}.{why or ' Look at the worker.'}",
        )


def _draw(now: dt.datetime) -> Iterator[Complaint]:
    lack = why_no_battle(at=now)
    if not lack:
        return
    if lack == "budget_spent":
        title = "No battle can start: no two models can pay for a call"
        advice, link = _advice_on_budgets(now), reverse("admin:catalog_budget_changelist")
    else:
        title, link = "No battle can start", reverse("admin:endpoints")
        drawable = LanguageModel.objects.drawable(at=now).count()
        advice = (
            f"Two models are needed, and {drawable or 'none'} can be drawn: bring endpoints back, "
            "or add some."
            if drawable < 2
            else f"{drawable:,} models can be drawn, and all their endpoints are in one GPU group, "
            "which serves one at a time: add an endpoint elsewhere."
        )
    yield Complaint(key="draw", title=title, advice=advice, link=link, permission=_CATALOG)


def _advice_on_budgets(now: dt.datetime) -> str:
    """Say for each kind of refusal how many endpoints it keeps out, and what to do about it."""
    endpoints = Endpoint.objects.available(at=now).filter(
        language_model__in=LanguageModel.objects.drawable(at=now)
    )
    refused = Counter(refusals(endpoints, at=now).values())
    said = (
        f"{count:,} endpoint{'s' * (count > 1)}: {SENTENCES[code]}"
        for code, count in refused.most_common()
    )
    return " ".join(said)


def _endpoints(now: dt.datetime) -> Iterator[Complaint]:
    endpoints = Endpoint.objects.filter(enabled=True).select_related("language_model", "provider")
    health = read_health(now, hours=1)
    for standing in standings(endpoints, at=now):
        endpoint, state, _ = standing
        of_it = health.of(endpoint.pk)
        failing = of_it.answers >= _ENOUGH_ANSWERS and of_it.failed_share >= _MANY_FAILURES
        if state in _DOWN:
            title = f"{endpoint} is {_DOWN[state]}"
        elif state == EndpointState.IN_BATTLES and fails_in_a_row(endpoint):
            # It is back because its pause is over, not because it answered.
            title = f"{endpoint} fails: {endpoint.failures_in_a_row:,} times in a row"
        elif state == EndpointState.IN_BATTLES and failing:
            share = percentage(of_it.failed_share)
            title = f"{endpoint} fails: {share} of its answers in the last hour"
        else:
            continue
        yield Complaint(
            # A pause that comes and goes beside failing answers is one and the same trouble.
            key=f"endpoint:{endpoint.pk}",
            title=title,
            advice=advice_on(standing, of_it),
            link=f"{reverse('admin:endpoints')}#endpoint-{endpoint.pk}",
            permission=_CATALOG,
        )


_DOWN = {
    EndpointState.OVER_CAP: "out of battles: it cannot pay for a call",
    EndpointState.PAUSED: "out of battles, after failures in a row",
    EndpointState.FAILED: "out of battles: it failed its admission test",
}


def _labeller(now: dt.datetime) -> Iterator[Complaint]:
    labeller = Labeller.current()
    if labeller is None:
        return
    unverified, error = unanswered_labels()
    if unverified:
        yield Complaint(
            key="labeller",
            title=f"The labelling endpoint does not answer: {unverified:,} prompts are unverified",
            advice=f"The last error is “{error}”. Until it answers categories are those of the "
            f"rules, and say so. Look at {labeller.endpoint}, or choose another endpoint.",
            link=reverse("admin:integrity_failedlabel_changelist"),
            permission=_INTEGRITY,
        )


def _moderation(now: dt.datetime) -> Iterator[Complaint]:
    check = moderation_state()
    if check.mode not in {"", Mode.OFF} and check.alive is False:
        yield Complaint(
            key="moderation",
            title="The moderation check does not answer: "
            f"{check.unverified:,} texts are unverified",
            advice=f"The last error is “{check.error_code}”. It is asked until it answers; nothing "
            "passes as checked meanwhile. Look at its server and its key; its page says "
            "what becomes of prompts until then.",
            link=reverse("admin:catalog_moderation_changelist"),
            permission="catalog.view_moderation",
        )


def _votes(now: dt.datetime) -> Iterator[Complaint]:
    waiting = UndecidedVote.objects.filter(source="live", final_at__lt=now - _VOTE_WAITS).count()
    if waiting:
        yield Complaint(
            key="queue:votes",
            title=f"{waiting:,} votes wait to be counted for more than two minutes",
            advice="The job that decides them does not run, fails or is too slow: look at the "
            "jobs below and at the worker's log.",
        )


def _boards(now: dt.datetime) -> Iterator[Complaint]:
    for failure in BoardFailure.objects.all():
        yield Complaint(
            key=f"boards:{failure.job}:{failure.source}",
            title=f"The boards of {failure.source} cannot be made",
            advice=f"The job “{failure.job}” fails with {failure.error.partition(':')[0][:80]}. "
            "Pages show the last boards that were made; the worker's log has the whole error.",
            link=reverse("admin:boards_boardfailure_changelist"),
            permission=_BOARDS,
        )


def _disk(now: dt.datetime) -> Iterator[Complaint]:
    host = socket.gethostname()[:100]
    folders = {_existing(path) for path in (settings.COLUMNS_DIR, settings.RELEASES_DIR)}
    for device, folder in {folder.stat().st_dev: folder for folder in sorted(folders)}.items():
        usage = shutil.disk_usage(folder)
        if usage.free < usage.total * settings.DISK_FREE_PERCENT / 100:
            yield Complaint(
                key=f"disk:{host}:{device}",
                title=f"The disk of {host} is nearly full: {usage.free / 2**30:,.1f} GB are free",
                advice=f"{folder} is on it. Delete old logs and releases, or give it more room: "
                "Postgres stops when its disk is full.",
                host=host,
            )


def _existing(path: Path) -> Path:
    """Return the nearest folder that is there."""
    return next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.is_dir())


def _backup(now: dt.datetime) -> Iterator[Complaint]:
    last = jobs.last_backup()
    if last is None or not settings.BACKUP_HOURS:
        return
    age = (now - last).total_seconds()
    if age > settings.BACKUP_HOURS * 3600:
        yield Complaint(
            key="backup",
            title=f"The last backup is {duration(age)} old",
            advice="Run manage.py backup, and see why it was not run.",
        )


def _alarms(now: dt.datetime) -> Iterator[Complaint]:
    failing = Notice.objects.filter(sent_at=None, attempts__gte=2).order_by("channel", "-id")
    for notice in failing.distinct("channel"):
        if notice.channel not in channels.configured():
            continue
        yield Complaint(
            key=f"alarms:{notice.channel}",
            title=f"Alarms by {notice.get_channel_display()} are not delivered",
            advice=f"The last error is “{notice.error}”. They are tried again, and none is lost. "
            "Look at the settings of alarms; manage.py try_alarms sends one now.",
            link=reverse("admin:operating_notice_changelist"),
            permission="operating.view_notice",
        )


_CHECKS: tuple[Callable[[dt.datetime], Iterable[Complaint]], ...] = (
    *(_servers, _jobs, _draw, _endpoints, _votes, _boards),
    *(_labeller, _moderation, _disk, _backup, _alarms),
)
