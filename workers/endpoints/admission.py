"""The admission test: what an endpoint can do, found out by asking it, step by step.

`admit` yields each step as it ends. The first four must pass; the others (`abilities.py`) find out
what the server takes, and what it refuses is left out from then on. Every step is a handful of
short calls.
"""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from typing import Any

from workers.endpoints.abilities import Abilities
from workers.endpoints.address import EndpointAddress
from workers.endpoints.clients import EndpointClients
from workers.endpoints.findings import REQUIRED, Findings, Plan, Step, StepName, step
from workers.endpoints.interview import Interview, is_refusal
from workers.endpoints.negotiation import Adaptation, adaptations, is_named
from workers.endpoints.probe import CheckResult

_HELLO_TOKENS = 1024
_THINKING_TOKENS = 4096
_MOST_ADAPTATIONS = 8
# The error that ends at each required step; any other ends at `stream`.
_ENDS_AT: Mapping[str, StepName] = {
    **dict.fromkeys(("unreachable", "timeout_connect", "address_refused"), "reach"),
    **dict.fromkeys(("address_private", "redirected", "untrusted"), "reach"),
    **dict.fromkeys(("auth", "payment"), "key"),
    **dict.fromkeys(("not_found", "wrong_name"), "model"),
}


async def admit(
    clients: EndpointClients, address: EndpointAddress, plan: Plan
) -> AsyncGenerator[StepName | Step | Findings]:
    """Test an endpoint: the name of each step as it begins, the step as it ends, the findings last.

    A required step that fails ends the test; then there are no findings.
    """
    interview = Interview(clients, plan)
    greeting = _Greeting(interview, address)
    yield "reach"
    first = await greeting.answer()
    failed_at = _ENDS_AT.get(first.code, "stream") if first.code != "ok" else None
    for name in REQUIRED:
        if name == failed_at:
            yield greeting.refusal(name, first)
            return
        yield greeting.success(name, first)
    abilities = Abilities(interview, greeting.address, plan, first, tuple(greeting.refused))
    for name, take in abilities.steps.items():
        if name in plan.skip:
            continue
        yield name
        yield await take()
    yield abilities.findings


class _Greeting:
    """The steps that must pass: a greeting, adapted until the server answers it.

    ``address`` is the address as it was adapted so far, ``refused`` the parameters left out.
    """

    def __init__(self, interview: Interview, address: EndpointAddress) -> None:
        self._interview = interview
        self._adapted: list[str] = []
        self._offered: list[str] = []
        self.refused: list[str] = []
        self.address = replace(
            address, token_limit=min(address.token_limit or _HELLO_TOKENS, _HELLO_TOKENS)
        )

    async def answer(self) -> CheckResult:
        """Ask for a greeting, adapting what the server refuses, until it comes or nothing helps."""
        result = await self._interview.greet(self.address)
        if result.code == "bad_request":
            result = await self._adapt(result)
        if is_refusal(result) and await self._is_wrong_name():
            return replace(result, code="wrong_name")
        if result.closes_think:
            self.address = replace(self.address, quirks=self.address.quirks | {"opens_in_think"})
        if result.cut_by_limit and not result.text and self.address.token_limit:
            # It thinks at length before it speaks.
            self.address = replace(self.address, token_limit=_THINKING_TOKENS)
            result = await self._interview.greet(self.address)
        return result

    def success(self, name: StepName, result: CheckResult) -> Step:
        """Return a required step that passed."""
        if name == "reach" and self._interview.waited:
            return step(name, "adapted", "waited", seconds=round(self._interview.waited))
        if name == "stream" and self._adapted:
            return step(name, "adapted", "adapted", changes=list(self._adapted))
        if name == "stream" and result.pieces == 1:
            return step(name, "passed", "one_piece")
        return step(name, "passed", "ok")

    def refusal(self, name: StepName, result: CheckResult) -> Step:
        """Return the required step that failed."""
        values: dict[str, Any] = {"allowance": result.allowance, "offered": self._offered}
        told = {key: value for key, value in values.items() if value}
        return step(name, "failed", result.code, result.detail, **told)

    async def _adapt(self, result: CheckResult) -> CheckResult:
        """Leave out or rename what the server refuses, one thing at a time."""
        tried: set[Adaptation] = set()
        while result.code == "bad_request" and len(tried) < _MOST_ADAPTATIONS:
            left = [a for a in adaptations(self.address, result.detail) if a not in tried]
            if not left:
                break
            adaptation = left[0]
            tried.add(adaptation)
            before = self.address
            named = is_named(adaptation, before, result.detail)
            self.address = adaptation.apply(before)
            answer = await self._interview.greet(self.address)
            helped = answer.code != "bad_request" or answer.detail != result.detail
            if helped or named:
                self._note(adaptation)
            else:
                self.address = before
            result = answer
        return result

    def _note(self, adaptation: Adaptation) -> None:
        self._adapted.append(adaptation.name)
        if adaptation.parameter:
            self.refused.append(adaptation.parameter)

    async def _is_wrong_name(self) -> bool:
        """Return whether the server lists models, and ours is not among them."""
        self._offered = [model.name for model in await self._interview.offered(self.address)]
        return bool(self._offered) and await self._interview.listed(self.address) is None
