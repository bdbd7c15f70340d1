"""What is wrong with an endpoint and what to do about it, in sentences; lengths and shares."""

from statistics import median

from django.conf import settings

from arena.catalog.crowding import Crowding
from arena.catalog.models import Endpoint
from arena.catalog.states import EndpointStanding, EndpointState
from arena.catalog.wording import sentence_of_crowding, sentence_of_error
from arena.operating.health import EndpointHealth

_NOTEWORTHY_SHARE = 0.05
# Hours that count as of late, and how much slower they are than before when that is said.
_LATELY = 3
_SLOWER = 2.0
_SLOW_SECONDS = 2.0


def advice_on(standing: EndpointStanding, health: EndpointHealth) -> str:
    """Return what is wrong with an endpoint and what to do; its model is already read."""
    if standing.state == EndpointState.OVER_CAP:
        return sentence_of_error(standing.refusal)
    return _STATES.get(standing.state, _in_battles)(standing.endpoint, health)


def fails_in_a_row(endpoint: Endpoint) -> bool:
    """Return whether it failed as often as takes it out of battles, and did not answer since."""
    return endpoint.failures_in_a_row >= settings.BREAKER_FAILURES


def _paused(endpoint: Endpoint, health: EndpointHealth) -> str:
    until = f"{endpoint.suspended_until:%H:%M} UTC"
    why = sentence_of_error(endpoint.last_failure_code)
    return f"{why} It is asked again before {until}, and returns when it answers."


def _failed(endpoint: Endpoint, health: EndpointHealth) -> str:
    why = sentence_of_error(endpoint.last_failure_code)
    return f"{why} It is tested again every ten minutes; its last test says more."


def _in_battles(endpoint: Endpoint, health: EndpointHealth) -> str:
    if not endpoint.language_model.sampling_weight:
        return "Its model's weight is 0, so it is never drawn. Give the model a weight."
    if fails_in_a_row(endpoint):
        return f"{sentence_of_error(endpoint.last_failure_code)} Nothing came since."
    if health.failed_share >= _NOTEWORTHY_SHARE:
        share = f"{health.whole.failed:,} of {health.answers:,} answers failed"
        return f"{share}, most of them so: {sentence_of_error(health.commonest)}"
    if slower := _slower(health):
        return slower
    if crowding := Crowding.of(endpoint.findings):
        return f"Its answers are in order. {sentence_of_crowding(crowding)}"
    return "Nothing is wrong." if health.answers else "Nothing is wrong; it was not drawn lately."


def _slower(health: EndpointHealth) -> str:
    """Say that the first words come much later than they did earlier in the window."""
    earlier, lately = (
        [hour.first_token_seconds for hour in hours if hour.first_token_seconds is not None]
        for hours in (health.hours[:-_LATELY], health.hours[-_LATELY:])
    )
    if not earlier or not lately:
        return ""
    before, after = median(earlier), median(lately)
    if after < _SLOW_SECONDS or after < _SLOWER * before:
        return ""
    return (
        f"It has become slow: the first words come after {after:.1f} s, and came after "
        f"{before:.1f} s. Look at its server's load, or lower its calls at once."
    )


_STATES = {
    EndpointState.OFF: lambda *_: "It is switched off. Enable it to bring it into battles.",
    EndpointState.RETIRED: lambda *_: "Its model is retired: it meets nobody any more.",
    EndpointState.UNTESTED: lambda *_: (
        "It joins battles once it has passed its test, which runs within minutes; “Test now” in "
        "the list of endpoints runs it at once."
    ),
    EndpointState.FAILED: _failed,
    EndpointState.PAUSED: _paused,
}


def duration(seconds: float) -> str:
    """Return a length of time in words, in one unit."""
    for size, unit in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 2 * size:
            return f"{seconds // size:,.0f} {unit}s"
    count = max(0, round(seconds))
    return f"{count} second{'s' * (count != 1)}"


def percentage(share: float) -> str:
    """Return a share in percent, never 0 % for something nor 100 % for less than all."""
    if share and share < 0.01:
        return "under 1 %"
    return f"{min(share * 100, 100 if share >= 1 else 99):.0f} %"
