"""The process that decodes one picture: reads it from standard input, writes it scaled down to standard output.

Run by path (images.py), so that it holds Python and Pillow alone: a picture of 16 megapixels takes up to 210 MB, which
are free again when it ends, and a decoder that is tricked into more ends alone. Arguments: the kind of the file, the
kind of the result (JPEG, PNG, WEBP, or THUMB for the middle as a square WebP), the greatest width and height.
"""

from __future__ import annotations

import struct
import sys
from io import BytesIO

from PIL import Image

STRIP_PIXELS = 1_000_000
# Averaged that far, resampled from there. With 2 the largest allowed pictures would be copied in full.
OVERSIZE = 1.5
# What Pillow raises on a damaged file.
DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    MemoryError,
    EOFError,
    ArithmeticError,
    LookupError,
    TypeError,
    struct.error,
)
FORMATS = {"THUMB": "WEBP"}
OPTIONS: dict[str, dict[str, int | bool]] = {
    "JPEG": {"optimize": True, "quality": 82},
    "PNG": {"optimize": True},
    "WEBP": {"quality": 80},
    "THUMB": {"quality": 80},
}
ORIENTATION = 0x0112
TRANSPOSED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def scaled(content: bytes, kind: str, result: str, box: tuple[int, int]) -> bytes:
    """Return a picture upright, at most as large as a box, with nothing but its pixels."""
    picture, orientation = opened(content, kind, box)
    if orientation >= 5:  # it lies on its side
        box = box[1], box[0]
    if result == "THUMB":
        picture = middle_square(picture)
    small = shrunk(picture, "RGBA" if result == "PNG" else "RGB", box)
    small.thumbnail(box)
    if orientation in TRANSPOSED:
        small = small.transpose(TRANSPOSED[orientation])
    out = BytesIO()
    small.save(out, FORMATS.get(result, result), **OPTIONS[result])
    return out.getvalue()


def middle_square(picture: Image.Image) -> Image.Image:
    """Return the largest square in the middle of a picture."""
    width, height = picture.size
    edge = min(width, height)
    left, top = (width - edge) // 2, (height - edge) // 2
    return picture.crop((left, top, left + edge, top + edge))


def opened(content: bytes, kind: str, box: tuple[int, int]) -> tuple[Image.Image, int]:
    """Return a picture and how it is turned. A JPEG is decoded at a fraction of its size."""
    picture = Image.open(BytesIO(content), formats=(kind,))
    orientation = orientation_of(picture)
    if kind == "JPEG":
        factor = max(*box) / max(picture.size)
        picture.draft("RGB", tuple(max(1, round(edge * factor)) for edge in picture.size))  # type: ignore[arg-type]
    if kind != "WEBP":
        picture.load()
        return picture, orientation
    # Pillow's own loading holds five copies of the pixels at once.
    mode, size = picture.rawmode, picture.size  # type: ignore[attr-defined]
    frame = picture._decoder.get_next()  # type: ignore[attr-defined]
    picture._decoder = None  # type: ignore[attr-defined]
    if frame is None:
        raise OSError("the file is damaged")
    return Image.frombuffer(mode, size, frame[0], "raw", mode, 0, 1), orientation


def orientation_of(picture: Image.Image) -> int:
    """Return the orientation in the metadata, 1 to 8; damaged metadata say nothing."""
    try:
        value = picture.getexif().get(ORIENTATION, 1)
    except (OSError, ValueError, SyntaxError, TypeError, LookupError, struct.error):
        return 1
    return value if isinstance(value, int) and value in range(1, 9) else 1


def shrunk(picture: Image.Image, mode: str, box: tuple[int, int]) -> Image.Image:
    """Return a picture in a mode, at least OVERSIZE times as large as a box, converted strip by strip."""
    width, height = picture.size
    factor = max(1, int(max(width / box[0], height / box[1]) / OVERSIZE))
    small = Image.new(mode, (-(-width // factor), -(-height // factor)))
    rows = factor * max(1, STRIP_PIXELS // (width * factor))
    for top in range(0, height, rows):
        strip = converted(picture.crop((0, top, width, min(height, top + rows))), mode)
        small.paste(strip.reduce(factor) if factor > 1 else strip, (0, top // factor))
    return small


def converted(strip: Image.Image, mode: str) -> Image.Image:
    """Return a part of a picture in a mode; on white where something is transparent that may not be."""
    if strip.mode.startswith("I"):  # 16 bits
        strip = strip.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if mode == "RGBA" or not strip.has_transparency_data:
        return strip.convert(mode)
    white = Image.new("RGBA", strip.size, "white")
    white.alpha_composite(strip.convert("RGBA"))
    return white.convert(mode)


def main(kind: str, result: str, width: str, height: str) -> int:
    """Scale the picture down; 1 for one that cannot be decoded."""
    Image.MAX_IMAGE_PIXELS = None  # picture_headers.py has judged the size
    try:
        content = scaled(sys.stdin.buffer.read(), kind, result, (int(width), int(height)))
    except DAMAGED:
        return 1
    sys.stdout.buffer.write(content)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
