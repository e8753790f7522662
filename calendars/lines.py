"""Content lines of RFC 5545: text escaped, lines folded at 75 bytes, ended by CRLF."""

from __future__ import annotations

import re

CRLF = "\r\n"
BYTES_MAX = 75  # of one line, without its CRLF (RFC 5545, 3.1)

# Characters that have no place in a TEXT value: controls (NUL too), line ends of Unicode, lone surrogates.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LINE_ENDS = ("\n", "\r", "\v", "\f", "\x85", "\u2028", "\u2029")
_REPAIRS: dict[int, str | None] = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000)))
_REPAIRS |= {ord(end): "\n" for end in _LINE_ENDS}
_REPAIRS[ord("\t")] = " "


def escape(text: str) -> str:
    """Return a person's text as a TEXT value: it can neither end the line nor begin another property.

    Line ends of every kind become `\\n`; other control characters, NUL and lone surrogates are dropped.
    """
    if _UNFIT.search(text):
        text = text.replace("\r\n", "\n").translate(_REPAIRS)
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def text_line(name: str, text: str) -> str:
    """Return a property whose value is a person's text."""
    return fold(f"{name}:{escape(text)}")


def fold(line: str) -> str:
    """Return a line with its CRLF, folded so that no part is longer than 75 bytes and no character is split."""
    if len(line) <= BYTES_MAX and line.isascii():
        return line + CRLF
    encoded = line.encode()
    parts: list[bytes] = []
    start, room = 0, BYTES_MAX
    while len(encoded) - start > room:
        end = start + room
        while encoded[end] & 0xC0 == 0x80:  # inside a UTF-8 sequence: go back to its first byte
            end -= 1
        parts.append(encoded[start:end])
        start, room = end, BYTES_MAX - 1  # the blank before a continuation counts
    parts.append(encoded[start:])
    return b"\r\n ".join(parts).decode() + CRLF
