"""The visitor's cookie: ours or nobody's."""

from django.http import HttpResponse
from django.test import RequestFactory

from arena.ids import uuid7
from arena.voters import identity


def test_it_reads_what_it_signed() -> None:
    voter = uuid7()
    assert identity.read(identity.sign(voter)) == voter


def test_it_rejects_what_it_did_not_sign() -> None:
    signed = identity.sign(uuid7())
    other = identity.sign(uuid7())
    forged = other.split(":")[0] + ":" + signed.split(":")[1]
    for value in (None, "", "x", str(uuid7()), signed[:-1], forged, "not-a-uuid:" + signed):
        assert identity.read(value) is None


def test_a_new_visitor_gets_a_cookie_that_scripts_cannot_read() -> None:
    response = HttpResponse()
    identity.remember(response, RequestFactory().get("/"))
    cookie = response.cookies[identity.COOKIE]
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] > 365 * 24 * 3600
    assert identity.read(cookie.value) is not None


def test_a_known_visitor_keeps_the_cookie() -> None:
    request = RequestFactory().get("/")
    request.COOKIES[identity.COOKIE] = identity.sign(uuid7())
    response = HttpResponse()
    identity.remember(response, request)
    assert not response.cookies


def test_it_reads_a_sockets_cookie() -> None:
    voter = uuid7()
    line = f"a=b; {identity.COOKIE}={identity.sign(voter)}".encode()
    assert identity.voter_of_scope({"headers": [(b"cookie", line)]}) == voter
    assert identity.voter_of_scope({"headers": []}) is None
