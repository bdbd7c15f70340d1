"""Which addresses are called. The lists here are of forms that have fooled such checks before."""

# ruff: noqa: S104 -- nothing is bound to these

from ipaddress import ip_address

import pytest

from tests.workers.asking import ask
from workers.demo.scripted import ScriptedServer
from workers.endpoints import AddressRefused, EndpointClients
from workers.endpoints.network import is_refused

REFUSED = [
    *("169.254.169.254", "169.254.0.1", "0.0.0.0", "0.1.2.3", "224.0.0.1", "239.255.255.250"),
    *("240.0.0.1", "255.255.255.255", "100.100.100.200", "168.63.129.16", "192.0.0.192"),
    *("::", "fe80::1", "ff02::1", "fd00:ec2::254", "fd20:ce::254"),
    *("::ffff:169.254.169.254", "::169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1"),
    *("2001:0:a9fe:a9fe::1", "::ffff:0.0.0.0"),
]
CALLED = ["127.0.0.1", "::1", "10.0.0.5", "192.168.1.2", "8.8.8.8", "2606:4700::1111"]

HOSTS = [
    *("169.254.169.254", "2852039166", "0xa9fea9fe", "0xa9.0xfe.0xa9.0xfe", "0251.0376.0251.0376"),
    *("169.254.43518", "169.16689662", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]"),
    *("[fe80::1]", "[::]", "0.0.0.0", "0", "user@169.254.169.254"),
    *("169.254.169.254:8080", "[64:ff9b::169.254.169.254]", "１６９.254.169.254"),
]


@pytest.mark.parametrize("address", REFUSED)
def test_it_refuses(address: str) -> None:
    assert is_refused(ip_address(address))


@pytest.mark.parametrize("address", CALLED)
def test_it_calls(address: str) -> None:
    assert not is_refused(ip_address(address))


@pytest.mark.parametrize("host", HOSTS)
async def test_it_refuses_every_way_to_write_an_address(
    clients: EndpointClients, host: str
) -> None:
    with pytest.raises(AddressRefused):
        await ask(clients, f"http://{host}/v1", "m")


async def test_it_calls_a_name_by_any_of_its_addresses(clients: EndpointClients) -> None:
    async with ScriptedServer(speed=50) as server:  # on IPv4 only, whatever localhost means first
        base_url = server.base_url.replace("127.0.0.1", "localhost")
        reply = await ask(clients, base_url, "juniper-8b")

        assert reply.text
        assert server.requests[0].headers["host"].startswith("localhost:")
