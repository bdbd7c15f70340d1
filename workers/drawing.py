"""Draws one Vega-Lite specification and ends: `python -m workers.drawing png < SPECIFICATION`.

A program of its own, because the renderer holds Python's lock while it draws: in a web process it
would stop every stream for a quarter of a second. Its fonts come from packages, so a picture has
Chinese glyphs on any machine.
"""

import sys

import pylopdf_fonts_zh_cn
import pylopdf_fonts_zh_tw
import vl_convert

# Pixels of the picture for each of the specification's.
_SCALE = 2.0


def draw(specification: str, form: str) -> bytes:
    """Return the picture (`png` or `svg`) of a Vega-Lite specification that holds its own data.

    Raises
    ------
    ValueError
        The specification cannot be drawn; the sentence is the renderer's.
    """
    for package in (pylopdf_fonts_zh_cn, pylopdf_fonts_zh_tw):
        vl_convert.register_font_directory(str(package.sans_path().parent))
    # No address is allowed: a specification brings its data.
    if form == "svg":
        return vl_convert.vegalite_to_svg(specification, allowed_base_urls=[]).encode()
    return vl_convert.vegalite_to_png(specification, scale=_SCALE, allowed_base_urls=[])


def main() -> int:
    """Read a specification from standard input, write its picture to standard output."""
    try:
        sys.stdout.buffer.write(draw(sys.stdin.read(), sys.argv[1]))
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
