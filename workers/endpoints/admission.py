"""The admission test: what an endpoint can do, found out by asking it, step by step.

`admit` yields each step as it ends. The first four must pass; the others find out what the server
takes, and what it refuses is left out from then on. Every step is a handful of short calls.
"""

import asyncio
import re
import statistics
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from workers.endpoints import questions
from workers.endpoints.address import EndpointAddress, Message, Quirk
from workers.endpoints.clients import EndpointClients
from workers.endpoints.errors import EndpointError
from workers.endpoints.findings import REQUIRED, Findings, Outcome, Plan, Step, StepName
from workers.endpoints.negotiation import Adaptation, adaptations, is_named
from workers.endpoints.probe import CheckResult, ListedModel, ask, list_models
from workers.endpoints.usage import estimate_prompt

_HELLO_TOKENS = 1024
_THINKING_TOKENS = 4096
_SHORT_TOKENS = 32
_MOST_ADAPTATIONS = 8
# No chat model has less: a server that counts fewer tokens of a long prompt counts something else,
# such as those that were not cached.
_LEAST_CONTEXT = 512
# The error that ends at each required step; any other ends at `stream`.
_ENDS_AT: Mapping[str, StepName] = {
    **dict.fromkeys(("unreachable", "timeout_connect", "address_refused"), "reach"),
    **dict.fromkeys(("address_private", "redirected", "untrusted"), "reach"),
    **dict.fromkeys(("auth", "payment"), "key"),
    **dict.fromkeys(("not_found", "wrong_name"), "model"),
}
_PASSING = frozenset({"server_failed", "rate_limited"})
_CONTEXT_LIMIT = re.compile(
    r"(?:maximum context length is|n_ctx\W{1,4}|context (?:length|size|window)\D{1,40}?)"
    r"\s*(\d{3,8})"
)


async def admit(
    clients: EndpointClients, address: EndpointAddress, plan: Plan
) -> AsyncGenerator[StepName | Step | Findings]:
    """Test an endpoint: the name of each step as it begins, the step as it ends, the findings last.

    A required step that fails ends the test; then there are no findings.
    """
    test = _Test(clients, address, plan)
    yield "reach"
    first = await test.first_answer()
    failed_at = _ENDS_AT.get(first.code, "stream") if first.code != "ok" else None
    for name in REQUIRED:
        if name == failed_at:
            yield test.refusal(name, first)
            return
        yield test.success(name, first)
    for name, take in test.steps.items():
        if name in plan.skip:
            continue
        yield name
        yield await take()
    yield test.findings


