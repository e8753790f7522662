"""A closed period takes no entry any more, by both databases; what comes late is posted today by its old keys."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import aliased

from billing.allocations.advances import post_advance
from billing.allocations.allocations import post_allocation, reverse_allocation
from billing.allocations.previews import preview_allocation
from billing.charges.charges import charge_for
from billing.closing.audit import broken_periods
from billing.closing.checklist import open_points
from billing.closing.periods import close_period, preview_closing, reopen, set_period_length, soft_close
from billing.errors.money_errors import (
    EarlierPeriodOpen,
    EventsUndelivered,
    LedgerClosed,
    OpenPoints,
    PeriodDivided,
    PeriodNotFound,
    PeriodNotOpen,
    PeriodNotOver,
    StaleClosing,
    WrongPeriodState,
)
from billing.ledger.audit import broken_ledger
from billing.ledger.posting_days import state_of_day
from billing.models import AccountingPeriod, Entry, Ledger, Posting
from billing.period_names import named_period
from billing.pools.pools import change_pool
from billing.queries.ledger import period_sums, trial_balance
from billing.queries.periods import period, periods
from billing.queries.statements import statement, statement_lines
from billing.tariffs.tariffs import TariffEntry, enter_tariff
from booking.kernel.deliveries import Delivery
from booking.kernel.errors import DomainError
from booking.kernel.events import Actor, RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.models import UsageRecord
from tests.builders import SOMEBODY
from tests.conftest import MONDAY
from tests.integration.money.harvester_pool import JUNE, PER_SHARE, RULES, borne, close, cost, delivered, do, post, use
from tests.integration.money.test_ledger import _unposted_charge, entry_row, posting_rows, store
from tests.integration.money.test_ledger_races import statements_of
from tests.integration.money.test_money_audits import tamper
from tests.integration.schedule.test_offer_races import all_at_once
from tests.integration.schedule.test_quota_use import WAITS

PER_HECTARE = TariffEntry(date(2026, 1, 1), prices={"member": Decimal(140), "guest": Decimal(160)})
TODAY = date(2026, 11, 23)
LAST_OF_JUNE = date(2026, 6, 30)
NOVEMBER = date(2026, 11, 1), date(2026, 11, 30)
NEXT_YEAR = datetime(2027, 1, 31, 9, 0, tzinfo=UTC)


def posted_on(session):
    return session.scalars(select(Entry.posting_date).order_by(Entry.id.desc()).limit(1)).one()


def test_entries_are_dated_by_the_service_while_its_period_is_open(session, sample_ring, seven, june):
    assert set(session.scalars(select(Entry.posting_date))) == {date(2026, 6, 15), LAST_OF_JUNE}
    do(session, change_pool, june, "Harvester", RULES, charges_are="advance")
    do(session, post_advance, june, PER_SHARE)
    assert posted_on(session) == TODAY


def test_a_late_cost_and_a_late_charge_are_posted_today_and_the_hash_stays(session, sample_ring, seven, june):
    sealed = close(session)
    late_slip = use(session, sample_ring.combine, seven[6], 300)

    do(session, charge_for, late_slip)
    assert posted_on(session) == TODAY
    cost(session, june, "variable", 12_345)
    correction = post(session, june)

    assert posted_on(session) == TODAY
    late = session.scalars(select(Entry).order_by(Entry.id.desc()).limit(1)).one()
    assert (late.service_from, late.service_until) == JUNE
    assert sum(borne(session, correction)) == 12_345
    assert period(session, "2026-06", TODAY).sha256 == sealed
    assert list(broken_periods(session)) == []
    assert list(broken_ledger(session)) == []
    do(session, reverse_allocation, correction, "Once more.")
    assert posted_on(session) == TODAY


def test_the_golden_late_cost_of_june(session, seven, june):
    """G4: by the hectares of June, posted in the open month."""
    close(session)
    cost(session, june, "variable", 12_345)

    assert borne(session, post(session, june)) == [3328, 2651, 2175, 1811, 1387, 993]
    assert posted_on(session) == TODAY


@pytest.mark.parametrize("day", [LAST_OF_JUNE, date(2026, 6, 1), date(2026, 3, 5)])
def test_the_database_refuses_an_entry_in_a_closed_period_and_before(session, june, day):
    close(session)
    source = _unposted_charge(session)
    row = entry_row(9_000, source) | {"posting_date": day, "posted_by": None}

    with pytest.raises(DatabaseError, match="billing_period_closed"):
        store(session, (Posting, posting_rows(9_000, 500, -500)), (Entry, [row]))

    later = entry_row(9_000, source) | {"posting_date": date(2026, 7, 1), "posted_by": None}
    store(session, (Posting, posting_rows(9_000, 500, -500)), (Entry, [later]))


def test_a_soft_closed_period_takes_entries_of_treasurers_alone(session, sample_ring, seven, june):
    do(session, soft_close, "2026-06")
    days = date(2026, 5, 31), date(2026, 6, 1), LAST_OF_JUNE, date(2026, 7, 1)
    assert [state_of_day(session, day) for day in days] == ["open", "soft_closed", "soft_closed", "open"]
    do(session, charge_for, use(session, sample_ring.combine, seven[0], 100))
    assert posted_on(session) == TODAY  # a job

    cost(session, june, "variable", 5_000)
    digest = preview_allocation(session, june, *JUNE).digest
    wanda, karl = Actor(user_id=sample_ring.wanda_login), Actor(user_id=sample_ring.karl_login)
    with pytest.raises(PeriodNotOpen), write_transaction(session):
        post_allocation(session, june, *JUNE, digest=digest, by=wanda, now=MONDAY)
    with write_transaction(session):
        post_allocation(session, june, *JUNE, digest=digest, by=karl, now=MONDAY)
    assert posted_on(session) == LAST_OF_JUNE
    do(session, reopen, "2026-06")
    assert state_of_day(session, LAST_OF_JUNE) == "open"


def test_a_reversal_is_never_dated_before_what_it_reverses(session, sample_ring, seven, june):
    """A job posts a late slip today, because June is soft-closed; the treasurer prices June again."""
    do(session, soft_close, "2026-06")
    do(session, charge_for, use(session, sample_ring.combine, seven[0], 100))
    dearer = TariffEntry(date(2026, 6, 1), prices={"member": Decimal(150), "guest": Decimal(170)})
    with write_transaction(session):
        karl = Actor(user_id=sample_ring.karl_login)
        enter_tariff(session, sample_ring.combine, dearer, by=karl, now=MONDAY, reprice=True)

    of_late, reversal = aliased(Entry), aliased(Entry)
    dates = session.execute(
        select(of_late.posting_date, reversal.posting_date).join(reversal, reversal.reverses_id == of_late.id)
    ).all()
    assert {(TODAY, TODAY), (date(2026, 6, 15), date(2026, 6, 15))} == {tuple(each) for each in dates}
    assert sum(statement(session, seven[0], *NOVEMBER).made_of.values()) == 0
    assert list(broken_ledger(session)) == []


@pytest.mark.parametrize(
    "statement",
    [
        update(AccountingPeriod).values(state="open", sha256=None, entries=None, closed_at=None),
        update(AccountingPeriod).values(sha256="0"),
        update(AccountingPeriod).values(last_day=date(2026, 5, 31)),
        delete(AccountingPeriod),
        insert(AccountingPeriod).values(
            name="2026", first_day=date(2026, 1, 1), last_day=date(2026, 12, 31), state="open", revision=0
        ),
    ],
)
def test_a_closed_period_is_never_changed_by_both_databases(session, june, statement):
    close(session)
    with pytest.raises(DatabaseError, match=r"billing_period_(final|days|overlap)"), write_transaction(session):
        session.execute(statement)
    assert list(broken_periods(session)) == []


def test_a_closed_period_is_not_replaced_by_another_of_its_name(session, june):
    """SQLite's INSERT OR REPLACE deletes without a trigger on DELETE."""
    close(session)
    replaced = insert(AccountingPeriod).values(
        name="2026-06", first_day=date(1999, 1, 1), last_day=date(1999, 1, 31), state="open", revision=0
    )
    named = r"billing_period_no_replace|uq_billing_period_name"
    with pytest.raises(DatabaseError, match=named), write_transaction(session):
        session.execute(replaced.prefix_with("OR REPLACE", dialect="sqlite"))
    assert state_of_day(session, LAST_OF_JUNE) == "closed"


