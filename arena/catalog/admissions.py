"""Admission tests of stored endpoints: asked for, run, remembered. An endpoint joins battles only
after it has passed, and leaves when a later test fails.

A run is a row that is written step by step, so any process can show it. Whoever asks for one also
runs it, in a thread of the same process: the work is waiting. A run whose process died is found by
the schedule and ended.
"""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import cast

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from arena.catalog import budget, crowding
from arena.catalog.addresses import (
    endpoint_address,
    endpoint_clients,
    preset_for,
    without_token_limits,
)
from arena.catalog.background import in_background
from arena.catalog.crowding import Crowding
from arena.catalog.models import Admission, AdmissionState, Endpoint, Reservation, RunState
from arena.catalog.paid_calls import paying_for, room_at
from workers.endpoints import (
    COSTLY,
    EndpointAddress,
    Findings,
    Limits,
    NoRoomError,
    Plan,
    Step,
    StepName,
    admit,
)

# Whoever runs a test says so this often, however long a step takes; a run that was not heard of
# for four times as long has lost its process.
_BEAT_SECONDS = 10.0
_SILENT = dt.timedelta(seconds=40)
# So long one call of a test lets battles pass.
_SECONDS_FOR_A_SLOT = 120.0
# Ends of a test that say nothing of the endpoint; the last only of a scheduled one.
PUT_OFF = frozenset({"no_slot", "slots_unknown", *budget.SENTENCES})
_NOT_ITS_FAULT = PUT_OFF | {"rate_limited"}

type Event = StepName | Step | Findings


class _LostError(Exception):
    """The run was ended by others: this process was not heard of for too long."""


def plan(*, concurrency: int = 8, skip: frozenset[StepName] = frozenset()) -> Plan:
    """Return what a test finds out here, and how patiently."""
    limits = Limits(
        connect=min(settings.CONNECT_SECONDS, 10.0),
        first_token=settings.FIRST_TOKEN_SECONDS,
        idle=settings.IDLE_SECONDS,
        total=min(settings.TOTAL_SECONDS, 180.0),
        answer_characters=settings.MAX_ANSWER_CHARACTERS,
    )
    return Plan(
        prompt_characters=settings.MAX_PROMPT_CHARACTERS,
        concurrency=concurrency,
        patience=settings.ADMISSION_PATIENCE_SECONDS,
        pause=min(3.0, settings.ADMISSION_PATIENCE_SECONDS / 10),
        skip=skip,
        limits=limits,
    )


def events_of(
    address: EndpointAddress, how: Plan, *, beat: Callable[[], object] | None = None
) -> Iterator[Event]:
    """Test an address and yield what `workers.endpoints.admit` does, for synchronous callers.

    While nothing comes, ``beat`` is called every ten seconds; it may use the database.
    """
    with asyncio.Runner() as runner:
        clients = endpoint_clients()
        events = admit(clients, address, how)
        try:
            while (event := _next(runner, events, beat)) is not None:
                yield event
        finally:
            runner.run(events.aclose())
            runner.run(clients.close())


def _next(
    runner: asyncio.Runner, events: AsyncIterator[Event], beat: Callable[[], object] | None
) -> Event | None:
    step = runner.get_loop().create_task(_after(events))
    try:
        while not runner.run(_is_done(step)):
            if beat is not None:
                beat()
    except BaseException:
        step.cancel()
        runner.run(asyncio.wait({step}))
        raise
    return step.result()


async def _after(events: AsyncIterator[Event]) -> Event | None:
    return await anext(events, None)


async def _is_done(step: asyncio.Task[Event | None]) -> bool:
    done, _ = await asyncio.wait({step}, timeout=_BEAT_SECONDS)
    return bool(done)


def address_to_test(endpoint: Endpoint) -> EndpointAddress:
    """Return an endpoint's address as its test begins: with every parameter that was set, and on
    the first test with what is known of such servers.

    Raises
    ------
    ValueError
        When the key cannot be read, or the parameters cannot be sent.
    """
    address = endpoint_address(endpoint)
    quirks = address.quirks - {"no_token_limit"}  # it may have learned
    if endpoint.admission == AdmissionState.UNTESTED:
        known = preset_for(address.base_url, endpoint.provider.preset)
        quirks |= known.quirks if known else frozenset()
    parameters = without_token_limits(endpoint.parameters)
    return replace(address, parameters=parameters, quirks=quirks)


