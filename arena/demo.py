"""The demo's contestants: which model server runs, and how its models enter the catalogue."""

import contextlib
import datetime as dt
import re
import socket
import sys
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from arena.battles.models import Vote
from arena.catalog.enrol import Enrolment, enrol
from arena.catalog.licences import LicenceClass
from arena.catalog.models import CatalogueRow, Endpoint, Provider
from arena.environment import LOCAL_DIR
from arena.launch import say
from arena.processes import Program, ProgramError, Supervisor
from workers.demo.fiction import FICTIONAL_MODELS
from workers.demo.templates import CONTESTANTS

LANGUAGE_MODEL = "Demo: language model on this machine"
SCRIPTED = "Demo: scripted models"

_LISTENING = re.compile(r"^listening: (\S+)$", re.MULTILINE)
_LICENCE_CLASSES = {"open": LicenceClass.WEIGHTS_PERMISSIVE, "closed": LicenceClass.CLOSED}


def start_models(supervisor: Supervisor, *, language_model: bool) -> bool:
    """Start a model server and put its contestants, and no others of the demo, into battles.

    Returns False when a signal asked to stop meanwhile.
    """
    if language_model:
        say("language model: loading Gemma 3 270M")
        try:
            folder = ("--folder", str(LOCAL_DIR / "models"))
            base_url = _start(supervisor, "llama", LANGUAGE_MODEL, *folder, seconds=120)
        except ProgramError as error:
            say(f"scripted models instead, because {str(error).strip().splitlines()[-1]}")
        else:
            enrol_served(LANGUAGE_MODEL, base_url, _gemmas())
            return not supervisor.stopping
    enrol_served(SCRIPTED, _start(supervisor, "scripted", SCRIPTED, seconds=30), _fictions())
    return not supervisor.stopping


def _start(supervisor: Supervisor, name: str, provider: str, *options: str, seconds: float) -> str:
    """Start `workers.demo.NAME`; return its base URL, empty when asked to stop.

    It keeps the port of its last run, so that the catalogue stays true when it is started again.
    A second demo of this checkout shares the port: battles of both go on when either ends.
    """
    port = ["--port", str(_port_for(provider)), "--share-port"]
    _allow(int(port[1]))
    supervisor.start(Program(name, [sys.executable, "-m", f"workers.demo.{name}", *port, *options]))
    text = supervisor.wait_until(
        name, lambda text: _LISTENING.search(text) is not None, seconds=seconds
    )
    found = _LISTENING.search(text or "")
    return found[1] if found else ""


def _allow(port: int) -> None:
    """Let this start's programs call the demo's server on loopback; nothing else is added."""
    settings.ENDPOINT_ALLOW = [*settings.ENDPOINT_ALLOW, f"127.0.0.1:{port}"]


def _port_for(provider: str) -> int:
    """Return the port that the provider is stored with, or a free one if others have that now."""
    stored = Provider.objects.filter(name=provider).values_list("base_url", flat=True).first()
    with socket.socket() as probe:
        if stored and (port := urlsplit(stored).port):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _gemmas() -> list[Enrolment]:
    return [
        Enrolment(
            model_name=contestant.name,
            # One set of weights, three contestants: how it is asked is in brackets.
            name=f"Gemma 3 270M ({contestant.name.rpartition('-')[2]})",
            organisation="Google",
            licence_class=LicenceClass.WEIGHTS_RESTRICTED,
            weights_released_on=dt.date(2025, 8, 14),
        )
        for contestant in CONTESTANTS
    ]


def _fictions() -> list[Enrolment]:
    return [
        Enrolment(
            model_name=model.name,
            name=f"{model.title} (scripted)",
            organisation=model.organisation,
            licence_class=_LICENCE_CLASSES[model.licence_class],
        )
        for model in FICTIONAL_MODELS
    ]


@transaction.atomic
def enrol_served(name: str, base_url: str, enrolments: Sequence[Enrolment]) -> None:
    """Store the contestants of the demo server that runs; take the other one out of the draw."""
    if not base_url:
        return
    provider, _ = Provider.objects.update_or_create(name=name, defaults={"base_url": base_url})
    others = Provider.objects.filter(name__in={LANGUAGE_MODEL, SCRIPTED} - {name})
    Endpoint.objects.filter(provider__in=others).update(enabled=False)
    for enrolment in enrolments:
        stored = enrol(
            Enrolment(
                **{**enrolment.__dict__, "provider": provider, "enabled": True, "vouched": True}
            )
        ).endpoint
        Endpoint.objects.record_success([stored.pk])


def has_catalogue() -> bool:
    """Return whether the models people know were loaded: they are in no battle and on no board."""
    return CatalogueRow.objects.exists()


def has_sample_votes() -> bool:
    """Return whether the boards have simulated votes already."""
    return Vote.objects.filter(source="simulated").exists()
