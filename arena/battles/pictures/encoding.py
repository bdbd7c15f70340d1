"""A file of unknown origin into a JPEG of ours: only the pixels of its first frame come through."""

import io
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PIL import Image, ImageOps

from arena.battles.errors import PromptRefused, Unavailable

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
# What models look at closer than this is cut down by their servers anyway.
LONG_SIDE = 1568
# Formats of pixels alone: SVG and PDF are programs, and the rest nobody has on a phone.
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_QUALITY = 88
# Each scan of a JPEG goes over the whole picture; cameras and editors write ten or so. Within the
# pixels' data these two bytes never stand beside each other.
_SCAN, _MAX_SCANS = b"\xff\xda", 100
# Some servers fail at longer strips, and would be blamed for it.
_LONGEST_STRIP = 50
# Kinds of pixels that can be made fewer as they are.
_SMOOTH = {"RGB", "RGBA", "L", "CMYK"}
# What Pillow raises at a file that is broken or made to break it.
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    EOFError,
    LookupError,
    OverflowError,
    struct.error,
    zlib.error,
)
# A picture takes some ten bytes a pixel while it is drawn: so many at once, and no more.
_AT_ONCE, _SECONDS_OF_WAIT, _SECONDS_TO_COME_BACK = 1, 3.0, 5
_room = threading.BoundedSemaphore(_AT_ONCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """A JPEG without metadata, and its size in pixels."""

    content: bytes
    width: int
    height: int


def encode(file: bytes) -> Encoded:
    """Draw a visitor's picture anew: upright, at most `LONG_SIDE` pixels long, on white.

    Of an animation the first frame is taken. Place, time, camera, colour profile, thumbnail and
    whatever else was in the file are left behind.

    Raises
    ------
    PromptRefused
        When it is no picture that we take (code ``picture_unreadable``) or too large
        (``picture_too_large``).
    Unavailable
        When too many are being drawn (code ``too_busy``).
    """
    if len(file) > MAX_BYTES:
        raise PromptRefused("picture_too_large")
    if file.startswith(b"\xff\xd8") and file.count(_SCAN) > _MAX_SCANS:
        raise PromptRefused("picture_unreadable")
    try:
        with _place(), Image.open(io.BytesIO(file), formats=_FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise PromptRefused("picture_too_large")
            return _drawn(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PromptRefused("picture_too_large") from None
    except _BROKEN:
        raise PromptRefused("picture_unreadable") from None


@contextmanager
def _place() -> Iterator[None]:
    if not _room.acquire(timeout=_SECONDS_OF_WAIT):
        raise Unavailable("too_busy", retry_after=_SECONDS_TO_COME_BACK)
    try:
        yield
    finally:
        _room.release()


def _drawn(image: Image.Image) -> Encoded:
    # A JPEG can be read at half or a quarter of its size, which costs as much less.
    image.draft("RGB", (LONG_SIDE, LONG_SIDE))
    ImageOps.exif_transpose(image, in_place=True)
    # Between two colours of a palette there is none.
    smooth = image if image.mode in _SMOOTH else image.convert("RGBA")
    smooth.thumbnail((LONG_SIDE, LONG_SIDE))
    upright = smooth.convert("RGBA")
    # A canvas of our own: what a file says beside its pixels hangs on the image that was read.
    width, height = upright.size
    size = max(width, -(-height // _LONGEST_STRIP)), max(height, -(-width // _LONGEST_STRIP))
    canvas = Image.new("RGB", size, "white")
    canvas.paste(upright, mask=upright)
    written = io.BytesIO()
    canvas.save(written, "JPEG", quality=_QUALITY, optimize=True)
    return Encoded(content=written.getvalue(), width=canvas.width, height=canvas.height)
