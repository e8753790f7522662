"""What an allocation counts against shares, by the account on which it was posted. Reads only.

An entry has a line for each kind of what is counted against the share of a member (before, one for all), none for a
kind that is zero: a charge and its reversal. Charges and advances may be on different accounts, of which each has a tax
of its own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from billing.ledger.entries import CountedKind, counted_parts
from billing.ledger.posting import account_ids
from billing.models import Entry
from billing.queries.ledger import LedgerLine

Part = Sequence[LedgerLine]


def by_account(session: Session, part: Part) -> Sequence[Part]:
    """Return a part of an entry as parts of one account each, which sum to zero, too; else the part as it is."""
    contras = [line for line in part if line.member_id is None]
    if len(contras) < 2 or part[0].allocation_id is None:
        return [part]
    found = list(_split(session, part, contras))
    rest = Counter({line.number: line.cents for line in part})
    for one in found:
        rest.subtract({line.number: line.cents for line in one})
    is_whole = not any(rest.values()) and not any(sum(line.cents for line in one) for one in found)
    return found if is_whole else [part]


def _split(session: Session, part: Part, contras: Part) -> Iterator[Part]:
    entry = session.get_one(Entry, part[0].reverses_id or part[0].entry_id)
    assert entry.allocation_id
    ids = account_ids(session)
    counted: defaultdict[int, Counter[tuple[CountedKind, int]]] = defaultdict(Counter)
    for one in counted_parts(session, [entry.allocation_id]):
        counted[one.member_id][one.kind, ids[one.account]] += one.cents
    lines: Counter[tuple[int, int]] = Counter()  # number of a line, account
    for member_id, of_member in counted.items():
        own = [line.number for line in part if line.member_id == member_id]
        kinds = _kinds_with_lines(of_member)
        if own:  # otherwise all is zero, or the part has no line of this member
            for (kind, account), cents in of_member.items():
                if kind in kinds:
                    lines[own[kinds.index(kind) if len(own) == len(kinds) else 0], account] += cents
    sign = 1 if part[0].reverses_id is not None else -1
    for contra in contras:
        of_account = ((line, sign * lines[line.number, contra.account_id]) for line in part if line.member_id)
        yield [*(replace(line, cents=cents) for line, cents in of_account if cents), contra]


def _kinds_with_lines(of_member: Mapping[tuple[CountedKind, int], int]) -> list[CountedKind]:
    """Return the kinds that are not zero over all accounts, in the order of their lines."""
    sums: Counter[CountedKind] = Counter()
    for (kind, _account), cents in of_member.items():
        sums[kind] += cents
    return sorted(kind for kind, cents in sums.items() if cents)
