"""What the admission test asks, and how an answer is read."""

import base64
import re
import struct
import zlib

from workers.endpoints.address import Message

CODE_WORD = "KESTREL-4821"

_RED = re.compile(r"\bred\b|\brouge\b|\brot\b|\brojo\b|红|紅", re.IGNORECASE)
_PIXELS = 64


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


def names_red(answer: str) -> bool:
    """Return whether an answer says that the picture is red."""
    return _RED.search(answer) is not None


def _red_square() -> bytes:
    """Return a red square as PNG (W3C, Portable Network Graphics, section 5)."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", _PIXELS, _PIXELS, 8, 2, 0, 0, 0)
    rows = (b"\x00" + b"\xe0\x10\x10" * _PIXELS) * _PIXELS
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


PICTURE: list[Message] = [
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "What colour is this picture? Answer with one word."},
            {
                "type": "image_url",
                "image_url": {
                    "url": "data:image/png;base64," + base64.b64encode(_red_square()).decode()
                },
            },
        ],
    }
]
