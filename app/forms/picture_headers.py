"""What the beginning of a picture says of itself: kind, size and what decoding it takes. Nothing is decoded here.

So a file that is small and unpacks to gigabytes is refused at the cost of reading some hundred bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

JPEG, PNG, WEBP = "JPEG", "PNG", "WEBP"
PIXELS_MAX = {JPEG: 64_000_000, PNG: 16_000_000, WEBP: 16_000_000}
COEFFICIENT_BYTES_MAX = 160_000_000  # of a JPEG in several scans, which libjpeg keeps whole
SCANS_MAX = 100  # a usual progressive JPEG has ten; thousands would decode the whole picture thousands of times

PNG_MARK = b"\x89PNG\r\n\x1a\n"
PNG_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")  # pixels; all others are texts, profiles, animations
START_OF_SCAN, STANDALONE = 0xDA, (0x01, *range(0xD0, 0xD9))
FRAMES = tuple(code for code in range(0xC0, 0xD0) if code not in (0xC4, 0xC8, 0xCC))
PROGRESSIVE = (0xC2, 0xC6, 0xCA, 0xCE)


class NotAPicture(ValueError):
    """The file is no JPEG, PNG or WebP, or it is damaged."""


class TooManyPixels(ValueError):
    """The picture is larger than one that is decoded. megapixels, megapixels_max: of this kind."""

    def __init__(self, pixels: int, pixels_max: int) -> None:
        super().__init__(pixels)
        self.megapixels, self.megapixels_max = -(-pixels // 1_000_000), pixels_max // 1_000_000


@dataclass(frozen=True, slots=True)
class Header:
    """Kind and size of a picture. pixels_max: how many it may have."""

    kind: str
    width: int
    height: int
    pixels_max: int


def read_header(content: bytes) -> Header:
    """Return what a file says of itself. Raises NotAPicture, TooManyPixels."""
    try:
        header = _header(content)
    except IndexError as error:  # it ends too early
        raise NotAPicture from error
    pixels = header.width * header.height
    if not pixels:
        raise NotAPicture
    if pixels > header.pixels_max:
        raise TooManyPixels(pixels, header.pixels_max)
    return header


def pixels_only(content: bytes) -> bytes:
    """Return a PNG without its texts, profiles and animations, which may unpack to far more; others as they are."""
    if not content.startswith(PNG_MARK):
        return content
    # Views, because copies of the chunks, and another with the mark, would be two more of a file of many megabytes.
    return b"".join((PNG_MARK, *(chunk for name, chunk in _png_chunks(content) if name in PNG_CHUNKS)))


def _header(content: bytes) -> Header:
    if content.startswith(b"\xff\xd8\xff"):
        return _jpeg(content)
    if content.startswith(PNG_MARK) and content[12:16] == b"IHDR":
        return Header(PNG, _big(content, 16, 4), _big(content, 20, 4), PIXELS_MAX[PNG])
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return Header(WEBP, *_webp_size(content), PIXELS_MAX[WEBP])
    raise NotAPicture


def _jpeg(content: bytes) -> Header:
    if content.count(bytes((0xFF, START_OF_SCAN))) > SCANS_MAX:
        raise NotAPicture
    frame, code = -1, 0
    for marker, at in _jpeg_segments(content):
        if marker in FRAMES:
            frame, code = at, marker
        if marker == START_OF_SCAN:
            break
    else:
        raise NotAPicture
    if frame < 0:
        raise NotAPicture
    height, width, count = _big(content, frame + 3, 2), _big(content, frame + 5, 2), content[frame + 7]
    is_whole = code in PROGRESSIVE or content[at + 2] < count
    pixels_max = PIXELS_MAX[JPEG]
    if is_whole:
        pixels_max = min(pixels_max, int(COEFFICIENT_BYTES_MAX / _coefficient_bytes(content, frame + 8, count)))
    return Header(JPEG, width, height, pixels_max)


def _coefficient_bytes(content: bytes, at: int, count: int) -> float:
    """Return how many bytes of coefficients a pixel has: two for each component, by how it is sampled."""
    factors = [(each >> 4) * (each & 15) for each in (content[at + 3 * number + 1] for number in range(count))]
    if not factors or not all(factors):
        raise NotAPicture
    return 2 * sum(factors) / max(factors)


def _jpeg_segments(content: bytes) -> Iterator[tuple[int, int]]:
    """Yield the marker of each segment up to the first scan, and where its length stands."""
    at = 2
    while True:
        while content[at] == 0xFF:
            at += 1
        marker = content[at]
        at += 1
        if marker in STANDALONE:
            continue
        yield marker, at
        length = _big(content, at, 2)
        if length < 2 or content[at + length] != 0xFF:
            raise NotAPicture
        at += length


def _webp_size(content: bytes) -> tuple[int, int]:
    kind = content[12:16]
    if kind == b"VP8X":
        return _little(content, 24, 3) + 1, _little(content, 27, 3) + 1
    if kind == b"VP8L" and content[20] == 0x2F:
        bits = _little(content, 21, 4)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and content[23:26] == b"\x9d\x01\x2a":
        return _little(content, 26, 2) & 0x3FFF, _little(content, 28, 2) & 0x3FFF
    raise NotAPicture


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, memoryview]]:
    at, whole = len(PNG_MARK), memoryview(content)
    while at + 12 <= len(content):
        end = at + 12 + int.from_bytes(content[at : at + 4], "big")
        yield content[at + 4 : at + 8], whole[at:end]
        at = end


def _big(content: bytes, at: int, size: int) -> int:
    return int.from_bytes(_part(content, at, size), "big")


def _little(content: bytes, at: int, size: int) -> int:
    return int.from_bytes(_part(content, at, size), "little")


def _part(content: bytes, at: int, size: int) -> bytes:
    if at + size > len(content):
        raise IndexError
    return content[at : at + size]
