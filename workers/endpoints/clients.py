"""Connections to endpoints, shared by every call of one process, and the start of each call."""

import asyncio
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from functools import cached_property
from typing import Self

import httpx2
from openai import APIConnectionError, AsyncOpenAI

from workers.endpoints.connections import StreamTransport
from workers.endpoints.errors import (
    AddressRefused,
    EndpointError,
    RateLimited,
    Refused,
    ServerFailed,
    TimedOut,
    Unreachable,
    Untrusted,
)
from workers.endpoints.network import CheckedTransport
from workers.endpoints.policy import AddressPolicy
from workers.endpoints.text import safe_text

# A shorter one is a placeholder (`none`, `ollama`) and may well be a word of the error text.
_SHORTEST_KEY = 8
_ERROR_PAGE_SECONDS = 5.0
_ERROR_PAGE_BYTES = 16 * 2**10


class EndpointClients:
    """One connection pool per base URL and one `openai` client per base URL and key.

    An async context manager; leaving it closes every connection. It belongs to one event loop.
    The pools have no ceiling of their own: how many calls an endpoint may have at once is the
    caller's decision.

    Parameters
    ----------
    policy : AddressPolicy, optional
        Which addresses may be called; by default public ones only.
    tls : ssl.SSLContext, optional
        For endpoints whose certificates are signed by an authority of the deployment's own. By
        default those that this system trusts.
    """

    def __init__(
        self, *, policy: AddressPolicy | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self._policy = policy or AddressPolicy()
        self._given_tls = tls
        self._pools: dict[str, httpx2.AsyncClient] = {}
        self._clients: dict[tuple[str, str], AsyncOpenAI] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        pools = list(self._pools.values())
        self._pools.clear()
        self._clients.clear()
        for pool in pools:
            await pool.aclose()

    def openai(self, base_url: str, api_key: str) -> AsyncOpenAI:
        """Return the client for one base URL and key, made on first use.

        Nothing is taken from the environment: no key, no organisation, no proxy, no header.
        """
        client = self._clients.get((base_url, api_key))
        if client is None:
            client = self._clients[base_url, api_key] = AsyncOpenAI(
                base_url=base_url,
                api_key=api_key or "none",
                default_headers=authorization(api_key),
                max_retries=0,
                http_client=self.pool(base_url),
            )
        return client

    def pool(self, base_url: str) -> httpx2.AsyncClient:
        """Return the connections to one base URL, for what the `openai` package cannot bound."""
        pool = self._pools.get(base_url)
        if pool is None:
            connections = StreamTransport(self._tls)
            pool = self._pools[base_url] = httpx2.AsyncClient(
                transport=CheckedTransport(connections, self._policy),
                follow_redirects=False,
                trust_env=False,
                event_hooks={"response": [_raise_for_status]},
            )
        return pool

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        # Costs some 20 ms, so it is made once, and only when a pool is.
        return self._given_tls or httpx2.create_ssl_context(trust_env=False)


def authorization(api_key: str) -> dict[str, str]:
    """Return the header that carries the key.

    Always given, so that the environment cannot set it; the transport leaves out an empty one.
    """
    return {"Authorization": f"Bearer {api_key}" if api_key else ""}


@contextmanager
def typed_errors(api_key: str) -> Generator[None]:
    """Turn what the network stack raises before the body into our tree.

    The key is struck out of every error's detail: servers quote it, and so does the HTTP library.
    """
    try:
        with _connection_errors():
            yield
    except EndpointError as error:
        if len(api_key) >= _SHORTEST_KEY:
            error.detail = _without(api_key, error.detail)
        raise


def _without(api_key: str, detail: str) -> str:
    """Strike the key out, also the beginning of one that the cap on details cut off."""
    detail = detail.replace(api_key, "[key]")
    cut = (n for n in range(len(api_key) - 1, 3, -1) if detail.endswith(api_key[:n]))
    return detail[: -next(cut, 0) or None]


@contextmanager
def _connection_errors() -> Generator[None]:
    try:
        yield
    except (APIConnectionError, httpx2.TransportError) as error:
        cause = error.__cause__ if isinstance(error, APIConnectionError) else error
        if isinstance(cause, httpx2.TimeoutException):
            connecting = isinstance(cause, httpx2.ConnectTimeout)
            raise TimedOut("connect" if connecting else "first_token") from None
        if cause and isinstance(cause.__cause__, ssl.SSLCertVerificationError):
            raise Untrusted(str(cause)) from None
        connected = not isinstance(cause, httpx2.ConnectError)
        raise Unreachable(f"{type(cause).__name__}: {cause}", connected=connected) from None
    except (httpx2.InvalidURL, UnicodeError) as error:
        raise AddressRefused(f"{type(error).__name__}: {error}") from None


async def _raise_for_status(response: httpx2.Response) -> None:
    """Read a bounded piece of an error page and raise what the status means.

    As a hook it runs before the openai package, which would read the whole page whatever its size.
    """
    if response.is_success:
        return
    detail = f"{response.status_code}: {await read_page(response)}"
    if response.status_code == 429:
        raise RateLimited(detail, retry_after=_seconds(response.headers.get("retry-after")))
    if response.status_code >= 500:
        raise ServerFailed(detail)
    match response.status_code:
        case 401 | 403:
            raise Refused("auth", detail)
        case 402:
            raise Refused("payment", detail)
        case 404:
            raise Refused("not_found", detail)
        case status if status < 400:
            raise Refused("redirected", detail)
        case _:
            raise Refused("bad_request", detail)


async def read_page(response: httpx2.Response) -> str:
    """Return the beginning of a response that is not an answer, waiting for it a moment only."""
    page = bytearray()
    try:
        async with asyncio.timeout(_ERROR_PAGE_SECONDS):
            async for chunk in response.aiter_bytes():
                page += chunk
                if len(page) > _ERROR_PAGE_BYTES:
                    break
    except (httpx2.HTTPError, TimeoutError):
        pass  # the status alone says enough
    return safe_text(page[:_ERROR_PAGE_BYTES].decode(errors="replace"))


def _seconds(retry_after: str | None) -> float | None:
    return float(retry_after) if retry_after and retry_after.isdecimal() else None
