"""The title of each chart: one sentence, computed from its figures and true in every case."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from arena.boards.sentences import lag_interval, points_text

type Figures = Mapping[str, Any]


def gap_over_time_finding(gap: float, change: Figures | None) -> str:
    """Say whether the gap is another than a year ago, if the joint draws of both days can tell.

    Parameters
    ----------
    gap : float
        The latest, in points; closed minus open.
    change : mapping, optional
        Of `arena.boards.gap.figures.change`.
    """
    if not change:
        return _gap_now(gap)
    sure = change["lower"] > 0 or change["upper"] < 0
    if min(change["now"], change["then"]) < 0:
        return _turned_finding(change["then"], change["now"], sure=sure)
    words = {"now": points_text(change["now"]), "then": points_text(change["then"])}
    if not sure:
        return (
            _("The gap is %(now)s, a year before it was %(then)s: no change that the votes can "
              "show")
            % words
        )  # fmt: skip
    if words["now"] == words["then"]:
        return _("The gap is %(now)s, and was the same a year before, to within a point") % words
    if change["upper"] < 0:
        return _("The gap has narrowed from %(then)s to %(now)s within a year") % words
    return _("The gap has widened from %(then)s to %(now)s within a year") % words


def published_gap_finding(rows: Sequence[Figures]) -> str:
    """Say what the last board said, and what one said a year before it or the first of them.

    Boards of different days share most of their votes, and nothing joint is known of them: so no
    change is claimed.
    """
    last = rows[-1]
    year_ago = str(int(last["on"][:4]) - 1) + last["on"][4:]
    earlier = [row for row in rows if row["on"] <= year_ago] or [rows[0]]
    words = {"now": _side_ahead(last["gap"]), "day": last["on"]}
    if len(rows) == 1:
        return _("As published on %(day)s: %(now)s") % words
    words |= {"then": _side_ahead(earlier[-1]["gap"]), "earlier": earlier[-1]["on"]}
    return _("As published: %(now)s on %(day)s; %(then)s on %(earlier)s") % words


def _gap_now(gap: float) -> str:
    if round(gap) < 0:
        return _("The best open model is ahead of the best closed one: %(now)s now") % {
            "now": points_text(-gap)
        }
    return _("The gap between the best closed and the best open model: %(now)s now") % {
        "now": points_text(gap)
    }


def _turned_finding(then: float, now: float, *, sure: bool) -> str:
    """Say how the gap moved where open models were or are ahead: it has a side, not a size."""
    words = {"then": _side_ahead(then), "now": _side_ahead(now)}
    if sure:
        return _("Now %(now)s; a year before, %(then)s") % words
    return _("Now %(now)s; a year before, %(then)s: no change that the votes can show") % words


def _side_ahead(gap: float) -> str:
    if round(gap) == 0:
        return _("level")
    words = {"points": points_text(abs(gap))}
    if gap > 0:
        return _("closed ahead by %(points)s") % words
    return _("open ahead by %(points)s") % words


def other_rules_note(days: int) -> str:
    """Say how many earlier days are left out of a line, because their scale is another."""
    if not days:
        return ""
    text = ngettext(
        "%(number)d earlier day was rated by other rules and is not joined to these.",
        "%(number)d earlier days were rated by other rules and are not joined to these.",
        days,
    )
    return text % {"number": days}


def mix_finding(mixed: Figures, voted: Figures | None) -> str:
    """Say who leads in the fixed mix of languages, beside what it is in the mix that was voted."""
    if voted is None:
        return _("In the fixed mix of languages: %(mixed)s") % {"mixed": _lead(mixed)}
    words = {"mixed": _lead(mixed), "voted": points_text(abs(voted["gap"]))}
    if round(voted["gap"]) and voted["gap"] * mixed["gap"] < 0:
        return (
            _("In the fixed mix of languages: %(mixed)s; as voted: %(voted)s the other way") % words
        )
    return _("In the fixed mix of languages: %(mixed)s; as voted: %(voted)s") % words


def _lead(latest: Figures) -> str:
    """Say who is ahead and by how much, if the interval can tell."""
    low, high = sorted(abs(latest[bound]) for bound in ("lower", "upper"))
    words = {
        "points": points_text(abs(latest["gap"])),
        "lower": f"{low:.0f}",
        "upper": f"{high:.0f}",
    }
    if latest["lower"] > 0:
        return _("closed ahead by %(points)s (%(lower)s to %(upper)s)") % words
    if latest["upper"] < 0:
        return _("open ahead by %(points)s (%(lower)s to %(upper)s)") % words
    if round(latest["gap"]) == 0:
        return _("level")
    if latest["gap"] > 0:
        return _("closed ahead by %(points)s, too close to call") % words
    return _("open ahead by %(points)s, too close to call") % words


def top_mean_finding(last: Figures, number: int) -> str:
    """Say by how much the mean of one side's best is above the other's."""
    words = {"number": number, "points": points_text(abs(last["gap"]))}
    if round(last["gap"]) == 0:
        return _("Between the means of the %(number)d best, neither side leads") % words
    if last["gap"] > 0:
        return _("Between the means of the %(number)d best, closed leads by %(points)s") % words
    return _("Between the means of the %(number)d best, open leads by %(points)s") % words


def top_means_finding(lines: Mapping[str, Sequence[Figures]], number: int) -> str:
    """Say where the mean of each side's best stands; of a side with fewer models, that it does."""
    words: dict[str, Any] = {"number": number}
    for side, steps in lines.items():
        words[side] = f"{steps[-1]['rating']:.0f}" if steps else ""
    if not words["open"]:
        return (
            _("Mean of the %(number)d best closed models: %(closed)s; fewer than %(number)d open "
              "ones are eligible")
            % words
        )  # fmt: skip
    if not words["closed"]:
        return (
            _("Mean of the %(number)d best open models: %(open)s; fewer than %(number)d closed "
              "ones are eligible")
            % words
        )  # fmt: skip
    return _("Mean of the %(number)d best: closed %(closed)s, open %(open)s points") % words


