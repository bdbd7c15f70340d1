"""Two models against each other: what the votes say, in sentences and as a chart."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from arena.boards.charts.forest import forest
from arena.boards.charts.frame import Chart, Column
from arena.boards.comparison import Encounter, Expected
from arena.boards.slice_names import slice_name
from arena.catalog.models import LanguageModel

_MOST_VOTES = 10_000_000


def comparison(models: Sequence[LanguageModel], met: Sequence[Encounter]) -> Chart | None:
    """Draw how far two models are apart in every slice that tells."""
    apart = [(slice_of(each), each.expected) for each in in_order(met) if each.expected]
    if not apart:
        return None
    rows = [
        {
            "label": label,
            "value": expected.difference,
            "lower": expected.bounds[0],
            "upper": expected.bounds[1],
            "note": "",
        }
        for label, expected in apart
    ]
    first, second = (model.name for model in models)
    overall = next((each.expected for each in met if each.board.slug == "overall"), None)
    return Chart(
        name="comparison",
        title=verdict({"first": first, "second": second}, overall),
        subtitle=_("How far %(first)s is above %(second)s, in points with 95%% intervals")
        % {"first": first, "second": second},
        spec=forest(
            rows,
            left=_("%(name)s ahead") % {"name": second},
            right=_("%(name)s ahead") % {"name": first},
            inks=("accent", "accent"),
        ),
        columns=(
            Column(_("Slice")),
            Column(_("Difference in points"), 0),
            Column(_("Lower"), 0),
            Column(_("Upper"), 0),
            Column(_("%(name)s preferred, times in 100") % {"name": first}, 0),
            Column(_("Lower"), 0),
            Column(_("Upper"), 0),
        ),
        rows=[
            (label, expected.difference, *expected.bounds, *expected.shares)
            for label, expected in apart
        ],
    )


def in_order(met: Sequence[Encounter]) -> list[Encounter]:
    """Return the board of all votes first, then slices by their names."""
    return sorted(met, key=lambda each: (each.board.slug != "overall", slice_of(each)))


def slice_of(encounter: Encounter) -> str:
    """Return the name of a slice."""
    return str(slice_name(encounter.board.category, encounter.board.language))


def verdict(
    names: Mapping[str, str], expected: Expected | None, *, is_awaited: bool = False
) -> str:
    """Return the finding in one sentence, true in every case.

    `is_awaited`: both have ratings, and no full publication has compared them yet.
    """
    if is_awaited:
        return (
            _("The next full publication of the boards compares %(first)s and %(second)s.") % names
        )
    if expected is None:
        return _("There are too few votes to compare %(first)s and %(second)s yet.") % names
    point, low, high = expected.shares
    words = {**names, "times": point, "lower": low, "upper": high}
    if not expected.told_apart:
        return (
            _(
                "%(first)s and %(second)s cannot be told apart: %(first)s would be preferred "
                "%(times)d times in 100 (%(lower)d to %(upper)d)."
            )
            % words
        )
    if expected.difference < 0:
        words |= {
            "first": names["second"],
            "second": names["first"],
            "times": 100 - point,
            "lower": 100 - high,
            "upper": 100 - low,
        }
    return (
        _(
            "%(first)s would be preferred to %(second)s %(times)d times in 100 "
            "(%(lower)d to %(upper)d)."
        )
        % words
    )


def needed_sentence(expected: Expected | None) -> str:
    """Return how many more direct votes would tell the two apart."""
    if expected is None:
        return ""
    votes = expected.votes_needed
    if expected.told_apart:
        return _("They are told apart already.")
    if votes > _MOST_VOTES:
        return _("Their ratings are equal: no number of votes is in sight that tells them apart.")
    return _(
        "If the ratings differ by what they seem to, about %(votes)s more votes between the two "
        "would tell them apart."
    ) % {"votes": f"{votes:,}"}
