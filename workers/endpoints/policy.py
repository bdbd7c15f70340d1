"""Which addresses may be called: the whole decision, apart from any HTTP library.

A transport asks `AddressPolicy.addresses_of` once for each connection and connects to what it
returns, never to the name: a name that resolves differently a moment later (rebinding) gains
nothing. Where a library connects by itself, `AddressPolicy.check` is the last gate before it does.

Public addresses may be called. Private and loopback ones only where the deployment's allow-list
names network and port. Link-local, metadata, multicast, broadcast, reserved and unspecified ones
never, whatever the list says, and in no IPv6 form that carries them.
"""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Self

from workers.endpoints.errors import AddressRefused, Unreachable

type Address = IPv4Address | IPv6Address
type Network = IPv4Network | IPv6Network
type Resolver = Callable[[str, int], Awaitable[Iterable[str]]]

# 0.0.0.0 stands for this machine, 255.255.255.255 for all of them; metadata services that are not
# link-local: AWS (IPv6), Google (IPv6), Alibaba, Azure, Oracle.
_NEVER = tuple(
    ip_network(network)
    for network in (
        *("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4"),
        *("100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32"),
        *("::/128", "fe80::/10", "ff00::/8", "fd00:ec2::254/128", "fd20:ce::254/128"),
        # Tunnels that carry an IPv4 address: retired forms, behind which no model is served.
        *("2002::/16", "2001::/32"),
    )
)
_GLOBAL_UNICAST = ip_network("2000::/3")
# The low 32 bits are an IPv4 address: mapped, and NAT64 as networks without IPv4 use it.
_MAPPED = ip_network("::ffff:0:0/96")
_TRANSLATED = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))
# A retired form as well, but `::1` is among these: it is told apart below.
_COMPATIBLE = ip_network("::/96")
_ISATAP = 0x5EFE  # before the IPv4 address, in the lower half of an address of any network

_ALLOWANCE = re.compile(r"(\[?)(?P<network>[0-9a-fA-F.:/]+)(\]?):(?P<first>\d+)(-(?P<last>\d+))?")


class Standing(IntEnum):
    """What an address is; a higher one is stricter."""

    PUBLIC = 0
    PRIVATE = 1
    NEVER = 2


def standing_of(address: Address) -> Standing:
    """Return what an address is, by itself or by the IPv4 address that it carries."""
    if any(address in network for network in _NEVER) or _is_compatible(address):
        return Standing.NEVER
    inner = _carried(address)
    if inner is not None:
        return standing_of(inner)
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return Standing.PRIVATE
    return Standing.PUBLIC if address.is_global else Standing.PRIVATE


def _carried(address: Address) -> IPv4Address | None:
    """Return the IPv4 address in the low bits of the forms that a network would unwrap."""
    if isinstance(address, IPv4Address):
        return None
    isatap = int(address) >> 32 & 0xFDFFFFFF == _ISATAP
    if isatap or any(address in network for network in (_MAPPED, *_TRANSLATED)):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _is_compatible(address: Address) -> bool:
    return address in _COMPATIBLE and int(address) > 1