def lag_over_time_finding(lag: Figures | None) -> str:
    """Say how far behind the best open model is in months."""
    if lag is None:
        return _("The lag of open models cannot be measured yet")
    point, interval = lag["point"], lag_interval(dict(lag))
    months = round(point["months"])
    if point["state"] == "level_or_ahead":
        return _("In time, open models are level or ahead now")
    words = {"months": months, "interval": interval}
    if point["state"] == "more_than" and months > 0:
        return (
            ngettext(
                "Open models are more than %(months)d month behind (%(interval)s): closed ones "
                "have been better since their first",
                "Open models are more than %(months)d months behind (%(interval)s): closed ones "
                "have been better since their first",
                months,
            )
            % words
        )
    if months == 0:
        return _("Open models are less than a month behind (%(interval)s)") % words
    text = ngettext(
        "Open models are %(months)d month behind (%(interval)s)",
        "Open models are %(months)d months behind (%(interval)s)",
        months,
    )
    return text % words


def catch_up_finding(found: Figures) -> str:
    """Say how long a closed leader stays ahead."""
    leaders = found["leaders"]
    caught = sum(leader["caught"] for leader in leaders)
    words = {"caught": caught, "leaders": len(leaders)}
    if found["median"] is None:
        return (
            ngettext(
                "Open models have caught up with %(caught)d of %(leaders)d closed leader so far, "
                "too few for a median time",
                "Open models have caught up with %(caught)d of %(leaders)d closed leaders so far, "
                "too few for a median time",
                len(leaders),
            )
            % words
        )
    words["months"] = round(found["median"])
    if words["months"] == 0:
        return (
            _("Estimated median time until open models catch up: less than a month; %(caught)d of "
              "%(leaders)d closed leaders caught up with so far")
            % words
        )  # fmt: skip
    return (
        ngettext(
            "Estimated median time until open models catch up: %(months)d month; %(caught)d of "
            "%(leaders)d closed leaders caught up with so far",
            "Estimated median time until open models catch up: %(months)d months; %(caught)d of "
            "%(leaders)d closed leaders caught up with so far",
            words["months"],
        )
        % words
    )


def slices_finding(rows: Sequence[Figures]) -> str:
    """Say in how many slices one side leads beyond doubt, and where the gap is largest."""
    led = [row for row in rows if row["lower"] > 0]
    closed, opened = len(led), sum(row["upper"] < 0 for row in rows)
    widest = max(led or rows, key=lambda row: row["value"])
    words = {
        "closed": closed,
        "open": opened,
        "all": len(rows),
        "widest": widest["label"],
        "points": points_text(abs(widest["value"])),
    }
    if len(rows) == 1:
        return _only_slice_finding(closed, opened) % words
    if not closed and not opened:
        return _("Neither side leads beyond doubt in any of these %(all)d") % words
    if closed and not opened:
        return (
            _("Closed models lead beyond doubt in %(closed)d of these %(all)d, most in %(widest)s "
              "(%(points)s)")
            % words
        )  # fmt: skip
    if opened and not closed:
        return _("Open models lead beyond doubt in %(open)d of these %(all)d") % words
    return (
        _("Closed models lead beyond doubt in %(closed)d of these %(all)d, open ones in %(open)d")
        % words
    )


def _only_slice_finding(closed: int, opened: int) -> str:
    if closed:
        return _("Closed models lead beyond doubt in %(widest)s (%(points)s)")
    if opened:
        return _("Open models lead beyond doubt in %(widest)s (%(points)s)")
    return _("In %(widest)s neither side leads beyond doubt")


