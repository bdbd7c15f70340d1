"""The admission test of the real model that the demo serves on this machine.

It takes minutes of every processor, so it wants ``PARITY_LOCAL_MODEL=1``; with ``-s`` it prints
each step. `arena/catalog/docs/admission.md` has such a run.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from arena.catalog.admissions import open_admission, run_admission
from arena.catalog.enrol import Enrolment, enrol
from arena.catalog.models import Admission, Endpoint
from arena.catalog.wording import line_of
from workers.demo.llama import MISSING
from workers.demo.templates import CONTESTANTS
from workers.endpoints import Step

MODEL = CONTESTANTS[0].name

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        os.environ.get("PARITY_LOCAL_MODEL") != "1" or MISSING is not None,
        reason="NOT TESTED: the real model's admission; set PARITY_LOCAL_MODEL=1, with group demo",
    ),
]


@pytest.fixture
def base_url(tmp_path: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "workers.demo.llama", "--folder", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().removeprefix("listening: ").strip()
        server.terminate()


@pytest.mark.django_db(transaction=True)
def test_it_passes_and_what_was_found_is_used(base_url: str, settings: Settings) -> None:
    settings.ADMISSION_PATIENCE_SECONDS = 120.0
    endpoint = enrol(Enrolment(base_url=base_url, model_name=MODEL)).endpoint
    for reason in (Admission.Reason.ADDED, Admission.Reason.SCHEDULED):
        began = time.monotonic()
        admission = run_admission(open_admission(endpoint, reason)[0].pk)
        seconds = time.monotonic() - began
        lines = [line_of(Step(**step)) for step in admission.steps]
        told = "\n".join([f"{MODEL}, {reason.label}: {admission.state}", *lines])
        print(f"\n{told}\nin {seconds:.0f} s", flush=True)  # noqa: T201
        assert admission.state == "passed"
    found = Endpoint.objects.get(pk=endpoint.pk).findings
    print(found, flush=True)  # noqa: T201
    assert found["reports_usage"] is True
    assert found["limits_tokens"] is True
