"""What each version of the rules changed, and how many votes it moved: public, for ever.

An entry is added with every new `RULE_VERSION` and `LABEL_VERSION`; a test holds that.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

type Part = Literal["rules", "labels"]


@dataclass(frozen=True)
class RuleChange:
    """A version of the rules that decide votes, or of the question that labels prompts.

    Attributes
    ----------
    on : date
        When it was made; a site decides its votes anew when it takes the version over.
    """

    part: Part
    version: int
    on: dt.date
    text: Promise


CHANGES: tuple[RuleChange, ...] = (
    RuleChange(
        "rules",
        4,
        dt.date(2026, 11, 21),
        _(
            "Votes on battles in which a picture was sent are told apart; what was said after the "
            "vote is no part of it."
        ),
    ),
    RuleChange(
        "rules",
        3,
        dt.date(2026, 11, 21),
        _("Votes on texts that a moderator ruled harmful, or an attempt to cheat, are left out."),
    ),
    RuleChange(
        "labels",
        1,
        dt.date(2026, 11, 21),
        _("First question to the labelling endpoint: one of twelve uses, and hard or not."),
    ),
    RuleChange(
        "rules",
        2,
        dt.date(2026, 11, 21),
        _(
            "Prompts are told apart by language and script, use, difficulty, length and turns; "
            "refusals and the style of answers are noted."
        ),
    ),
    RuleChange(
        "rules",
        1,
        dt.date(2026, 11, 21),
        _("First version: votes where a model's identity was given away are left out."),
    ),
)
"""The newest first."""


@dataclass(frozen=True)
class Moved:
    """How many votes of a source a version moved.

    Attributes
    ----------
    votes : int
        Whose facts it changed at all: counted or not, category, language, style.
    left_out, counted : int
        That were counted before and are not, and the other way round.
    """

    votes: int
    left_out: int
    counted: int


# What replaced a vote's facts stands in the next row: the one whose revision is where these end.
# A label that is given for the first time is no change of the question.
_MOVED = """
    SELECT part, version, count(*), count(*) FILTER (WHERE was AND NOT "is"),
        count(*) FILTER (WHERE "is" AND NOT was)
    FROM (
        SELECT kind.part, kind.version, past.counted AS was, next.counted AS "is"
        FROM integrity_pastvotefacts past
        CROSS JOIN LATERAL (
            VALUES ('rules', past.rule_version, past.until_rule_version),
                ('labels', nullif(past.label_version, 0), past.until_label_version)
        ) AS kind (part, before, version)
        CROSS JOIN LATERAL (
            SELECT f.counted FROM integrity_votefacts f
            WHERE f.vote_id = past.vote_id AND f.revision = past.until_revision
            UNION ALL
            SELECT p.counted FROM integrity_pastvotefacts p
            WHERE p.vote_id = past.vote_id AND p.revision = past.until_revision
        ) next
        WHERE past.source = %s AND kind.version > kind.before
    ) moves
    GROUP BY part, version
"""


def moved_votes(source: str) -> dict[tuple[str, int], Moved]:
    """Return how many votes of a source each version moved, by part and version.

    Versions that moved none are left out. Reads all facts that were ever replaced.
    """
    with connection.cursor() as cursor:
        cursor.execute(_MOVED, [source])
        return {
            (part, version): Moved(votes, left_out, counted)
            for part, version, votes, left_out, counted in cursor.fetchall()
        }
