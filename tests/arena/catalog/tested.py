"""Endpoints with the outcome of their admission test."""

from arena.catalog.admissions import (
    open_admission,
    run_admission,
)
from arena.catalog.enrol import Enrolment, enrol
from arena.catalog.models import Admission, Endpoint
from arena.catalog.wording import sentence_of
from workers.demo.fiction import FICTIONAL_MODELS
from workers.endpoints import Step

NAME = FICTIONAL_MODELS[0].name


def stored(base_url: str, name: str = NAME, key: str = "", **known: object) -> Endpoint:
    """Return an endpoint that was never tested."""
    wanted = Enrolment(base_url=base_url, api_key=key, model_name=name, **known)  # type: ignore[arg-type]
    return enrol(wanted).endpoint


def outcome_of(
    endpoint: Endpoint, *, reason: Admission.Reason = Admission.Reason.ASKED
) -> Admission:
    admission, is_new = open_admission(endpoint, reason)
    assert is_new
    admission = run_admission(admission.pk)
    endpoint.refresh_from_db()
    return admission


def last_step(admission: Admission) -> Step:
    return Step(**admission.steps[-1])


def outcome(base_url: str, name: str = NAME, key: str = "") -> tuple[str, str]:
    admission = outcome_of(stored(base_url, name, key))
    step = last_step(admission)
    assert "sk-planted" not in str(admission.steps)
    return step.code, sentence_of(step) if admission.state == "failed" else "ok"