class _Test:
    """One run: the address as it was adapted so far, and what was found."""

    def __init__(self, clients: EndpointClients, address: EndpointAddress, plan: Plan) -> None:
        self._clients = clients
        self._address = replace(
            address, token_limit=min(address.token_limit or _HELLO_TOKENS, _HELLO_TOKENS)
        )
        self._plan = plan
        self._refused: list[str] = []
        self._adapted: list[str] = []
        self._listed: ListedModel | None = None
        self._offered: list[str] = []
        self._waited = 0.0
        self._first_tokens: list[float] = []
        self.findings = Findings()
        self.steps: Mapping[StepName, Callable[[], Awaitable[Step]]] = {
            "usage": self._usage,
            "system": self._system,
            "token_limit": self._token_limit,
            "temperature": self._temperature,
            "images": self._images,
            "context": self._context,
            "speed": self._speed,
            "concurrency": self._concurrency,
        }

    # -- the steps that must pass ------------------------------------------------------------------

    async def first_answer(self) -> CheckResult:
        """Ask for a greeting, adapting what the server refuses, until it comes or nothing helps."""
        result = await self._patiently()
        if result.code in {"not_found", "bad_request"} and await self._is_wrong_name():
            return replace(result, code="wrong_name")
        if result.code == "bad_request":
            result = await self._adapt(result)
        if result.closes_think:
            self._learn("opens_in_think")
        if result.cut_by_limit and not result.text:  # it thinks at length before it speaks
            self._address = replace(self._address, token_limit=_THINKING_TOKENS)
            result = await self._patiently()
        self._remember(quirks=tuple(sorted(self._address.quirks)), refused=tuple(self._refused))
        self._first = result
        return result

    def success(self, name: StepName, result: CheckResult) -> Step:
        """Return a required step that passed."""
        if name == "reach" and self._waited:
            return self._step(name, "adapted", "waited", seconds=round(self._waited))
        if name == "stream" and self._adapted:
            return self._step(name, "adapted", "adapted", changes=list(self._adapted))
        if name == "stream" and result.pieces == 1:
            return self._step(name, "passed", "one_piece")
        return self._step(name, "passed", "ok")

    def refusal(self, name: StepName, result: CheckResult) -> Step:
        """Return the required step that failed."""
        values: dict[str, Any] = {"allowance": result.allowance, "offered": self._offered}
        return Step(
            name=name,
            outcome="failed",
            code=result.code,
            values={key: value for key, value in values.items() if value},
            detail=result.detail,
        )

    async def _patiently(self) -> CheckResult:
        """Ask for a greeting; ask again while the server is loading or busy."""
        clock = asyncio.get_running_loop().time
        began = clock()
        while True:
            result = await self._ask(questions.HELLO)
            waited = clock() - began
            if result.code not in _PASSING or waited + self._plan.pause > self._plan.patience:
                return result
            await asyncio.sleep(self._plan.pause)
            self._waited = clock() - began

    async def _adapt(self, result: CheckResult) -> CheckResult:
        """Leave out or rename what the server refuses, one thing at a time."""
        tried: set[Adaptation] = set()
        while result.code == "bad_request" and len(tried) < _MOST_ADAPTATIONS:
            left = [a for a in adaptations(self._address, result.detail) if a not in tried]
            if not left:
                break
            adaptation = left[0]
            tried.add(adaptation)
            before = self._address
            named = is_named(adaptation, before, result.detail)
            self._address = adaptation.apply(before)
            answer = await self._patiently()
            helped = answer.code != "bad_request" or answer.detail != result.detail
            if helped or named:
                self._note(adaptation)
            else:
                self._address = before
            result = answer
        return result

    def _note(self, adaptation: Adaptation) -> None:
        self._adapted.append(adaptation.name)
        if adaptation.parameter:
            self._refused.append(adaptation.parameter)

    async def _is_wrong_name(self) -> bool:
        """Return whether the server lists models, and ours is not among them."""
        await self._list()
        return bool(self._offered) and self._listed is None

    async def _list(self) -> None:
        if self._offered:
            return
        try:
            listed = await list_models(self._clients, self._address.base_url, self._address.api_key)
        except EndpointError:
            return
        self._offered = [model.name for model in listed]
        self._listed = next((m for m in listed if m.name == self._address.model_name), None)

    # -- what it can do ----------------------------------------------------------------------------

    async def _usage(self) -> Step:
        finished = self._first.finished
        reported = finished is not None and not finished.usage.estimated
        self._remember(reports_usage=reported)
        return self._step("usage", *(("passed", "ok") if reported else ("lacking", "estimated")))

    async def _system(self) -> Step:
        address = replace(self._address, system_prompt=self._address.system_prompt or "Be brief.")
        if "no_system_role" in address.quirks:
            return self._step("system", "adapted", "no_system_role")
        result = await self._ask(questions.HELLO, address)
        if result.ok:
            return self._step("system", "passed", "ok")
        if result.code == "bad_request":
            self._learn("no_system_role")
            return self._step("system", "adapted", "no_system_role", result.detail)
        return self._step("system", "failed", result.code, result.detail)

    async def _token_limit(self) -> Step:
        """Ask for much and allow little, by either name of the limit."""
        names: list[Quirk | None] = ["max_completion_tokens", None]
        if "max_completion_tokens" not in self._address.quirks:
            names.reverse()
        if self._address.token_limit is None:
            return self._unlimited("refused")
        code = detail = ""
        for name in names:
            others = self._address.quirks - {"max_completion_tokens"}
            address = replace(
                self._address,
                quirks=others | ({name} if name else set()),
                token_limit=_SHORT_TOKENS,
            )
            result = await self._ask(questions.COUNTING, address)
            if result.cut_by_limit:
                self._address = replace(address, token_limit=self._address.token_limit)
                self._remember(limits_tokens=True, quirks=tuple(sorted(address.quirks)))
                return self._step("token_limit", "passed", name or "max_tokens")
            code, detail = ("ignored" if result.ok else result.code), result.detail
        return self._unlimited(code, detail)

    def _unlimited(self, code: str, detail: str = "") -> Step:
        self._remember(limits_tokens=False)
        return self._step("token_limit", "lacking", code, detail)

    async def _temperature(self) -> Step:
        if "temperature" in self._refused:
            self._remember(takes_temperature=False)
            return self._step("temperature", "adapted", "refused")
        parameters = {**self._address.parameters, "temperature": 0.7}
        result = await self._ask(questions.HELLO, replace(self._address, parameters=parameters))
        self._remember(takes_temperature=result.ok)
        if result.ok:
            return self._step("temperature", "passed", "ok")
        return self._step("temperature", "lacking", "refused", result.detail)

    async def _images(self) -> Step:
        result = await self._ask(questions.PICTURE)
        seen = result.ok and questions.names_red(result.text)
        self._remember(takes_images=seen)
        if seen:
            return self._step("images", "passed", "ok")
        code = "unseen" if result.ok else "refused"
        return self._step("images", "lacking", code, result.detail)

    async def _context(self) -> Step:
        """Send the longest prompt of the site, and ask for what stands at its beginning."""
        await self._list()
        context = self._listed.context_tokens if self._listed else None
        messages = questions.long_prompt(self._plan.prompt_characters)
        expected = estimate_prompt(messages)
        result = await self._ask(messages)
        if not result.ok:
            limit = _CONTEXT_LIMIT.search(result.detail.lower())
            found = int(limit[1]) if limit else context
            self._remember(context_tokens=found)
            code = "too_short" if result.code == "bad_request" else result.code
            return self._step("context", "lacking", code, result.detail, tokens=found)
        usage = result.finished.usage if result.finished else None
        counted = usage.prompt_tokens if usage and not usage.estimated else None
        remembers = questions.CODE_WORD in result.text
        cut = counted is not None and _LEAST_CONTEXT <= counted < 0.6 * expected
        if cut and not remembers:
            self._remember(context_tokens=counted, truncates=True)
            return self._step("context", "lacking", "truncated", tokens=counted)
        self._remember(context_tokens=context, truncates=False if remembers else None)
        return self._step(
            "context",
            "passed",
            "ok" if remembers else "forgot",
            characters=self._plan.prompt_characters,
            tokens=context,
        )

    async def _speed(self) -> Step:
        result = await self._ask(questions.RIVERS)
        if result.finished is None:
            return self._step("speed", "lacking", result.code, result.detail)
        first, tokens = statistics.median(self._first_tokens), result.finished.usage
        streaming = result.finished.timings.total - result.finished.timings.first_token
        # A handful of tokens, or an answer that came at once, says nothing of a rate.
        rate = tokens.completion_tokens / streaming if streaming > 0.05 else None
        self._remember(
            first_token_seconds=round(first, 3), tokens_per_second=rate and round(rate, 1)
        )
        return self._step(
            "speed", "passed", "ok", seconds=round(first, 3), rate=rate and round(rate, 1)
        )

    async def _concurrency(self) -> Step:
        """Double the calls at once until one fails or the endpoint's own limit is reached."""
        level, together = 1, 1
        while level < self._plan.concurrency:
            level = min(level * 2, self._plan.concurrency)
            short = replace(self._address, token_limit=_SHORT_TOKENS)
            results = await asyncio.gather(
                *(self._ask(questions.HELLO, short, count=False) for _ in range(level))
            )
            failed = next((r for r in results if not (r.ok or r.cut_by_limit)), None)
            if failed:
                self._remember(concurrency=together)
                return self._step(
                    "concurrency",
                    "adapted",
                    failed.code,
                    failed.detail,
                    calls=together,
                    tried=level,
                )
            together = level
        self._remember(concurrency=together)
        return self._step("concurrency", "passed", "ok", calls=together)

    # -- asking and remembering --------------------------------------------------------------------

    async def _ask(
        self,
        messages: list[Message],
        address: EndpointAddress | None = None,
        *,
        count: bool = True,
    ) -> CheckResult:
        address = address or self._address
        async with self._plan.paying(address, messages) as payment:
            result = await ask(self._clients, address, messages, limits=self._plan.limits)
            payment.usage = result.finished.usage if result.finished else None
            payment.charged = result.charged
        if result.finished and count:
            self._first_tokens.append(result.finished.timings.first_token)
        return result

    def _learn(self, quirk: Quirk) -> None:
        self._address = replace(self._address, quirks=self._address.quirks | {quirk})
        self._remember(quirks=tuple(sorted(self._address.quirks)))

    def _remember(self, **found: Any) -> None:
        self.findings = replace(self.findings, **found)

    @staticmethod
    def _step(name: StepName, outcome: Outcome, code: str, detail: str = "", **values: Any) -> Step:
        return Step(name=name, outcome=outcome, code=code, values=values, detail=detail)
