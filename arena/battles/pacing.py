"""When text becomes visible: as it comes, or at a pace that tells nothing about either side.

Paced text is measured in tokens, estimated by character, so that both sides advance alike in any
script. Both sides stand at one common position until the shorter text ends. The position moves at
one of a few fixed paces, the highest that the slower side keeps up with, and waits where that side
has no more.

Three things would tell which side that is, and are avoided:

- Where text stops. A side that is waited for would always stop at the end of one of its own pieces.
  So the position stops at whole units of text, before the end of what has come.
- What follows the shorter answer. If the longer one then came faster, it had been there already. So
  the pace of a side that has ended still counts, and nothing is caught up.
- The end. Both sides end in the same frame.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Literal

type Mode = Literal["paced", "live"]

# Tokens a second; each is a quarter more than the one before.
STEPS = tuple(round(4.0 * 1.25**step, 1) for step in range(22))
# The pace is chosen anew this often, over at least this much of what was measured.
_SECONDS_PER_PACE = 1.0
_SECONDS_TO_MEASURE = 0.5
# What is left of the slower side's speed to catch up after a pause of its own.
_MARGIN = 0.9
# The first text waits so long for more, so that an uneven stream is shown evenly.
_SECONDS_TO_GATHER = 0.6
# The position waits at multiples of this many tokens only.
_UNIT = 2.0
# A side of fewer tokens that came at once had no speed that could be measured: it had this one.
_FEW_TOKENS, _TYPICAL_RATE = 16.0, 40.0

_FIRST_WIDE = "\u2e80"  # from here on nearly all is ideographs, kana and hangul
_TOKENS_NARROW, _TOKENS_WIDE = 0.25, 1.0

_ZERO_WIDTH_JOINER = "\u200d"
_JOINERS = frozenset([_ZERO_WIDTH_JOINER, *map(chr, range(0x1F3FB, 0x1F400))])  # and skin tones
_FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))


def tokens_in(text: str) -> float:
    """Return roughly how many tokens a text has: four characters a token, one an ideograph."""
    if text.isascii():
        return len(text) * _TOKENS_NARROW
    wide = sum(character >= _FIRST_WIDE for character in text)
    return (len(text) - wide) * _TOKENS_NARROW + wide * _TOKENS_WIDE


class _Track:
    """One side's text: what came, and how much of it is visible."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.first_at: float | None = None
        self.ended_at: float | None = None
        self.received = 0.0
        self._released = 0.0
        self._fresh: list[str] = []
        self._text = ""
        self._start = 0

    @property
    def ended(self) -> bool:
        return self.ended_at is not None

    @property
    def waits(self) -> bool:
        """Whether text has come that is not visible."""
        return bool(self._fresh) or self._start < len(self._text)

    @property
    def ceiling(self) -> float:
        """The position up to which it can be shown without telling where its pieces end."""
        if self.ended:
            return float("inf")
        return max(0.0, self.received - _TOKENS_WIDE) // _UNIT * _UNIT

    def feed(self, text: str, at: float) -> None:
        if self.first_at is None:
            self.first_at = at
        self.received += tokens_in(text)
        self._fresh.append(text)

    def rate(self, at: float) -> float:
        """Return tokens a second since the first; of a side that has ended, what it was then."""
        if self.ended_at is not None:
            if self.received < _FEW_TOKENS:
                return _TYPICAL_RATE
            at = self.ended_at
        since = at if self.first_at is None else self.first_at
        return self.received / max(at - since, _SECONDS_TO_MEASURE)

    def release(self, position: float | None) -> str:
        """Show text up to a position in tokens; all of it without one."""
        if self._fresh:
            self._text = self._text[self._start :] + "".join(self._fresh)
            self._start = 0
            self._fresh.clear()
        cut = len(self._text) if position is None else self._cut(position - self._released)
        visible = self._text[self._start : cut]
        if visible:
            self._start = cut
            self.shown.append(visible)
            self._released += tokens_in(visible)
        return visible

    def _cut(self, tokens: float) -> int:
        """Return where so many more tokens end, without splitting what is read as one."""
        text, cut, end = self._text, self._start, len(self._text)
        while cut < end:
            tokens -= _TOKENS_WIDE if text[cut] >= _FIRST_WIDE else _TOKENS_NARROW
            if tokens < 0:
                break
            cut += 1
        if cut == end and not self.ended:
            cut -= cut > self._start  # the next piece may belong to the last character
        while self._start < cut < end and belong_together(text, cut):
            cut -= 1
        return cut


