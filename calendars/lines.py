"""Content lines of RFC 5545: text made harmless, lines folded at 75 octets, CRLF at their ends."""

from __future__ import annotations

import re

CRLF = "\r\n"
OCTETS_MAX = 75  # of one line, without its CRLF (RFC 5545, 3.1)

# Characters that have no place in a TEXT value: controls (NUL too), line ends of Unicode, lone surrogates.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LINE_ENDS = ("\n", "\r", "\v", "\f", "\x85", "\u2028", "\u2029")
_REPAIRS: dict[int, str | None] = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000)))
_REPAIRS |= {ord(end): "\n" for end in _LINE_ENDS}
_REPAIRS[ord("\t")] = " "


def escape(text: str) -> str:
    """A person's words as a TEXT value: they can neither end the line nor begin another property.

    Line ends of every kind become `\\n`; other control characters, NUL and lone surrogates are dropped.
    """
    if _UNFIT.search(text):
        text = text.replace("\r\n", "\n").translate(_REPAIRS)
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def text_line(name: str, text: str) -> str:
    """A whole property whose value is a person's words."""
    return fold(f"{name}:{escape(text)}")


def fold(line: str) -> str:
    """A line with its CRLF, folded so that no part is longer than 75 octets and no letter is torn apart."""
    if len(line) <= OCTETS_MAX and line.isascii():
        return line + CRLF
    octets = line.encode()
    parts: list[bytes] = []
    start, room = 0, OCTETS_MAX
    while len(octets) - start > room:
        end = start + room
        while octets[end] & 0xC0 == 0x80:  # inside a UTF-8 sequence: go back to its first octet
            end -= 1
        parts.append(octets[start:end])
        start, room = end, OCTETS_MAX - 1  # the blank before a continuation counts
    parts.append(octets[start:])
    return b"\r\n ".join(parts).decode() + CRLF
