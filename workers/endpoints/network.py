"""The transport below the client: which addresses may be called, and what is sent to them.

A name is resolved once, every address that it has is checked, and the connection goes to a checked
address; so a name that resolves differently a moment later (rebinding) gains nothing.
"""

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import httpx2

from workers.endpoints.errors import AddressRefused, Unreachable

type Address = IPv4Address | IPv6Address

# Cloud metadata services that are not link-local: AWS (IPv6), Alibaba, Azure, Oracle.
_METADATA = tuple(
    ip_network(network)
    for network in (
        "fd00:ec2::254/128",
        "fd20:ce::254/128",
        "100.100.100.200/32",
        "168.63.129.16/32",
        "192.0.0.192/32",
    )
)
_NAT64 = ip_network("64:ff9b::/96")
_THIS_NETWORK = ip_network("0.0.0.0/8")
_COMPATIBLE = ip_network("::/96")

# Nothing that the openai package or its environment variables add goes to a third party's server.
_SENT_HEADERS = frozenset(
    {"host", "accept", "authorization", "content-type", "content-length", "connection"}
)


def is_refused(address: Address) -> bool:
    """Return whether an address is never called, whatever the deployment allows.

    Link-local, metadata, multicast, reserved and unspecified addresses, also where they are
    wrapped in an IPv6 form (mapped, compatible, 6to4, Teredo, NAT64).
    """
    if isinstance(address, IPv6Address) and any(is_refused(inner) for inner in _wrapped(address)):
        return True
    return (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or (isinstance(address, IPv4Address) and (address.is_reserved or address in _THIS_NETWORK))
        or any(address in network for network in _METADATA)
    )


def _wrapped(address: IPv6Address) -> list[IPv4Address]:
    wrapped = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        wrapped.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [inner for inner in wrapped if inner is not None]


async def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host, each checked, in the order in which to try them.

    Raises
    ------
    AddressRefused
        If any of them may not be called.
    Unreachable
        If the name has none.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"{host}: {error}") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        if is_refused(ip_address(address)):
            raise AddressRefused(f"{host} leads to {address}")
    return addresses


def _aimed_at(address: str, request: httpx2.Request) -> httpx2.Request:
    """Return the request as it goes out; the openai package still reads its marks on the other."""
    headers = [
        (name, value) for name, value in request.headers.items() if name in _SENT_HEADERS and value
    ]
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

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request; see the module's docstring for what is checked."""
        if request.url.scheme not in {"http", "https"} or not request.url.host:
            raise AddressRefused(f"not an http(s) URL: {request.url}")
        url, host = request.url, request.url.host
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            async with asyncio.timeout(request.extensions["timeout"].get("connect")):
                addresses = await resolve(host, port)
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
