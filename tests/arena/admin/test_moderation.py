"""The check of texts in the admin: who may set it up, who may read what it flagged, and rule."""

from collections.abc import Iterator
from typing import Literal

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from arena.battles.models import Turn
from arena.battles.moderation.models import Ruling, TextCheck, TextLook
from arena.catalog.models import Moderation, Provider
from arena.integrity.facts import decide_votes
from arena.integrity.models import VoteFacts
from arena.staff.models import Change
from tests.arena.boards.votes import NOW, cast, new_model
from tests.arena.moderating import set_up_check
from tests.arena.scripted_thread import playing
from workers.demo.moderating import ModerationServer

SECRET = "the word in the prompt <b>tulips</b>"
ANSWER = "the word in the answer"


@pytest.fixture
def check(db: None) -> TextCheck:
    """Return the check of a flagged prompt whose battle was voted on."""
    vote = cast(new_model("Alder"), new_model("Birch"), prompt=SECRET, answers=(ANSWER, "Fine."))
    decide_votes(NOW)
    turn = Turn.objects.get(battle=vote.battle)
    TextCheck.objects.create(turn=turn, part="a", state="flagged", flagged_for=["hate"])
    return TextCheck.objects.create(
        turn=turn,
        part="prompt",
        state="flagged",
        flagged_for=["violence"],
        scores={"violence": 0.9712, "hate": 0.1},
        tried_at=NOW,
    )


@pytest.fixture
def judge() -> Iterator[ModerationServer]:
    with playing(ModerationServer()) as server:
        yield server


