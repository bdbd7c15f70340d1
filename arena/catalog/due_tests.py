"""Which endpoints are to be tested now."""

import datetime as dt

from django.conf import settings
from django.db.models import OuterRef, Q, QuerySet, Subquery

from arena.catalog import budget
from arena.catalog.models import Admission, AdmissionState, Endpoint

_RETRY = dt.timedelta(minutes=10)
_MOST_AT_ONCE = 4


def due_endpoints(now: dt.datetime) -> list[Endpoint]:
    """Return the endpoints whose next test is due, longest waiting first, as many as may run.

    One that passed is due again after `PARITY_ADMISSION_HOURS`; one that failed or was never
    tested after ten minutes. One that has no budget left waits until it has; but only a test finds
    that a server which kept no token limit, and so is refused under a cap, keeps one now. Those of
    one GPU group take turns.
    """
    running = Admission.objects.open()
    room = max(0, _MOST_AT_ONCE - running.count())
    if not room:
        return []
    groups = set(running.values_list("endpoint__gpu_group", flat=True)) - {""}
    due = list(_due(now))
    refusals = budget.refusals(due, at=now)
    chosen: list[Endpoint] = []
    for endpoint in due:
        may_pay = refusals.get(endpoint.pk, "no_token_limit") == "no_token_limit"
        if may_pay and endpoint.gpu_group not in groups and len(chosen) < room:
            chosen.append(endpoint)
            groups |= {endpoint.gpu_group} - {""}
    return chosen


def _due(now: dt.datetime) -> QuerySet[Endpoint]:
    again = now - dt.timedelta(hours=settings.ADMISSION_HOURS)
    passed = Q(admission=AdmissionState.PASSED)
    last = Admission.objects.filter(endpoint=OuterRef("pk")).order_by("-created_at")
    return (
        Endpoint.objects.filter(enabled=True, language_model__retired_at=None)
        .exclude(pk__in=Admission.objects.open().values("endpoint"))
        .annotate(last_test=Subquery(last.values("created_at")[:1]))
        .filter(~passed | Q(admitted_at__lt=again))
        .filter(Q(last_test=None) | Q(last_test__lt=now - _RETRY))
        .order_by("admitted_at", "pk")
    )
