"""Which models came into the draw and left it, when, how heavily, and why: for ever, in public."""

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone

from arena.boards.ledger import write_ledgers
from arena.boards.refresh import refresh_boards
from arena.boards.sampling_record import Move, sampling_record
from arena.catalog.models import AdmissionState, Endpoint, LanguageModel
from arena.catalog.sampling import SamplingReason, bring_back, retire
from arena.staff.models import Change
from tests.arena.boards.votes import cast, new_model
from tests.arena.rows import add_model

pytestmark = pytest.mark.django_db
URL = "http://127.0.0.1:1"


def moves(model: LanguageModel) -> list[tuple[str, float, str, str]]:
    return [
        (event.move.value, event.weight, event.reason, event.note)
        for event in sampling_record([model.pk])
    ]


def of(model: LanguageModel) -> QuerySet[LanguageModel]:
    return LanguageModel.objects.filter(pk=model.pk)


def later(hours: float) -> None:
    """Put all that the log has so far into the past; only a test may."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE staff_change DISABLE TRIGGER change_stays")
        cursor.execute(
            "UPDATE staff_change SET at = at - make_interval(secs => %s)", [hours * 3600]
        )
        cursor.execute("ALTER TABLE staff_change ENABLE TRIGGER change_stays")


def test_it_tells_entry_weight_leaving_and_return_with_their_reasons() -> None:
    model = add_model("Alder", base_url=URL).language_model
    of(model).update(sampling_weight=3, sampling_reason=SamplingReason.FEW_VOTES)
    retire(of(model), reason=SamplingReason.COST, note="9 $ a day", at=timezone.now())
    bring_back(of(model))
    of(model).update(sampling_weight=1)
    assert moves(model) == [
        ("entered", 1.0, "served", ""),
        ("weight", 3.0, "few_votes", ""),
        ("left", 0.0, "cost", "9 $ a day"),
        ("returned", 3.0, "", ""),
        ("weight", 1.0, "", ""),
    ]


def test_weight_0_is_leaving() -> None:
    model = add_model("Alder", base_url=URL).language_model
    of(model).update(sampling_weight=0, sampling_reason=SamplingReason.TERMS)
    assert moves(model)[-1] == ("left", 0.0, "terms", "")


def test_a_model_that_no_endpoint_ever_served_was_never_in() -> None:
    model = new_model("Alder")
    of(model).update(sampling_weight=0)
    of(model).update(sampling_weight=1)
    untested = add_model("Birch", base_url=URL, admission="untested", admitted_at=None)
    assert moves(model) == moves(untested.language_model) == []
    Endpoint.objects.filter(pk=untested.pk).update(
        admission=AdmissionState.PASSED, admitted_at=timezone.now()
    )
    assert moves(untested.language_model) == [("entered", 1.0, "served", "")]


def test_the_last_endpoint_takes_its_model_along_and_a_short_pause_is_none() -> None:
    endpoint = add_model("Alder", base_url=URL)
    model, switch = endpoint.language_model, Endpoint.objects.filter(pk=endpoint.pk)
    switch.update(enabled=False)
    switch.update(enabled=True)
    assert moves(model) == [("entered", 1.0, "served", "")]
    later(1)
    switch.update(enabled=False)
    later(2)
    switch.update(enabled=True)
    assert moves(model)[1:] == [("left", 0.0, "unserved", ""), ("returned", 1.0, "served", "")]
    other = add_model("Birch", base_url="http://127.0.0.1:2")
    second = Endpoint.objects.create(
        provider=other.provider,
        language_model=model,
        model_name="b",
        admission=AdmissionState.PASSED,
        admitted_at=timezone.now(),
    )
    switch.update(enabled=False)
    assert len(moves(model)) == 3, "another endpoint still serves it"
    second.delete()
    assert moves(model)[3:] == [("left", 0.0, "unserved", "")]
    retire(of(model), reason=SamplingReason.WITHDRAWN, at=timezone.now())
    assert moves(model)[4:] == [("left", 0.0, "withdrawn", "")]


def test_an_old_reason_is_not_given_for_a_later_change() -> None:
    model = add_model("Alder", base_url=URL).language_model
    retire(of(model), reason=SamplingReason.COST, at=timezone.now())
    of(model).update(retired_at=None)
    assert moves(model)[-1] == ("returned", 1.0, "", "")


def test_it_stands_on_both_pages_and_in_the_api(client: Client) -> None:
    model = add_model("Alder", base_url=URL).language_model
    cast(model, new_model("Birch"))
    refresh_boards(dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC))
    retire(of(model), reason=SamplingReason.OTHER, note="<b>asked</b> to", at=timezone.now())
    write_ledgers(timezone.now())
    for address in ("/transparency/", "/models/alder/"):
        text = client.get(address).content.decode()
        assert "an endpoint that passed its admission test serves it" in text
        assert "another reason: &lt;b&gt;asked&lt;/b&gt; to" in text
    told = client.get("/api/v1/models/alder").json()["sampling"]
    assert [(line["move"], line["reason"]) for line in told] == [
        ("entered", "served"),
        ("left", "other"),
    ]
    assert "In and out of the draw" not in client.get("/models/birch/").content.decode()


def test_a_model_that_left_before_its_first_battle_is_listed_all_the_same(client: Client) -> None:
    model = add_model("Alder", base_url=URL).language_model
    retire(of(model), reason=SamplingReason.TERMS, at=timezone.now())
    text = client.get("/transparency/").content.decode()
    assert text.count(">Alder</a>") == 3, "once in the list, twice in the record"
    assert "retired on" in text


def test_nothing_else_of_the_log_becomes_public(client: Client) -> None:
    staff = User.objects.create_superuser("somebody-known")
    client.force_login(staff)
    endpoint = add_model("Alder", base_url=URL)
    form = {
        "action": "retire",
        "_selected_action": [endpoint.language_model_id],
        "sampling_reason": "cost",
    }
    client.post("/admin/catalog/languagemodel/", form)
    assert Change.objects.filter(actor="somebody-known").exists()
    for address in ("/models/alder/", "/api/v1/models/alder"):
        text = Client().get(address).content.decode()
        assert "cost" in text
        assert "somebody-known" not in text
        assert "127.0.0.1:1" not in text


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("boss"))
    return client


def change_form(**changes: str) -> dict[str, str]:
    inlines = ("licensings", "published_scores", "prices", "claims", "aliases")
    return {
        **{f"{name}-TOTAL_FORMS": "0" for name in inlines},
        **{f"{name}-INITIAL_FORMS": "0" for name in inlines},
        "name": "Alder",
        "slug": "alder",
        "sampling_weight": "1",
        **changes,
    }


def test_the_admin_asks_why_a_model_is_retired(admin: Client) -> None:
    model = add_model("Alder", base_url=URL).language_model
    form = {"action": "retire", "_selected_action": [model.pk]}
    for reason in ({}, {"sampling_reason": "whim"}, {"sampling_reason": "other"}):
        admin.post("/admin/catalog/languagemodel/", {**form, **reason})
        assert of(model).filter(retired_at=None).exists()
    admin.post("/admin/catalog/languagemodel/", {**form, "sampling_reason": "terms"})
    assert moves(model)[-1] == ("left", 0.0, "terms", "")
    admin.post("/admin/catalog/languagemodel/", {**form, "action": "bring_back"})
    assert [move for move, *_ in moves(model)] == [Move.ENTERED, Move.LEFT, Move.RETURNED]


def test_the_admin_asks_why_a_weight_is_0_and_forgets_the_reason_with_it(admin: Client) -> None:
    model = add_model("Alder", base_url=URL).language_model
    page = f"/admin/catalog/languagemodel/{model.pk}/change/"
    refused = admin.post(page, change_form(sampling_weight="0"))
    assert "Say why" in refused.content.decode()
    reason = {"sampling_reason": "cost", "sampling_note": "too much"}
    assert admin.post(page, change_form(sampling_weight="0", **reason)).status_code == 302
    assert admin.post(page, change_form(sampling_weight="2", **reason)).status_code == 302
    model.refresh_from_db()
    assert (model.sampling_weight, model.sampling_reason, model.sampling_note) == (2.0, "", "")
    assert moves(model)[1:] == [("left", 0.0, "cost", "too much"), ("returned", 2.0, "", "")]
