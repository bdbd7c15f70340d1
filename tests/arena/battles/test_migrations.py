"""The way back from a release whose tables had more in them."""

import pytest
from django.core.management import call_command
from django.db import connection

from arena.battles.models import Turn
from arena.battles.moderation.models import Ruling, TextCheck, TextLook
from tests.arena.boards.votes import NOW, cast, new_model


def go_back_to(migration: str) -> None:
    # As between two migrations of a site, where each is committed.
    connection.check_constraints()
    call_command("migrate", "battles", migration, verbosity=0)


@pytest.mark.django_db
def test_the_way_back_drops_checks_of_pictures_and_keeps_those_of_texts() -> None:
    vote = cast(new_model("Alder"), new_model("Birch"), prompt="What is it?", picture=True)
    turn = Turn.objects.get(battle=vote.battle)
    for part in ("prompt", "picture"):
        check = TextCheck.objects.create(turn=turn, part=part, state="flagged")
        Ruling.objects.create(text_check=check, verdict="harmful", moderator="mod", at=NOW)
        TextLook.objects.create(text_check=check, moderator="mod", at=NOW)
    go_back_to("0013")
    go_back_to("0012")
    for kept in (TextCheck.objects, Ruling.objects, TextLook.objects):
        assert kept.count() == 1
    assert TextCheck.objects.get().part == "prompt"
    assert (
        Ruling.objects.get().text_check.part == TextLook.objects.get().text_check.part == "prompt"
    )
