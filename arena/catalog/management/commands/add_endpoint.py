"""Add endpoints from the shell."""

import datetime as dt
import json
import os
import secrets
import sys
import tomllib
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from threading import Lock
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from arena.catalog.admissions import events_of, plan, record
from arena.catalog.budget import OverBudgetError
from arena.catalog.enrol import (
    SERVING,
    Enrolled,
    Enrolment,
    enrol,
    stored_address,
    stored_endpoint,
)
from arena.catalog.licences import LicenceClass
from arena.catalog.models import AdmissionState, Endpoint, Provider, Reservation
from arena.catalog.paid_calls import paying_for, room_at
from arena.catalog.wording import line_of, sentence_of
from workers.endpoints import EndpointAddress, Findings, NoRoomError, Plan, Step, presets

_MOST_AT_ONCE = 4
# So long a call lets battles pass at what is stored already.
_SECONDS_FOR_A_SLOT = 60.0
# Keys of a table in the file, and what each must be.
_KINDS: Mapping[str, type] = {
    "base_url": str,
    "model": str,
    "name": str,
    "organisation": str,
    "licence_class": str,
    "released": dt.date,
    "parameters": dict,
    "key_env": str,
    "provider": str,
    "preset": str,
    "system_prompt": str,
    "engine": str,
    "quantisation": str,
    "weight": float,
    "gpu_group": str,
    "token_limit": int,
    "requests_per_minute": int,
    "input_usd": float,
    "output_usd": float,
    "daily_cap": float,
    "total_cap": float,
}
_MONEY = ("input_usd", "output_usd", "daily_cap", "total_cap")


