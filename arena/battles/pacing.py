"""When text becomes visible: as it comes, or at a pace that tells nothing about either side.

Paced text is measured in tokens, estimated by character, so that both sides advance alike in any
script. Both sides stand at one common position until the shorter text ends. The position moves at
one of a few fixed paces, never at a model's own, and waits where the slower side has no more.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

type Mode = Literal["paced", "live"]

# Tokens a second. The pace is the highest that the slower side keeps up with.
STEPS = (10.0, 15.0, 25.0, 40.0, 80.0, 160.0, 320.0)
# When both sides have all their text, what is left is shown in about this many seconds.
_SECONDS_TO_CATCH_UP = 2.0
# The pace is chosen anew this often, over at least this much of what was measured.
_SECONDS_PER_PACE = 1.0
_SECONDS_TO_MEASURE = 0.5

_FIRST_WIDE = "\u2e80"  # from here on nearly all is ideographs, kana and hangul
_TOKENS_NARROW, _TOKENS_WIDE = 0.25, 1.0


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
        self.ended = False
        self.first_at: float | None = None
        self.received = 0.0
        self._released = 0.0
        self._waiting: list[str] = []

    @property
    def waits(self) -> bool:
        return bool(self._waiting)

    def feed(self, text: str, at: float) -> None:
        if self.first_at is None:
            self.first_at = at
        self.received += tokens_in(text)
        self._waiting.append(text)

    def rate(self, at: float) -> float:
        """Return tokens a second since the first."""
        return self.received / max(at - (self.first_at or at), _SECONDS_TO_MEASURE)

    def release(self, position: float | None) -> str:
        """Show text up to a position in tokens; all of it without one."""
        text = "".join(self._waiting)
        cut = len(text) if position is None else self._characters(text, position - self._released)
        visible, rest = text[:cut], text[cut:]
        self._waiting = [rest] if rest else []
        if visible:
            self.shown.append(visible)
            self._released += tokens_in(visible)
        return visible

    def _characters(self, text: str, tokens: float) -> int:
        """Return how many of the first characters fit into so many tokens."""
        head = text[: max(0, int(tokens / _TOKENS_NARROW) + 1)]
        for index, character in enumerate(head):
            tokens -= _TOKENS_WIDE if character >= _FIRST_WIDE else _TOKENS_NARROW
            if tokens < 0:
                return index
        return len(head)


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

    def end(self, side: str) -> None:
        """Note that a side's text is whole."""
        self._tracks[side].ended = True

    def advance(self, at: float) -> Mapping[str, str]:
        """Return what becomes visible on each side now; empty strings where nothing does."""
        if not self._paced:
            return {side: track.release(None) for side, track in self._tracks.items()}
        if not all(track.first_at is not None for track in self._tracks.values()):
            return dict.fromkeys(self._tracks, "")
        elapsed, self._last = at - (self._last if self._last is not None else at), at
        self._choose_pace(at)
        self._position += self._pace * elapsed
        ceiling = [track.received for track in self._tracks.values() if not track.ended]
        self._position = min([self._position, *ceiling])
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

    def _choose_pace(self, at: float) -> None:
        writing = [track for track in self._tracks.values() if not track.ended]
        if not writing:
            left = max(track.received for track in self._tracks.values()) - self._position
            self._pace = max(self._pace, _step_above(left / _SECONDS_TO_CATCH_UP))
        elif self._pace_at is None or at - self._pace_at >= _SECONDS_PER_PACE:
            self._pace_at = at
            self._pace = _step_below(min(track.rate(at) for track in writing))


def _step_below(rate: float) -> float:
    return max((step for step in STEPS if step <= rate), default=STEPS[0])


def _step_above(rate: float) -> float:
    return min((step for step in STEPS if step >= rate), default=STEPS[-1])
