"""8,931 human votes (D. Ustalov, CC BY 4.0): from the file through the database to the published
figures of another program.
"""

import csv
from io import StringIO

import numpy as np
import pytest
from django.core.management import call_command
from django.utils import timezone

from arena.battles.models import Vote
from arena.boards.votes import read_votes
from arena.catalog.models import LanguageModel
from arena.integrity.facts import decide_votes
from arena.voters.models import Voter
from ratings import fit_bradley_terry, fit_elo
from ratings.board import Board
from tests.ratings.examples import LLMFAO, llmfao_scores, need_llmfao


def expected_for(board: Board, algorithm: str) -> list[float]:
    """Return the published scores in the order of a board, whose models are named by slug."""
    names = dict(LanguageModel.objects.values_list("slug", "name"))
    scores = llmfao_scores(algorithm)
    assert len(scores) == 59
    return [scores[names[slug]] for slug in board.models]


@pytest.mark.shared
@pytest.mark.django_db
def test_imported_human_votes_are_rated_as_published() -> None:
    need_llmfao()
    output = StringIO()
    call_command("import_votes", str(LLMFAO / "llmfao.csv"), stdout=output)
    assert "8931 votes imported as import:llmfao" in output.getvalue()
    assert "skipped" not in output.getvalue()
    assert (LanguageModel.objects.count(), Voter.objects.count()) == (59, 124)
    with (LLMFAO / "llmfao.csv").open(encoding="utf-8", newline="") as file:
        words = {"left": "a", "right": "b", "tie": "tie"}
        rows = [(row["left"], row["right"], words[row["winner"]]) for row in csv.DictReader(file)]
    stored = Vote.objects.order_by("pk").values_list(
        "battle__model_a__name", "battle__model_b__name", "outcome"
    )
    assert list(stored) == rows, "the order of the file is the order of the votes"

    assert decide_votes(timezone.now()) == 8931
    votes = read_votes("import:llmfao")
    assert (len(votes.comparisons.outcome), votes.voters) == (8931, 124)
    strengths = fit_bradley_terry(votes.comparisons, interval=None)
    strength = 10 ** (strengths.rating / 400)
    published = np.array(expected_for(strengths, "bradley_terry"))
    np.testing.assert_allclose(strength / strength.sum(), published / published.sum(), rtol=1e-9)
    elo = fit_elo(votes.comparisons, k=4.0)
    np.testing.assert_allclose(elo.rating, expected_for(elo, "elo"), rtol=1e-9)
