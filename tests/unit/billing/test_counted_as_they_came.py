"""The lines of what an allocation counts, by account: parts that cannot be told apart stay as they are."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pytest

from billing.ledger.entries import CountedPart
from billing.posting_exports import counted_parts
from billing.queries.ledger import LedgerLine

DAY = date(2026, 6, 30)
USE_CHARGES, ADVANCES = 1, 2
CHARGE, ADVANCE = (False, ""), (True, "")


def lines(*members_and_accounts):
    """The lines of an allocation: (member, account, cents)."""
    return [
        LedgerLine(1, number, 9, DAY, DAY, DAY, account, member, None, 1, "", cents, None, 1, None, None, None)
        for number, (member, account, cents) in enumerate(members_and_accounts, 1)
    ]


@pytest.fixture
def counted(monkeypatch):
    def count(*parts):
        found = [CountedPart(1, *part) for part in parts]
        monkeypatch.setattr(counted_parts, "counted_parts", lambda *_of: found)

    ids = {"use_charges": USE_CHARGES, "advances": ADVANCES}
    monkeypatch.setattr(counted_parts, "account_ids", lambda _session: ids)
    return count


def split(part):
    session = SimpleNamespace(get_one=lambda *_key: SimpleNamespace(allocation_id=1))
    return [[(line.number, line.cents) for line in one] for one in counted_parts.by_account(session, part)]


def test_a_kind_that_comes_to_zero_takes_the_line_of_no_other(counted):
    counted((7, "advances", ADVANCE, 30), (8, "use_charges", CHARGE, 20), (9, "use_charges", CHARGE, 0))
    part = lines((7, 3, -30), (8, 3, -20), (None, ADVANCES, 30), (None, USE_CHARGES, 20))
    assert split(part) == [[(1, -30), (3, 30)], [(2, -20), (4, 20)]]


def test_contra_lines_without_the_lines_of_members_stay_together(counted):
    """Of 8 more was taken back than charged: the lines of members come to zero, and the entry is cut behind them."""
    counted((7, "advances", ADVANCE, 30), (8, "use_charges", CHARGE, -30))
    part = lines((None, ADVANCES, 30), (None, USE_CHARGES, -30))
    assert split(part) == [[(1, 30), (2, -30)]]