def record(endpoint: Endpoint, steps: Sequence[Step], found: Findings) -> None:
    """Store a test that passed before its endpoint was stored."""
    now = timezone.now()
    Admission.objects.create(
        endpoint=endpoint,
        reason=Admission.Reason.ADDED,
        state=RunState.PASSED,
        steps=[asdict(step) for step in steps],
        findings=asdict(found),
        ended_at=now,
    )
    remember(endpoint.pk, found, steps)


@transaction.atomic
def open_admission(endpoint: Endpoint, reason: Admission.Reason) -> tuple[Admission, bool]:
    """Ask for a test of an endpoint; return the one that is open already, if there is one.

    Returns
    -------
    tuple of Admission and bool
        The row, and whether it is new: then the caller has it run.
    """
    now = timezone.now()
    end_interrupted(now, endpoint=endpoint)
    try:
        with transaction.atomic():
            return Admission.objects.create(endpoint=endpoint, reason=reason), True
    except IntegrityError:  # the constraint: one open test for each endpoint
        return Admission.objects.open().filter(endpoint=endpoint).get(), False


def test_in_background(endpoints: Iterable[Endpoint], reason: Admission.Reason) -> None:
    """Ask for tests and run them beside this call, each in a thread, once they are committed."""
    for endpoint in endpoints:
        admission, is_new = open_admission(endpoint, reason)
        if is_new:
            work = partial(run_admission, admission.pk)
            name = f"admission {admission.pk}"
            transaction.on_commit(partial(in_background, work, name))


