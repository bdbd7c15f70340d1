"""Which addresses may be called: the decision alone, without a connection."""

# ruff: noqa: S104 -- nothing is bound to these

from collections.abc import Iterable
from ipaddress import ip_address

import pytest

from workers.endpoints import AddressPolicy, AddressRefused, Allowance, Unreachable
from workers.endpoints.policy import Standing, standing_of

NEVER = [
    *("169.254.169.254", "169.254.0.1", "0.0.0.0", "0.1.2.3", "224.0.0.1", "239.255.255.250"),
    *("240.0.0.1", "255.255.255.255", "100.100.100.200", "168.63.129.16", "192.0.0.192"),
    *("::", "fe80::1", "febf::1", "ff02::1", "fd00:ec2::254", "fd20:ce::254"),
    *("::ffff:169.254.169.254", "::ffff:0.0.0.0", "::169.254.169.254", "::10.0.0.1", "::8.8.8.8"),
    *("64:ff9b::a9fe:a9fe", "64:ff9b:1::a9fe:a9fe", "64:ff9b::6464:64c8", "::ffff:100.100.100.200"),
    *("2002:a9fe:a9fe::1", "2002:808:808::1", "2001:0:a9fe:a9fe::1", "2001::1"),
    *("2606:4700::5efe:a9fe:a9fe", "2606:4700::200:5efe:169.254.169.254"),
]
PRIVATE = [
    *("127.0.0.1", "127.1.2.3", "10.0.0.5", "172.16.0.1", "192.168.1.2", "100.64.0.1"),
    *("192.0.2.1", "198.18.0.1", "::1", "fc00::1", "fd12:3456::1", "fec0::1", "::ffff:127.0.0.1"),
    *("64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2606:4700::5efe:10.0.0.1", "2001:db8::1", "100::1"),
    *("4000::1", "::2:0:1"),
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"]


@pytest.mark.parametrize(
    ("address", "standing"),
    [
        *((address, Standing.NEVER) for address in NEVER),
        *((address, Standing.PRIVATE) for address in PRIVATE),
        *((address, Standing.PUBLIC) for address in PUBLIC),
    ],
)
def test_it_knows_what_an_address_is(address: str, standing: Standing) -> None:
    assert standing_of(ip_address(address)) is standing


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("127.0.0.1:11434", "127.0.0.1:11434"),
        (" 10.0.0.0/8:8000-8100 ", "10.0.0.0/8:8000-8100"),
        ("10.0.0.0/8:80-80", "10.0.0.0/8:80"),
        ("[::1]:11434", "[::1]:11434"),
        ("[fd00::/8]:1-65535", "[fd00::/8]:1-65535"),
    ],
)
def test_an_allowance_is_read_and_written(text: str, written: str) -> None:
    assert str(Allowance.parse(text)) == written
    assert Allowance.parse(written) == Allowance.parse(text)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("127.0.0.1", "network:port"),
        ("localhost:80", "network:port"),
        ("10.0.0.0/8:*", "network:port"),
        ("[10.0.0.1:80", "network:port"),
        ("::1:80", "brackets"),
        ("10.0.0.1/8:80", "host bits"),
        ("10.0.0.300:80", "does not appear"),
        ("10.0.0.0/8:0", "1 to 65535"),
        ("10.0.0.0/8:90-80", "1 to 65535"),
        ("10.0.0.0/8:80-70000", "1 to 65535"),
        ("169.254.169.254:80", "never called"),
        ("169.254.0.0/16:1-65535", "never called"),
        ("[fe80::/64]:80", "never called"),
    ],
)
def test_an_allowance_that_makes_no_sense_is_refused(text: str, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        Allowance.parse(text)


@pytest.mark.parametrize("address", NEVER)
def test_no_allowance_opens_what_is_never_called(address: str) -> None:
    everything = AddressPolicy.allowing("0.0.0.0/0:1-65535", "[::/0]:1-65535")
    with pytest.raises(AddressRefused) as refused:
        everything.check("name.example", address, 80)
    assert refused.value.code == "address_refused"
    assert not refused.value.allowance


def test_a_refusal_names_what_would_allow_it() -> None:
    for address, line in (
        ("127.0.0.1", "127.0.0.1:8000"),
        ("::ffff:10.1.2.3", "10.1.2.3:8000"),
        ("fd00::7", "[fd00::7]:8000"),
    ):
        with pytest.raises(AddressRefused) as refused:
            AddressPolicy().check("name.example", address, 8000)
        assert (refused.value.code, refused.value.allowance) == ("address_private", line)
        AddressPolicy.allowing(line).check("name.example", address, 8000)


@pytest.mark.parametrize(
    ("address", "port", "allowed"),
    [
        ("10.1.2.3", 8000, True),
        ("10.1.2.3", 8100, True),
        ("::ffff:10.1.2.3", 8050, True),
        ("64:ff9b::a01:203", 8050, True),
        ("10.1.2.3", 7999, False),
        ("10.1.2.3", 8101, False),
        ("11.1.2.3", 1, True),  # a public address needs no allowance
        ("192.168.0.1", 8000, False),
        ("127.0.0.1", 8000, False),
    ],
)
def test_an_allowance_opens_its_network_and_its_ports(
    address: str, port: int, allowed: bool
) -> None:
    policy = AddressPolicy.allowing("10.0.0.0/8:8000-8100")
    if allowed:
        policy.check("name.example", address, port)
    else:
        with pytest.raises(AddressRefused):
            policy.check("name.example", address, port)


def policy(*answer: str, allow: Iterable[str] = ()) -> AddressPolicy:
    """Return a policy whose resolver has one answer for every name."""

    async def resolve(_host: str, _port: int) -> list[str]:
        return list(answer)

    return AddressPolicy(AddressPolicy.allowing(*allow).allowances, resolve)


async def test_one_address_that_is_never_called_refuses_the_name() -> None:
    with pytest.raises(AddressRefused) as refused:
        await policy("8.8.8.8", "10.0.0.1", "169.254.169.254").addresses_of("x.example", 443)
    assert refused.value.code == "address_refused"


async def test_private_addresses_that_are_not_allowed_are_left_out() -> None:
    assert await policy("10.0.0.1", "8.8.8.8").addresses_of("x.example", 443) == ["8.8.8.8"]
    both = policy("::1", "127.0.0.1", "127.0.0.1", allow=["127.0.0.1:80"])
    assert await both.addresses_of("localhost", 80) == ["127.0.0.1"]
    with pytest.raises(AddressRefused) as refused:
        await both.addresses_of("localhost", 81)
    assert refused.value.allowance == "127.0.0.1:81"


async def test_a_name_without_an_address_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        await policy().addresses_of("x.example", 443)


async def test_what_is_no_address_and_what_names_an_interface_is_refused() -> None:
    for answer in ("not-an-address", "fe80::1%eth0", "2606:4700::1111%eth0", ""):
        with pytest.raises(AddressRefused):
            await policy(answer).addresses_of("x.example", 443)


def test_a_literal_is_refused_without_a_resolver_and_a_name_passes() -> None:
    nobody = AddressPolicy(resolver=lambda _host, _port: pytest.fail("it asked the resolver"))
    for host in ("127.0.0.1", "2130706433", "0x7f.1", "[::1]", "169.254.169.254."):
        with pytest.raises(AddressRefused):
            nobody.check_literal(host, 80)
    for host in ("metadata.google.internal", "localhost", "8.8.8.8", "no such host", "\ud800"):
        nobody.check_literal(host, 80)
