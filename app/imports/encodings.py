"""The encoding of a text file: certain, or a question with samples.

A text that is valid UTF-8 is UTF-8; a byte order mark names its encoding. Anything else may be Windows (cp1252),
an old Mac or DOS (cp850): the words with umlauts tell which. Only a clear answer is taken; else the user is asked.
"""

from __future__ import annotations

import codecs
import re

from flask_babel import gettext as _

from app.imports.errors import EncodingUnclear, TableError
from app.imports.mojibake import GERMAN, OTHERS, REPAIRS, SIGNS, lost_words, misread_words, repaired, samples, words_of

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
UTF_8 = "utf-8"
SINGLE_BYTE = ("cp1252", "mac_roman", "cp850")
CENTRAL_EUROPEAN = "cp1250"  # only offered: it has the umlauts of cp1252
ENCODINGS = (UTF_8, *REPAIRS, *SINGLE_BYTE, CENTRAL_EUROPEAN)
SAMPLES_MAX = 6
_FILLING = b"\0\x1a"  # behind the end of a text: of DOS and of mainframes


def decode(content: bytes, chosen: str = "") -> str:
    """Return the text of a file. chosen: the encoding that the user has chosen. Raises TableError, EncodingUnclear."""
    if chosen in ENCODINGS:
        return _decode_as(content, chosen)
    for mark, encoding in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return _certain(content, encoding)
    if encoding := _utf_16_without_mark(content):
        return _certain(content, encoding)
    content = content.rstrip(_FILLING)
    if b"\0" in content:
        raise not_a_text()
    try:
        text = content.decode(UTF_8)
    except UnicodeDecodeError:
        return _single_byte(content)
    return unless_misread(text)


def not_a_text() -> TableError:
    """Return the error about a file that is neither a text nor a workbook."""
    return TableError(_("This is not a text file. Save it as CSV in UTF-8, or as an Excel workbook (.xlsx)."))


def encoding_label(encoding: str) -> str:
    """Return the name of an encoding, as people know it."""
    return {
        UTF_8: _("as it is (UTF-8)"),
        **dict.fromkeys(REPAIRS, _("repaired (%(how)s)", how=_misreading(encoding))),
        "utf-8-twice": _("repaired (UTF-8, saved once too often)"),
        "cp1252": "Windows (ANSI, cp1252)",
        "mac_roman": "Macintosh (Mac Roman)",
        "cp850": "DOS (cp850)",
        CENTRAL_EUROPEAN: _("Windows, Central Europe (cp1250)"),
    }[encoding]


def _misreading(code: str) -> str:
    """Return how the letters of a text were misread: the encoding it was in, and the one it was read in."""
    names = {"cp1252": "Windows", "mac_roman": "Mac Roman", "cp850": "DOS", UTF_8: "UTF-8"}
    read_as, was = REPAIRS.get(code, (UTF_8, UTF_8))
    return _("%(was)s read as %(other)s", was=names[was], other=names[read_as])


def _certain(content: bytes, encoding: str) -> str:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise not_a_text() from error
    if "\0" in text:
        raise not_a_text()
    return unless_misread(text.removeprefix("\ufeff"))


def _decode_as(content: bytes, encoding: str) -> str:
    try:
        text = content.decode("utf-8-sig" if encoding == UTF_8 or encoding in REPAIRS else encoding)
    except UnicodeDecodeError as error:
        raise not_a_text() from error
    return repaired(text, encoding) if encoding in REPAIRS else text


def _utf_16_without_mark(content: bytes) -> str:
    """Return utf-16-le or utf-16-be where every other byte of the beginning is zero, as in most texts."""
    start = content[:2_000]
    half = len(start) // 2
    for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if half and start[offset::2].count(0) > 0.8 * half and not start[1 - offset :: 2].count(0):
            return encoding
    return ""


def unless_misread(text: str) -> str:
    """Return a text. Raises EncodingUnclear if its letters seem to have been misread, or lost, before it was saved."""
    if found := misread_words(text):
        words = list(dict.fromkeys(word for each in found.values() for word in each))
        readings = {code: tuple(repaired(word, code) for word in samples(found[code], SAMPLES_MAX)) for code in found}
        raise EncodingUnclear(_question(), readings | {UTF_8: tuple(samples(words, SAMPLES_MAX))})
    if lost := lost_words(text):
        question = _(
            "Letters of this file seem to be lost. Save it again in the program that it comes from, best as UTF-8; "
            "or take the words as they are."
        )
        raise EncodingUnclear(question, {UTF_8: tuple(samples(lost, SAMPLES_MAX))})
    return text


def _single_byte(content: bytes) -> str:
    readings = {encoding: text for encoding in SINGLE_BYTE if (text := _reading(content, encoding)) is not None}
    scores = {encoding: _score(text) for encoding, text in readings.items()}
    ranked = sorted(scores, key=lambda encoding: -scores[encoding])
    readings = {encoding: readings[encoding] for encoding in ranked}
    best = ranked[0]
    if best == "cp1252" and all(scores[best] > scores[other] for other in ranked[1:]):
        return readings[best]
    if (central := _reading(content, CENTRAL_EUROPEAN)) is not None:
        readings[CENTRAL_EUROPEAN] = central
    samples = {encoding: _sample_words(text) for encoding, text in readings.items()}
    raise EncodingUnclear(_question(), samples)


def _reading(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None


def _sample_words(text: str) -> tuple[str, ...]:
    odd = dict.fromkeys(word[:40] for word in words_of(text) if not word.isascii())
    return tuple(odd)[:SAMPLES_MAX]


def _question() -> str:
    return _("The encoding of this file is not certain. Choose the reading in which the words are right.")


def _score(text: str) -> int:
    """Return how much a text looks like words: umlauts within words count for it, signs within words against it."""
    return sum(
        _score_of(text[at - 1 : at], text[at], text[at + 1 : at + 2])
        for at in (found.start() for found in re.finditer(r"[^\x00-\x7f]", text))
    )


def _score_of(before: str, char: str, after: str) -> int:
    if not char.isalpha():
        if before.isalpha() and after.isalpha() and char != "’":
            return -3
        return 1 if char in SIGNS else 0
    if not (before.isalpha() or after.isalpha()):
        return -1
    if char.isupper() and before.islower():
        return -3
    return 2 if char in GERMAN else 1 if char in OTHERS else 0
