"""What the admission test asks, and how an answer is read."""

import base64
import random
import re
import struct
import zlib
from dataclasses import dataclass
from typing import Any

from workers.endpoints.address import Message

CODE_WORD = "KESTREL-4821"

# Far apart, so that no eye mistakes one for another, and as models name them in their languages.
_COLOURS = {
    (220, 20, 20): r"\bred\b|\brouge\b|\brote?\b|\broj[oa]\b|红|紅",
    (20, 150, 20): r"\bgreen\b|\bverte?\b|\bgrün\b|\bverde\b|绿|綠",
    (20, 40, 220): r"\bblue\b|\bbleue?\b|\bblau\b|\bazul\b|蓝|藍",
    (250, 230, 20): r"\byellow\b|\bjaune\b|\bgelb\b|\bamarill[oa]\b|黄|黃",
    (0, 0, 0): r"\bblack\b|\bnoire?\b|\bschwarz\b|\bnegr[oa]\b|黑",
    (255, 255, 255): r"\bwhite\b|\bblanc(?:he)?\b|\bweiß\b|\bblanc[oa]\b|白",
}
_NAMED = {colour: re.compile(words, re.IGNORECASE) for colour, words in _COLOURS.items()}
_PIXELS = 64

type Colour = tuple[int, int, int]


def _says(text: str) -> list[Message]:
    return [{"role": "user", "content": text}]


HELLO = _says("Say hello in one short sentence.")
COUNTING = _says("Count from 1 to 300, one number on each line, and nothing else.")
RIVERS = _says("Write about 150 words on how rivers change the land they cross.")


def long_prompt(characters: int) -> list[Message]:
    """Return a prompt of that many characters that asks for the code word at its beginning."""
    beginning = f"The code word is {CODE_WORD}. What follows is of no importance.\n"
    ending = "\nWhat is the code word at the very beginning? Answer with the code word alone."
    room = max(0, characters - len(beginning) - len(ending))
    lines = (
        f"Entry {n}: the water stood at {n * 7 % 97} and the wind was calm.\n" for n in range(room)
    )
    filling = ""
    for line in lines:
        if len(filling) + len(line) > room:
            break
        filling += line
    return _says(beginning + filling + ending)


@dataclass(frozen=True, slots=True)
class TwoColours:
    """A question about a picture whose left half has one colour and its right half another."""

    left: Colour
    right: Colour

    @property
    def picture_url(self) -> str:
        """The picture as a ``data:`` URL."""
        picture = base64.b64encode(_halves(self.left, self.right)).decode()
        return f"data:image/png;base64,{picture}"

    @property
    def messages(self) -> list[Message]:
        """What is asked."""
        text = (
            "Which colour is the left half of this picture, and which the right half? "
            "Answer with the two words alone, the left one first."
        )
        url = {"url": self.picture_url}
        asked: dict[str, Any] = {"type": "text", "text": text}
        return [{"role": "user", "content": [asked, {"type": "image_url", "image_url": url}]}]

    def is_described_by(self, answer: str) -> bool:
        """Return whether an answer names both colours in their order, and no others."""
        found = {colour: words.search(answer) for colour, words in _NAMED.items()}
        named = {match.start(): colour for colour, match in found.items() if match}
        return [named[start] for start in sorted(named)] == [self.left, self.right]


def two_colours(chance: random.Random) -> TwoColours:
    """Return one of thirty such questions."""
    left, right = chance.sample(list(_COLOURS), 2)
    return TwoColours(left, right)


def _halves(left: Colour, right: Colour) -> bytes:
    """Return a square of two colours as PNG (W3C, Portable Network Graphics, section 5)."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", _PIXELS, _PIXELS, 8, 2, 0, 0, 0)
    half = _PIXELS // 2
    rows = (b"\x00" + bytes(left) * half + bytes(right) * half) * _PIXELS
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
