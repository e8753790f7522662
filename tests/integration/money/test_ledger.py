"""What is owed is posted in a ledger that proves itself: balanced, append-only, one entry per source."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import combinations_with_replacement

import pytest
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import DatabaseError

from billing.allocations.advances import post_advance, reverse_advance
from billing.allocations.allocations import reverse_allocation
from billing.allocations.previews import preview_allocation
from billing.errors.money_errors import (
    AdvanceCounted,
    AlreadyReversed,
    ChargesAreIncome,
    LedgerClosed,
    LedgerIsOpen,
    NoShares,
    OtherPoolCounts,
    WrongAmount,
    WrongPeriod,
)
from billing.ledger.audit import broken_ledger
from billing.ledger.opening import begin_opening, open_batch
from billing.models import Charge, Entry, Ledger, Posting
from billing.pools.pools import change_pool, enter_pool
from billing.pools.shares import set_shares
from billing.queries.balances import balance_lines, balance_of, balance_totals, balances, made_of
from billing.queries.ledger import chart_view, journal, period_sums, trial_balance
from billing.queries.statements import statement
from billing.statements.issued_statements import statement_drafts
from billing.tariffs.tariffs import TariffEntry, enter_tariff
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from tests.builders import SOMEBODY
from tests.conftest import MONDAY
from tests.integration.money.harvester_pool import DUE, JUNE, PER_SHARE, RULES, charge_all, cost, do, post
from tests.integration.money.test_money_audits import tamper

SHARES_OF_COSTS = [918910, 734351, 568508, 534618, 373580, 336907, 123011]
PREPAID = [956800, 762500, 620000, 526200, 397000, 295500, 20000]


@pytest.fixture
def unopened(session, sample_ring, pool):
    """A ring that charged and allocated before it had a ledger."""
    with write_transaction(session):
        session.execute(update(Ledger).values(state="closed"))
    charge_all(session, sample_ring)
    cost(session, pool, "basic fee", 70_000)
    do(session, reverse_allocation, post(session, pool), "Once more.")
    post(session, pool)
    return pool


def owed(session, member_ids):
    return [balance_of(session, member_id).cents for member_id in member_ids]


def test_the_true_up_is_the_share_less_charges_and_advances(session, seven, charged):
    do(session, post_advance, charged, PER_SHARE)
    for kind, cents in (("fixed", 2_431_655), ("variable", 1_148_230), ("basic fee", 10_000)):
        cost(session, charged, kind, cents)
    assert owed(session, seven) == PREPAID

    preview = preview_allocation(session, charged, *JUNE)
    allocation = post(session, charged)

    assert [preview.counted_cents[member_id] for member_id in seven] == PREPAID
    assert owed(session, seven) == SHARES_OF_COSTS
    lines = {member_id: balance_lines(session, member_id)[0] for member_id in seven}
    due = [sum(line.cents for line in lines[member_id] if line.allocation_id == allocation) for member_id in seven]
    assert due == DUE
    assert sum(due) == 11_885
    assert made_of(session, seven[0]) == {"use": 856_800, "advance": 100_000, "share": 918_910, "counted": -956_800}
    assert [line.balance for line in lines[seven[0]]] == [918_910, 1_018_910, 1_875_710, 956_800, 856_800]
    assert sum(each.cents for each in trial_balance(session)) == 0
    assert list(broken_ledger(session)) == []

    do(session, reverse_allocation, allocation, "Once more.")
    assert owed(session, seven) == PREPAID
    again = preview_allocation(session, charged, *JUNE)
    assert again.counted_cents == preview.counted_cents
    assert list(broken_ledger(session)) == []


def test_what_one_allocation_counts_is_not_counted_again(session, seven, charged):
    cost(session, charged, "variable", 100_000)
    post(session, charged)
    cost(session, charged, "variable", 12_345)

    late = preview_allocation(session, charged, *JUNE)

    assert late.counted_cents == {}
    post(session, charged)
    assert list(broken_ledger(session)) == []


def test_charges_that_are_income_are_owed_beside_the_share(session, seven, charged):
    do(session, change_pool, charged, "Harvester", RULES, charges_are="income")
    cost(session, charged, "basic fee", 7_000)
    before = owed(session, seven)

    post(session, charged)

    assert [after - owed_before for after, owed_before in zip(owed(session, seven), before, strict=True)] == [1000] * 7


def test_a_corrected_charge_is_reversed_in_the_ledger_and_posted_again(session, sample_ring, charged, seven):
    first = session.scalar(select(Entry.id).order_by(Entry.id).limit(1))
    dearer = TariffEntry(date(2026, 1, 1), prices={"member": Decimal(150), "guest": Decimal(160)})

    do(session, enter_tariff, sample_ring.combine, dearer, reprice=True)

    reversal = session.scalars(select(Entry).where(Entry.reverses_id == first)).one()
    lines = [
        session.execute(select(Posting.account_id, Posting.cents).where(Posting.entry_id == each)).all()
        for each in (first, reversal.id)
    ]
    assert [(account, -cents) for account, cents in lines[0]] == [tuple(line) for line in lines[1]]
    assert owed(session, seven)[0] == 918_000
    assert balance_lines(session, seven[0])[0][1].is_reversal
    assert list(broken_ledger(session)) == []


def test_lists_of_balances_are_paged_and_filtered(session, seven, charged):
    cost(session, charged, "basic fee", 70_000)
    post(session, charged)

    page, more = balances(session, limit=3)
    rest, last = balances(session, limit=10, offset=3)

    assert (len(page), more, len(rest), last) == (3, True, 4, False)
    assert [one.cents for one in (*page, *rest)] == sorted((one.cents for one in (*page, *rest)), reverse=True)
    assert balances(session, which="credit")[0] == ()
    totals = balance_totals(session)
    assert (totals.cents, totals.owing_members, totals.credit_cents) == (70_000, 7, 0)
    only = balances(session, [seven[2]], which="owing")[0]
    assert [one.member_id for one in only] == [seven[2]]
    every, _end = journal(session, limit=1000)
    assert max(line.lines for line in every) > 2 * len(seven), "an entry of many lines"
    in_order = sorted(every, key=lambda line: (-line.entry_id, line.number))
    assert list(every) == in_order
    paged, following = journal(session, limit=3)
    while following is not None:
        page, following = journal(session, limit=3, before=following)
        paged += page
    assert paged == every


DAYS = [date(2026, 5, 31), date(2026, 6, 1), date(2026, 6, 15), date(2026, 6, 30), date(2026, 7, 1), date(2026, 12, 31)]


def test_sums_of_months_and_days_are_those_of_the_lines(session, seven, charged):
    """Of any days: whole months, parts of one, months with days beside them."""
    do(session, post_advance, charged, PER_SHARE)
    cost(session, charged, "basic fee", 70_000)
    post(session, charged)
    lines, _end = journal(session, limit=1_000)
    assert len({line.posting_date.month for line in lines}) > 1
    assert chart_view(session).lines == len(lines)

    for first, last in combinations_with_replacement(DAYS, 2):
        within = [line for line in lines if first <= line.posting_date <= last]
        for account in period_sums(session, first, last):
            cents = [line.cents for line in within if line.account_id == account.account.id]
            debits = sum(one for one in cents if one > 0)
            assert (account.debit_cents, account.cents) == (debits, sum(cents)), (first, last)
        upto = {one.account.id: one.cents for one in trial_balance(session, last)}
        assert sum(upto.values()) == 0
        assert upto[1] == sum(line.cents for line in lines if line.account_id == 1 and line.posting_date <= last)
        drafts = statement_drafts(session, (first, last))
        for member_id in seven:
            own = [line for line in lines if line.member_id == member_id and line.posting_date <= last]
            found = statement(session, member_id, first, last)
            opening = sum(line.cents for line in own if line.posting_date < first)
            expected = opening, sum(line.cents for line in own), sum(1 for line in own if line in within)
            assert (found.opening_cents, found.closing_cents, found.lines) == expected, (first, last)
            draft = drafts.get(member_id)
            stated = (draft.opening_cents, draft.closing_cents, draft.lines) if draft else (0, 0, 0)
            assert stated == (expected if expected[1] or expected[2] else (0, 0, 0))


def store(session, *tables):
    """Insert rows behind the program's back, in one transaction."""
    with write_transaction(session):
        for table, rows in tables:
            if rows:
                session.execute(insert(table), rows)


