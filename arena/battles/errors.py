"""What can be wrong with what a visitor asks: a code, a status, a sentence that says what to do.

::

    BattleError
    ├── PromptRefused     400  prompt_empty, prompt_too_long, comment_too_long, bad_request,
    │                          prompt_flagged, prompt_blocked, picture_unreadable,
    │                          picture_too_large, picture_gone
    ├── NotYours          403  not_yours           another visitor's battle
    │                          signed_in           the visitor's, who signed in meanwhile
    │                          no_cookie           nobody's: a picture wants an owner
    ├── NotFound          404  not_found
    ├── NotPossibleNow    409  still_streaming, vote_pending, battle_void, too_many_turns,
    │   │                      not_votable, not_blind, no_vote, no_longer_served, not_served,
    │   │                      withheld, not_seeing, picture_first, too_many_pictures,
    │   │                      picture_not_taken
    │   └── TooLate            too_late            names the vote that stands
    ├── TooSlow           408  too_slow            the body of a request did not come in time
    ├── TooLarge          413  too_large           the body of a request
    ├── TooMany           429  too_many_prompts, too_many_battles, one_at_a_time,
    │                          too_many_requests, too_many_unused_pictures
    └── Unavailable       503  no_models, no_models_seeing, budget_spent, restarting, storage_away,
                               too_busy, prompt_unchecked
"""

# ruff: noqa: N818 -- read `raise NotFound`; the base class says that they are errors

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

type Sentence = str | Promise

_SENTENCES: Mapping[str, Sentence] = {
    "prompt_empty": _("Your prompt is empty: write something first."),
    "prompt_too_long": _("Your prompt is longer than %(limit)s characters: shorten it."),
    "comment_too_long": _("Your comment is longer than 1,000 characters: shorten it."),
    "prompt_flagged": _(
        "An automatic check finds that this prompt may be harmful. It can be wrong: change the "
        "prompt, or send it anyway."
    ),
    "prompt_blocked": _(
        "An automatic check finds that this prompt may be harmful, so it was not sent. The check "
        "can be wrong: put it in other words and try again."
    ),
    "prompt_unchecked": _(
        "Prompts are checked before they are sent, and the check does not answer right now. Yours "
        "was not sent: try again in a minute."
    ),
    "bad_request": _("This request was not understood: reload the page and try again."),
    "not_yours": _("This battle belongs to another visitor."),
    "signed_in": _("You signed in in another tab. Nothing was lost: send it once more."),
    "no_cookie": _("A picture needs our cookie: allow cookies for this site, then reload."),
    "not_found": _("This battle does not exist: start a new one."),
    "still_streaming": _("The answers are still being written: wait for them, or stop them."),
    "vote_pending": _("Your vote is being recorded: go on in a few seconds."),
    "battle_void": _("This battle is over without a result: try the same prompt again."),
    "too_many_turns": _("A battle has at most %(limit)s turns: vote, or start a new one."),
    "not_votable": _("The vote opens when both answers are complete."),
    "not_blind": _("You chose who answers here, so there is no vote: votes are blind."),
    "no_vote": _("Vote first: then you will see who answered."),
    "too_late": _("It is too late to take this vote back: “%(vote)s” stands."),
    "withheld": _("A moderator has to look at this battle before it can be shared."),
    "no_longer_served": _("One of the two models has left: vote, or start a new battle."),
    "not_served": _("A model that you chose cannot answer right now: choose another one."),
    "picture_unreadable": _(
        "This file cannot be read as a picture: take a JPEG, PNG, WebP or GIF."
    ),
    "picture_too_large": _(
        "This picture is too large: take one of at most 10 MB and 40 million pixels."
    ),
    "picture_gone": _("This picture is no longer here: attach it again."),
    "picture_first": _("This battle began without a picture: start a new one with yours."),
    "picture_not_taken": _("Pictures are not taken here: send the prompt without it."),
    "too_many_pictures": _("There are enough pictures in this battle: send the prompt without."),
    "too_many_unused_pictures": _("You attached many pictures without sending them: use those."),
    "not_seeing": _(
        "A model that you chose cannot look at pictures right now: choose another one, or remove "
        "the picture."
    ),
    "no_models_seeing": _(
        "There are not two models that can look at pictures right now: remove the picture, or try "
        "again in a minute."
    ),
    "too_many_prompts": _("You sent many prompts in a short time: wait a minute, then try again."),
    "too_many_battles": _("Several of your battles are still being answered: wait for one."),
    "one_at_a_time": _("Another answer to you is still being written: wait for it, or stop it."),
    "no_models": _("There are not two models to compare right now: try again in a minute."),
    "budget_spent": _(
        "The arena has used up what its answers may cost for now: come back tomorrow. The "
        "leaderboard and your past battles are still here."
    ),
    "too_many_requests": _("You asked for very much in a short time: wait, then try again."),
    "too_slow": _("This took too long to arrive: your connection may be slow. Send it again."),
    "too_large": _("This is too large to be sent: a picture may have at most 10 MB."),
    "storage_away": _(
        "Our database does not answer right now. Nothing was lost: try again in a few seconds."
    ),
    "too_busy": _("Very many people are here right now: try again in a few seconds."),
    "restarting": _("The site is restarting. Nothing was lost: try again in a few seconds."),
}
_LIMITS = {"prompt_too_long": "MAX_PROMPT_CHARACTERS", "too_many_turns": "MAX_TURNS"}


