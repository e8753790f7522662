"""The accounts of the demo: a cost pool with shares and bills, allocations, and costs to come.

The year before is closed, some of its invoices are issued, one of them is taken back; a late bill becomes a correction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import chain

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from app.demo.base_data import BaseData
from app.demo.people import ANNA, BERND, LEAVER, MEMBERS
from app.demo.simulation import ZONE, Process, at
from app.documents.composer import TextComposer
from billing.allocations import allocations, previews
from billing.allocations.periods import Period, accounting_year
from billing.closing.periods import close_period, preview_closing
from billing.documents import issuing
from billing.equity.equity import EquityInput, enter_equity
from billing.equity.settlements import preview_settlement, settle
from billing.errors.money_errors import NothingUsed
from billing.models import Allocation, AllocationLine
from billing.pools import costs, pools, shares
from billing.pools.budgets import set_budget
from billing.pools.costs import CostEntry
from billing.pools.machine_cost_entry import MachineCostEntry, set_machine_cost
from billing.pools.machine_costs import MachineCostInput
from billing.pools.recurring_costs import RecurringInput, enter_recurring_cost
from billing.pools.recurring_days import QUARTER
from billing.statements.issued_statements import issue_statement
from billing.subscribers import SUBSCRIPTIONS
from booking.kernel import deliveries
from booking.kernel.deliveries import Delivery
from booking.kernel.events import Actor, RecordedEvent
from booking.times.wall_clock import local_day

FIXED, RUNNING, BASIC = "Feste Kosten", "Kraftstoff, Reparatur", "Grundbetrag"
RULES = {FIXED: "shares", RUNNING: "use", BASIC: "head"}
COMBINE_COSTS = MachineCostInput(
    new_value_cents=32_000_000,
    residual_cents=6_400_000,
    life_years=10,
    life_use=Decimal(3_000),
    interest_percent=Decimal(3),
    insurance_percent=Decimal("0.5"),
    housing_cents=90_000,
    repair_price=Decimal("14.50"),
    supplies=Decimal(18),  # litres of diesel per hectare
    supplies_price=Decimal("1.25"),
)
BUDGET = {FIXED: 2_700_000, RUNNING: 1_000_000, BASIC: 10_000}  # euro cents
# Who gets an invoice of the year before: few, because the worker makes their files when the demo starts.
INVOICED = (ANNA, BERND, "M-003", "M-005")
TAKEN_BACK = "M-005"
DAYS_TO_POST = 12  # after the end of the period, when its slips are in
EVENING_HOURS = (18, 19, 20)  # hours at which the treasurer enters bills


class Accounting:
    """The entries of the treasurer: each bill some days after its service date, allocations of two periods.

    They are the year before and half the season.
    """

    def __init__(self, session: Session, base: BaseData) -> None:
        self.session, self.base = session, base
        self.by = Actor(user_id=base.logins["karl@demo.example"])
        self.first, self.last = base.season_start, _middle(base)
        self.pool_id = 0

    def processes(self, *, is_invoicing: bool) -> Iterator[Process]:
        """Return the processes of all entries. is_invoicing: the ring has what invoices need."""
        yield self._open_pool()
        yield self._calculate_combine()
        yield self._plan_costs()
        past_first, past_last = self.base.past_start, self.base.past_end - timedelta(days=1)
        bills = (
            _past_bills(past_first, past_last),
            _bills(self.first, self.last),
            _late_bills(self.last, self.base.today),
        )
        for number, bill in enumerate(chain(*bills)):
            yield self._enter(bill, EVENING_HOURS[number % len(EVENING_HOURS)])
        yield self._post(past_first, past_last, "Feste Kosten des Vorjahres")
        year_end = date(past_first.year, 12, 31)
        yield self._close(year_end)
        yield self._correct(past_first, past_last, year_end + timedelta(days=76))
        if is_invoicing:
            yield self._pay_in()
            yield self._settle(past_first, past_last, year_end + timedelta(days=80))
            yield self._invoice(year_end)
        yield self._post(self.first, self.last, "Erste Hälfte der Saison")

    def _calculate_combine(self) -> Process:
        yield (entered := at(self.base.past_start, 20))
        entry = MachineCostEntry(COMBINE_COSTS, planned_use=Decimal(227), contractor_price=Decimal(190))
        set_machine_cost(self.session, self.base.machines["combine"], entry, by=self.by, now=entered)

    def _open_pool(self) -> Process:
        yield (opened := at(self.base.past_start, 19))
        pool = pools.enter_pool(
            self.session,
            self.base.machines["combine"],
            "Mähdrescher",
            RULES,
            by=self.by,
            now=opened,
            charges_are=pools.ADVANCE,
        )
        self.pool_id = pool.id
        since = self.base.past_start
        for member in (*MEMBERS, LEAVER):
            if member.shares:
                member_id = self.base.members[member.number]
                shares.set_shares(self.session, pool.id, member_id, member.shares, since, by=self.by, now=opened)

    def _plan_costs(self) -> Process:
        """Enter the rent of the shed, which is proposed since the season began, and the budget of the year."""
        yield (planned := at(self.first, 19))
        rent = RecurringInput("Stellplatz in der Halle", "Hofgut Lindner", FIXED, 24_000, QUARTER, self.first)
        enter_recurring_cost(self.session, self.pool_id, rent, by=self.by, now=planned)
        set_budget(self.session, self.pool_id, self.base.today.year, BUDGET, by=self.by, now=planned)

    def _enter(self, bill: CostEntry, hour: int) -> Process:
        yield (arrived := at(bill.service_date + timedelta(days=4), hour))
        costs.enter_cost(self.session, self.pool_id, bill, by=self.by, now=arrived, confirmed_cents=bill.net_cents)

    def _post(self, first: date, last: date, note: str) -> Process:
        yield (posted := at(last + timedelta(days=DAYS_TO_POST), 20) + timedelta(minutes=14))
        with suppress(NothingUsed):  # by chance nobody used the combine: its bills wait
            preview = previews.preview_allocation(self.session, self.pool_id, first, last)
            allocations.post_allocation(
                self.session, self.pool_id, first, last, digest=preview.digest, by=self.by, now=posted, note=note
            )

    def _close(self, last: date) -> Process:
        """Close the year before. Its uses were priced as they ended, and no missed reservation costs a fee there."""
        yield (closed := at(last + timedelta(days=31), 20))
        name = str(last.year)
        for one in SUBSCRIPTIONS:
            waiting = self.session.scalars(deliveries.new_events(one, 0).with_only_columns(RecordedEvent.id))
            delivered = {"subscriber": one.subscriber, "delivered_at": closed}
            if rows := [{"event_id": event_id, **delivered} for event_id in waiting]:
                self.session.execute(insert(Delivery), rows)
        digest = preview_closing(self.session, name, now=closed).digest
        close_period(self.session, name, digest=digest, accepts_open=True, by=self.by, now=closed)

    def _correct(self, first: date, last: date, day_of_bill: date) -> Process:
        """Enter a late bill of the closed year, and allocate it by the keys of that year."""
        yield (arrived := at(day_of_bill, 19))
        bill = CostEntry(
            last - timedelta(days=9), "Landtechnik Fuchs", FIXED, 327_455, "RE-2988", "Getriebe, verspätet"
        )
        costs.enter_cost(self.session, self.pool_id, bill, by=self.by, now=arrived)
        preview = previews.preview_allocation(self.session, self.pool_id, first, last)
        note = "Nachbelastung: Rechnung nach dem Abschluss"
        allocations.post_allocation(
            self.session, self.pool_id, first, last, digest=preview.digest, by=self.by, now=arrived, note=note
        )

    def _pay_in(self) -> Process:
        """Enter what the holders of shares have paid in: who left, 1,000.00; the others, 100.00 for each share."""
        yield (entered := at(self.base.past_start, 21))
        for member in (*MEMBERS, LEAVER):
            cents = 100_000 if member is LEAVER else member.shares * 10_000
            if cents:
                paid = EquityInput(self.base.members[member.number], self.base.past_start, cents, "Beitritt")
                enter_equity(self.session, paid, by=self.by, now=entered)

    def _settle(self, first: date, last: date, day: date) -> Process:
        """Settle with who left: the late bill is set off against the equity; what was divided before is paid."""
        yield (settled := at(day, 20))
        member_id = self.base.members[LEAVER.number]
        late = charged_last(self.session, self.pool_id, (first, last), member_id)
        seen = preview_settlement(self.session, member_id, late, now=settled)
        composer = TextComposer(self.session)
        settle(self.session, member_id, composer, digest=seen.digest, set_off_cents=late, by=self.by, now=settled)

    def _invoice(self, last: date) -> Process:
        """Issue invoices of the closed year; take one back, and issue it again."""
        yield (issued := at(last + timedelta(days=45), 20))
        composer = TextComposer(self.session)
        for number in INVOICED:
            document_ids = self._issue(number, last, composer, issued)
            if number == TAKEN_BACK:
                yield (taken_back := at(last + timedelta(days=52), 18))
                for document_id in document_ids:
                    on = local_day(taken_back, ZONE)
                    issuing.cancel(self.session, document_id, composer, on=on, by=self.by, now=taken_back)
                self._issue(number, last, composer, taken_back)
        self._state(accounting_year(last), composer, issued)

    def _state(self, year: Period, composer: TextComposer, issued: datetime) -> None:
        """Issue statements of the closed year to whom invoices were issued."""
        for number in INVOICED:
            member_id, on = self.base.members[number], local_day(issued, ZONE)
            issue_statement(self.session, member_id, year, composer, on=on, by=self.by, now=issued)

    def _issue(self, number: str, until: date, composer: TextComposer, issued: datetime) -> tuple[int, ...]:
        member_id, on = self.base.members[number], local_day(issued, ZONE)
        return issuing.issue(self.session, member_id, until, composer, on=on, by=self.by, now=issued)


def charged_last(session: Session, pool_id: int, days: Period, member_id: int) -> int:
    """Return what a member bears of the last allocation of some days of a pool, in cents."""
    of_days = Allocation.pool_id == pool_id, Allocation.period_from == days[0], Allocation.period_until == days[1]
    last = select(func.max(Allocation.id)).where(*of_days).scalar_subquery()
    borne = select(func.sum(AllocationLine.cents)).where(AllocationLine.allocation_id == last)
    return int(session.scalar(borne.where(AllocationLine.member_id == member_id)) or 0)


def _middle(base: BaseData) -> date:
    return base.season_start + (base.today - base.season_start) // 2


def _past_bills(first: date, last: date) -> list[CostEntry]:
    return [
        CostEntry(first + timedelta(days=20), "Allgäuer Versicherung", FIXED, 83_410, "2041-52", "Kasko"),
        CostEntry(last - timedelta(days=30), "Eigene Rechnung", FIXED, 2_560_000, "AfA-0", "Abschreibung, ein Jahr"),
        CostEntry(last, "Ring Oberland", BASIC, 10_000, "", "Stellplatz und Verwaltung"),
    ]


def _bills(first: date, last: date) -> list[CostEntry]:
    middle = first + (last - first) // 2
    return [
        CostEntry(first, "Eigene Rechnung", FIXED, 1_280_000, "AfA-1", "Abschreibung, halbes Jahr"),
        CostEntry(first, "Allgäuer Versicherung", FIXED, 86_655, "2041-77", "Kasko"),
        CostEntry(middle, "Landtechnik Fuchs", RUNNING, 214_870, "RE-3310", "Messerbalken, Keilriemen"),
        CostEntry(middle, "Lagerhaus Weilheim", RUNNING, 361_240, "L-88127", "Diesel"),
        CostEntry(last, "Ring Oberland", BASIC, 10_000, "", "Stellplatz und Verwaltung"),
    ]


def _late_bills(last: date, today: date) -> list[CostEntry]:
    after = last + timedelta(days=20)
    return [
        CostEntry(after, "Lagerhaus Weilheim", RUNNING, 298_415, "L-90233", "Diesel"),
        CostEntry(after, "Eigene Rechnung", FIXED, 1_280_000, "AfA-2", "Abschreibung, halbes Jahr"),
        CostEntry(today - timedelta(days=12), "Landtechnik Fuchs", RUNNING, 327_455, "RE-3672", "Dreschkorb"),
        CostEntry(
            today - timedelta(days=5), "Allgäuer Versicherung", RUNNING, -41_820, "2041-91", "Erstattung Steinschlag"
        ),
    ]
