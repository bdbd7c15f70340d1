"""Make complete battles in the database that the environment names; print their ids as JSON.

python -m tests.faults.battles_to_vote VOTER COUNT
"""

import json
import os
import sys
import uuid

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "arena.settings")
django.setup()

from django.utils import timezone  # noqa: E402

from arena.battles.models import Battle, Reply, Side, Turn  # noqa: E402
from arena.catalog.models import LanguageModel  # noqa: E402
from arena.voters.models import Voter  # noqa: E402


def main(voter_id: str, count: int) -> None:
    """Make them, in as few statements as there are tables."""
    now = timezone.now()
    voter, _ = Voter.objects.get_or_create(pk=uuid.UUID(voter_id))
    models = [LanguageModel.objects.get_or_create(slug=slug, name=slug)[0] for slug in ("x", "y")]
    battles = Battle.objects.bulk_create(
        Battle(voter=voter, model_a=models[0], model_b=models[1]) for _ in range(count)
    )
    turns = Turn.objects.bulk_create(
        Turn(battle=battle, number=1, prompt="Hello", state="complete", ended_at=now, last_seq=1)
        for battle in battles
    )
    Reply.objects.bulk_create(
        Reply(
            turn=turn,
            side=side,
            language_model=model,
            state="complete",
            text="Hello!",
            finish_reason="stop",
        )
        for turn in turns
        for side, model in zip(Side, models, strict=True)
    )
    print(json.dumps([str(battle.pk) for battle in battles]))  # noqa: T201 -- read by the test


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
