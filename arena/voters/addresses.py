"""Where a visitor comes from: a network's keyed hash, never the address itself.

The key is another one each day and is destroyed after `DAYS_OF_KEYS`; with it goes every way from
a hash back to an address, and from one day's hash to another's.
"""

import datetime as dt
import hashlib
import ipaddress
import secrets
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from channels.db import database_sync_to_async
from django import db
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from arena.connections import database_watch
from arena.voters.models import AddressKey

type Address = ipaddress.IPv4Address | ipaddress.IPv6Address
type Network = ipaddress.IPv4Network | ipaddress.IPv6Network

DAYS_OF_KEYS = 30
# One visitor's own network: providers hand out at least this much of IPv6.
_BITS_OF_VISITOR = {4: 32, 6: 64}


def trusted_proxies() -> tuple[Network, ...]:
    """Return the networks of our own proxies, from the settings.

    Raises
    ------
    ValueError
        When one of them is not a network.
    """
    return _networks(tuple(settings.TRUSTED_PROXIES))


def network_of_scope(scope: Mapping[str, Any]) -> str | None:
    """Return the network that a request or socket comes from; None when nobody can say.

    A proxy's word (``X-Forwarded-For``) is taken only from `PARITY_TRUSTED_PROXIES`, and only for
    the address that the last of them saw: what stands before it anyone may have written.
    """
    client = scope.get("client")
    lines = [value for name, value in scope.get("headers", ()) if name == b"x-forwarded-for"]
    return _network_of(client[0] if client else "", b",".join(lines).decode("latin-1"))


def network_hash_of(request: HttpRequest, *, day: dt.date) -> str:
    """Return the day's hash of the network that a request comes from; empty when nobody can say."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    network = _network_of(request.META.get("REMOTE_ADDR", ""), forwarded)
    return "" if network is None else _hash(network, _key_of(day))


def _network_of(peer: str, forwarded: str) -> str | None:
    address = _read(peer)
    if address is None:
        return None
    proxies = trusted_proxies()
    named = forwarded.split(",") if proxies else []
    for text in reversed(named):
        if not any(address in proxy for proxy in proxies):
            break
        before = _read(text)
        if before is None:
            break
        address = before
    return str(ipaddress.ip_network((address, _BITS_OF_VISITOR[address.version]), strict=False))


class NetworkHashes:
    """Hashes of networks, with the key of the day. One a process."""

    def __init__(self) -> None:
        self._day = dt.date.min
        self._key = b""

    async def of_scope(self, scope: Mapping[str, Any]) -> str | None:
        """Return today's hash of the network that a request or socket comes from."""
        network = network_of_scope(scope)
        if network is None:
            return None
        key = await self._key_of(timezone.now().date())
        return _hash(network, key)

    async def _key_of(self, day: dt.date) -> bytes:
        if day != self._day:
            # Until the database says today's key, one of our own does: limits go on either way.
            key = await self._stored_key(day)
            self._key = key or self._key or secrets.token_bytes(32)
            self._day = day if key else self._day
        return self._key

    @staticmethod
    async def _stored_key(day: dt.date) -> bytes | None:
        if not database_watch.answers:
            return None
        try:
            key: bytes = await database_sync_to_async(_key_of, thread_sensitive=False)(day)
        except (db.OperationalError, db.InterfaceError):
            return None
        return key


def destroy_old_keys(*, today: dt.date) -> int:
    """Destroy the keys that are older than `DAYS_OF_KEYS`; return how many."""
    oldest = today - dt.timedelta(days=DAYS_OF_KEYS)
    count, _ = AddressKey.objects.filter(day__lt=oldest).delete()
    return count


def _hash(network: str, key: bytes) -> str:
    return hashlib.blake2b(network.encode(), key=key, digest_size=16).hexdigest()


def _key_of(day: dt.date) -> bytes:
    """Return the key of a day: the first process to ask makes it."""
    fresh = AddressKey(day=day, key=secrets.token_bytes(32))
    AddressKey.objects.bulk_create([fresh], ignore_conflicts=True)
    return bytes(AddressKey.objects.get(day=day).key)


@lru_cache(maxsize=8)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


def _read(text: str) -> Address | None:
    """Read an address as proxies write it: with a port, in brackets, or mapped into IPv6."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
