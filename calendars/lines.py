"""Content lines of RFC 5545: text made harmless, lines folded at 75 octets, CRLF at their ends."""

from __future__ import annotations

import re

CRLF = "\r\n"
OCTETS_MAX = 75  # of one line, without its CRLF (RFC 5545, 3.1)

# What has a meaning of its own in a TEXT value, or none in any text.
_NEEDS_CARE = re.compile("[\\\\;,\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LINE_ENDS = ("\n", "\r", "\v", "\f", "\x85", "\u2028", "\u2029")

_ESCAPES: dict[int, str | None] = dict.fromkeys((*range(32), *range(127, 160), *range(55296, 57344)))
_ESCAPES |= {ord(end): "\\n" for end in _LINE_ENDS}
_ESCAPES |= {ord("\t"): " ", ord("\\"): "\\\\", ord(";"): "\\;", ord(","): "\\,"}


def escape(text: str) -> str:
    """A person's words as a TEXT value: they can neither end the line nor begin another property.

    Line ends of every kind become `\\n`; other control characters, NUL and lone surrogates are dropped.
    """
    if _NEEDS_CARE.search(text) is None:
        return text
    return text.replace("\r\n", "\n").translate(_ESCAPES)


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