def test_a_period_is_closed_once_in_order_and_after_its_end(session, june):
    with pytest.raises(PeriodNotOver):
        preview_closing(session, "2026-11", now=MONDAY)
    with pytest.raises(EarlierPeriodOpen) as refused:
        preview_closing(session, "2026-07", now=MONDAY)
    assert refused.value.facts == {"name": "2026-06"}
    with pytest.raises(PeriodDivided):
        preview_closing(session, "2025", now=MONDAY)
    for name in ("2026-13", "x", "2026-6"):
        with pytest.raises(PeriodNotFound):
            preview_closing(session, name, now=MONDAY)
    close(session)
    with pytest.raises(WrongPeriodState):
        preview_closing(session, "2026-06", now=MONDAY)
    for verb in (soft_close, reopen):
        with pytest.raises(WrongPeriodState):
            do(session, verb, "2026-06")
    close(session, "2026-07")
    assert [one.name for one in periods(session, TODAY)[0] if one.is_closed] == ["2026-07", "2026-06"]
    assert [one.name for one in periods(session, TODAY, limit=2, offset=2)[0]] == ["2026-09", "2026-08"]


def test_an_empty_period_is_closed_with_a_later_one(session, june):
    """July has no entry, so that August may be closed; the database takes none in July from then on."""
    close(session)
    assert period(session, "2026-07", TODAY).state == "open"
    close(session, "2026-08")
    assert period(session, "2026-07", TODAY).state == state_of_day(session, date(2026, 7, 5)) == "closed"
    assert [one.name for one in periods(session, TODAY)[0] if one.is_closed] == ["2026-08", "2026-07", "2026-06"]
    for name in ("2026-07", "2026-05"):  # nor is it closed, or soft-closed, after the later one
        with pytest.raises(WrongPeriodState):
            preview_closing(session, name, now=MONDAY)
        with pytest.raises(WrongPeriodState):
            do(session, soft_close, name)
    with pytest.raises(WrongPeriodState):
        do(session, reopen, "2026-11")  # it was never soft-closed


