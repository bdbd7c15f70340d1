"""Which network a visitor comes from, and what is kept of it."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection

from arena.battles.generation import in_database
from arena.voters.addresses import NetworkHashes, destroy_old_keys, network_of_scope
from arena.voters.models import AddressKey


def scope(peer: str | None, *forwarded: str) -> dict[str, Any]:
    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    return {"client": (peer, 1) if peer else None, "headers": headers}


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "network"),
    [
        # Nobody is trusted unless the settings say so.
        ([], "198.51.100.7", ["203.0.113.9"], "198.51.100.7/32"),
        (["10.0.0.0/8"], "198.51.100.7", ["203.0.113.9"], "198.51.100.7/32"),
        (["10.0.0.0/8"], "10.0.0.1", ["203.0.113.9"], "203.0.113.9/32"),
        # What a visitor wrote stands before what our proxy saw.
        (["10.0.0.0/8"], "10.0.0.1", ["1.1.1.1, 203.0.113.9"], "203.0.113.9/32"),
        (["10.0.0.0/8"], "10.0.0.1", ["1.1.1.1", "203.0.113.9"], "203.0.113.9/32"),
        (["10.0.0.0/8"], "10.0.0.1", ["1.1.1.1, 203.0.113.9, 10.0.0.2"], "203.0.113.9/32"),
        (["10.0.0.0/8"], "10.0.0.1", ["203.0.113.9:4711"], "203.0.113.9/32"),
        (["10.0.0.0/8"], "10.0.0.1", ["nonsense"], "10.0.0.1/32"),
        (["10.0.0.0/8"], "10.0.0.1", [], "10.0.0.1/32"),
        # Providers hand out whole networks of IPv6.
        ([], "2001:db8:1:2:3:4:5:6", [], "2001:db8:1:2::/64"),
        (["10.0.0.0/8"], "10.0.0.1", ["[2001:db8::1]:443"], "2001:db8::/64"),
        ([], "::ffff:198.51.100.7", [], "198.51.100.7/32"),
        ([], None, ["203.0.113.9"], None),
        ([], "a socket's path", [], None),
    ],
)
def test_it_believes_our_own_proxies_alone(
    settings: Any, proxies: list[str], peer: str | None, forwarded: list[str], network: str | None
) -> None:
    settings.TRUSTED_PROXIES = proxies
    assert network_of_scope(scope(peer, *forwarded)) == network


async def test_processes_agree_on_a_hash_and_no_address_is_stored(transactional_db: None) -> None:
    visitor = scope("198.51.100.7")
    one = await NetworkHashes().of_scope(visitor)
    assert one == await NetworkHashes().of_scope(visitor)
    assert one != await NetworkHashes().of_scope(scope("198.51.100.8"))
    assert one is not None
    assert "198.51.100" not in one
    await in_database(AddressKey.objects.update, key=b"another day's key" * 2)
    assert one != await NetworkHashes().of_scope(visitor)


@pytest.mark.django_db
def test_keys_are_destroyed_after_thirty_days() -> None:
    today = dt.date(2026, 3, 31)
    for days in (0, 30, 31, 400):
        AddressKey.objects.create(day=today - dt.timedelta(days=days), key=b"x" * 32)
    assert destroy_old_keys(today=today) == 2
    assert AddressKey.objects.count() == 2
    assert connection.vendor == "postgresql"