def entry_row(entry_id, source, lines=2):
    return {
        "id": entry_id,
        "posting_date": JUNE[0],
        "service_from": JUNE[0],
        "service_until": JUNE[0],
        "lines": lines,
        "charge_id": source,
        "sha256": "",
        "posted_at": MONDAY,
    }


def posting_rows(entry_id, *cents):
    return [
        {"entry_id": entry_id, "number": number, "account_id": 1, "topic": "use", "cents": each}
        for number, each in enumerate(cents, start=1)
    ]


@pytest.mark.parametrize(
    ("cents", "lines"),
    [((500, -499), 2), ((500,), 2), ((500, -300, -200), 2), ((), 2), ((500, -500), 3)],
    ids=["off by a cent", "one line", "more lines than stated", "no line", "fewer lines than stated"],
)
def test_an_entry_that_does_not_balance_cannot_exist(session, charged, cents, lines):
    source = _unposted_charge(session)
    with pytest.raises(DatabaseError, match=r"unbalanced|complete"):
        store(session, (Posting, posting_rows(9_000, *cents)), (Entry, [entry_row(9_000, source, lines)]))
    assert session.get(Entry, 9_000) is None
    assert next(iter(broken_ledger(session))).code == "not_posted"  # the charge of this test alone


def test_lines_without_an_entry_and_later_ones_cannot_exist(session, charged):
    with pytest.raises(DatabaseError):
        store(session, (Posting, posting_rows(9_000, 500, -500)))
    entry_id = session.scalar(select(func.max(Entry.id)))
    more = [row | {"number": row["number"] + 2} for row in posting_rows(entry_id, 500, -500)]
    with pytest.raises(DatabaseError):
        store(session, (Posting, more))
    assert list(broken_ledger(session)) == []


