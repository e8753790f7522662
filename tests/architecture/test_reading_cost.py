"""What reading costs does not grow with the age of the ring. Counted, not timed, on SQLite."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import event, insert, select, text

from app.auth import security_log
from app.background import queue
from app.exports.event_log import event_types
from app.pages.admin import lists, security
from app.schema import metadata
from billing import queries as money
from billing.posting_exports import selection
from billing.queries import balances, ledger, next_steps, open_sums, statements
from billing.queries.machine_years import machine_years
from billing.statements import issued_statements
from booking import availability, queries
from booking.kernel.transaction import write_transaction
from booking.models import HOLDING, Hold, Occupancy, Reservation, Unit
from booking.reservations.wishes import Wish
from booking.timespan import TimeSpan
from tests import builders
from tests.conftest import MONDAY, SECRET_KEY

NOW = MONDAY
WEEK = TimeSpan(NOW, NOW + timedelta(days=7))
DAY = TimeSpan(NOW, NOW + timedelta(days=1))
MACHINES, PER_DAY = 4, 3
YOUNG, OLD = 4, 9  # years; longer than any rule looks back
# A page of a list may walk along the index of its order, from the first row shown: LIMIT ends it, and the steps tell.
IN_ITS_ORDER = re.compile(r"\bLIMIT\b")
# Walked from the newest until the page is full.
BY_ID = ("SCAN booking_event", "SCAN billing_entry", "SCAN billing_allocation", "SCAN booking_announcement")
# The few rows of a partial index are read whole.
PARTIAL = ("ix_booking_usage_disputed", "ix_booking_reservation_")
# The tables that are as long as what there is of people, machines and programs, whatever the age of a ring: all others
# grow with it, those of a later migration too until they are named here.
AS_LONG_AS_THE_RING_IS_LARGE = (
    "auth_api_token",
    "auth_managed_workshop",
    "auth_recovery_code",
    "auth_second_factor",
    "auth_user",
    "billing_account",
    "billing_balance",
    "billing_document_terms",
    "billing_ledger",
    "billing_machine_cost",
    "billing_pool",
    "billing_share",
    "billing_tariff",
    "billing_tariff_price",
    "booking_deleted_id",
    "booking_event_cursor",
    "booking_former_price_class",
    "booking_induction",
    "booking_induction_kind",
    "booking_prerequisite",
    "booking_machine",
    "booking_member",
    "booking_member_names",
    "booking_opening_hours",
    "booking_price_class",
    "booking_ring",
    "booking_unit",
    "booking_workshop",
    "calendars_feed",
    "import_remembered_columns",
    "installation",
    "mail_suspension",
    "notifications_mail_choice",
)
GROWING = sorted(set(metadata.tables) - set(AS_LONG_AS_THE_RING_IS_LARGE))


# A slip, its charge and its event of each reservation that is over, in one allocation.
MONEY = """
INSERT INTO booking_usage (reservation_id, machine_id, member_id, charge_unit, handed_out_at, handed_back_at,
used_amount, places, note_before, note_after, objection, answer, revision, price_class, service_date) SELECT
id, machine_id, member_id, 'hour', starts_at, ends_at, 7200, 1, '', '', '', '', 1, 'member', date(starts_at)
FROM booking_reservation WHERE status = 'completed';
INSERT INTO billing_tariff (machine_id, valid_from, version, charge_unit, minimum_cents, minimum_amount,
step_amount, basis, note, created_at, revision) SELECT id, '2000-01-01', 1, 'hour', 0, 0, 1, 'used', '',
'2000-01-01 00:00:00.000000', 0 FROM booking_machine;
INSERT INTO billing_charge (usage_id, number, member_id, machine_id, tariff_id, service_date, price_class,
charge_unit, charged_amount, cents, calculation, created_at) SELECT u.id, 1, u.member_id, u.machine_id, t.id,
u.service_date, 'member', 'hour', 7200, 2000,
json_object('basis', 'used', 'used_amount', 7200, 'booked_amount', NULL, 'counted_amount', 7200, 'step_amount', 1,
'stepped_amount', 7200, 'minimum_amount', 0, 'charged_amount', 7200, 'small_per_unit', 3600, 'unit_price', '10',
'priced_cents', 2000, 'minimum_cents', 0, 'cents', 2000), u.handed_back_at FROM booking_usage u
JOIN billing_tariff t ON t.machine_id = u.machine_id;
INSERT INTO booking_event (at, actor_job, type, facts) SELECT handed_back_at, 'bench', CASE id % 3 WHEN 0 THEN
'use_charged' WHEN 1 THEN 'machine_handed_out' ELSE 'machine_handed_back' END, json_object('usage_id', id)
FROM booking_usage;
INSERT INTO billing_posting (entry_id, number, account_id, member_id, machine_id, topic, cents) SELECT c.id, 1, a.id,
c.member_id, c.machine_id, 'use', c.cents FROM billing_charge c JOIN billing_account a ON a.code = 'receivables';
INSERT INTO billing_posting (entry_id, number, account_id, topic, cents) SELECT c.id, 2, a.id, 'counter', -c.cents
FROM billing_charge c JOIN billing_account a ON a.code = 'use_charges';
INSERT INTO billing_entry (id, posting_date, service_from, service_until, lines, charge_id, sha256, posted_at) SELECT
id, service_date, service_date, service_date, 2, id, '', created_at FROM billing_charge;
INSERT INTO billing_pool (id, machine_id, name, rules, excludes_guests, revision) SELECT 1, min(id), 'Pool',
'{}', 0, 0 FROM booking_machine;
INSERT INTO billing_allocation (id, pool_id, period_from, period_until, total_cents, posted_at, note) VALUES
(1, 1, '2000-01-01', '2026-12-31', 100, '2026-01-01 00:00:00.000000', '');
INSERT INTO billing_allocation_slip (allocation_id, usage_id, member_id, service_date, amount) SELECT 1, id,
member_id, service_date, 7200 FROM booking_usage
"""


class Ring:
    """Some machines with a schedule that reaches years back and a month ahead, and what is read from it."""

    def __init__(self, session, years: float) -> None:
        self.session = session
        hall = builders.workshop(session)
        self.members = [builders.member(session, name) for name in ("Anna", "Bernd")]
        self.machines = [
            builders.machine(session, hall, f"machine-{number}", kind="harvest") for number in range(MACHINES)
        ]
        self.rack = builders.machine(session, hall, "rack", places=2)
        self.workshops = [hall]
        self.waiting = builders.machine(session, hall, "waiting", needs_approval=True, decision_hours=24 * 365)
        with write_transaction(session):
            self._fill(NOW - timedelta(days=int(years * 365)), NOW + timedelta(days=30))
            for statement in MONEY.split(";"):
                session.execute(text(statement))
        builders.reserve(session, self.waiting, self.members[0], builders.hours(NOW, 24 * 20, 24 * 20 + 2), now=NOW)

    def _fill(self, since: datetime, until: datetime) -> None:
        units = {unit.machine_id: unit.id for unit in self.session.scalars(select(Unit))}
        reservations, occupancies = [], []
        for day in range((until - since).days):
            for machine_id in self.machines:
                for hour in range(PER_DAY):
                    start = since + timedelta(days=day, hours=3 * hour)
                    reservations.append(self._reservation(len(reservations) + 1, machine_id, start))
                    held = {"occupied_from": start, "occupied_until": start + timedelta(hours=2)}
                    occupancies.append({"unit_id": units[machine_id], "hold_id": len(reservations), **held})
        for place_id, start, length in self._on_the_rack(since):
            held = {"occupied_from": start, "occupied_until": start + timedelta(hours=length)}
            reservations.append(self._reservation(len(reservations) + 1, self.rack, start, length))
            occupancies.append({"unit_id": place_id, "hold_id": len(reservations), **held})
        self.session.execute(insert(Hold), [{"id": row["id"], "kind": "reservation"} for row in reservations])
        self.session.execute(insert(Reservation), reservations)
        self.session.execute(insert(Occupancy), occupancies)

    def _on_the_rack(self, since: datetime) -> Iterator[tuple[int, datetime, int]]:
        """Both places on every day that is over; in two days the first place until noon, the second from noon on."""
        first, second = self.session.scalars(select(Unit.id).where(Unit.machine_id == self.rack).order_by(Unit.number))
        for day in range((NOW - since).days):
            yield first, since + timedelta(days=day), 8
            yield second, since + timedelta(days=day), 8
        yield first, NOW + timedelta(days=2), 4
        yield second, NOW + timedelta(days=2, hours=4), 4

    def wish_for_a_moved_place(self) -> Wish:
        """Bernd wants the hours around noon, for which one of the two has to move."""
        noon = NOW + timedelta(days=2, hours=4)
        return Wish(self.rack, self.members[1], TimeSpan(noon - timedelta(hours=2), noon + timedelta(hours=2)))

    def wish(self) -> Wish:
        """Bernd wants what is taken."""
        return Wish(
            self.machines[0], self.members[1], TimeSpan(NOW + timedelta(days=2), NOW + timedelta(days=2, hours=1))
        )

    def _reservation(self, number: int, machine_id: int, start: datetime, hours: int = 2) -> dict[str, object]:
        end = start + timedelta(hours=hours)
        return {
            "id": number,
            "uid": f"{number}@ringbuch",
            "machine_id": machine_id,
            # One reservation in forty is Anna's, so that her own lists stay as long as those of a real member.
            "member_id": self.members[0] if number % 40 == 0 else self.members[1],
            "starts_at": start,
            "ends_at": end,
            "occupied_from": start,
            "occupied_until": end,
            "status": "completed" if end < NOW else "confirmed",
            "created_at": start,
            "changed_at": start,
            "asked_at": start,
        }

    @contextmanager
    def counted(self) -> Iterator[dict[str, int]]:
        """Counts the steps of SQLite's machine and the statements, and keeps the plans of the statements."""
        connection = self.session.connection()
        driver = connection.connection.driver_connection
        count = {"steps": 0, "statements": 0, "scans": []}

        def step() -> None:
            count["steps"] += 10

        def statement(_connection, cursor, sql, parameters, _context, _many) -> None:
            count["statements"] += 1
            driver.set_progress_handler(None, 10)
            plan = [row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)]
            walks = [line for line in plan if line.startswith("SCAN") and line.split()[1] in GROWING]
            walks = [line for line in walks if line.split()[1] != "billing_account_month"]  # a row for a month
            walks = [line for line in walks if not any(index in line for index in PARTIAL)]
            if IN_ITS_ORDER.search(sql):
                walks = [line for line in walks if " INDEX " not in line and line not in BY_ID]
            count["scans"] += walks
            driver.set_progress_handler(step, 10)

        event.listen(connection, "before_cursor_execute", statement)
        try:
            yield count
        finally:
            event.remove(connection, "before_cursor_execute", statement)
            driver.set_progress_handler(None, 10)


