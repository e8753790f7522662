"""Why a record cannot be entered, in sentences that begin with the column."""

from __future__ import annotations

from collections.abc import Sequence

from app.imports.columns import Columns
from app.pages.rule_texts import violation_sentence
from booking.errors import Violation


def sentences(violations: Sequence[Violation], columns: Columns) -> tuple[str, ...]:
    """One sentence for each, with the column's name in the language of the page."""
    return tuple(
        f"{columns.head(violation.field)}: {violation_sentence(violation)}"
        if violation.field
        else violation_sentence(violation)
        for violation in violations
    )
