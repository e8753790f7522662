"""What an audit reports when stored data contradicts itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """Stored data that contradicts itself.

    code: what is wrong. facts: ids and integers by name; which ones belongs to the code and is listed where the
    audit is defined (booking/audits.py, billing/audits.py).
    """

    code: str
    facts: Mapping[str, object]
