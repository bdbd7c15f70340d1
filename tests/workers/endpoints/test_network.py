"""Forms of addresses that have fooled such checks before: each is refused without a connection.

Connections are counted twice: by a socket that listens on this machine, and by Python's own audit
events, which also see an attempt at an address that nobody can listen on here.
"""

# ruff: noqa: S104 -- nothing is bound to these

import socket
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import cycle
from typing import Any

import pytest

from tests.workers.asking import ask
from workers.demo.scripted import ScriptedServer
from workers.endpoints import (
    AddressPolicy,
    AddressRefused,
    EndpointClients,
    Limits,
    Refused,
    list_models,
)

# Each means 169.254.169.254, 127.0.0.1 or another address that is not for us; `{port}` listens.
LINK_LOCAL = [
    *("169.254.169.254", "169.254.169.254.", "169.254.169.254..", "2852039166", "0xa9fea9fe"),
    *("0xA9FEA9FE", "0xa9.0xfe.0xa9.0xfe", "0xa9.254.0xa9.254", "0251.0376.0251.0376"),
    *("0251.254.169.254", "025177524776", "0000251.0376.0251.0376", "169.254.43518"),
    *("169.254.0xa9fe", "169.16689662", "169.0xfea9fe", "0xa9.16689662", "0251.16689662"),
    *("169.254.169.0376", "169.254.169.0xfe", "169.0376.169.254", "0x00a9.0xfe.0xa9.0xfe"),
    *("１６９.254.169.254", "169。254。169。254", "169．254．169．254", "169｡254｡169｡254"),
    *("①⑥⑨.254.169.254", "①⑥⑨.②⑤④.①⑥⑨.②⑤④", "𝟏𝟔𝟗.254.169.254", "169.254.169.254%2e"),
    *("[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[0:0:0:0:0:ffff:a9fe:a9fe]"),
    *("[0000:0000:0000:0000:0000:FFFF:A9FE:A9FE]", "[::169.254.169.254]", "[::a9fe:a9fe]"),
    *("[64:ff9b::169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::a9fe:a9fe]"),
    *("[2002:a9fe:a9fe::]", "[2002:a9fe:a9fe::1]", "[2001:0:a9fe:a9fe::1]"),
    *("[2001:0:4136:e378:8000:63bf:5601:5601]", "[2606:4700::5efe:a9fe:a9fe]"),
    *("[fe80::1]", "[fe80::1%25eth0]", "[fe80::1%eth0]", "[fe80::1%251]", "[fe80::a9fe:a9fe]"),
    *("[febf:ffff::1]", "[fd00:ec2::254]", "[fd00:0ec2:0:0:0:0:0:254]", "[fd20:ce::254]"),
    *("100.100.100.200", "1684300232", "0x646464c8", "0144.0144.0144.0310", "168.63.129.16"),
    *("192.0.0.192", "[::ffff:100.100.100.200]", "[64:ff9b::6464:64c8]"),
    *("user@169.254.169.254", "user:pass@169.254.169.254", "8.8.8.8@169.254.169.254"),
    *("example.com%40@169.254.169.254", "%38.8.8.8@169.254.169.254", "8.8.8.8:80@169.254.169.254"),
    *("169.254.169.254:80", "169.254.169.254:443", "169.254.169.254:65535", "169.254.170.2"),
]
THIS_MACHINE = [
    *("127.0.0.1", "127.0.0.1.", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1"),
    *("0x7f.0.0.1", "0x7f.0x0.0x0.0x1", "0177.0.0.1", "0177.1", "017700000001", "127.000.000.001"),
    *("127.127.127.127", "127.255.255.254", "１２７.０.０.１", "①②⑦.⓪.⓪.①", "127。0。0。1"),
    *("0", "0.0.0.0", "0x0", "00", "0.0", "0.0.0.0.", "[::]", "[0:0:0:0:0:0:0:0]"),
    *("[::1]", "[0:0:0:0:0:0:0:1]", "[0000::0001]", "[::0:1]", "[::ffff:127.0.0.1]"),
    *("[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::127.0.0.1]"),
    *("[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[::ffff:0:0]", "[::ffff:0.0.0.0]"),
    *("localhost", "LOCALHOST", "localhost.", "ｌocalhost", "user@127.0.0.1", "8.8.8.8@localhost"),
]
OTHERS = [
    *("255.255.255.255", "4294967295", "0xffffffff", "224.0.0.1", "239.255.255.250", "240.0.0.1"),
    *("[ff02::1]", "[ff05::2]", "10.0.0.1", "167772161", "0xa.1", "012.0.0.1", "192.168.1.1"),
    *("172.16.0.1", "100.64.0.1", "198.18.0.1", "[fc00::1]", "[fd12:3456::1]", "[fec0::1]"),
    *("[::ffff:10.0.0.1]", "[::ffff:192.168.1.1]", "[64:ff9b::a00:1]", "[2001:db8::1]"),
]
FORMS = [
    *LINK_LOCAL,
    *(form if ":" in form.rpartition("]")[2] else f"{form}:{{port}}" for form in THIS_MACHINE),
    *(f"{form}:{{port}}" for form in OTHERS),
]
assert len(FORMS) >= 130

_attempts: list[tuple[str, int]] = []


def _count_attempts(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):  # not a Unix socket's path
        _attempts.append(arguments[1][:2])


sys.addaudithook(_count_attempts)


@pytest.fixture
def listening() -> Iterator[int]:
    """Listen on every address of this machine; nothing may have come when the test ends."""
    family = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET
    with socket.create_server(
        ("", 0), family=family, dualstack_ipv6=family == socket.AF_INET6
    ) as listener:
        listener.setblocking(False)
        _attempts.clear()
        yield listener.getsockname()[1]
        assert _attempts == []
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.fixture
async def strangers() -> EndpointClients:
    """Return clients of a deployment that allows no private address."""
    return EndpointClients()


@pytest.mark.parametrize("form", FORMS)
async def test_it_refuses_every_form_without_a_connection(
    strangers: EndpointClients, listening: int, form: str
) -> None:
    base_url = f"http://{form.format(port=listening)}/v1"
    async with strangers:
        with pytest.raises(AddressRefused):
            await ask(strangers, base_url, "m", limits=Limits())
        with pytest.raises(AddressRefused):
            await list_models(strangers, base_url)


async def test_it_refuses_names_that_lead_to_such_addresses(listening: int) -> None:
    names = {
        "metadata.google.internal": "169.254.169.254",
        "169.254.169.254.nip.example": "169.254.169.254",
        "xn--bcher-kva.example": "100.100.100.200",
        "bücher.example": "fd00:ec2::254",
        "spoofed.example": "127.0.0.1",
        "six.example": "::1",
        "mapped.example": "::ffff:127.0.0.1",
    }

    async def resolve(host: str, _port: int) -> list[str]:
        return ["8.8.8.8", names[host]] if names[host].startswith("169") else [names[host]]

    async with EndpointClients(policy=AddressPolicy(resolver=resolve)) as clients:
        for name in names:
            with pytest.raises(AddressRefused):
                await ask(clients, f"http://{name}:{listening}/v1", "m", limits=Limits())


@pytest.mark.parametrize("scheme", ["file", "ftp", "gopher", "unix", "javascript", "ws"])
async def test_it_calls_nothing_but_http(
    strangers: EndpointClients, listening: int, scheme: str
) -> None:
    async with strangers:
        with pytest.raises(AddressRefused):
            await ask(strangers, f"{scheme}://127.0.0.1:{listening}/v1", "m")


async def test_a_name_that_changes_its_answer_gains_nothing(listening: int) -> None:
    """The address that was checked is the one that is called: the second answer is never used."""
    async with ScriptedServer(speed=50) as server:
        port = int(server.base_url.rpartition(":")[2].partition("/")[0])
        answers = cycle([["127.0.0.1"], ["127.0.0.2"]])
        asked = []

        async def resolve(host: str, _port: int) -> list[str]:
            asked.append(host)
            return next(answers)

        allowed = AddressPolicy.allowing(f"127.0.0.1:{port}").allowances
        async with EndpointClients(policy=AddressPolicy(allowed, resolve)) as clients:
            reply = await ask(clients, f"http://rebinding.example:{port}/v1", "juniper-8b")
            assert reply.text
            assert asked == ["rebinding.example"]
            with pytest.raises(AddressRefused):
                await ask(clients, f"http://rebinding.example:{port}/v1", "juniper-8b")
        assert _attempts == [("127.0.0.1", port)]
        assert len(server.requests) == 1
        _attempts.clear()


async def test_a_redirect_is_not_followed(listening: int) -> None:
    async with ScriptedServer() as server:
        port = int(server.base_url.rpartition(":")[2].partition("/")[0])
        policy = AddressPolicy.allowing(f"127.0.0.1:{port}")
        async with EndpointClients(policy=policy) as clients:
            with pytest.raises(Refused) as refused:
                await ask(clients, server.base_url, f"fault:redirect-{listening}")
        assert refused.value.code == "redirected"
        assert len(server.requests) == 1
        assert _attempts == [("127.0.0.1", port)]
        _attempts.clear()


async def test_what_the_list_names_works_and_its_neighbour_is_refused() -> None:
    async with ScriptedServer(speed=50) as server:
        port = int(server.base_url.rpartition(":")[2].partition("/")[0])
        with closing(socket.socket()) as neighbour:
            neighbour.bind(("127.0.0.1", 0))
            neighbour.listen()
            neighbour.setblocking(False)
            other = neighbour.getsockname()[1]
            policy = AddressPolicy.allowing(f"127.0.0.0/8:{port}")
            async with EndpointClients(policy=policy) as clients:
                assert (await ask(clients, server.base_url, "juniper-8b")).text
                with pytest.raises(AddressRefused) as refused:
                    await ask(clients, f"http://127.0.0.1:{other}/v1", "juniper-8b")
            assert refused.value.allowance == f"127.0.0.1:{other}"
            with pytest.raises(BlockingIOError):
                neighbour.accept()


async def test_it_calls_a_name_by_any_of_its_addresses(clients: EndpointClients) -> None:
    async with ScriptedServer(speed=50) as server:  # on IPv4 only, whatever localhost means first
        base_url = server.base_url.replace("127.0.0.1", "localhost")
        reply = await ask(clients, base_url, "juniper-8b")

        assert reply.text
        assert server.requests[0].headers["host"].startswith("localhost:")
