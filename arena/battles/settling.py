"""What an attempt at a turn that has ended means for its endpoints: their breakers and budgets.

Called one by one after the end was stored: when a connection is lost, what is done again was not
written.
"""

import datetime as dt
from collections.abc import Mapping

from django.db import transaction

from arena.battles.calls import Call
from arena.battles.models import ReplyState, Side
from arena.battles.turns import SideResult
from arena.catalog import budget
from arena.catalog.models import Endpoint

# Failures that say nothing bad of the endpoint. A key that cannot be read is none of them: while
# it is drawn its battles are void.
_NOT_ITS_FAULT = frozenset({"busy", "content_filter", "too_large_answer"})
# A request of more characters may be refused for its length; a shorter one is not.
_SURELY_FITS = 1000


@transaction.atomic
def record_health(
    calls: Mapping[Side, Call], results: Mapping[Side, SideResult], *, at: dt.datetime
) -> None:
    """Tell the circuit breaker how each endpoint did: of all of them, or of none."""
    complete = [side for side, result in results.items() if result.state == ReplyState.COMPLETE]
    if complete:
        Endpoint.objects.record_success([calls[side].endpoint.pk for side in complete])
    for side, result in results.items():
        pk = calls[side].endpoint.pk
        if result.state == ReplyState.FAILED and _blames_endpoint(calls[side], result):
            Endpoint.objects.record_failure(pk, code=result.error_code, at=at)


def settle(calls: Mapping[Side, Call], results: Mapping[Side, SideResult]) -> None:
    """Pay for the calls of an attempt that has ended; a second time is harmless."""
    for side, call in calls.items():
        result = results[side]
        budget.settle(
            call.reservation, usage=result.usage, seen=result.guess, charged=result.charged
        )


def _blames_endpoint(call: Call, result: SideResult) -> bool:
    """Return whether a failure counts against the endpoint; no visitor's prompt alone may."""
    if result.error_code == "bad_request":
        return sum(len(str(message["content"])) for message in call.messages) <= _SURELY_FITS
    return result.error_code not in _NOT_ITS_FAULT
