"""What is kept of a file that should be a picture: its pixels, in a size and kind of our own."""

import io
import struct
import zlib

import pytest
from PIL import Image

from arena.battles.errors import PromptRefused
from arena.battles.pictures.encoding import LONG_SIDE, MAX_BYTES, encode
from tests.arena.battles.drawn import HTML, RED, SVG, drawn, opened


def colour(image: Image.Image) -> tuple[int, ...]:
    """Return the colour in the middle."""
    found = image.getpixel((image.width // 2, image.height // 2))
    assert isinstance(found, tuple)
    return found


def with_exif(orientation: int) -> bytes:
    """Return a picture that says where it was taken, by what, and which way it was held."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Nobody's Cameras"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (48.0, 12.0, 30.0)
    return drawn("JPEG", exif=exif, comment=b"a secret remark", icc_profile=b"profile of a screen")


def bomb() -> bytes:
    """Return a PNG of a few bytes that says it has 3,600,000,000 pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        sum_of = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", sum_of)

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_whatever_comes_becomes_a_jpeg(kind: str) -> None:
    found = encode(drawn(kind))
    image = opened(found.content)
    assert (image.format, image.size) == ("JPEG", (64, 48))
    assert (found.width, found.height) == (64, 48)
    assert all(abs(x - y) < 12 for x, y in zip(colour(image), RED, strict=True))


def test_it_is_made_small_enough_and_never_larger() -> None:
    assert opened(encode(drawn(size=(4000, 1000))).content).size == (LONG_SIDE, 392)
    assert opened(encode(drawn("JPEG", size=(900, 4000))).content).size == (353, LONG_SIDE)
    assert opened(encode(drawn(size=(3, 2))).content).size == (3, 2)


def test_nothing_but_pixels_is_left_of_it() -> None:
    file = with_exif(6)
    assert b"Nobody" in file
    assert b"secret remark" in file
    found = encode(file)
    image = opened(found.content)
    assert image.size == (48, 64)  # upright
    assert not image.getexif()
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    for word in (b"Nobody", b"secret", b"profile", b"Exif", b"GPS"):
        assert word not in found.content


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_it_takes_every_kind_of_pixels(mode: str) -> None:
    file = io.BytesIO()
    source = Image.new("L", (2000, 20), 128)
    source.paste(0, (0, 0, 1000, 20))
    if mode == "I;16":
        source = Image.frombytes(mode, (2000, 20), (b"\0\0" * 1000 + b"\0\x80" * 1000) * 20)
    source.convert(mode).save(file, "JPEG" if mode == "CMYK" else "PNG")
    image = opened(encode(file.getvalue()).content)
    assert (image.mode, image.width) == ("RGB", LONG_SIDE)
    left, right = image.getpixel((100, 8)), image.getpixel((1500, 8))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert left[0] < 30
    assert 100 < right[0] < 256


def test_the_first_frame_stands_for_an_animation() -> None:
    file = io.BytesIO()
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue", "lime")]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    image = opened(encode(file.getvalue()).content)
    assert getattr(image, "n_frames", 1) == 1
    red, green, blue = colour(image)
    assert red > 200
    assert max(green, blue) < 60


@pytest.mark.parametrize("size", [(1500, 1), (1, 1500)])
def test_a_strip_is_put_on_a_sheet(size: tuple[int, int]) -> None:
    made = encode(drawn(size=size))
    assert max(made.width, made.height) == 50 * min(made.width, made.height) == 1500


def test_what_is_transparent_becomes_white() -> None:
    file = io.BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(file, "PNG")
    assert colour(opened(encode(file.getvalue()).content)) == (255, 255, 255)


BAD = {
    "svg": (SVG, "picture_unreadable"),
    "html": (HTML, "picture_unreadable"),
    "html behind a PNG's head": (b"\x89PNG\r\n\x1a\n" + HTML, "picture_unreadable"),
    "nothing": (b"", "picture_unreadable"),
    "cut off": (drawn("JPEG", (800, 800))[:900], "picture_unreadable"),
    "cut off PNG": (drawn(size=(800, 800))[:60], "picture_unreadable"),
    "scan after scan": (drawn("JPEG") + 101 * b"\xff\xda", "picture_unreadable"),
    "tiff": (drawn("TIFF"), "picture_unreadable"),
    "bomb": (bomb(), "picture_too_large"),
    "many pixels": (drawn(size=(10_000, 4_001)), "picture_too_large"),
    "many bytes": (drawn() + b"\0" * MAX_BYTES, "picture_too_large"),
}


@pytest.mark.filterwarnings("default::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(("file", "code"), BAD.values(), ids=BAD)
def test_it_refuses_what_is_no_picture(file: bytes, code: str) -> None:
    with pytest.raises(PromptRefused) as refused:
        encode(file)
    assert refused.value.code == code


# -- who may keep and see one ----------------------------------------------------------------------
