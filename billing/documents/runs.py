"""What a run of invoices would issue: its sums, and a digest by which issuing names the preview that was seen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from billing.documents.drafts import Draft, MemberDrafts


@dataclass(frozen=True, slots=True)
class RunSums:
    """The sums of what can be issued. digest: over each line, with its member, its VAT and its amount."""

    documents: int
    net_cents: int
    vat_cents: int
    gross_cents: int
    digest: str


def sums_of(found: Iterable[MemberDrafts]) -> RunSums:
    """Return the sums of drafts, whatever their order."""
    drafts = [draft for one in found for draft in one.drafts]
    groups = [group for draft in drafts for group in draft.taxed.groups]
    lines = sorted(line for draft in drafts for line in _lines(draft))
    return RunSums(
        documents=len(drafts),
        net_cents=sum(group.net_cents for group in groups),
        vat_cents=sum(group.vat_cents for group in groups),
        gross_cents=sum(group.gross_cents for group in groups),
        digest=hashlib.sha256("\n".join(lines).encode()).hexdigest(),
    )


def _lines(draft: Draft) -> Iterable[str]:
    for line in draft.lines:
        vat = line.treatment
        yield (
            f"{draft.member_id} {line.entry_id} {line.posting_number} {line.turn} {line.cents} "
            f"{vat.category} {vat.percent:.2f} {vat.reason}"
        )