class Command(BaseCommand):
    """`manage.py add_endpoint`."""

    help = (
        "Add an endpoint, or many from a TOML file; those that are stored already are brought up "
        "to date. Each is tested before it is stored. A key comes from an environment "
        "variable or from standard input, never from an option: options are seen by every user "
        "of the machine in the list of processes, and stay in the shell's history."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--file", type=Path, help="TOML file with [[endpoint]] tables")
        parser.add_argument(
            "--base-url", metavar="URL", help="what stands before /chat/completions"
        )
        parser.add_argument("--model", metavar="NAME", help="what the server calls the model")
        key = parser.add_mutually_exclusive_group()
        key.add_argument("--key-env", metavar="VAR", help="environment variable with the key")
        key.add_argument("--key-stdin", action="store_true", help="read the key from stdin")
        parser.add_argument("--provider", metavar="NAME", help="a stored account, by its name")
        parser.add_argument(
            "--preset", choices=presets(), metavar="KIND", help=f"one of {', '.join(presets())}"
        )
        parser.add_argument("--name", metavar="NAME", help="what the arena calls the model")
        parser.add_argument("--organisation", metavar="NAME")
        parser.add_argument("--licence-class", choices=LicenceClass.values)
        parser.add_argument("--released", type=dt.date.fromisoformat, metavar="YYYY-MM-DD")
        parser.add_argument("--parameters", type=_json_object, metavar="JSON")
        parser.add_argument("--engine", metavar="NAME", help="what serves it, as vLLM 0.11")
        parser.add_argument("--quantisation", metavar="NAME", help="as fp16, fp8, q4_k_m")
        parser.add_argument("--system-prompt", metavar="TEXT")
        parser.add_argument(
            "--weight", type=float, help="its share among the model's endpoints; 0 is in reserve"
        )
        parser.add_argument(
            "--gpu-group", metavar="WORD", help="endpoints that cannot be loaded at the same time"
        )
        parser.add_argument(
            "--token-limit", type=int, metavar="N", help="at most so many tokens in an answer"
        )
        parser.add_argument("--requests-per-minute", type=int, metavar="N")
        for option, text in (
            ("--input-usd", "price of a million input tokens, from today on"),
            ("--output-usd", "price of a million output tokens; 0 for a server of your own"),
            ("--daily-cap", "the most that its calls may cost in a day (UTC)"),
            ("--total-cap", "the most that its calls may cost in total"),
        ):
            parser.add_argument(option, type=_dollars, metavar="USD", help=text)
        parser.add_argument("--no-check", action="store_true", help="store without calling it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, check, store, tell."""
        entries = list(_entries(options))
        enrolments = [_enrolment(where, entry) for where, entry in entries]
        if options["no_check"]:
            tested = [_Tested(where, enrolment) for where, enrolment in enrolments]
        else:
            tested = _test_all(enrolments, self.say)
            _refuse_failures(tested)
        # One transaction: a file is stored whole or not at all.
        with transaction.atomic():
            for one in tested:
                self.stdout.write(_sentence(_enrol(one)))

    def say(self, line: str) -> None:
        """Print a line at once: a test takes a while."""
        self.stdout.write(line)
        self.stdout.flush()


def _dollars(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(text) from None  # argparse turns it into its own message


def _json_object(text: str) -> dict[str, Any]:
    value = json.loads(text)  # argparse turns a ValueError into its own message
    if not isinstance(value, dict):
        raise ValueError(text)
    return value


def _entries(options: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield where each entry stands (empty for the command line) and what it says."""
    given = {name: options[name] for name in _KINDS if options.get(name) is not None}
    if path := options["file"]:
        if given or options["key_stdin"]:
            raise CommandError(
                "With --file everything stands in the file: leave other options out."
            )
        yield from _entries_of_file(path)
        return
    if "model" not in given or not ("base_url" in given or "provider" in given):
        raise CommandError("Give --base-url and --model, or --file.")
    if options["key_stdin"]:
        given["key"] = sys.stdin.readline()
    yield "", given


def _entries_of_file(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} is not TOML: {error}") from None
    entries = document.pop("endpoint", None)
    if document or not isinstance(entries, list) or not entries:
        raise CommandError(
            f"{path} must consist of [[endpoint]] tables; see deploy/endpoints.example.toml."
        )
    for number, entry in enumerate(entries, start=1):
        where = f"endpoint {number}"
        for name, value in entry.items():
            if name not in _KINDS:
                hint = " (a key stands in an environment variable: key_env)" * ("key" in name)
                raise CommandError(
                    f"{path}, {where}: {name!r} is not one of {', '.join(_KINDS)}{hint}."
                )
            if not isinstance(value, (float, int) if _KINDS[name] is float else _KINDS[name]):
                raise CommandError(f"{path}, {where}: {name} must be a {_KINDS[name].__name__}.")
        if "model" not in entry or not ("base_url" in entry or "provider" in entry):
            raise CommandError(f"{path}, {where}: base_url and model are needed.")
        yield where, entry


def _enrolment(where: str, entry: dict[str, Any]) -> tuple[str, Enrolment]:
    licence = entry.get("licence_class", "")
    closed = licence in {"", LicenceClass.CLOSED, LicenceClass.UNKNOWN}
    released = entry.get("released")
    serving: dict[str, Any] = {name: entry.get(name) for name in SERVING}
    # By way of the text: 0.1 in a file means a tenth, not the nearest fraction of two.
    money: dict[str, Any] = {name: Decimal(str(entry[name])) for name in _MONEY if name in entry}
    try:
        return where, Enrolment(
            base_url=entry.get("base_url", ""),
            model_name=entry["model"],
            api_key=_key(entry),
            provider=_provider(entry.get("provider")),
            preset=entry.get("preset", ""),
            **serving,
            **money,
            name=entry.get("name", ""),
            organisation=entry.get("organisation", ""),
            licence_class=licence,
            # The date of an open model is the day its weights came out.
            weights_released_on=None if closed else released,
            api_released_on=released if closed else None,
            parameters=entry.get("parameters"),
        ).cleaned()
    except ValidationError as error:
        raise _refusal(where, error) from None


def _key(entry: Mapping[str, Any]) -> str | None:
    if variable := entry.get("key_env"):
        key = os.environ.get(variable, "")
        if not key.strip():
            raise ValidationError({"key_env": f"The environment variable {variable} is not set."})
        return key
    typed: str | None = entry.get("key")
    if typed is not None and not typed.strip():
        raise ValidationError({"key_stdin": "There was no key on standard input."})
    return typed


def _provider(name: str | None) -> Provider | None:
    if name is None:
        return None
    provider = Provider.objects.filter(name=name).first()
    if provider is None:
        known = ", ".join(Provider.objects.values_list("name", flat=True)) or "none"
        raise ValidationError({"provider": f"There is no provider {name!r}. Stored: {known}."})
    return provider


@dataclass(frozen=True)
class _Tested:
    """An enrolment and its admission test; no findings when it failed, nor when there was none."""

    where: str
    enrolment: Enrolment
    steps: tuple[Step, ...] = ()
    findings: Findings | None = None


def _test_all(
    enrolments: Sequence[tuple[str, Enrolment]], say: Callable[[str], object]
) -> list[_Tested]:
    """Test all, a few at once; those of one GPU group, which cannot be loaded together, in turn."""
    in_turn: dict[str, Lock] = defaultdict(Lock)
    with ThreadPoolExecutor(_MOST_AT_ONCE) as threads:
        tests = [
            threads.submit(
                _test,
                _Tested(where, enrolment),
                _address(where, enrolment),
                _plan(enrolment),
                _saying(say, where if len(enrolments) > 1 else ""),
                in_turn[enrolment.gpu_group or where],
            )
            for where, enrolment in enrolments
        ]
        return [test.result() for test in tests]


def _address(where: str, enrolment: Enrolment) -> EndpointAddress:
    try:
        return stored_address(enrolment)
    except ValidationError as error:
        raise _refusal(where, error) from None


def _plan(enrolment: Enrolment) -> Plan:
    """Return the plan of a test: at most as many calls at once as the stored endpoint may have,
    which pays for them; else the site pays, by the price that is given.
    """
    stored = stored_endpoint(enrolment)
    how = plan(concurrency=stored.max_concurrent) if stored else plan()
    purpose = Reservation.Purpose.ADMISSION
    paid = replace(how, paying=paying_for(stored, purpose, tariff=enrolment.tariff))
    # Nobody else has calls at one that is not stored, but maybe at others of its GPU group.
    if not (stored or enrolment.gpu_group):
        return paid
    # In the line it has a number that no stored one has, and no other that is added just now.
    number = 10**12 + secrets.randbelow(10**9)
    endpoint = stored or Endpoint(pk=number, gpu_group=enrolment.gpu_group or "")
    return replace(paid, room=room_at(endpoint, seconds=_SECONDS_FOR_A_SLOT))


def _saying(say: Callable[[str], object], where: str) -> Callable[[str], object]:
    return (lambda line: say(f"{where}: {line}")) if where else say


def _test(
    wanted: _Tested,
    address: EndpointAddress,
    how: Plan,
    say: Callable[[str], object],
    its_turn: Lock,
) -> _Tested:
    """Run the admission test, a line for each step."""
    steps: list[Step] = []
    findings = None
    with its_turn:
        say(f"Testing {address.model_name} at {address.base_url}")
        try:
            for event in events_of(address, how):
                match event:
                    case Step():
                        steps.append(event)
                        say(f"  {line_of(event)}")
                    case Findings():
                        findings = event
        except (OverBudgetError, NoRoomError) as refused:
            steps.append(Step(name="reach", outcome="failed", code=refused.code))
    return replace(wanted, steps=tuple(steps), findings=findings)


def _refuse_failures(tested: list[_Tested]) -> None:
    failed = [one for one in tested if one.findings is None]
    complaints = [
        f"{one.where}, {one.enrolment.model_name}: {sentence_of(one.steps[-1])}".removeprefix(", ")
        for one in failed
    ]
    if complaints:
        raise CommandError(
            "\n".join([*complaints, "Nothing was stored. (--no-check stores without calling.)"])
        )


def _enrol(one: _Tested) -> Enrolled:
    try:
        enrolled = enrol(one.enrolment)
    except ValidationError as error:
        raise _refusal(one.where, error) from None
    if one.findings:
        record(enrolled.endpoint, one.steps, one.findings)
        enrolled.endpoint.refresh_from_db()
    return enrolled


def _refusal(where: str, error: ValidationError) -> CommandError:
    fields = error.message_dict.items() if hasattr(error, "error_dict") else [("", error.messages)]
    names = {"model_name": "model"}
    lines = [
        f"{names.get(name, name)}: {message}" if name else message
        for name, messages in fields
        for message in messages
    ]
    return CommandError("\n".join(f"{where}, {line}" if where else line for line in lines))


def _sentence(enrolled: Enrolled) -> str:
    endpoint = enrolled.endpoint
    done = "added" if enrolled.created else "brought up to date"
    key = " Its provider's key was replaced." if enrolled.key_replaced else ""
    if not endpoint.enabled:
        state = "It is off: enable it in the admin."
    elif endpoint.admission == AdmissionState.PASSED:
        state = "It is in battles."
    else:
        state = "It joins battles once it has passed its test, which runs with the site's worker."
    return f"{endpoint} ({endpoint.model_name}) {done}. {state}{key}"
