"""The lines of what an allocation counts, by account and tax key: parts that cannot be told apart stay as they are."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pytest

from billing.ledger.counted import CountedPart, CountedSource
from billing.posting_exports import counted_parts
from billing.queries.ledger import LedgerLine

DAY = date(2026, 6, 30)
USE_CHARGES, ADVANCES = 1, 2
CHARGE, ADVANCE = (False, ""), (True, "")


def lines(*members_and_accounts):
    """The lines of an allocation: (member, account, cents)."""
    return [
        LedgerLine(1, number, 9, DAY, DAY, DAY, account, member, None, 1, "counted", cents, None, 1, *4 * [None])
        for number, (member, account, cents) in enumerate(members_and_accounts, 1)
    ]


@pytest.fixture
def counted(monkeypatch):
    """Count (member, account, kind, cents, key)."""

    def count(*parts):
        found = [CountedSource(CountedPart(1, *part[:4]), 1, 1, DAY) for part in parts]
        monkeypatch.setattr(counted_parts, "counted_sources", lambda *_of: found)
        return SimpleNamespace(of_sources=lambda _sources: [part[4] for part in parts])

    ids = {"use_charges": USE_CHARGES, "advances": ADVANCES}
    monkeypatch.setattr(counted_parts, "account_ids", lambda _session: ids)
    return count


def split(part, keys):
    session = SimpleNamespace(get_one=lambda *_key: SimpleNamespace(allocation_id=1))
    found = counted_parts.as_they_came(session, part, keys)
    return [([(line.number, line.cents) for line in one.lines], one.key) for one in found]


def test_a_kind_that_comes_to_zero_takes_the_line_of_no_other(counted):
    keys = counted(
        (7, "advances", ADVANCE, 30, ""), (8, "use_charges", CHARGE, 20, "3"), (9, "use_charges", CHARGE, 0, "3")
    )
    part = lines((7, 3, -30), (8, 3, -20), (None, ADVANCES, 30), (None, USE_CHARGES, 20))
    assert split(part, keys) == [([(1, -30), (3, 30)], ""), ([(2, -20), (4, 20)], "3")]


def test_charges_of_one_line_go_back_with_the_keys_with_which_they_came(counted):
    keys = counted(
        (7, "use_charges", CHARGE, 30, ""), (7, "use_charges", CHARGE, 20, "3"), (8, "use_charges", CHARGE, 5, "3")
    )
    part = lines((7, 3, -50), (8, 3, -5), (None, USE_CHARGES, 55))
    assert split(part, keys) == [([(1, -30), (3, 30)], ""), ([(1, -20), (2, -5), (3, 25)], "3")]


def test_contra_lines_without_the_lines_of_members_stay_together(counted):
    """Of 8 more was taken back than charged: the lines of members come to zero, and the entry is cut behind them."""
    keys = counted((7, "advances", ADVANCE, 30, ""), (8, "use_charges", CHARGE, -30, ""))
    part = lines((None, ADVANCES, 30), (None, USE_CHARGES, -30))
    assert split(part, keys) == [([(1, 30), (2, -30)], None)]