@transaction.atomic
def test_again(endpoints: Iterable[Endpoint], *, moved: bool) -> None:
    """Test endpoints that were changed; one that is ``moved`` waits for it out of battles.

    A test that runs is ended: it asks what is no longer stored. What was found at another address
    is forgotten.
    """
    changed = list(endpoints)
    keys = [endpoint.pk for endpoint in changed]
    list(Endpoint.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk"))
    if moved:
        forget(Endpoint.objects.filter(pk__in=keys))
    for admission in Admission.objects.open().filter(endpoint__in=keys):
        _end_outdated(admission)
    test_in_background(changed, Admission.Reason.ASKED)


def forget(endpoints: QuerySet[Endpoint]) -> None:
    """Forget what was found of endpoints at another address: they join battles after a new test."""
    endpoints.update(
        admission=AdmissionState.UNTESTED, findings={}, refused_parameters=[], quirks=[]
    )


def _end_outdated(admission: Admission) -> None:
    """End a run whose endpoint was changed meanwhile; whoever runs it stores nothing more."""
    name = cast("StepName", admission.doing or "reach")
    step = Step(name=name, outcome="failed", code="changed")
    Admission.objects.open().filter(pk=admission.pk).update(
        state=RunState.FAILED,
        ended_at=timezone.now(),
        doing="",
        steps=[*admission.steps, asdict(step)],
    )


def run_admission(pk: int) -> Admission:
    """Run a test that was asked for, if nobody else does; remember what it found."""
    claimed = Admission.objects.filter(pk=pk, state=RunState.WAITING).update(
        state=RunState.RUNNING, beat_at=timezone.now()
    )
    admission = Admission.objects.select_related("endpoint__provider").get(pk=pk)
    if not claimed:
        return admission
    endpoint = admission.endpoint
    scheduled = admission.reason == Admission.Reason.SCHEDULED
    try:
        address = address_to_test(endpoint)
    except ValueError as error:  # the key cannot be read, or a parameter is reserved
        step = Step(name="key", outcome="failed", code="unusable", detail=str(error))
        _tell(admission, step)
        return _end(admission, None, None)
    how = replace(
        plan(
            concurrency=_most_at_once(endpoint),
            skip=_known(endpoint) if scheduled else frozenset(),
        ),
        paying=paying_for(endpoint, Reservation.Purpose.ADMISSION),
        room=room_at(endpoint, seconds=_SECONDS_FOR_A_SLOT),
    )
    try:
        return _end(admission, _follow(admission, address, how), address)
    except _LostError:
        return Admission.objects.filter(pk=pk).first() or admission  # deleted with its endpoint


def _most_at_once(endpoint: Endpoint) -> int:
    """Return how many calls at once are tried: of more than its rate none could be seen at once."""
    allowed = endpoint.max_concurrent
    return min(allowed, endpoint.requests_per_minute or allowed)


def _known(endpoint: Endpoint) -> frozenset[StepName]:
    """Return the costly steps that have nothing new to find: a scheduled test leaves them out."""
    found = endpoint.findings
    crowded = Crowding.of(found)
    is_known = {
        "images": found.get("takes_images") is not None,
        "context": found.get("longest_tried", 0) >= settings.MAX_PROMPT_CHARACTERS,
        # Where there were too many, there may be room after a while.
        "concurrency": not crowded.is_over(timezone.now())
        if crowded
        else found.get("concurrency", 0) >= _most_at_once(endpoint),
    }
    return frozenset(name for name in COSTLY if is_known[name])


def _follow(admission: Admission, address: EndpointAddress, how: Plan) -> Findings | None:
    """Run the test, tell each step, and return what it found; None when it failed."""
    try:
        for event in events_of(address, how, beat=lambda: _beat(admission)):
            if isinstance(event, Findings):
                return event
            _tell(admission, event)
    except (budget.OverBudgetError, NoRoomError) as refused:
        name = cast("StepName", admission.doing or "reach")
        _tell(admission, Step(name=name, outcome="failed", code=refused.code))
    return None


def _tell(admission: Admission, event: StepName | Step) -> None:
    if isinstance(event, Step):
        admission.steps.append(asdict(event))
        admission.doing = ""
    else:
        admission.doing = event
    _beat(admission, steps=admission.steps, doing=admission.doing)


def _beat(admission: Admission, **told: object) -> None:
    """Say that the run goes on, and what there is to tell.

    Raises
    ------
    _LostError
    """
    mine = Admission.objects.filter(pk=admission.pk, state=RunState.RUNNING)
    if not mine.update(beat_at=timezone.now(), **told):
        raise _LostError


@transaction.atomic
def _end(admission: Admission, found: Findings | None, tested: EndpointAddress | None) -> Admission:
    """Store how a test ended, with the run and with the endpoint.

    What it says of an address that is no longer stored is not kept: another test begins.
    """
    endpoints = Endpoint.objects.select_for_update(of=("self",), no_key=True)
    endpoint = endpoints.select_related("provider").filter(pk=admission.endpoint_id).first()
    if endpoint is None:
        raise _LostError
    if tested and not _is_still(endpoint, tested):
        _beat(admission)
        _end_outdated(admission)
        test_in_background([endpoint], Admission.Reason(admission.reason))
        admission.refresh_from_db()
        return admission
    _beat(
        admission,
        state=RunState.PASSED if found else RunState.FAILED,
        ended_at=timezone.now(),
        doing="",
        findings=asdict(found) if found else {},
    )
    admission.refresh_from_db()
    if found:
        remember(admission.endpoint_id, found, [Step(**step) for step in admission.steps])
    else:
        _remember_failure(admission)
    return admission


def _is_still(endpoint: Endpoint, tested: EndpointAddress) -> bool:
    """Return whether what is stored now is what was tested; a test itself finds the quirks."""
    try:
        now = address_to_test(endpoint)
    except ValueError:
        return False
    return replace(now, quirks=tested.quirks, token_limit=tested.token_limit) == tested


def remember(endpoint_id: int, found: Findings, steps: Iterable[Step] = ()) -> None:
    """Store with an endpoint what its test found, by which steps; it may be called from now on.

    What this test left out, or could not find out, keeps what an earlier one found.
    """
    endpoint = Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint_id)
    fresh = {name: value for name, value in asdict(found).items() if value is not None}
    endpoint.findings = crowding.remembered(
        {**endpoint.findings, **fresh}, steps, at=timezone.now()
    )
    endpoint.quirks = list(found.quirks)
    endpoint.refused_parameters = list(found.refused)
    endpoint.admission, endpoint.admitted_at = AdmissionState.PASSED, timezone.now()
    endpoint.failures_in_a_row, endpoint.suspended_until = 0, None
    endpoint.save()


def _remember_failure(admission: Admission) -> None:
    code = admission.steps[-1]["code"] if admission.steps else "interrupted"
    scheduled = admission.reason == Admission.Reason.SCHEDULED
    if code in (_NOT_ITS_FAULT if scheduled else PUT_OFF):
        return
    Endpoint.objects.filter(pk=admission.endpoint_id).update(
        admission=AdmissionState.FAILED, last_failure_code=code, last_failed_at=timezone.now()
    )


def end_interrupted(now: dt.datetime, *, endpoint: Endpoint | None = None) -> int:
    """End the runs whose process died; the endpoint stays as it was. Return how many."""
    lost = Admission.objects.open().filter(beat_at__lt=now - _SILENT)
    if endpoint is not None:
        lost = lost.filter(endpoint=endpoint)
    return lost.update(state=RunState.FAILED, ended_at=now, doing="")
