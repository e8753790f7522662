"""The plain text of a mail, taken apart for its HTML part: what it says, and which of its lines are links.

Both parts come from the one stored text, so a mail says the same in both, and a one-use link is stored once. Only URLs
of this site become links: nothing that a person wrote can lead elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

WORDS, FACTS, ITEMS, QUOTE, LINK, URLS = "words", "facts", "items", "quote", "link", "urls"
SIGNATURE = "\n-- \n"
# "Handed out: Tue 9 March": one or two words before the colon, so no sentence.
_FACT = re.compile(r"[^\W\d_][^\s:.,;!?\d]*(?: [^\s:.,;!?\d]+)?: \S.*")
_SENTENCES = re.compile(r"(?<=[.!?]) ")
_MARKS = {QUOTE: ">", ITEMS: "- "}
KICKER_MAX = 40  # letters of what happened, before the colon of a subject
POINTER_MAX = 52  # letters of a sentence that only points to the link below it


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a mail. lines: one URL of a link, several of urls, "label: value" of facts, else what is said."""

    kind: str
    lines: tuple[str, ...]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The facts as label and value."""
        return [(label, value) for line in self.lines for label, _colon, value in [line.partition(": ")]]


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail taken apart: what it says, and the signature below it."""

    parts: tuple[Part, ...]
    signature: tuple[Part, ...]


def letter_of(body: str, base_url: str) -> Letter:
    """Take the text of a mail apart. base_url: of this site; only what lies below it is a link."""
    text, _dashes, signature = body.partition(SIGNATURE)
    return Letter(_parts(text, base_url), _parts(signature, base_url))


def headline(subject: str) -> tuple[str, str]:
    """Return what happened and to what, of a subject such as "Confirmed: laser cutter, Tue 9 March"."""
    before, colon, after = subject.partition(": ")
    if not colon or not after or len(before) > KICKER_MAX:
        return "", subject
    return before, after[0].upper() + after[1:]


def segments(line: str, base_url: str) -> Iterator[tuple[str, bool]]:
    """Cut a line into words and URLs of this site; with each, whether it is a URL."""
    done = 0
    for found in _urls(base_url).finditer(line):
        url = found[0].rstrip(".,;:!?)")
        yield line[done : found.start()], False
        yield url, True
        done = found.start() + len(url)
    yield line[done:], False


def _parts(text: str, base_url: str) -> tuple[Part, ...]:
    found: list[Part] = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        begins = True
        for line in filter(str.strip, paragraph.splitlines()):
            kind = _kind_of(line, base_url)
            before = found[-1] if found else None
            if before is not None and before.kind == kind and (kind == LINK or not begins):
                found[-1] = Part(kind, (*before.lines, _bare(kind, line)))
            else:
                found.append(Part(kind, (_bare(kind, line),)))
            begins = False
    return tuple(_without_pointers(found))


def _without_pointers(parts: list[Part]) -> Iterator[Part]:
    """Leave out sentences such as "See it here:", because the button says it; several links after one stay URLs."""
    for part, following in zip(parts, [*parts[1:], None], strict=False):
        if part.kind == LINK and len(part.lines) > 1:
            yield Part(URLS, part.lines)
        elif part.kind == WORDS and following is not None and following.kind == LINK and len(following.lines) == 1:
            *others, last = _SENTENCES.split(part.lines[-1])
            lines = (*part.lines[:-1], " ".join(others)) if _is_pointer(last) else part.lines
            if lines := tuple(filter(None, lines)):
                yield Part(WORDS, lines)
        else:
            yield part


def _is_pointer(sentence: str) -> bool:
    """Return whether a sentence says no more than where to click: a condition ("If it was not you, ...") does."""
    return sentence.endswith(":") and "," not in sentence and len(sentence) <= POINTER_MAX


def _kind_of(line: str, base_url: str) -> str:
    if _urls(base_url).fullmatch(line.strip()):
        return LINK
    marked = next((kind for kind, mark in _MARKS.items() if line.startswith(mark)), None)
    return marked or (FACTS if _FACT.fullmatch(line) else WORDS)


def _bare(kind: str, line: str) -> str:
    return line.removeprefix(_MARKS.get(kind, "")).strip()


@lru_cache(maxsize=4)
def _urls(base_url: str) -> re.Pattern[str]:
    return re.compile(rf"{re.escape(base_url)}/[^\s<>\"']*" if base_url else r"(?!)")