def ladder_finding(rows: Sequence[Figures]) -> str:
    """Say which licence class comes closest to the closed frontier."""
    closest = min(rows, key=lambda row: row["value"])
    words = {
        "class": closest["label"],
        "model": closest["model"],
        "points": points_text(abs(closest["value"])),
    }
    if closest["lower"] <= 0 <= closest["upper"]:
        return _("%(model)s (%(class)s) is level with the closed frontier, within the interval") % (
            words
        )
    if closest["value"] < 0:
        return _("%(model)s (%(class)s) is %(points)s ahead of the closed frontier") % words
    return _("The closest is %(model)s (%(class)s), %(points)s behind the closed frontier") % words


def budget_finding(rows: Sequence[Figures]) -> str:
    """Say what the smallest budget with a model costs in points."""
    first = rows[0]
    words = {
        "model": first["model"],
        "memory": first["label"],
        "points": points_text(abs(first["value"])),
    }
    if first["lower"] <= 0 <= first["upper"]:
        return _("%(model)s may fit %(memory)s and is level with the closed frontier") % words
    if first["value"] < 0:
        return _("%(model)s may fit %(memory)s and is %(points)s ahead of closed models") % words
    return _("%(model)s may fit %(memory)s and is %(points)s behind the closed frontier") % words


def direct_finding(found: Figures | None, leaders: Figures | None) -> str:
    """Say what voters said when the two leaders met."""
    if leaders is None:
        return _("There are no two leaders to compare yet")
    words = {"open": leaders["open"]["name"], "closed": leaders["closed"]["name"]}
    if found is None:
        return _("%(open)s and %(closed)s have not met in a counted battle") % words
    battles = found["wins"] + found["losses"] + found["ties"] + found["both_bad"]
    words |= {
        "share": f"{100 * found['share']:.0f}",
        "lower": f"{100 * found['lower']:.0f}",
        "upper": f"{100 * found['upper']:.0f}",
        "battles": f"{battles:,}",
    }
    return (
        ngettext(
            "In %(battles)s battle with %(closed)s, %(open)s took %(share)s points of 100 "
            "(%(lower)s to %(upper)s)",
            "In %(battles)s battles with %(closed)s, %(open)s took %(share)s points of 100 "
            "(%(lower)s to %(upper)s)",
            battles,
        )
        % words
    )


def rated_finding(rows: Sequence[Figures]) -> str:
    """Say which models may be the best of a board: those whose best rank is first.

    Ranks without intervals are single places, of which none is certain.
    """
    first = [row for row in rows if row["rank_best"] == 1]
    if not first:
        return _("No model is rated yet")
    words = {"model": rows[0]["label"], "number": len(first)}
    if any(row["lower"] is None for row in rows):
        return _("%(model)s has the highest rating; without intervals it is not known for sure") % (
            words
        )
    if len(rows) == 1:
        return _("%(model)s is the only model with a rating") % words
    if len(first) == 1:
        return _("%(model)s is first beyond doubt") % words
    return _("%(number)d models may be first; %(model)s has the highest rating") % words


def front_finding(front: Sequence[Figures], *, cheaper: bool) -> str:
    """Say how many models no other beats on both axes, and how many of them are open."""
    opened = sum(point["side"] == "open" for point in front)
    words = {"all": len(front), "open": opened}
    if cheaper:
        return (
            ngettext(
                "%(all)d model is on the front of rating and price; open weights: %(open)d",
                "%(all)d models are on the front of rating and price; open weights: %(open)d",
                len(front),
            )
            % words
        )
    return (
        ngettext(
            "%(all)d model is on the front of rating and speed; open weights: %(open)d",
            "%(all)d models are on the front of rating and speed; open weights: %(open)d",
            len(front),
        )
        % words
    )


def history_finding(name: str, rows: Sequence[Figures]) -> str:
    """Say how a rating moved between the first and the last published board."""
    first, last = rows[0], rows[-1]
    words = {
        "name": name,
        "now": f"{last['value']:.0f}",
        "then": f"{first['value']:.0f}",
        "day": first["on"],
    }
    if round(last["value"]) == round(first["value"]):
        return _("%(name)s is rated %(now)s, as on %(day)s") % words
    return _("%(name)s is rated %(now)s; on %(day)s it was %(then)s") % words


def record_finding(rows: Sequence[Figures]) -> str:
    """Say between which values the gap of the public record moved since its scale is the same."""
    latest = [row for row in rows if row["era"] == rows[-1]["era"]]
    gaps = [row["closed"] - row["open"] for row in latest]
    words = {
        "least": f"{min(gaps):.0f}",
        "most": f"{max(gaps):.0f}",
        "since": latest[0]["on"][:7],
    }
    return (
        _("Chatbot Arena's published boards: since %(since)s closed models led by "
          "%(least)s to %(most)s points")
        % words
    )  # fmt: skip


def scores_finding(benchmark: str, points: Sequence[Figures]) -> str:
    """Say how many models have both a published score and a rating; no trend is claimed."""
    opened = sum(point["side"] == "open" for point in points)
    return _(
        "%(benchmark)s as published, against the arena's own rating: %(models)d models, "
        "%(open)d of them open"
    ) % {"benchmark": benchmark, "models": len(points), "open": opened}