class BattleError(Exception):
    """A visitor's request was refused.

    Attributes
    ----------
    code : str
        A key of this module's sentences.
    status : int
        The HTTP status to answer with.
    retry_after : int or None
        In how many seconds the same may be possible, where waiting helps.
    """

    status = 500

    def __init__(self, code: str, *, retry_after: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after

    @property
    def sentence(self) -> str:
        """The sentence for the visitor, in the active language."""
        sentence = str(_SENTENCES[self.code])
        setting = _LIMITS.get(self.code)
        return sentence % {"limit": getattr(settings, setting)} if setting else sentence

    def as_json(self) -> dict[str, Any]:
        """Return what a script is told, in the active language."""
        more = {} if self.retry_after is None else {"retry_after": self.retry_after}
        return {"code": self.code, "message": self.sentence, **more}


class PromptRefused(BattleError):
    """What was sent cannot be used."""

    status = 400


class NotYours(BattleError):
    """The battle belongs to another visitor."""

    status = 403

    def __init__(self, code: str = "not_yours") -> None:
        super().__init__(code)


class NotFound(BattleError):
    """There is no such battle."""

    status = 404

    def __init__(self, code: str = "not_found") -> None:
        super().__init__(code)


class NotPossibleNow(BattleError):
    """The battle is not in the state for it."""

    status = 409


class TooLate(NotPossibleNow):
    """The vote can no longer be taken back; ``outcome`` and ``label`` say what it is."""

    def __init__(self, outcome: str, label: Sentence, final_at: dt.datetime) -> None:
        super().__init__("too_late")
        self.outcome, self.label, self.final_at = outcome, label, final_at

    @property
    def sentence(self) -> str:
        """The sentence for the visitor, in the active language."""
        return super().sentence % {"vote": self.label}

    def as_json(self) -> dict[str, Any]:
        """Return what a script is told, in the active language."""
        return {
            **super().as_json(),
            "outcome": self.outcome,
            "final_at": self.final_at.isoformat(),
        }


class TooSlow(BattleError):
    """The body of a request did not come in time."""

    status = 408

    def __init__(self) -> None:
        super().__init__("too_slow")


class TooLarge(BattleError):
    """The body of a request is longer than anything that is taken here."""

    status = 413

    def __init__(self) -> None:
        super().__init__("too_large")


class TooMany(BattleError):
    """A limit of this visitor was reached."""

    status = 429


class Unavailable(BattleError):
    """The arena cannot do it now."""

    status = 503