@pytest.mark.parametrize(
    ("cents", "accounts"),
    [((-500, 500), (1, 1)), ((500, -500), (1, 1)), ((-499, 499), None), ((-300, -200, 500), None)],
    ids=["another account", "the same sign", "another amount", "other lines"],
)
def test_an_entry_that_reverses_is_the_mirror_of_the_other_one(session, charged, cents, accounts):
    first = session.scalar(select(Entry.id).order_by(Entry.id).limit(1))
    lines = session.scalars(select(Posting).where(Posting.entry_id == first).order_by(Posting.number)).all()
    of_first = [line.account_id for line in lines]
    places = accounts or (of_first + of_first)[: len(cents)]
    wrong = [row | {"account_id": at} for row, at in zip(posting_rows(9_000, *cents), places, strict=True)]
    entry = entry_row(9_000, _unposted_charge(session), len(cents)) | {"reverses_id": first}
    with pytest.raises(DatabaseError, match="billing_entry_mirrors"):
        store(session, (Posting, wrong), (Entry, [entry]))
    members = [line.member_id for line in lines]
    right = [
        row | {"account_id": at, "member_id": member}
        for row, at, member in zip(
            posting_rows(9_000, *(-line.cents for line in lines)), of_first, members, strict=True
        )
    ]
    with pytest.raises(DatabaseError, match="billing_entry_mirrors"):  # owed by nobody
        store(session, (Posting, [row | {"member_id": None} for row in right]), (Entry, [entry | {"lines": 2}]))
    store(session, (Posting, right), (Entry, [entry | {"lines": 2}]))


@pytest.mark.parametrize("sources", [{"charge_id": None}, {"allocation_id": 77}], ids=["none", "two"])
def test_an_entry_has_exactly_one_source(session, charged, sources):
    entry = entry_row(9_000, _unposted_charge(session)) | sources
    with pytest.raises(DatabaseError, match="one_source"):
        store(session, (Posting, posting_rows(9_000, 500, -500)), (Entry, [entry]))


def _unposted_charge(session):
    """Enter a charge behind the program's back, because each of the program has its entry."""
    original = session.scalars(select(Charge).order_by(Charge.id).limit(1)).one()
    row = {column.key: getattr(original, column.key) for column in Charge.__table__.columns}
    charge_id = session.scalar(select(func.max(Charge.id))) + 1
    number = session.scalar(select(func.max(Charge.number)).where(Charge.usage_id == original.usage_id)) + 2
    with write_transaction(session):
        session.execute(insert(Charge), [row | {"id": charge_id, "number": number}])
    return charge_id


@pytest.mark.parametrize("table", [Entry, Posting])
def test_what_is_posted_is_never_changed(session, charged, table):
    for change in (update(table).values({"lines": 3} if table is Entry else {"cents": 1}), delete(table)):
        with pytest.raises(DatabaseError, match="append-only"), write_transaction(session):
            session.execute(change)


@pytest.mark.parametrize(
    ("table", "change", "found"),
    [
        ("billing_posting", "cents = cents * 2", "entry_hash"),
        ("billing_posting", "cents = cents + 1", "unbalanced"),
        ("billing_entry", "posting_date = '2026-01-01'", "entry_hash"),
        ("billing_balance", "cents = cents + 1", "balance"),
        ("billing_balance", "invoiced_cents = 1", "invoiced"),
        ("billing_account_day", "credit_cents = credit_cents + 1", "account_day"),
        ("billing_account_day", "posting_date = '2020-01-01' WHERE account_id = 1", "account_day"),
        ("billing_account_month", "lines = lines + 1", "account_month"),
        ("billing_account_month", "month = '2020-01-01' WHERE account_id = 1", "account_month"),
        (
            "billing_member_month",
            "cents = cents + 1 WHERE member_id = (SELECT max(member_id) FROM billing_balance)",
            "member_month",
        ),
    ],
)
def test_the_audit_finds_what_was_changed_behind_the_program(session, charged, table, change, found):
    tamper(session, table, change)

    assert found in {finding.code for finding in broken_ledger(session)}


