"""A shared battle's picture for links, and what its page lets the browser draw."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from arena.battles.mine.sharing import end_sharing, share_battle
from arena.battles.models import Turn, Vote
from arena.boards.charts.battle_card import battle_card
from tests.arena.boards.votes import cast, new_model

CODE = "Look: \n```python\nprint('</template><script>')\n```\nand $x^2$."


@pytest.fixture
def vote(db: None) -> Vote:
    past = timezone.now() - dt.timedelta(minutes=5)
    vote = cast(
        new_model("Alder"),
        new_model("通义千问"),
        "b",
        prompt="请解释尾递归。",
        answers=(CODE, "It **scatters**."),
        final_at=past,
    )
    Turn.objects.update(ended_at=vote.cast_at)
    return vote


def share(vote: Vote) -> str:
    token = share_battle(vote.battle.voter_id, vote.battle_id, at=timezone.now())
    return f"/shared/{token}/"


def test_the_picture_is_there_as_long_as_the_link(vote: Vote) -> None:
    link = share(vote)
    address = f"{link}picture.png"
    page = Client().get(link).content.decode()
    assert f'property="og:image" content="http://testserver{address}"' in page
    response = Client().get(address)
    assert response.headers["Content-Type"] == "image/png"
    assert response.content.startswith(b"\x89PNG")
    assert int.from_bytes(response.content[16:20]) == 2 * 1200
    assert "noindex" in response.headers["X-Robots-Tag"]
    assert "no-cache" in response.headers["Cache-Control"]
    again = Client().get(address, headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304
    end_sharing(vote.battle.voter_id, vote.battle_id)
    ended = Client().get(address, headers={"If-None-Match": response.headers["ETag"]})
    assert ended.status_code == 404


@pytest.mark.parametrize("address", ["/shared/x/picture.png", "/shared/%00/picture.png", "/shared/%00/"])
def test_there_is_nothing_of_what_is_not_shared(vote: Vote, address: str) -> None:
    assert Client().get(address).status_code == 404


@pytest.mark.parametrize(
    "prompt",
    ["", "word " * 5000, "长" * 5000, "x" * 5000, "\U0001f600" * 50, "a\nb\u202e\ufffd", "…" * 500],
)
def test_whatever_was_asked_fits_the_picture(prompt: str) -> None:
    spec = battle_card(
        prompt=prompt,
        names=["A" * 200, "名" * 200],
        chosen=None,
        verdict="The voter called it a tie.",
        site="Parity",
        font="Noto Sans SC",
    )
    texts = [layer["mark"]["text"] for layer in spec["layer"] if layer["mark"]["type"] == "text"]
    assert len(texts) == 7
    assert max(len(lines) for lines in texts) <= 4
    assert max(len(line) for lines in texts for line in lines) < 60
    assert not any("\U0001f600" in line for lines in texts for line in lines)


def test_only_answers_with_code_or_formulas_bring_their_source(vote: Vote) -> None:
    page = Client().get(share(vote)).content.decode()
    assert page.count('class="answer-source"') == 1
    assert "print(&#x27;&lt;/template&gt;&lt;script&gt;&#x27;)" in page
    assert "battles/shared.js" in page
    past = timezone.now() - dt.timedelta(minutes=5)
    plain = cast(new_model("Cedar"), new_model("Doum"), prompt="Hi", final_at=past)
    Turn.objects.update(ended_at=plain.cast_at)
    assert "shared.js" not in Client().get(share(plain)).content.decode()