def test_a_year_keeps_the_length_of_its_closed_periods(session, june):
    close(session)
    do(session, set_period_length, "year")

    names = [one.name for one in periods(session, date(2027, 2, 1))[0]]

    assert names[:3] == ["2027", "2026-12", "2026-11"]
    with pytest.raises(PeriodDivided):
        preview_closing(session, "2026", now=NEXT_YEAR)


def test_the_checklist_knows_what_is_missing(session, sample_ring, seven, june):
    """Undelivered, unpriced, disputed, unallocated, without costs; a use that still runs."""
    june_period = named_period("2026-06")
    assert open_points(session, june_period) == ()
    disputed = use(session, sample_ring.combine, seven[0], 100)
    with pytest.raises(EventsUndelivered):
        close(session)
    delivered(session)
    with write_transaction(session):
        session.execute(update_slip(disputed, objected_at=MONDAY, objection="Not mine."))
    running = use(session, sample_ring.combine, seven[1], 100)
    use(session, sample_ring.splitter, seven[0], 3_600)
    delivered(session)
    with write_transaction(session):
        session.execute(update_slip(running, handed_back_at=None, used_amount=None))
    cost(session, june, "fixed", 4_200)

    points = {point.code: (point.count, point.cents) for point in open_points(session, june_period)}

    assert points == {"unpriced": (1, 0), "still_out": (1, 0), "disputed": (1, 0), "unallocated": (1, 4_200)}
    assert [p.pools for p in open_points(session, named_period("2026-07")) if p.code == "without_costs"] == [
        ((june, "Harvester"),)
    ]
    with pytest.raises(OpenPoints) as refused:
        close(session, accepts_open=False)
    assert refused.value.facts == {"codes": ["unpriced", "still_out", "disputed", "unallocated"]}
    close(session)


def update_slip(usage_id, **values):
    return update(UsageRecord).where(UsageRecord.id == usage_id).values(**values)


def test_what_is_posted_after_the_preview_makes_it_stale(session, sample_ring, seven, june):
    digest = preview_closing(session, "2026-06", now=MONDAY).digest
    do(session, charge_for, use(session, sample_ring.combine, seven[0], 100))
    delivered(session)

    with pytest.raises(StaleClosing):
        close(session, digest=digest)
    assert state_of_day(session, LAST_OF_JUNE) == "open"


def test_nothing_is_closed_before_the_ledger_is_open(session, june):
    with write_transaction(session):
        session.execute(update(Ledger).values(state="closed"))
    with pytest.raises(LedgerClosed):
        preview_closing(session, "2026-06", now=MONDAY)