def opened(session, batches=99):
    """Post batches until the ledger is open, and return how many charges and allocations there were."""
    done = []
    while len(done) < batches and 0 not in done:
        with write_transaction(session):
            done.append(open_batch(session, by=SOMEBODY, now=MONDAY))
    return sum(done)


def test_a_ledger_is_opened_once_for_what_exists_and_goes_on_after_a_crash(session, seven, unopened, monkeypatch):
    monkeypatch.setattr("billing.ledger.opening.BATCH", 4)
    assert owed(session, seven) == [0] * 7
    with write_transaction(session):
        begin_opening(session, date(2026, 7, 1), now=MONDAY)
    assert opened(session, batches=1) == 4
    with write_transaction(session):
        begin_opening(session, date(2026, 7, 1), now=MONDAY)  # typed again after the crash
    assert opened(session) == 2 + 3

    assert owed(session, seven) == [866_800, 692_500, 570_000, 476_200, 367_000, 265_500, 10_000]
    assert set(session.scalars(select(Entry.posting_date))) == {date(2026, 7, 1)}
    assert list(broken_ledger(session)) == []
    assert session.scalars(select(RecordedEvent.facts).where(RecordedEvent.type == "ledger_opened")).one() == {
        "opened_on": "2026-07-01",
        "entries": 9,
    }
    with pytest.raises(LedgerIsOpen), write_transaction(session):
        begin_opening(session, date(2026, 7, 1), now=MONDAY)


@pytest.mark.parametrize("day", [date(2100, 1, 1), date(1980, 1, 1), date(2090, 1, 1)])
def test_a_ledger_is_not_opened_on_a_day_to_come_nor_on_two_days(session, unopened, day):
    with pytest.raises(WrongPeriod), write_transaction(session):
        begin_opening(session, day, now=MONDAY)
    with write_transaction(session):
        begin_opening(session, date(2026, 7, 1), now=MONDAY)
    with pytest.raises(WrongPeriod), write_transaction(session):
        begin_opening(session, date(2026, 7, 2), now=MONDAY)


def test_nothing_is_counted_or_called_in_advance_before_the_ledger_is_open(session, unopened):
    do(session, change_pool, unopened, "Harvester", RULES, charges_are="advance")
    cost(session, unopened, "basic fee", 70_000)

    with pytest.raises(LedgerClosed):
        do(session, post_advance, unopened, PER_SHARE)
    with pytest.raises(LedgerClosed):
        post(session, unopened)


def test_an_advance_is_reversed_once_and_not_while_an_allocation_counts_it(session, seven, charged):
    before = owed(session, seven)
    advance = do(session, post_advance, charged, PER_SHARE, form_key="one")
    assert do(session, post_advance, charged, PER_SHARE, form_key="one") == advance
    cost(session, charged, "basic fee", 70_000)
    allocation = post(session, charged)
    with pytest.raises(AdvanceCounted):
        do(session, reverse_advance, advance, "Wrong amount.")
    do(session, reverse_allocation, allocation, "Once more.")

    do(session, reverse_advance, advance, "Wrong amount.")

    assert owed(session, seven) == before
    with pytest.raises(AlreadyReversed):
        do(session, reverse_advance, advance, "Wrong amount.")
    assert list(broken_ledger(session)) == []


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"unit_cents": 0}, WrongAmount),
        ({"unit_cents": 900_000_000}, WrongAmount),
        ({"shares_on": date(2025, 12, 31)}, NoShares),
        ({"period_until": date(2026, 5, 1)}, WrongPeriod),
    ],
)
def test_an_advance_that_makes_no_sense_is_refused(session, charged, changed, error):
    with pytest.raises(error):
        do(session, post_advance, charged, replace(PER_SHARE, **changed))


def test_one_pool_of_a_machine_counts_its_charges(session, sample_ring, charged):
    with pytest.raises(OtherPoolCounts):
        do(session, enter_pool, sample_ring.combine, "Second", RULES, charges_are="advance")
    second = do(session, enter_pool, sample_ring.combine, "Second", RULES)
    with pytest.raises(OtherPoolCounts):
        do(session, change_pool, second, "Second", RULES, charges_are="advance")
    with pytest.raises(ChargesAreIncome):
        do(session, post_advance, second, PER_SHARE)


def test_charges_of_those_who_bear_nothing_are_not_counted(session, sample_ring, seven, charged):
    cost(session, charged, "fixed", 40_000)
    do(session, set_shares, charged, seven[0], 0, date(2026, 6, 1))

    preview = preview_allocation(session, charged, *JUNE)

    assert seven[0] not in preview.counted_cents
    assert [each.member_ids for each in preview.warnings if each.code == "charges_not_counted"] == [(seven[0],)]
