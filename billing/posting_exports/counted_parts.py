"""What an allocation counts against shares, by the account on which it was posted and the tax key it has in files.

An entry has a line for each kind of what is counted against the share of a member (before, one for all), none for a
kind that is zero: a charge and its reversal. Charges and advances may be on different accounts, of which each has a tax
of its own; and charges of one kind may have gone to the adviser with several keys, as what is said of their VAT
changes. What goes back goes back as it came. Reads only.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from sqlalchemy.orm import Session

from billing.ledger.counted import CountedKind, counted_sources
from billing.ledger.posting import COUNTED, account_ids
from billing.models import Entry
from billing.posting_exports.tax_keys import TaxKeys
from billing.queries.ledger import LedgerLine

Place = tuple[int, str | None]  # account; key, None where it is not known
OfMember = Counter[tuple[CountedKind, Place]]


class Part(NamedTuple):
    """Lines that sum to zero, against one of them. key: of what they count; None: that of each line."""

    lines: Sequence[LedgerLine]
    key: str | None = None


def as_they_came(session: Session, lines: Sequence[LedgerLine], keys: TaxKeys) -> Sequence[Part]:
    """Return a part of an entry as parts of one account and one key each, which sum to zero, too; else as it is."""
    contras = [line for line in lines if line.member_id is None]
    if not contras or lines[0].allocation_id is None or all(line.topic != COUNTED for line in lines):
        return [Part(lines)]
    found = list(_split(lines, contras, _counted(session, lines[0], keys)))
    rest = Counter({line.number: line.cents for line in lines})
    for part in found:
        rest.subtract({line.number: line.cents for line in part.lines})
    return [Part(lines)] if any(rest.values()) else found


def _counted(session: Session, line: LedgerLine, keys: TaxKeys) -> Mapping[int, OfMember]:
    """Return member id -> what the allocation of a line counts, in cents."""
    entry = session.get_one(Entry, line.reverses_id or line.entry_id)
    assert entry.allocation_id
    ids, counted = account_ids(session), defaultdict[int, OfMember](Counter)
    sources = list(counted_sources(session, [entry.allocation_id]))
    for one, key in zip(sources, keys.of_sources(sources), strict=True):
        counted[one.part.member_id][one.part.kind, (ids[one.part.account], key)] += one.part.cents
    return counted


def _split(
    part: Sequence[LedgerLine], contras: Sequence[LedgerLine], counted: Mapping[int, OfMember]
) -> Iterator[Part]:
    lines: defaultdict[Place, Counter[int]] = defaultdict(Counter)  # number of a line -> cents
    for member_id, of_member in counted.items():
        own = [line.number for line in part if line.member_id == member_id]
        kinds = _kinds_with_lines(of_member)
        if own:  # otherwise all is zero, or the part has no line of this member
            for (kind, place), cents in of_member.items():
                if kind in kinds:
                    lines[place][own[kinds.index(kind) if len(own) == len(kinds) else 0]] += cents
    sign = 1 if part[0].reverses_id is not None else -1
    for contra in contras:
        for account, key in sorted(lines, key=repr):
            of_place = lines[account, key]
            found = [replace(line, cents=sign * of_place[line.number]) for line in part if of_place[line.number]]
            if account == contra.account_id and found:
                yield Part([*found, replace(contra, cents=-sum(line.cents for line in found))], key)


def _kinds_with_lines(of_member: OfMember) -> list[CountedKind]:
    """Return the kinds that are not zero over all accounts and keys, in the order of their lines."""
    sums: Counter[CountedKind] = Counter()
    for (kind, _place), cents in of_member.items():
        sums[kind] += cents
    return sorted(kind for kind, cents in sums.items() if cents)