def belong_together(text: str, place: int) -> bool:
    """Return whether the characters on both sides of a place are read as one.

    The common cases of Unicode's grapheme clusters (Standard Annex 29): what modifies or joins
    the character before it, flags, Hangul written in letters, CR LF.
    """
    before, after = text[place - 1], text[place]
    if after < "\u0300":
        return before == "\r" and after == "\n"
    if after in _JOINERS or before == _ZERO_WIDTH_JOINER:
        return True
    if unicodedata.category(after).startswith("M"):
        return True
    if after in _FLAG_LETTERS and before in _FLAG_LETTERS:
        letters = text[:place]
        return (len(letters) - len(letters.rstrip(_FLAG_LETTERS))) % 2 == 1
    return "\u1160" <= after <= "\u11ff" and before >= "\u1100"


class Pacer:
    """Takes the text of several sides as it comes and says what becomes visible, frame by frame.

    It has no clock: times are arguments, in seconds on any one monotonic clock.
    """

    def __init__(self, sides: Iterable[str], *, mode: Mode) -> None:
        self._tracks = {side: _Track() for side in sides}
        self._paced = mode == "paced"
        self._position = 0.0
        self._last: float | None = None
        self._pace = STEPS[0]
        self._pace_at: float | None = None

    def feed(self, side: str, text: str, at: float) -> None:
        """Take a piece of a side's text."""
        self._tracks[side].feed(text, at)

    def end(self, side: str, at: float) -> None:
        """Note that a side's text is whole. Saying it again changes nothing."""
        track = self._tracks[side]
        if track.ended_at is None:
            track.ended_at = at

    def advance(self, at: float) -> Mapping[str, str]:
        """Return what becomes visible on each side now; empty strings where nothing does."""
        if not self._paced:
            return {side: track.release(None) for side, track in self._tracks.items()}
        if not self._both_have_begun(at):
            return dict.fromkeys(self._tracks, "")
        elapsed, self._last = at - (self._last if self._last is not None else at), at
        self._choose_pace(at)
        ceiling = min(track.ceiling for track in self._tracks.values())
        # Never back: where a side's end was not known yet it may have been shown a little further.
        moved = min(self._position + self._pace * elapsed, ceiling)
        self._position = max(self._position, moved)
        return {side: track.release(self._position) for side, track in self._tracks.items()}

    @property
    def anything_shown(self) -> bool:
        """Whether any text is visible."""
        return any(track.shown for track in self._tracks.values())

    @property
    def finished(self) -> bool:
        """Whether every side's text is whole and visible."""
        return all(track.ended and not track.waits for track in self._tracks.values())

    def shown(self, side: str) -> str:
        """Return the visible text of a side."""
        return "".join(self._tracks[side].shown)

    def states(self) -> Mapping[str, str]:
        """Return what may be told of each side. When paced, both end in the same frame."""
        if self._paced:
            common = self._state(shown=self.anything_shown, finished=self.finished)
            return dict.fromkeys(self._tracks, common)
        return {
            side: self._state(shown=bool(track.shown), finished=track.ended and not track.waits)
            for side, track in self._tracks.items()
        }

    @staticmethod
    def _state(*, shown: bool, finished: bool) -> str:
        if finished:
            return "complete"
        return "streaming" if shown else "waiting"

    def _both_have_begun(self, at: float) -> bool:
        """Return whether each side has text, for long enough to be shown evenly."""
        tracks = self._tracks.values()
        begun = [track.first_at for track in tracks if track.first_at is not None]
        if len(begun) < len(self._tracks):
            return False
        return self._last is not None or at >= max(begun) + _SECONDS_TO_GATHER

    def _choose_pace(self, at: float) -> None:
        """Choose the pace now and then, until one answer is at its end for those who read it."""
        if any(track.ended and not track.waits for track in self._tracks.values()):
            return
        if self._pace_at is None or at - self._pace_at >= _SECONDS_PER_PACE:
            self._pace_at = at
            slower = min(track.rate(at) for track in self._tracks.values())
            self._pace = _step_below(_MARGIN * slower)


def _step_below(rate: float) -> float:
    return max((step for step in STEPS if step <= rate), default=STEPS[0])
