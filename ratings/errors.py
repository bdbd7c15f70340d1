"""What can be wrong with votes, said in one sentence each.

::

    RatingsError (a ValueError)
    ├── InvalidVotes        a column that is not what it says: lengths, outcomes, weights, names
    ├── InvalidParameter    an argument that has no meaning: a level of 2, an unknown interval
    ├── NotEnoughVotes      no model can be told from another: empty, one model, one voter
    ├── Separated           a maximum likelihood that lies at infinity
    ├── CollinearFeatures   style features that cannot be told apart from each other or from models
    └── NotConverged        the solver stopped before the gradient vanished
"""

# ruff: noqa: N818 - the names read as the finding itself, like Django's DoesNotExist


class RatingsError(ValueError):
    """Base of everything this library raises on purpose; its text may be shown to a researcher."""


class InvalidVotes(RatingsError):
    """A column of votes is malformed; the message names the column and the first bad row."""


class InvalidParameter(RatingsError):
    """An argument is outside the values its docstring lists."""


class NotEnoughVotes(RatingsError):
    """The votes are well formed, but nothing can be estimated from them."""


class Separated(RatingsError):
    """The likelihood has no finite maximum, so a finite answer would be an invention."""


class CollinearFeatures(RatingsError):
    """A style feature is constant, or a combination of others or of the models themselves."""


class NotConverged(RatingsError):
    """The iteration ended with a gradient that is not zero; no rating is returned."""
