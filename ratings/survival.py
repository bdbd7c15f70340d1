"""How long a closed leader stays ahead until an open model is not worse.

The time runs from the release of each model that ever led the closed frontier to the release of
the first open model rated at least as high. Leaders that no open model has reached by the end of
observation are censored: to leave them out would make catching up look quick. Hence the median
of Kaplan and Meier (1958), "Nonparametric estimation from incomplete observations".
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ratings.arrays import Flags, Floats, Integers
from ratings.contenders import Contenders, as_day, months
from ratings.errors import InvalidParameter
from ratings.frontier import check_level
from ratings.gap import missing_side
from ratings.undefined import Undefined


@dataclass(frozen=True, eq=False)
class Survival:
    """S(t), the share not yet caught up after t, as a step line.

    Attributes
    ----------
    times : (k,) float64
        Distinct durations with at least one event, increasing.
    survival : (k,) float64
        S just after each time.
    at_risk, events : (k,) int64
    """

    times: Floats
    survival: Floats
    at_risk: Integers
    events: Integers

    @property
    def median(self) -> float | None:
        """First time at which S is one half or less; None if it never is."""
        # Products of fractions such as 2/3 * 3/4 miss one half by a rounding error.
        reached = np.flatnonzero(self.survival <= 0.5 + 1e-12)
        return float(self.times[reached[0]]) if len(reached) else None


@dataclass(frozen=True, eq=False)
class CatchUp:
    """Catch-up times of c closed leaders.

    Attributes
    ----------
    leaders : (c,) int64
        Positions of the models that ever led the closed frontier, by date.
    months : (c,) float64
        From the leader's release to that of the first open model not worse, or to the end of
        observation; 0 if an open model was there before.
    caught : (c,) bool
        False: censored, "more than `months`".
    caught_by : (c,) int64
        Position of the open model that caught up; -1 where none did.
    curve : Survival
    median : float or None
        Months. None: more than half are not caught up yet, as far as can be seen.
    median_lower, median_upper : float or None
        Percentiles of the median over draws, each draw with its own leaders; None where at that
        end of the draws the median is not reached.
    """

    leaders: Integers
    months: Floats
    caught: Flags
    caught_by: Integers
    curve: Survival
    median: float | None
    median_lower: float | None
    median_upper: float | None
    level: float
    until: np.datetime64


def kaplan_meier(durations: ArrayLike, observed: ArrayLike) -> Survival:
    """Product-limit estimate: S(t) = product over event times up to t of (1 - d_i / n_i).

    Parameters
    ----------
    durations : (c,) float
        Not negative. Someone censored at a time is still at risk at that time.
    observed : (c,) bool
        False where the duration is censored.

    Raises
    ------
    InvalidParameter
        Lengths that differ, a negative or missing duration.
    """
    time, event = np.asarray(durations, dtype=float), np.asarray(observed, dtype=bool)
    if time.ndim != 1 or time.shape != event.shape:
        raise InvalidParameter(f"{time.shape} durations do not fit {event.shape} flags")
    if not (np.isfinite(time) & (time >= 0)).all():
        raise InvalidParameter("a duration is negative or not finite")
    times, events = np.unique(time[event], return_counts=True)
    at_risk = len(time) - np.searchsorted(np.sort(time), times, side="left")
    return Survival(
        times=times,
        survival=np.cumprod(1 - events / at_risk),
        at_risk=at_risk.astype(np.int64),
        events=events.astype(np.int64),
    )


def catch_up(
    field: Contenders, until: np.datetime64 | str, *, level: float = 0.95
) -> CatchUp | Undefined:
    """Time each closed leader until the first open model is not worse.

    Parameters
    ----------
    field : Contenders
    until : datetime64[D]
        End of observation, usually the day of the board. Models released later do not count.
    level : float
        Of the interval on the median.

    Returns
    -------
    CatchUp, or Undefined when no closed model is eligible by then. With no open model all are
    censored.
    """
    check_level(level)
    last = as_day(until)
    race = _Race(field, last)
    if len(race.closed) == 0:
        return missing_side("closed", 0, 1, last)
    lead, duration, caught = race.run(field.rating)
    curve = kaplan_meier(months(duration), caught)
    medians = np.sort([race.median(draw) for draw in field.draws])
    lower, upper = np.quantile(medians, [(1 - level) / 2, (1 + level) / 2], method="inverted_cdf")
    return CatchUp(
        leaders=race.closed[lead],
        months=months(duration),
        caught=caught,
        caught_by=race.caught_by(field.rating, lead),
        curve=curve,
        median=curve.median,
        median_lower=_finite(lower),
        median_upper=_finite(upper),
        level=level,
        until=last,
    )


class _Race:
    """Both sides in order of release, up to the end of observation, dates as day numbers."""

    def __init__(self, field: Contenders, last: np.datetime64) -> None:
        self.closed, self.open = (
            side[field.released[side] <= last] for side in (field.closed, field.open)
        )
        self._closed_day, self._open_day = (
            field.released[side].astype(np.int64) for side in (self.closed, self.open)
        )
        self._last = int(last.astype(np.int64))

    def run(self, rating: Floats) -> tuple[Integers, Integers, Flags]:
        """Return the leaders' places in `closed`, their days to being caught, and if they were."""
        entered = rating[self.closed]
        before = np.concatenate(([-np.inf], np.maximum.accumulate(entered)[:-1]))
        lead = self._one_a_day(np.flatnonzero(entered > before))
        place = self._first_not_worse(rating, lead)
        caught = place < len(self.open)
        end = np.append(self._open_day, self._last)[place]
        return lead, np.maximum(end - self._closed_day[lead], 0), caught

    def median(self, rating: Floats) -> float:
        """Kaplan-Meier median in months of one draw; infinity if it is not reached."""
        _, duration, caught = self.run(rating)
        median = kaplan_meier(months(duration), caught).median
        return np.inf if median is None else median

    def caught_by(self, rating: Floats, lead: Integers) -> Integers:
        """Positions of the first open models not worse than each leader, or -1."""
        place = self._first_not_worse(rating, lead)
        return np.append(self.open, -1)[place]

    def _first_not_worse(self, rating: Floats, lead: Integers) -> Integers:
        rise = np.maximum.accumulate(rating[self.open])
        return np.asarray(np.searchsorted(rise, rating[self.closed[lead]], side="left"))

    def _one_a_day(self, lead: Integers) -> Integers:
        """Of several that took the lead on one day, keep the last, which is the best."""
        day = self._closed_day[lead]
        last_of_day: Flags = np.append(day[1:] != day[:-1], True)
        return lead[last_of_day]


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