LONG_AGO = TimeSpan(NOW - timedelta(days=900), NOW - timedelta(days=870))
LAST_YEAR = date(NOW.year - 1, 1, 1), date(NOW.year - 1, 12, 31)
MONTH = (LONG_AGO.start.date(), LONG_AGO.end.date())


def _slips(ring: Ring, **wanted) -> object:
    """Read the first page of slips with what stands around it."""
    return (
        queries.slips(ring.session, limit=26, **wanted),
        queries.slip_totals(ring.session, at_most=250, **wanted),
    )


def _found(ring: Ring, scope: queries.VisibilityScope) -> object:
    """Search by words that name a machine, a member, and both."""
    machines = queries.machine_cards(ring.session).items
    members = [one.id for one in queries.members_by_words(ring.session, ["bernd"], workshop_ids=ring.workshops)]
    found = [queries.Found(None, machines), queries.Found(members, None), queries.Found(members, machines[:1])]
    return (
        queries.found_reservations(ring.session, found, scope, limit=6),
        queries.found_slips(ring.session, found, scope, limit=6, offset=20),
    )


# They add up what is stored of each month of an account or a member.
BY_MONTHS, STEPS_PER_MONTH = ("the sums and the chart of the ledger", "the statements of a year"), 40

READINGS = {
    "the search of everything": lambda r: _found(r, queries.VisibilityScope(is_everybody=True)),
    "the search of a manager": lambda r: _found(
        r, queries.VisibilityScope(member_id=r.members[0], workshop_ids=r.workshops)
    ),
    "members by a part of their name": lambda r: (
        queries.find_members(r.session, "bern", day=NOW.date()),
        queries.few_members_matching(r.session, "bern"),
    ),
    "the plan board of a week": lambda r: queries.board(r.session, WEEK, now=MONDAY),
    "the free time of a machine": lambda r: availability.free_spans(
        r.session, r.machines[0], TimeSpan(NOW, NOW + timedelta(days=14)), minutes=60, now=NOW
    ),
    "the earliest free machine": lambda r: availability.earliest_free(r.session, minutes=120, now=NOW),
    "the check of a wish": lambda r: availability.check_wish(r.session, r.wish(), now=NOW),
    "the check of a wish for which another moves": lambda r: availability.check_wish(
        r.session, r.wish_for_a_moved_place(), now=NOW
    ),
    "alternatives to a taken span": lambda r: availability.alternatives(r.session, r.wish(), now=NOW),
    "one reservation": lambda r: queries.reservation(r.session, 1),
    "a member's next reservations": lambda r: queries.reservations_of_member(
        r.session, r.members[0], upcoming=True, now=NOW
    ),
    "the next reservations of a member with many": lambda r: queries.reservations_of_member(
        r.session, r.members[1], upcoming=True, now=NOW, limit=5
    ),
    "a member's past reservations": lambda r: queries.reservations_of_member(
        r.session, r.members[0], upcoming=False, now=NOW
    ),
    "the past of a workshop": lambda r: queries.past_reservations(r.session, workshop_ids=r.workshops, now=NOW),
    "the past of a month": lambda r: queries.past_reservations(
        r.session, workshop_ids=r.workshops, since=LONG_AGO.start, until=LONG_AGO.end, now=NOW
    ),
    "what lies ahead of a workshop": lambda r: queries.reservations(
        r.session, workshop_ids=r.workshops, since=NOW, statuses=HOLDING, limit=20
    ),
    "reservations by status": lambda r: queries.reservations(r.session, statuses=["completed"], limit=20),
    "reservations that a member may know": lambda r: queries.reservations(
        r.session, scope=queries.VisibilityScope(member_id=r.members[0]), limit=20
    ),
    "all slips": _slips,
    "a member's slips": lambda r: _slips(r, member_id=r.members[1], workshop_ids=()),
    "the slips of a manager who is a member": lambda r: _slips(r, member_id=r.members[0], workshop_ids=r.workshops),
    "slips by the name of a member": lambda r: _slips(r, member_text="Bernd"),
    "slips of a machine and a month": lambda r: _slips(r, machine_id=r.machines[0], since=MONTH[0], until=MONTH[1]),
    "disputed slips": lambda r: (_slips(r, only_disputed=True), queries.disputed_count(r.session)),
    "the days of slips": lambda r: (
        queries.days_of_slips(r.session),
        queries.days_of_slips(r.session, member_id=r.members[1], workshop_ids=r.workshops),
    ),
    "the machines with slips": lambda r: (
        queries.machines_with_slips(r.session),
        queries.machines_with_slips(r.session, member_id=r.members[1], workshop_ids=()),
    ),
    "the newest charges": lambda r: (
        money.posted_charges(r.session, limit=26),
        money.charge_totals(r.session, at_most=250),
    ),
    "the totals of a year": lambda r: money.year_totals(r.session, NOW.year),
    "the costs of a year": lambda r: money.costs_by_month(r.session, NOW.year),
    "the newest allocations": lambda r: money.allocations(r.session, limit=26),
    "the costs of a pool": lambda r: money.costs(r.session, 1, limit=26),
    "a member's charges": lambda r: money.charges_of_member(r.session, r.members[1], limit=26),
    "what members owe by age": lambda r: (
        open_sums.age_totals(r.session, NOW.date()),
        open_sums.aged_balances(r.session, NOW.date(), age="30"),
    ),
    "the balances of all members": lambda r: (balances.balance_totals(r.session), balances.balances(r.session)),
    "the sums and the chart of the ledger": lambda r: (ledger.trial_balance(r.session), ledger.chart_view(r.session)),
    "the years of postings": lambda r: selection.posted_years(r.session),
    "the journal": lambda r: ledger.journal(r.session),
    "the statements of a year": lambda r: (
        issued_statements.drafts_after(r.session, LAST_YEAR, 0, limit=51),
        statements.statement(r.session, r.members[1], *LAST_YEAR),
        balances.made_of(r.session, r.members[1]),
    ),
    "use and costs per unit of four years": lambda r: machine_years(r.session, r.machines, NOW.year),
    "what stands in no invoice, and the period to close": lambda r: (
        next_steps.not_invoiced(r.session),
        next_steps.period_to_close(r.session, NOW.date()),
    ),
    "the damage reports": lambda r: queries.damage_reports(r.session, workshop_ids=r.workshops, limit=26),
    "the announcements": lambda r: queries.announcements(r.session, NOW.date()),
    "the security log": lambda r: security.entries(r.session, security_log.LOGGED_IN, 1),
    "mails that were given up": lambda r: (
        lists.mails_given_up(r.session, 1),
        lists.mails_given_up_count(r.session),
    ),
    "a login's tasks": lambda r: queue.tasks_of(r.session, 1, limit=21, offset=0),
    "the types of events": lambda r: (event_types(r.session), event_types(r.session, only_money=True)),
    "the event log": lambda r: lists.events(r.session, "", 1),
    "the event log of the treasurer": lambda r: lists.events(r.session, "", 1, only_money=True),
    "the events of a type": lambda r: lists.events(r.session, "machine_handed_out", 1),
    "a machine's reservations of a week": lambda r: queries.reservations(
        r.session, machine_id=r.machines[0], since=WEEK.start, until=WEEK.end
    ),
    "all reservations of a day": lambda r: queries.reservations(r.session, since=DAY.start, until=DAY.end),
    "all reservations of a day long ago": lambda r: queries.reservations(
        r.session, since=LONG_AGO.start, until=LONG_AGO.start + timedelta(days=1), limit=20
    ),
    "the first page of all reservations": lambda r: queries.reservations(r.session, limit=50),
    "what waits for a manager": lambda r: queries.desk_counts(r.session, r.workshops, r.members[0], now=NOW),
    "what a member has not brought back": lambda r: queries.desk_counts(r.session, frozenset(), r.members[0], now=NOW),
    "the requests that wait": lambda r: queries.waiting_requests(r.session, None, NOW),
    "what keeps a machine from being retired": lambda r: queries.reservations_holding(
        r.session, r.machines[0], now=NOW, limit=5
    ),
    "the neighbours of a reservation": lambda r: queries.neighbours(r.session, [queries.reservation(r.session, 1)]),
    "today's machines": lambda r: queries.todays_machines(r.session, None, DAY.start, DAY.end),
    "what a closure would hit": lambda r: queries.hit_by(r.session, r.machines[0], DAY),
    "a member's feed": lambda r: queries.feed_reservations(
        r.session, member_id=r.members[0], since=NOW - timedelta(days=90), until=WEEK.end
    ),
    "a machine's feed": lambda r: queries.feed_reservations(
        r.session, machine_id=r.machines[0], since=NOW - timedelta(days=90), until=WEEK.end
    ),
}


