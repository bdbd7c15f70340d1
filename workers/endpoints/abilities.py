"""What an endpoint that answers can do: one step of its test for each ability.

A step learns only from an answer or a refusal. What a busy or failing server leaves open stays
unknown, and is for a later test to find.
"""

import random
import statistics
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from workers.endpoints import questions
from workers.endpoints.address import EndpointAddress, Quirk
from workers.endpoints.findings import Findings, Plan, Step, StepName, step
from workers.endpoints.interview import Interview, is_refusal, is_settled
from workers.endpoints.overflow import context_in, is_cut
from workers.endpoints.probe import CheckResult
from workers.endpoints.room import NoRoomError
from workers.endpoints.usage import estimate_prompt

# An answer that is short by itself proves nothing of a limit, so a limit is tried that no greeting
# fits in.
_SHORT_TOKENS, _LEAST_TOKENS = 32, 3
# An answer of so many times the limit was not cut there, however roughly its tokens are counted.
_IGNORED = 2.0
_PICTURES = 2


class Abilities:
    """The steps after the greeting, and what they found.

    Parameters
    ----------
    interview : Interview
        How the endpoint is asked.
    address : EndpointAddress
        The address as the greeting adapted it.
    plan : Plan
        What to find out.
    greeting : CheckResult
        The answer to the greeting.
    refused : tuple of str
        The parameters that were left out.
    """

    def __init__(
        self,
        interview: Interview,
        address: EndpointAddress,
        plan: Plan,
        greeting: CheckResult,
        refused: tuple[str, ...],
    ) -> None:
        self._interview = interview
        self._address = address
        self._plan = plan
        self._greeting = greeting
        self._chance = random.Random()  # noqa: S311 -- which picture is drawn is no secret
        self.findings = Findings(quirks=tuple(sorted(address.quirks)), refused=refused)
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

    async def _usage(self) -> Step:
        reported = self._greeting.reports_usage
        self._remember(reports_usage=reported)
        return step("usage", *(("passed", "ok") if reported else ("lacking", "estimated")))

    async def _system(self) -> Step:
        address = replace(self._address, system_prompt=self._address.system_prompt or "Be brief.")
        if "no_system_role" in address.quirks:
            return step("system", "adapted", "no_system_role")
        result = await self._interview.ask(address, questions.HELLO)
        if is_refusal(result):
            self._adopt(replace(self._address, quirks=address.quirks | {"no_system_role"}))
            return step("system", "adapted", "no_system_role", result.detail)
        return step("system", "passed", "ok") if is_settled(result) else _unknown("system", result)

    # -- the token limit ---------------------------------------------------------------------------

    async def _token_limit(self) -> Step:
        """Ask for much and allow little, by either name of the limit."""
        if self._address.token_limit is None:
            self._remember(limits_tokens=False)
            return step("token_limit", "lacking", "refused")
        names: list[Quirk | None] = ["max_completion_tokens", None]
        if "max_completion_tokens" not in self._address.quirks:
            names.reverse()
        left_open: Step | None = None
        ends: list[Step] = []
        for name in names:
            others = self._address.quirks - {"max_completion_tokens"}
            named = replace(self._address, quirks=others | ({name} if name else set()))
            found = await self._limited(named, name or "max_tokens")
            if found.outcome == "passed":
                self._adopt(named)
                self._remember(limits_tokens=True)
                return found
            if found.outcome == "unknown":
                left_open = left_open or found
            ends.append(found)
        if left_open:
            return left_open
        self._remember(limits_tokens=False)
        return next((end for end in ends if end.code == "ignored"), ends[-1])

    async def _limited(self, address: EndpointAddress, name: str) -> Step:
        """Return whether the server keeps a limit by one name; unknown where its answers end
        before it.
        """
        tries = ((_SHORT_TOKENS, questions.COUNTING), (_LEAST_TOKENS, questions.HELLO))
        for limit, question in tries:
            result = await self._interview.ask(replace(address, token_limit=limit), question)
            if result.cut_by_limit or (limit == _SHORT_TOKENS and result.counts(limit)):
                return step("token_limit", "passed", name)
            if is_refusal(result) and limit == _SHORT_TOKENS:
                return step("token_limit", "lacking", "refused", result.detail)
            if not result.ok:
                return _unknown("token_limit", result)
            if result.completion_tokens > _IGNORED * limit:
                return step("token_limit", "lacking", "ignored")
        return step("token_limit", "unknown", "short")

    # -- what it takes -----------------------------------------------------------------------------

    async def _temperature(self) -> Step:
        if "temperature" in self.findings.refused:
            self._remember(takes_temperature=False)
            return step("temperature", "adapted", "refused")
        parameters = {**self._address.parameters, "temperature": 0.7}
        warm = replace(self._address, parameters=parameters)
        result = await self._interview.ask(warm, questions.HELLO)
        if not is_settled(result):
            return _unknown("temperature", result)
        taken = not is_refusal(result)
        self._remember(takes_temperature=taken)
        if taken:
            return step("temperature", "passed", "ok")
        return step("temperature", "lacking", "refused", result.detail)

    async def _images(self) -> Step:
        """Show a picture that no guess describes; a second one, where the first was misread."""
        for _ in range(_PICTURES):
            picture = questions.two_colours(self._chance)
            result = await self._interview.ask(self._address, picture.messages)
            # Who thought up to the limit has not said what is to be seen.
            if not is_settled(result) or (result.cut_by_limit and not result.text):
                return _unknown("images", result)
            if is_refusal(result):
                self._remember(takes_images=False)
                return step("images", "lacking", "refused", result.detail)
            if picture.is_described_by(result.text):
                self._remember(takes_images=True)
                return step("images", "passed", "ok")
        self._remember(takes_images=False)
        return step("images", "lacking", "unseen")

    async def _context(self) -> Step:
        """Send the longest prompt of the site, and ask for what stands at its beginning."""
        listed = await self._interview.listed(self._address)
        context = listed.context_tokens if listed else None
        self._remember(context_tokens=context)
        messages = questions.long_prompt(self._plan.prompt_characters)
        result = await self._interview.ask(self._address, messages)
        if not is_settled(result):
            return _unknown("context", result)
        self._remember(longest_tried=self._plan.prompt_characters)
        if is_refusal(result):
            found = context_in(result.detail) or context
            self._remember(context_tokens=found)
            return step("context", "lacking", "too_short", result.detail, tokens=found)
        remembers = questions.CODE_WORD in result.text
        if not remembers and is_cut(result, estimate_prompt(messages)):
            counted = result.prompt_tokens
            self._remember(context_tokens=counted, truncates=True)
            return step("context", "lacking", "truncated", tokens=counted)
        self._remember(truncates=False if remembers else None)
        code, size = "ok" if remembers else "forgot", self._plan.prompt_characters
        return step("context", "passed", code, characters=size, tokens=context)

    # -- how fast, and how many at once ------------------------------------------------------------

    async def _speed(self) -> Step:
        result = await self._interview.ask(self._address, questions.RIVERS)
        if result.finished is None:
            return _unknown("speed", result)
        first, timings = statistics.median(self._interview.first_tokens), result.finished.timings
        streaming = timings.total - timings.first_token
        # A handful of tokens, or an answer that came at once, says nothing of a rate.
        rate = result.completion_tokens / streaming if streaming > 0.05 else None
        seconds, rate = round(first, 3), rate and round(rate, 1)
        self._remember(first_token_seconds=seconds, tokens_per_second=rate)
        return step("speed", "passed", "ok", seconds=seconds, rate=rate)

    async def _concurrency(self) -> Step:
        """Double the calls at once until some fail twice, or as many as it may have went well."""
        level, together = 1, 1
        while level < self._plan.concurrency:
            level = min(level * 2, self._plan.concurrency)
            try:
                failed = await self._interview.ask_together(self._brief, level)
                if failed:
                    await self._interview.pause_after(failed)
                    failed = await self._interview.ask_together(self._brief, level)
            except NoRoomError as full:
                return step("concurrency", "unknown", full.code)
            if failed:
                return await self._crowded(failed, together, level)
            together = level
        self._remember(concurrency=together, crowded=False)
        return step("concurrency", "passed", "ok", calls=together)

    async def _crowded(self, failed: CheckResult, together: int, tried: int) -> Step:
        """Tell too many calls at once from too many in a minute, by asking as many in turn."""
        if is_refusal(failed):
            return _unknown("concurrency", failed)
        if failed.code == "rate_limited" and await self._interview.ask_in_turn(self._brief, tried):
            return step("concurrency", "unknown", "rate", failed.detail)
        self._remember(concurrency=together, crowded=True)
        return step(
            "concurrency", "adapted", failed.code, failed.detail, calls=together, tried=tried
        )

    @property
    def _brief(self) -> EndpointAddress:
        """The address with a low token limit, where the server takes any."""
        limit = self._address.token_limit
        return replace(self._address, token_limit=limit and min(limit, _SHORT_TOKENS))

    def _adopt(self, address: EndpointAddress) -> None:
        self._address = address
        self._remember(quirks=tuple(sorted(address.quirks)))

    def _remember(self, **found: Any) -> None:
        self.findings = replace(self.findings, **found)


def _unknown(name: StepName, result: CheckResult) -> Step:
    return step(name, "unknown", result.code, result.detail)
