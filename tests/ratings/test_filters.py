"""Conditions on the rows of a vote file: the same votes as in a file that has these rows alone."""

from pathlib import Path

import pytest

from ratings.errors import InvalidParameter, InvalidVotes
from ratings.votefile import read_votes

_FILE = """model_a,model_b,outcome,voter,counted,language,cast_at
x,y,a,ann,true,en,2026-01-01T00:00:00Z
y,z,b,bob,false,en,2026-01-02T00:00:00Z
z,y,tie,cy,true,zh-Hans,2026-01-03T00:00:00Z
y,x,both_bad,bob,true,en,2026-01-04T00:00:00Z
"""


@pytest.fixture
def votes(tmp_path: Path) -> Path:
    """Four votes, of which three count."""
    path = tmp_path / "votes.csv"
    path.write_text(_FILE, encoding="utf-8")
    return path


def test_rows_that_meet_every_condition_are_a_file_of_their_own(
    votes: Path, tmp_path: Path
) -> None:
    alone = tmp_path / "alone.csv"
    alone.write_text("".join(_FILE.splitlines(keepends=True)[i] for i in (0, 1, 4)), "utf-8")
    chosen = read_votes(votes, where=[("counted", "true"), ("language", "EN")]).comparisons()
    assert chosen.models == ("x", "y")
    assert chosen.digest() == read_votes(alone).comparisons().digest()


def test_votes_from_a_moment_on(votes: Path) -> None:
    assert len(read_votes(votes, since="2026-01-03T00:00:00Z").comparisons()) == 2
    assert len(read_votes(votes, since="2026-01-02T12:00:00+00:00").comparisons()) == 2


def test_it_says_what_it_cannot_filter_by(votes: Path) -> None:
    with pytest.raises(InvalidVotes, match="no column 'mood'"):
        read_votes(votes, where=[("mood", "good")])
    with pytest.raises(InvalidParameter, match="no moment"):
        read_votes(votes, since="yesterday")
