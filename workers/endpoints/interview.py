"""Asking an endpoint under test: each call has its room and is paid for, and a server that is
loading or busy is waited for.
"""

import asyncio
from collections.abc import Collection, Sequence

from workers.endpoints import questions
from workers.endpoints.address import EndpointAddress, Message
from workers.endpoints.clients import EndpointClients
from workers.endpoints.errors import EndpointError
from workers.endpoints.findings import Plan
from workers.endpoints.probe import CheckResult, ListedModel, ask, list_models

_LOADING = frozenset({"server_failed", "rate_limited"})
_BUSY = frozenset({"rate_limited"})
# After a greeting that went well these mean that the server does not take what was asked; any other
# error says nothing of that.
_REFUSALS = frozenset({"bad_request", "not_found"})
_LONGEST_PAUSE = 10.0


def is_refusal(result: CheckResult) -> bool:
    """Return whether a server that answers otherwise does not take what it was asked."""
    return result.code in _REFUSALS


def is_settled(result: CheckResult) -> bool:
    """Return whether a call says what the server can do; a busy or failing one says nothing."""
    return result.ok or result.cut_by_limit or is_refusal(result)


class Interview:
    """The calls of one test.

    Parameters
    ----------
    clients : EndpointClients
        What connects.
    plan : Plan
        How patiently, and who pays.

    Attributes
    ----------
    waited : float
        Seconds that the greeting was waited for while the server was loading or busy.
    first_tokens : list of float
        Seconds to the first token, of each call that was asked alone.
    """

    def __init__(self, clients: EndpointClients, plan: Plan) -> None:
        self._clients = clients
        self._plan = plan
        self._patience = plan.patience
        self._offered: Sequence[ListedModel] = ()
        self.waited = 0.0
        self.first_tokens: list[float] = []

    async def greet(self, address: EndpointAddress) -> CheckResult:
        """Ask for a greeting; ask again while the server is loading or busy."""
        return await self._ask_while(_LOADING, address, questions.HELLO)

    async def ask(self, address: EndpointAddress, messages: list[Message]) -> CheckResult:
        """Ask again while the server is busy, and once more where an error says nothing.

        A server that was waited for in vain is not waited for again.
        """
        result = await self._ask_while(_BUSY, address, messages)
        if is_settled(result) or result.code in _BUSY:
            return result
        await asyncio.sleep(self._plan.pause)
        return await self._ask_while(_BUSY, address, messages)

    async def ask_together(self, address: EndpointAddress, calls: int) -> CheckResult | None:
        """Ask so many times at the same moment; return one that failed, if any did.

        Raises
        ------
        NoRoomError
            When there was no room for so many.
        """
        async with self._plan.room(calls):
            asked = (self._pay_and_ask(address, questions.HELLO) for _ in range(calls))
            return next((r for r in await asyncio.gather(*asked) if not _succeeded(r)), None)

    async def ask_in_turn(self, address: EndpointAddress, calls: int) -> CheckResult | None:
        """Ask so many times one after another, without a pause; return the first that failed."""
        for _ in range(calls):
            result = await self._ask_once(address, questions.HELLO)
            if not _succeeded(result):
                return result
        return None

    async def pause_after(self, result: CheckResult) -> None:
        """Wait before the next call, as long as the server says where that is not too long."""
        wished = result.retry_after or 0.0
        await asyncio.sleep(max(self._plan.pause, wished if wished <= self._patience else 0.0))

    async def offered(self, address: EndpointAddress) -> Sequence[ListedModel]:
        """Return the models that the server lists; empty where it has no list."""
        if not self._offered:
            try:
                self._offered = await list_models(self._clients, address.base_url, address.api_key)
            except EndpointError:
                return ()
        return self._offered

    async def listed(self, address: EndpointAddress) -> ListedModel | None:
        """Return the model's own entry in the server's list."""
        names = _listed_as(address.model_name)
        offered = {_bare(model.name): model for model in await self.offered(address)}
        return next((offered[name] for name in names if name in offered), None)

    async def _ask_while(
        self, passing: Collection[str], address: EndpointAddress, messages: list[Message]
    ) -> CheckResult:
        clock = asyncio.get_running_loop().time
        began, pause = clock(), self._plan.pause
        while True:
            result = await self._ask_once(address, messages)
            if result.finished:
                self.first_tokens.append(result.finished.timings.first_token)
            if result.code not in passing:
                return result
            wait = max(pause, result.retry_after or 0.0)
            if clock() - began + wait > self._patience:
                self._patience = 0.0
                return result
            await asyncio.sleep(wait)
            if passing is _LOADING:
                self.waited = clock() - began
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _ask_once(self, address: EndpointAddress, messages: list[Message]) -> CheckResult:
        async with self._plan.room(1):
            return await self._pay_and_ask(address, messages)

    async def _pay_and_ask(self, address: EndpointAddress, messages: list[Message]) -> CheckResult:
        async with self._plan.paying(address, messages) as payment:
            result = await ask(self._clients, address, messages, limits=self._plan.limits)
            payment.usage = result.finished.usage if result.finished else None
            payment.charged = result.charged
        return result


def _succeeded(result: CheckResult) -> bool:
    return result.ok or result.cut_by_limit


def _bare(name: str) -> str:
    """Return a name without the prefix that Gemini's list has and its calls do not need."""
    return name.removeprefix("models/")


def _listed_as(name: str) -> list[str]:
    """Return what a model may be listed as: itself, without its host, or with its usual tag.

    ``model:host`` asks one host of Hugging Face's router; Ollama lists ``model`` as
    ``model:latest``.
    """
    bare = _bare(name)
    return [bare, f"{bare}:latest", bare.rpartition(":")[0] or bare]
