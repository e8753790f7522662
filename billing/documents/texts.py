"""What people read in a document: values for its texts, and who writes them in the language of the ring."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class LineText:
    """A line as people read it. quantity: an exact decimal. working: pairs of text that explain the amount."""

    text: str
    detail: str
    quantity: Decimal
    unit: str
    working: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Heading:
    """What a document is about, for its texts. notes: the sentences about VAT."""

    kind: str
    number: str
    issued_on: date
    due_on: date
    gross_cents: int
    intro: str
    notes: tuple[str, ...]
    cancels: str = ""
    cancels_issued_on: date | None = None


class TextWriter(Protocol):
    """Writes the texts of a whole document in the language of the ring."""

    def texts(self, heading: Heading) -> dict[str, Any]:
        """Return the texts of a document: title, intro, terms, notes, language."""
