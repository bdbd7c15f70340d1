"""The transport below the client: it connects where the policy says, and sends little.

See `workers.endpoints.policy` for which addresses may be called.
"""

import asyncio

import httpx2

from workers.endpoints.errors import AddressRefused
from workers.endpoints.policy import AddressPolicy

# Nothing that the openai package or its environment variables add goes to a third party's server:
# what a call of ours sends beside these is named in its extension `sent_headers`.
_SENT_HEADERS = frozenset(
    {"host", "accept", "authorization", "content-type", "content-length", "connection"}
)


def _aimed_at(address: str, request: httpx2.Request) -> httpx2.Request:
    """Return the request as it goes out; the openai package still reads its marks on the other."""
    sent = _SENT_HEADERS | request.extensions.get("sent_headers", frozenset())
    headers = [(name, value) for name, value in request.headers.items() if name in sent and value]
    return httpx2.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=[*headers, ("accept-encoding", "identity")],
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.host},
    )


class CheckedTransport(httpx2.AsyncBaseTransport):
    """Connects to checked addresses only, and sends no header that is not needed.

    The request keeps its ``Host`` header and the name that the certificate must carry.
    """

    def __init__(self, inner: httpx2.AsyncBaseTransport, policy: AddressPolicy) -> None:
        self._inner = inner
        self._policy = policy

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request; see the module's docstring for what is checked."""
        if request.url.scheme not in {"http", "https"} or not request.url.host:
            raise AddressRefused(f"not an http(s) URL: {request.url}")
        url, host = request.url, request.url.host
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            async with asyncio.timeout(request.extensions["timeout"].get("connect")):
                addresses = await self._policy.addresses_of(host, port)
        except TimeoutError:
            raise httpx2.ConnectTimeout(f"resolving {host}", request=request) from None
        for address in addresses[:-1]:
            try:
                return await self._inner.handle_async_request(_aimed_at(address, request))
            except httpx2.ConnectError:
                continue  # nothing was sent: `localhost` may be ::1 here and 127.0.0.1 there
        return await self._inner.handle_async_request(_aimed_at(addresses[-1], request))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._inner.aclose()
