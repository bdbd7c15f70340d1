"""The finding of the gap page as one sentence, computed and true in every case."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from arena.boards.gap.rules import MIN_MODELS, MIX
from arena.boards.lists import listed
from arena.boards.slice_names import language_name, mix_text


def gap_sentence(gap: dict[str, Any]) -> str:
    """Return the finding: who leads by how much, or why that can't be said.

    Parameters
    ----------
    gap : dict
        A snapshot's `gap`, as `arena.boards.gap.gap_series` wrote it; empty before any vote.
    """
    latest = gap.get("latest")
    if latest is None:
        return _missing(gap.get("eligible") or {"open": 0, "closed": 0})
    words = {
        "points": points_text(abs(latest["gap"])),
        "interval": _interval(latest),
        "open": latest["open"]["name"],
        "closed": latest["closed"]["name"],
    }
    if round(latest["gap"]) == 0:
        return _(
            "The best open model, %(open)s, is level with the best closed one, %(closed)s "
            "(%(interval)s)."
        ) % {**words, "interval": _signed_interval(latest)}
    if latest["lower"] <= 0 <= latest["upper"]:
        return _too_close(latest["gap"]) % {**words, "interval": _signed_interval(latest)}
    if latest["gap"] > 0:
        return (
            _(
                "The best open model, %(open)s, is %(points)s (%(interval)s) behind the best "
                "closed one, %(closed)s."
            )
            % words
        )
    return (
        _(
            "The best open model, %(open)s, is %(points)s (%(interval)s) ahead of the best "
            "closed one, %(closed)s."
        )
        % words
    )


def preference_sentence(gap: dict[str, Any]) -> str:
    """Return the gap as what a voter would do; empty when there is no gap."""
    latest = gap.get("latest")
    if latest is None:
        return ""
    closed = round(100 * latest["win_probability"])
    if closed == 50:
        return _("A voter would prefer either as often as the other, to within 1 time in 100.")
    if closed > 50:
        return _("A voter would prefer the closed one about %(times)d times in 100.") % {
            "times": closed
        }
    return _("A voter would prefer the open one about %(times)d times in 100.") % {
        "times": 100 - closed
    }


def lag_sentence(gap: dict[str, Any]) -> str:
    """Return the lag in months: the point lag with its interval, and the part that is certain."""
    lag = gap.get("lag")
    if lag is None:
        return ""
    point = lag["point"]
    if point["state"] == "level_or_ahead":
        return _("Measured in time, open models are level or ahead.")
    words = {
        "months": _months(point),
        "interval": lag_interval(lag),
    }
    if point["state"] == "behind":
        text = _("Closed models passed the best open model's level %(months)s ago (%(interval)s)")
    elif _under_a_month(point):
        text = _(
            "Closed models have been better since their first one, less than a month ago "
            "(%(interval)s)"
        )
    else:
        text = _("Closed models have been better for more than %(months)s (%(interval)s)")
    return _with_certainty(text % words, lag["significance"])


def rule_sentence(gap: dict[str, Any]) -> str:
    """Return which models are eligible, and how many there are."""
    rule = gap.get("rule") or {"min_votes": 300, "max_half_width": 25}
    eligible = gap.get("eligible") or {"open": 0, "closed": 0}
    return _(
        "Eligible models have at least %(votes)d counted votes and an interval of ±%(width)d "
        "points or less; now %(open)d open, %(closed)d closed."
    ) % {
        "votes": rule["min_votes"],
        "width": rule["max_half_width"],
        "open": eligible["open"],
        "closed": eligible["closed"],
    }


def mix_sentence() -> str:
    """Return what the fixed mix of languages is, and what it is for."""
    return _(
        "The gap depends on who votes. The total in a fixed mix weighs every vote so that "
        "languages stand at %(mix)s (since %(day)s); other languages are left out. A model needs "
        "votes in each of them."
    ) % {"mix": mix_text(MIX.shares), "day": MIX.since.isoformat()}


def mix_hidden_sentence(mix: Mapping[str, Any]) -> str:
    """Return why there is no total in the fixed mix; empty where there is one, or no board yet.

    Parameters
    ----------
    mix : mapping
        Of `arena.boards.gap.mix.mixed_gap`; empty before the first publication.
    """
    if not mix or mix.get("latest"):
        return ""
    if mix.get("undefined") == "thin":
        return _(
            "There is no total in the fixed mix yet: fewer than %(least)s counted votes in "
            "%(languages)s."
        ) % {
            "least": f"{mix['min_battles']:,}",
            "languages": listed(language_name(tag) for tag in mix["thin"]),
        }
    if mix.get("undefined"):
        return _("There is no total in the fixed mix yet: its votes allow no ratings.")
    return _("There is no total in the fixed mix yet: too few models have votes in each language.")


def _missing(eligible: dict[str, int]) -> str:
    if not eligible["open"] and not eligible["closed"]:
        return _("Too few eligible models: the gap between open and closed can't be measured yet.")
    if not eligible["open"]:
        return _("No open model is eligible yet, so there is no gap to measure.")
    if not eligible["closed"]:
        return _("No closed model is eligible yet, so there is no gap to measure.")
    if min(eligible.values()) < MIN_MODELS:
        return _(
            "Too few eligible models: the best of one side would be its only one, so the gap can't "
            "be measured yet."
        )
    return _("Open and closed models don't share a day yet on which both had an eligible model.")


def _too_close(gap: float) -> str:
    if gap > 0:
        return _(
            "Too close to call: the best open model, %(open)s, is %(points)s behind the best "
            "closed one, %(closed)s, and the interval (%(interval)s) includes a tie."
        )
    return _(
        "Too close to call: the best open model, %(open)s, is %(points)s ahead of the best "
        "closed one, %(closed)s, and the interval (%(interval)s) includes a tie."
    )


def _interval(latest: dict[str, Any]) -> str:
    """Return the bounds without a sign, for sentences that say "behind" or "ahead"."""
    low, high = sorted(abs(latest[bound]) for bound in ("lower", "upper"))
    return _("%(lower)s to %(upper)s") % {"lower": f"{low:.0f}", "upper": f"{high:.0f}"}


def _signed_interval(latest: dict[str, Any]) -> str:
    """Return the bounds from "open ahead" to "closed ahead", each named by who leads."""
    return _("from %(lower)s to %(upper)s") % {
        "lower": _lead(latest["lower"]),
        "upper": _lead(latest["upper"]),
    }


def _lead(points: float) -> str:
    size = round(abs(points))
    if size == 0:
        return _("level")
    if points > 0:
        return _("%(points)d behind") % {"points": size}
    return _("%(points)d ahead") % {"points": size}


def points_text(value: float) -> str:
    whole = round(value)
    return ngettext("%(number)d point", "%(number)d points", whole) % {"number": whole}


def _with_certainty(text: str, sure: dict[str, Any]) -> str:
    """Return a sentence about the lag, ended with the part of it that is certain."""
    if sure["state"] == "level_or_ahead":
        return _("%(text)s; with 95%% certainty no lag can be shown yet.") % {"text": text}
    if _under_a_month(sure):
        return _("%(text)s; with 95%% certainty there is a lag, perhaps of less than a month.") % {
            "text": text
        }
    words = {"text": text, "sure": _months(sure)}
    return _("%(text)s; with 95%% certainty at least %(sure)s ago.") % words


def _under_a_month(figure: dict[str, Any]) -> bool:
    months: float = figure["months"]
    return round(months) == 0


def _months(figure: dict[str, Any]) -> str:
    if _under_a_month(figure):
        return _("less than a month")
    months = round(figure["months"])
    return ngettext("%(number)d month", "%(number)d months", months) % {"number": months}


def lag_interval(lag: dict[str, Any]) -> str:
    """Return a lag's interval in months; a bound that is censored is an "or more"."""
    lower, upper = lag["lower"], lag["upper"]
    low, high = round(lower["months"]), round(upper["months"])
    words = {"lower": low, "upper": high}
    if upper["state"] != "more_than":
        return _("%(lower)d to %(upper)d") % words
    if lower["state"] == "more_than" or high <= low:
        return _("%(lower)d or more") % words
    return _("%(lower)d to more than %(upper)d") % words
