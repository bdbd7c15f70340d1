"""A figure that does not exist, said in a sentence instead of a number."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

type Reason = Literal["no_open", "no_closed", "too_few_open", "too_few_closed", "thin", "none_fits"]


@dataclass(frozen=True)
class Undefined:
    """Why there is no figure.

    Attributes
    ----------
    code : str
        For programs; pages translate it.
    sentence : str
        For people, in English.
    since, until : datetime64[D] or None
        First and last of the dates asked for to which this applies, where it applies to dates.
    """

    code: Reason
    sentence: str
    since: np.datetime64 | None = None
    until: np.datetime64 | None = None