@dataclass(frozen=True, slots=True)
class Allowance:
    """A network and the ports of it that may be called though it is private."""

    network: Network
    first_port: int
    last_port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``10.0.0.0/8:8000-8100``, ``127.0.0.1:11434`` or ``[fd00::/8]:8000``.

        Raises
        ------
        ValueError
            With a sentence, when it is not of this form or names only what is never called.
        """
        found = _ALLOWANCE.fullmatch(text.strip())
        if found is None or (found[1] == "[") != (found[3] == "]"):
            raise ValueError(
                f"{text!r} is not network:port, such as 127.0.0.1:11434, 10.0.0.0/8:8000-8100 "
                "or [fd00::/8]:8000."
            )
        try:
            network = ip_network(found["network"])
        except ValueError as error:
            raise ValueError(f"{text!r}: {error}.") from None
        if network.version == 6 and not found[1]:
            raise ValueError(f"{text!r}: write an IPv6 network in brackets.")
        first, last = int(found["first"]), int(found["last"] or found["first"])
        if not 0 < first <= last < 65536:
            raise ValueError(f"{text!r}: ports go from 1 to 65535.")
        if any(_is_inside(network, never) for never in _NEVER):
            raise ValueError(f"{text!r}: this network is never called.")
        return cls(network, first, last)

    def covers(self, address: Address, port: int) -> bool:
        """Return whether it allows this address and port."""
        return address in self.network and self.first_port <= port <= self.last_port

    def __str__(self) -> str:
        single = self.network.prefixlen == self.network.max_prefixlen
        network = str(self.network.network_address if single else self.network)
        ports = f"{self.first_port}" + f"-{self.last_port}" * (self.last_port > self.first_port)
        return f"[{network}]:{ports}" if self.network.version == 6 else f"{network}:{ports}"


def _is_inside(network: Network, outer: Network) -> bool:
    if isinstance(network, IPv4Network) and isinstance(outer, IPv4Network):
        return network.subnet_of(outer)
    if isinstance(network, IPv6Network) and isinstance(outer, IPv6Network):
        return network.subnet_of(outer)
    return False


async def system_resolver(host: str, port: int) -> list[str]:
    """Return the addresses that this system has for a host; also of its odd spellings.

    Raises
    ------
    OSError, UnicodeError
        When it has none.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Decides which addresses a deployment calls.

    Parameters
    ----------
    allowances : tuple of Allowance
        Private networks and ports that may be called; none by default.
    resolver : callable
        Turns host and port into addresses, asked once for each connection.
    """

    allowances: tuple[Allowance, ...] = ()
    resolver: Resolver = system_resolver

    @classmethod
    def allowing(cls, *texts: str) -> Self:
        """Return a policy with these allowances, as a setting writes them.

        Raises
        ------
        ValueError
            As `Allowance.parse` does.
        """
        return cls(tuple(Allowance.parse(text) for text in texts))

    def check(self, host: str, address: str, port: int) -> None:
        """Refuse an address that may not be called, in the moment before a connection.

        Parameters
        ----------
        host
            The name that led to it, for the error.
        address, port
            Where the connection would go.

        Raises
        ------
        AddressRefused
            Its ``allowance`` is what would allow it, where anything can.
        """
        parsed = _parse(host, address)
        standing = standing_of(parsed)
        inner = _carried(parsed) or parsed
        if standing is Standing.PUBLIC:
            return
        if standing is Standing.NEVER:
            raise AddressRefused(f"{host} leads to {address}")
        if any(allowance.covers(inner, port) for allowance in self.allowances):
            return
        wanted = Allowance(ip_network(inner), port, port)
        raise AddressRefused(f"{host} leads to {address}", allowance=str(wanted))

    def check_literal(self, host: str, port: int) -> None:
        """Refuse a host that is itself such an address, in any spelling that a system reads.

        A name passes: it is judged by what it resolves to, when it is called.

        Raises
        ------
        AddressRefused
            As `check` does.
        """
        name = host.strip("[]").rstrip(".")
        try:
            found = socket.getaddrinfo(
                name, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
            )
        except (OSError, UnicodeError):
            return
        for entry in found:
            self.check(host, str(entry[4][0]), port)

    async def addresses_of(self, host: str, port: int) -> list[str]:
        """Resolve a host once; return the addresses to connect to, in order.

        One address that is never called refuses the whole name. Private addresses that are not
        allowed are left out, since `localhost` has two and a server mostly listens on one.

        Raises
        ------
        AddressRefused
            When none may be called.
        Unreachable
            When the name has no address.
        """
        # The final dot of a full name is not part of an address, and hides one from resolvers.
        name = host.strip("[]").rstrip(".")
        if "%" in name:
            raise AddressRefused(f"{host} names an interface of this machine, or hides a character")
        try:
            found = list(dict.fromkeys(await self.resolver(name, port)))
        except (OSError, UnicodeError) as error:
            raise Unreachable(f"{host}: {error}") from None
        refusals: list[AddressRefused] = []
        called: list[str] = []
        for address in found:
            try:
                self.check(host, address, port)
            except AddressRefused as refusal:
                refusals.append(refusal)
            else:
                called.append(address)
        if not found:
            raise Unreachable(f"{host} has no address")
        if not called or not all(refusal.allowance for refusal in refusals):
            raise min(refusals, key=_what_to_say_first)
        return called


def _parse(host: str, address: str) -> Address:
    try:
        parsed = ip_address(address)
    except ValueError:
        raise AddressRefused(f"{host} leads to {address!r}, which is no address") from None
    if isinstance(parsed, IPv6Address) and parsed.scope_id is not None:
        raise AddressRefused(f"{host} leads to {address}, which names an interface")
    return parsed


def _what_to_say_first(refusal: AddressRefused) -> tuple[bool, bool]:
    """Order refusals: what nothing allows, then IPv4, which most local servers listen on."""
    return bool(refusal.allowance), refusal.allowance.startswith("[")
