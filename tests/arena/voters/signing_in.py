"""What a browser does to sign in by a code."""

import datetime as dt
import re
import uuid

from django.test import Client
from django.utils import timezone

from arena.battles.models import Vote
from arena.voters.identity import COOKIE, counted_as_of_scope, read, sign
from arena.voters.models import Voter
from tests.arena.boards.votes import cast, new_model
from tests.arena.operating.sinks import Sink, text_of

ADDRESS = "someone@example.org"


def long_ago() -> dt.datetime:
    return timezone.now() - dt.timedelta(minutes=5)


def browser_of(voter_id: uuid.UUID) -> Client:
    client = Client()
    client.cookies[COOKIE] = sign(voter_id)
    return client


def voter_in(client: Client) -> uuid.UUID:
    voter_id = read(client.cookies[COOKIE].value)
    assert voter_id is not None
    return voter_id


def counted_as(client: Client) -> uuid.UUID | None:
    line = f"{COOKIE}={client.cookies[COOKIE].value}".encode()
    return counted_as_of_scope({"headers": [(b"cookie", line)]})


def code_in(mail: Sink) -> str:
    found = re.search(
        r"^\s+([A-Z]{4}-[A-Z]{4}|[A-Z]{3}-[A-Z]{3})$", text_of(mail.taken[-1]), re.MULTILINE
    )
    assert found, text_of(mail.taken[-1])
    return found[1]


def ask_for_code(client: Client, address: str = ADDRESS) -> str:
    client.get("/me/account/")
    response = client.post("/me/account/send/", {"address": address})
    assert response.headers.get("Location") == "/me/account/code/", response.content.decode()
    return client.get("/me/account/code/").content.decode()


def sign_in_by_mail(client: Client, mail: Sink, address: str = ADDRESS) -> None:
    ask_for_code(client, address)
    response = client.post("/me/account/code/", {"code": code_in(mail)})
    assert response.headers.get("Location") == "/me/", response.content.decode()


def vote_of(voter: Voter, prompt: str) -> Vote:
    alder, birch = new_model(f"Alder {prompt}"), new_model(f"Birch {prompt}")
    return cast(alder, birch, prompt=prompt, voter=voter, final_at=long_ago())