def test_two_treasurers_close_at_once_while_slips_are_priced(app, session, sample_ring, seven, june):
    """Each slip is either in the hash or dated today; one treasurer closes at most."""
    usage_ids = [use(session, sample_ring.combine, each, 100) for each in seven]
    with write_transaction(session):  # priced by this test alone, not by the subscriber
        ids = session.scalars(select(RecordedEvent.id).where(RecordedEvent.type == "machine_handed_back")).all()
        known = set(session.scalars(select(Delivery.event_id)))
        rows = [{"event_id": i, "subscriber": "billing.charges", "delivered_at": MONDAY} for i in ids if i not in known]
        session.execute(insert(Delivery), rows)
    digest = preview_closing(session, "2026-06", now=MONDAY).digest
    session.rollback()

    def closing(of_session):
        return close_period(of_session, "2026-06", digest=digest, accepts_open=True, by=SOMEBODY, now=MONDAY).sha256

    def pricing(usage_id):
        return lambda of_session: charge_for(of_session, usage_id, by=SOMEBODY, now=MONDAY).cents

    results = all_at_once(app, closing, *map(pricing, usage_ids), closing)

    assert all(isinstance(one, int | str | DomainError) for one in results), results
    closed = [one for one in results if isinstance(one, str)]
    assert len(closed) <= 1
    assert [one for one in results[1:-1] if not isinstance(one, int)] == []
    session.rollback()
    last_seven = session.scalars(select(Entry.posting_date).order_by(Entry.id.desc()).limit(7)).all()
    assert set(last_seven) <= ({TODAY} if closed else {date(2026, 6, 15)})
    assert list(broken_periods(session)) == []
    assert list(broken_ledger(session)) == []


def test_who_closes_waits_for_who_prices(app, session, sample_ring, seven, june, database_kind):
    """And then looks at what was posted meanwhile: never is something posted into what was closed."""
    usage_id = use(session, sample_ring.combine, seven[0], 100)
    delivered(session)
    with write_transaction(session):
        session.execute(update(UsageRecord).where(UsageRecord.id == usage_id).values(used_amount=200))
    digest = preview_closing(session, "2026-06", now=MONDAY).digest
    session.rollback()

    def closing(of_session):
        return close_period(of_session, "2026-06", digest=digest, accepts_open=True, by=SOMEBODY, now=MONDAY)

    with ThreadPoolExecutor(1) as other:
        with write_transaction(session):
            charge_for(session, usage_id, by=SOMEBODY, now=MONDAY)
            closed = other.submit(all_at_once, app, closing)
            while database_kind == "postgresql" and not session.scalar(text(WAITS)):
                assert not closed.done(), "it closed while a slip was being priced"
        (answer,) = closed.result()
    assert isinstance(answer, StaleClosing | EventsUndelivered)


@pytest.mark.parametrize(
    ("table", "change", "found"),
    [
        ("billing_posting", "topic = 'share' WHERE number = 1 AND entry_id = 1", {"period_hash"}),
        ("billing_period", "sha256 = 'x'", {"period_event", "period_hash"}),
        ("billing_period", "state = 'open', sha256 = NULL, entries = NULL, closed_at = NULL", {"period_lost"}),
    ],
)
def test_the_audit_finds_what_was_changed_behind_the_program(session, june, table, change, found):
    close(session)
    tamper(session, table, change)
    assert {finding.code for finding in broken_periods(session)} == found


def test_sums_read_no_lines_and_pages_as_many_statements_however_much_is_posted(session, sample_ring, seven, june):
    def asked():
        with statements_of(session) as sent:
            trial_balance(session)
            period_sums(session, *JUNE)
            periods(session, TODAY)
            of = statement(session, seven[0], *JUNE)
            statement_lines(session, of, limit=25)
        return sent

    few = asked()
    for each in seven:
        do(session, charge_for, use(session, sample_ring.combine, each, 100))
    many = asked()

    assert len(many) == len(few)
    with statements_of(session) as sent:
        sums = trial_balance(session)
    assert not [one for one in sent if "billing_posting" in one]
    assert sum(each.cents for each in sums) == 0
    assert {each.account.code: each.cents for each in sums}["receivables"] == sum(
        statement(session, one, *JUNE).closing_cents for one in seven
    )