@pytest.fixture(scope="module")
def counts(tmp_path_factory, sqlite_template):
    """Reading -> what it cost in a young ring and in an old one."""
    from app import create_app
    from app.extensions import db

    found = {name: {} for name in READINGS}
    for years in (YOUNG, OLD):
        folder = tmp_path_factory.mktemp(f"years-{years}")
        with sqlite_template.copy(folder) as url:
            app = create_app({"DATABASE_URL": url, "SECRET_KEY": SECRET_KEY, "TESTING": True}, instance_path=folder)
            with app.app_context():
                builders.ring(db.session())
                ring = Ring(db.session(), years)
                for name, read in READINGS.items():
                    with ring.counted() as count:
                        read(ring)
                    found[name][years] = count
                db.session.remove()
                db.engine.dispose()
    return found


def test_the_next_reservations_cost_what_is_shown_and_not_what_is_reserved_ahead(counts):
    """Anna has nine reservations ahead of her, Bernd 350: ten steps for each of them would not suffice to read it."""
    few, many = counts["a member's next reservations"][OLD], counts["the next reservations of a member with many"][OLD]

    assert many["steps"] <= few["steps"] + 10 * 350


@pytest.mark.parametrize("name", READINGS)
def test_no_query_scans_a_table_that_grows(counts, name):
    assert counts[name][OLD]["scans"] == []


@pytest.mark.parametrize("name", READINGS)
def test_statements_and_steps_do_not_grow_with_the_age_of_the_ring(counts, name):
    young, old = counts[name][YOUNG], counts[name][OLD]

    assert old["statements"] == young["statements"]
    more = STEPS_PER_MONTH * 12 * (OLD - YOUNG) if name in BY_MONTHS else 0
    assert old["steps"] <= 1.25 * young["steps"] + 200 + more
