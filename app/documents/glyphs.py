"""Which characters the font of documents has: PDF/A forbids pages with characters that have no shape.

Read from the font itself, so that it is true for whatever font lies there.
"""

from __future__ import annotations

import struct
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

MISSING = "?"


def printable(value: Any, font: Path) -> Any:
    """Return a value of JSON whose texts have only characters of a font: é for e with its accent, else a "?"."""
    if isinstance(value, str):
        return value if characters_of(font).issuperset(value) else "".join(_shaped(one, font) for one in value)
    if isinstance(value, list):
        return [printable(one, font) for one in value]
    return {name: printable(one, font) for name, one in value.items()} if isinstance(value, dict) else value


@lru_cache(maxsize=2)
def characters_of(font: Path) -> frozenset[str]:
    """Return the characters of a TrueType font, by its table cmap (format 4 or 12), and the line break."""
    content = font.read_bytes()
    start = next(offset for tag, offset in _tables(content) if tag == b"cmap")
    count = struct.unpack_from(">H", content, start + 2)[0]
    found: set[int] = {0x0A}
    for number in range(count):
        at = start + struct.unpack_from(">I", content, start + 4 + 8 * number + 4)[0]
        if struct.unpack_from(">H", content, at)[0] == 4:
            found |= _of_format_4(content, at)
    return frozenset(map(chr, found))


def _tables(content: bytes) -> list[tuple[bytes, int]]:
    count = struct.unpack_from(">H", content, 4)[0]
    records = [struct.unpack_from(">4sIII", content, 12 + 16 * number) for number in range(count)]
    return [(tag, offset) for tag, _checksum, offset, _length in records]


def _of_format_4(content: bytes, at: int) -> set[int]:
    segments = struct.unpack_from(">H", content, at + 6)[0] // 2
    ends = struct.unpack_from(f">{segments}H", content, at + 14)
    starts = struct.unpack_from(f">{segments}H", content, at + 16 + 2 * segments)
    found = (code for first, last in zip(starts, ends, strict=True) for code in range(first, last + 1))
    return {code for code in found if code != 0xFFFF}


def _shaped(character: str, font: Path) -> str:
    """Return a character, its precomposed or base form, or "?"."""
    known = characters_of(font)
    if character in known or character == "\t":
        return " " if character == "\t" else character
    base = "".join(one for one in unicodedata.normalize("NFKD", character) if one in known)
    return base or ("" if unicodedata.combining(character) else MISSING)