def browser_of(role: str) -> Client:
    """Return a browser of an account in a role."""
    user = User.objects.create_user(f"a-{role}", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


def read(client: Client, path: str) -> str:
    response = client.get(f"/admin/battles/{path}")
    assert response.status_code == 200, path
    return response.content.decode()


def test_a_moderator_reads_a_text_which_is_written_down_and_rules(check: TextCheck) -> None:
    moderator = browser_of("moderator")
    listed = read(moderator, "textcheck/?ruling=waits")
    assert "violence" in listed
    page = f"/admin/battles/textcheck/{check.pk}/rule/"
    for shown in (listed, read(moderator, f"textcheck/{check.pk}/change/")):
        assert "tulips" not in shown
    assert "tulips" not in moderator.get(page).content.decode()
    assert not TextLook.objects.exists()
    shown = moderator.post(page, {"show": "1"}).content.decode()
    assert "&lt;b&gt;tulips&lt;/b&gt;" in shown
    assert TextLook.objects.get().moderator == "a-moderator"
    assert "verdict" in moderator.post(page, {"note": "no verdict"}).content.decode()
    assert not Ruling.objects.exists()
    ruled = moderator.post(page, {"verdict": "harmful", "note": "a threat"})
    assert ruled.status_code == 302
    ruling = Ruling.objects.get()
    assert (ruling.verdict, ruling.moderator, ruling.note) == ("harmful", "a-moderator", "a threat")
    decide_votes(NOW)
    assert VoteFacts.objects.get().not_counted_because == "harmful"
    page_of_it = read(moderator, f"textcheck/{check.pk}/change/")
    assert page_of_it.count("a-moderator") >= 2, "its rulings and looks"


def test_several_are_ruled_on_at_once(check: TextCheck) -> None:
    moderator = browser_of("moderator")
    keys = list(TextCheck.objects.values_list("pk", flat=True))
    form = {"action": "make_public", "_selected_action": keys}
    assert moderator.post("/admin/battles/textcheck/", form).status_code == 302
    assert Ruling.objects.filter(verdict="public").count() == 2
    assert not TextCheck.objects.withheld().exists()


@pytest.mark.parametrize("role", ["operator", "analyst"])
def test_nobody_else_reads_flagged_texts_or_rules(check: TextCheck, role: str) -> None:
    other = browser_of(role)
    page = f"/admin/battles/textcheck/{check.pk}/rule/"
    for response in (other.get(page), other.post(page, {"show": "1"})):
        assert response.status_code == 403
    assert other.post(page, {"verdict": "public"}).status_code == 403
    form = {"action": "make_public", "_selected_action": [check.pk]}
    other.post("/admin/battles/textcheck/", form)
    assert not Ruling.objects.exists()
    assert not TextLook.objects.exists()


def test_a_flagged_text_is_on_no_other_page_of_the_admin(check: TextCheck) -> None:
    operator, turn = browser_of("operator"), check.turn
    assert turn is not None
    reply = turn.replies.get(side="a")
    pages = [
        *(f"battle/{turn.battle_id}/change/", f"turn/{turn.pk}/change/"),
        *(f"reply/{reply.pk}/change/", "turn/", "reply/", "battle/"),
    ]
    for page in pages:
        content = read(operator, page)
        assert "tulips" not in content, page
        assert ANSWER not in content, page
    assert "Fine." in read(operator, f"turn/{turn.pk}/change/")
    TextCheck.objects.update(verdict="public")
    assert "tulips" in read(operator, f"turn/{turn.pk}/change/")
    assert ANSWER in read(operator, f"reply/{reply.pk}/change/")


def test_a_prompt_that_was_not_sent_has_no_text_to_read(client: Client) -> None:
    blocked = TextCheck.objects.create(
        part="prompt", state="flagged", action="blocked", flagged_for=["hate"], tried_at=NOW
    )
    assert "nothing of it is stored" in read(client, f"textcheck/{blocked.pk}/change/")
    assert client.get(f"/admin/battles/textcheck/{blocked.pk}/rule/").status_code == 404


def test_an_operator_sets_the_check_up_and_tries_it(db: None, judge: ModerationServer) -> None:
    operator = browser_of("operator")
    provider = Provider.objects.create(name="judge", base_url=judge.base_url)
    form = {
        "provider": provider.pk,
        "mode": "block",
        "when_dead": "send",
        "seconds": "5",
        "model_name": "",
        "thresholds": '{"violence": 1.2}',
    }
    add = "/admin/catalog/moderation/add/"
    assert "a number from 0 to 1" in operator.post(add, form).content.decode()
    form |= {"thresholds": '{"violence": 0.7, "hate": null}', "takes_pictures": "on"}
    assert operator.post(add, form).status_code == 302
    stored = Moderation.objects.get()
    assert stored.thresholds == {"violence": 0.7, "hate": None}
    assert stored.takes_pictures, "ticked by hand"
    assert operator.get(add).status_code == 403, "there is one"
    made = Change.objects.filter(table="catalog_moderation").get()
    assert (made.actor, made.action) == ("a-operator", "insert")
    ask = {"action": "ask_now", "_selected_action": [1]}
    said = operator.post("/admin/catalog/moderation/", ask, follow=True).content.decode()
    assert "It answers: clear" in said
    assert "does not take pictures" in said
    judge.manner = "http-500"
    said = operator.post("/admin/catalog/moderation/", ask, follow=True).content.decode()
    assert "No answer (server_failed)" in said
    assert "upstream-7" not in said


def test_asking_it_finds_out_whether_it_takes_pictures(
    client: Client, judge: ModerationServer
) -> None:
    check = set_up_check(judge, "log")
    page, unchecked = f"/admin/catalog/moderation/{check.pk}/change/", "are not checked: this check"
    assert unchecked in client.get(page).content.decode()
    assert unchecked in read(client, "textcheck/")
    ask = {"action": "ask_now", "_selected_action": [check.pk]}
    cases: list[tuple[Literal["refused", "seen", "unsaid"], str, bool]] = [
        ("unsaid", "without saying that it looked at it", False),
        ("seen", "It looks at pictures", True),
        ("unsaid", "without saying that it looked at it", True),
        ("refused", "It does not take pictures", False),
    ]
    for pictures, sentence, taken in cases:
        judge.pictures = pictures
        said = client.post("/admin/catalog/moderation/", ask, follow=True).content.decode()
        assert sentence in said, pictures
        check.refresh_from_db()
        assert check.takes_pictures is taken, pictures
    check.note_pictures(taken=True)
    assert unchecked not in client.get(page).content.decode()
    assert unchecked not in read(client, "textcheck/")


@pytest.mark.parametrize(
    ("changed", "taken"),
    [
        ({"model_name": "texts-alone"}, False),
        ({"provider": "another"}, False),
        ({"mode": "block", "seconds": "3"}, True),
    ],
)
def test_another_server_or_model_is_shown_no_pictures_until_it_is_asked(
    client: Client, judge: ModerationServer, changed: dict[str, str], taken: bool
) -> None:
    check = set_up_check(judge, "warn", takes_pictures=True)
    said = change(client, check, {"takes_pictures": "on", **changed})
    check.refresh_from_db()
    assert check.takes_pictures is taken
    assert ("Takes pictures was unticked" in said) is not taken


def test_who_ticks_pictures_along_with_another_model_is_believed(
    client: Client, judge: ModerationServer
) -> None:
    check = set_up_check(judge, "warn")
    said = change(client, check, {"takes_pictures": "on", "model_name": "sees-pictures"})
    check.refresh_from_db()
    assert (check.takes_pictures, check.model_name) == (True, "sees-pictures")
    assert "was unticked" not in said


def change(client: Client, check: Moderation, fields: dict[str, str]) -> str:
    """Save the check's page with other fields, and return what the admin says."""
    others = Provider.objects.create(name="another", base_url="https://other.example.org/v1")
    form = {
        "provider": check.provider_id,
        "model_name": check.model_name,
        "mode": check.mode,
        "when_dead": check.when_dead,
        "thresholds": "{}",
        "seconds": str(check.seconds),
        **fields,
    }
    if "provider" in fields:
        form["provider"] = others.pk
    page = f"/admin/catalog/moderation/{check.pk}/change/"
    answer = client.post(page, form, follow=True)
    assert answer.redirect_chain, "it is saved"
    return answer.content.decode()


def test_a_moderator_sees_a_flagged_picture_which_is_written_down(db: None) -> None:
    vote = cast(new_model("Alder"), new_model("Birch"), prompt="What is it?", picture=True)
    check = TextCheck.objects.create(
        turn=Turn.objects.get(battle=vote.battle), part="picture", state="flagged"
    )
    moderator = browser_of("moderator")
    page = f"/admin/battles/textcheck/{check.pk}/rule/"
    before = moderator.get(page).content.decode()
    assert "Show the picture" in before
    assert "data:image/jpeg" not in before
    assert 'src="data:image/jpeg;base64,ZHJhd24="' in (
        moderator.post(page, {"show": "1"}).content.decode()
    )
    assert TextLook.objects.get().moderator == "a-moderator"


def test_a_dead_check_is_seen_in_the_list(client: Client, judge: ModerationServer) -> None:
    assert "No check is set up" in read(client, "textcheck/")
    set_up_check(judge, "warn")
    assert "was not asked yet" in read(client, "textcheck/")
    Moderation.objects.update(probed_at=NOW, probe_error="timeout_total")
    assert "does not answer (mode: warn, last error: timeout_total)" in read(client, "textcheck/")
