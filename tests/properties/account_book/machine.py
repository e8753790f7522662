"""The state machine of the account book: verbs in any order, killed before their commit now and then.

Each example has machines and members of its own, and begins in a month of its own, because the ledger, its periods and
the numbers of documents are those of one ring.
"""

from __future__ import annotations

import itertools
from collections import Counter
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from sqlalchemy import func, select

from app.documents.composer import TextComposer
from app.storage import audits
from billing.allocations import advances, allocations, previews
from billing.allocations.advances import AdvanceInput
from billing.charges import charges
from billing.closing import periods
from billing.documents import issuing
from billing.equity import equity
from billing.models import AccountingPeriod, Balance, Document, Entry, EquityMove, LedgerAccount, Posting, Unpriced
from billing.pools import costs, pools, shares
from billing.pools.costs import CostEntry
from billing.subscribers import SUBSCRIPTIONS
from billing.tariffs import tariffs
from billing.tariffs.tariffs import TariffEntry
from booking.kernel.deliveries import deliver
from booking.kernel.errors import DomainError
from booking.kernel.events import Actor, RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.models import UsageRecord
from booking.timespan import TimeSpan
from booking.use import objections, usage
from booking.use.usage import Measurement, UnreservedUse
from tests.builders import machine, member
from tests.integration.documents.documents_ring import ADDRESS
from tests.properties.account_book import books as model
from tests.properties.account_book import settling
from tests.properties.account_book.books import Books, Pool, Slip, first_day, last_day, month_of
from tests.properties.account_book.settling import Settling

AUDITS = ("allocations", "charges", "ledger", "periods", "numbers")
RULES = {"fuel": "use", "insurance": "shares", "fee": "head"}  # kind of cost -> key
OBJECTION_DAYS = 14
PRICES = ("0", "0.333", "1.005", "12.5", "140")
ANSWERS: Counter[tuple[str, str | None]] = Counter()  # verb and code of the refusal, or None -> how often
numbers = itertools.count(1)

FIRST_MONTH = date(2027, 1, 1)

which = st.integers(0, 30)  # of the things that there are, the newest first
machines = st.sampled_from(["combine", "press"])
who = st.sampled_from(["anna", "bernd", "carla"])
days_ago = st.sampled_from([1, 5, 12, 25, 40])
months_ago = st.sampled_from([0, 1, 1, 2])
amounts = st.sampled_from([1, 2, 3, 7, 100])
cents = st.sampled_from([1, 2, 100, 10_001, 99_999, -500])
usually, rarely = st.sampled_from([True, True, False]), st.sampled_from([False, False, True])
deaths = st.sampled_from([None, None, None, "rolled back", "connection lost"])


class Killed(Exception):
    """Raised in place of the commit."""


class AccountBook(Settling, RuleBasedStateMachine):
    """A combine whose charges are advances, and a press whose charges are income; two of three members hold shares."""

    session = treasurer = hall = None
    begins_on = date(2027, 3, 10)  # of the next example
    audits_every = 8

    def __init__(self) -> None:
        super().__init__()
        self.books, number, self.compared = Books(type(self).begins_on), next(numbers), 0
        made = [
            machine(self.session, self.hall, f"{name}-{number}", charge_unit="piece") for name in ("combine", "press")
        ]
        self.machines = dict(zip(("combine", "press"), made, strict=True))
        names = ("anna", "bernd", "carla")
        self.members = {name: member(self.session, f"{name}-{number}", **ADDRESS) for name in names}
        self.by, self.before = Actor(user_id=self.treasurer), {}
        self.books.closed_until = (
            self.session.scalar(select(func.max(AccountingPeriod.last_day)).where(AccountingPeriod.state == "closed"))
            or date.min
        )
        self.session.rollback()
        self.do(pools.enter_pool, self.machines["press"], f"Without bills {number}", RULES)
        for name, id_ in self.machines.items():
            charges_are = {"combine": "advance", "press": "income"}[name]
            pool = self.do(pools.enter_pool, id_, f"{name} {number}", RULES, charges_are=charges_are).id
            self.books.pools[pool] = Pool(id_, counts=name == "combine")
        self.pools = dict(zip(self.machines, self.books.pools, strict=True))
        for whose, held in (("anna", 3), ("bernd", 1)):
            self.do(shares.set_shares, self.pools["combine"], self.members[whose], held, date(2026, 1, 1))
            self.books.pools[self.pools["combine"]].shares[self.members[whose]] = held
        self.first_entry = self.session.scalar(select(func.max(Entry.id))) or 0
        self.last_move = self.session.scalar(select(func.max(EquityMove.id))) or 0
        self.first_document = self.session.scalar(select(func.max(Document.id))) or 0
        self.compare()

    @property
    def now(self) -> datetime:
        return datetime.combine(self.books.today, time(11), UTC)

    # One step

    def do(self, verb, *arguments, **named):
        with write_transaction(self.session):
            return verb(self.session, *arguments, by=self.by, now=self.now, **named)

    def attempt(self, expected, verb, *arguments, dies=None, **named):
        """Carry a verb out and return its id; None where it is refused. expected: its code, or None.

        dies: how it ends a first time, before its commit, which must leave nothing.
        """
        self.die_first(dies, verb, *arguments, **named)
        before = self.counted()
        try:
            made, code = getattr(self.do(verb, *arguments, **named), "id", True), None
        except DomainError as refusal:
            made, code = None, refusal.code
        ANSWERS[f"{verb.__module__}.{verb.__name__}", code] += 1
        assert code == expected
        if code is not None:
            assert self.counted() == before
        return made

    def die_first(self, how, verb, *arguments, **named):
        """End a verb before its commit; nothing of it is left then."""
        if how is None:
            return
        with suppress(Killed, DomainError), write_transaction(self.session):
            verb(self.session, *arguments, by=self.by, now=self.now, **named)
            if how == "connection lost":
                self.session.invalidate()
            raise Killed
        self.compare()

    def counted(self):
        """Return what a refusal must not change."""
        self.session.rollback()
        tables = (RecordedEvent, Entry, Document)
        return [self.session.scalar(select(func.count()).select_from(table)) for table in tables]

    def compare(self):
        """Compare everything that is stored with the model; ask the audits now and then: they are half of the time."""
        self.session.rollback()
        assert self.stored_entries() == Counter(one.content for one in self.books.entries)
        ids = list(self.members.values())
        stored = self.session.execute(select(Balance.member_id, Balance.cents).where(Balance.member_id.in_(ids))).all()
        assert {one: self.books.owed(one) for one in ids} == dict.fromkeys(ids, 0) | dict(map(tuple, stored))
        of_machines = select(Unpriced.usage_id).where(Unpriced.machine_id.in_(self.machines.values()))
        unpriced = [number for number, slip in self.books.slips.items() if slip.is_unpriced]
        assert sorted(self.session.scalars(of_machines)) == sorted(unpriced)
        is_invoice = Document.id > self.first_document, Document.kind != "statement"
        rows = select(Document.member_id, Document.gross_cents).where(*is_invoice)
        issued = Counter((one.member, one.cents) for one in self.books.documents.values())
        issued += Counter((one.member, -one.cents) for one in self.books.documents.values() if one.is_cancelled)
        assert Counter(map(tuple, self.session.execute(rows))) == issued
        self.compared += 1
        if self.compared % self.audits_every == 0:
            self.audit()

    def audit(self):
        for name in AUDITS:
            assert [one for one in audits.run_audit(self.session, name) if one.is_broken] == [], name

    def stored_entries(self):
        """Return the entries of this example as the model writes them."""
        days = (Entry.id, Entry.posting_date, Entry.service_from, Entry.service_until, Entry.reverses_id)
        found = {one.id: one for one in self.session.execute(select(*days).where(Entry.id > self.first_entry))}
        lines = {id_: [] for id_ in found}
        joined = select(Posting.entry_id, LedgerAccount.code, Posting.member_id, Posting.cents)
        joined = joined.join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        for id_, *line in self.session.execute(joined.where(Posting.entry_id > self.first_entry)):
            lines[id_].append(tuple(line))
        return Counter(
            (one.posting_date, one.service_from, one.service_until, in_order, one.reverses_id is not None)
            for id_, one in found.items()
            for in_order in [tuple(sorted(lines[id_], key=repr))]
        )

    def pick(self, found, index, is_possible=lambda _id: True):
        """Return one of the newest ids for which something is possible; each fifth time, or without one, one of all."""
        possible = [one for one in found if is_possible(one)]
        ordered = sorted(found if not possible or index % 5 == 4 else possible, reverse=True)[:6]
        return ordered[index % len(ordered)]

    def ago(self, months):
        """Return the name of a month before this one."""
        day = self.books.today.replace(day=1)
        for _month in range(months):
            day = (day - timedelta(days=1)).replace(day=1)
        return month_of(day)

    # Use and its price

    @rule(name=machines, whose=who, days=days_ago, amount=amounts, dies=deaths)
    def use(self, name, whose, days, amount, dies):
        id_, whose, day = self.machines[name], self.members[whose], self.books.today - timedelta(days=days)
        start = datetime.combine(day, time(8), UTC) + timedelta(seconds=next(numbers) % 20_000)
        span = TimeSpan(start, start + timedelta(hours=1))
        reported = UnreservedUse(id_, whose, span, Measurement(amount=amount), allow_overlap=True)
        made = self.attempt(None, usage.record_usage, reported, dies=dies)
        assert made is not None
        number = self.session.scalar(select(func.max(UsageRecord.id)))
        self.books.slips[number] = Slip(id_, whose, day, amount, self.books.today + timedelta(days=OBJECTION_DAYS))
        self.books.queue.append(number)
        self.compare()

    @rule(dies=deaths)
    def deliver(self, dies):
        """Price what was handed back, as the worker does."""
        self.attempt(None, _deliver_all, dies=dies)
        self.books.deliver()
        self.compare()

    @precondition(lambda self: self.books.slips)
    @rule(index=which)
    def price_again(self, index):
        """Price a slip that may be priced already, as whoever handles an event twice does."""
        number = self.pick(self.books.slips, index)
        self.attempt(None, charges.charge_for, number)
        self.books.price(number, is_job=False)
        self.compare()

    @precondition(lambda self: any(not one.is_disputed for one in self.books.slips.values()))
    @rule(index=which, amount=st.sampled_from([None, 0, 1, 5]), dies=deaths)
    def correct(self, index, amount, dies):
        """A member objects to a slip, and the workshop answers, with another amount or without."""
        open_ = [number for number, slip in self.books.slips.items() if not slip.is_disputed]
        number = self.pick(open_, index, lambda each: self.books.today <= self.books.slips[each].objection_until)
        slip = self.books.slips[number]
        if self.books.today > slip.objection_until:
            self.attempt("usage_refused", objections.object_to, number, "Too much.", dies=dies)
            return
        self.attempt(None, objections.object_to, number, "Too much.", dies=dies)
        self.attempt(None, objections.answer, number, "We looked again.", corrected_amount=amount, dies=dies)
        slip.is_disputed = True
        slip.amount = slip.amount if amount is None else amount
        self.books.queue.append(number)
        self.compare()

    @rule(name=machines, days=days_ago, price=st.sampled_from(PRICES), reprices=st.booleans(), dies=deaths)
    def enter_tariff(self, name, days, price, reprices, dies):
        since = self.books.today - timedelta(days=days)
        entry = TariffEntry(since, prices={"member": Decimal(price)})
        self.die_first(dies, tariffs.enter_tariff, self.machines[name], entry, reprice=reprices)
        expected = self.books.enter_tariff(self.machines[name], model.Tariff(since, Fraction(price)), reprices=reprices)
        self.attempt(expected, tariffs.enter_tariff, self.machines[name], entry, reprice=reprices)
        self.compare()

    # Costs and their division

    @rule(name=machines, months=months_ago, day=st.integers(1, 28), kind=st.sampled_from(list(RULES)), net=cents)
    def bill(self, name, months, day, kind, net):
        pool, on = self.pools[name], first_day(self.ago(months)).replace(day=day)
        made = self.attempt(None, costs.enter_cost, pool, CostEntry(on, "Huber", kind, net))
        self.books.costs[made] = model.Cost(pool, on, RULES[kind], net)
        self.compare()

    @precondition(lambda self: self.books.costs)
    @rule(index=which, net=cents)
    def change_bill(self, index, net):
        number = self.pick(self.books.costs, index, lambda each: self.books.costs[each].allocation is None)
        one = self.books.costs[number]
        kind = next(kind for kind, key in RULES.items() if key == one.kind)
        expected = None if one.allocation is None else "cost_allocated"
        if self.attempt(expected, costs.change_cost, number, CostEntry(one.day, "Maier", kind, net)) is not None:
            one.cents = net
        self.compare()

    @precondition(lambda self: self.books.costs)
    @rule(index=which)
    def delete_bill(self, index):
        number = self.pick(self.books.costs, index, lambda each: not self.books.costs[each].was_allocated)
        expected = "cost_allocated" if self.books.costs[number].was_allocated else None
        if self.attempt(expected, costs.delete_cost, number) is not None:
            del self.books.costs[number]
        self.compare()

    @precondition(lambda self: any(one.allocation is None for one in self.books.costs.values()))
    @rule(index=which, dies=deaths)
    def allocate(self, index, dies):
        """Divide what waits in the month of a bill; late bills too."""
        waiting = [number for number, one in self.books.costs.items() if one.allocation is None]
        cost = self.books.costs[self.pick(waiting, index)]
        month = month_of(cost.day)
        period = first_day(month), last_day(month)
        self.die_first(dies, _allocate, cost.pool, *period)
        foretold = self.books.allocate(cost.pool, month)
        expected = foretold if isinstance(foretold, str) else None
        made = self.attempt(expected, _allocate, cost.pool, *period)
        if made is not None:
            self.books.allocations[made] = foretold
            for number in foretold.costs:
                self.books.costs[number].allocation, self.books.costs[number].was_allocated = made, True
        self.compare()

    @precondition(lambda self: self.books.allocations)
    @rule(index=which)
    def reverse_allocation(self, index):
        is_possible = lambda each: not self.books.allocations[each].is_reversed  # noqa: E731
        number = self.pick(self.books.allocations, index, is_possible)
        expected = self.books.reverse_allocation(number)
        self.attempt(expected, allocations.reverse_allocation, number, "Once more.")
        self.compare()

    @rule(name=machines, months=months_ago, unit=st.sampled_from([1, 10_000]), dies=deaths)
    def call_advance(self, name, months, unit, dies):
        pool, month = self.pools[name], self.ago(months)
        since, until = first_day(month), last_day(month)
        expected = None if self.books.pools[pool].counts else "charges_are_income"
        wanted = AdvanceInput(since, until, self.books.today, unit)
        made = self.attempt(expected, advances.post_advance, pool, wanted, dies=dies)
        if made is not None:
            owed = {whose: held * unit for whose, held in self.books.pools[pool].shares.items()}
            lines = [(model.RECEIVABLES, whose, each) for whose, each in owed.items()]
            entry = self.books.post(since, until, [*lines, (model.ADVANCES, None, -sum(owed.values()))])
            self.books.entries[entry].posted_on = self.books.today
            self.books.advances[made] = model.Advance(pool, month, owed, entry)
        self.compare()

    @precondition(lambda self: self.books.advances)
    @rule(index=which)
    def reverse_advance(self, index):
        is_possible = lambda each: not self.books.advances[each].is_reversed and not self.books.is_counted(each)  # noqa: E731
        number = self.pick(self.books.advances, index, is_possible)
        one = self.books.advances[number]
        is_counted = self.books.is_counted(number)
        expected = "already_reversed" if one.is_reversed else "advance_counted" if is_counted else None
        if self.attempt(expected, advances.reverse_advance, number, "Wrong.") is not None:
            one.is_reversed = True
            self.books.reverse(one.entry, today=True)
        self.compare()

    # Periods

    @rule(days=st.sampled_from([1, 9, 25]))
    def days_pass(self, days):
        self.books.today += timedelta(days=days)

    @rule(
        months=months_ago, accepts=st.sampled_from([True, True, False]), is_stale=st.sampled_from([False, False, True])
    )
    def close_period(self, months, accepts, is_stale):
        month = self.ago(months)
        expected = self.refused_closing(month)
        if expected is None and self.books.queue:
            expected = "events_undelivered"
        if expected is None and (is_stale or not accepts):
            expected = "stale_closing" if is_stale else "open_points"  # a pool without bills
        self.attempt(expected, _close, month, accepts_open=accepts, is_stale=is_stale)
        if expected is None:
            self.books.closed_until = max(self.books.closed_until, last_day(month))
        self.compare()

    def refused_closing(self, month):
        if last_day(month) >= self.books.today:
            return "period_not_over"
        if last_day(month) <= self.books.closed_until:
            return "wrong_period_state"  # also of one before it that was never closed by itself
        earlier = [one for one in self.books.entries if self.books.closed_until < one.posted_on < first_day(month)]
        return "earlier_period_open" if earlier else None

    @rule(months=months_ago, opens=st.booleans())
    def soft_close_or_reopen(self, months, opens):
        month = self.ago(months)
        verb = periods.reopen if opens else periods.soft_close
        is_soft, is_closed = month in self.books.soft, last_day(month) <= self.books.closed_until
        expected = None if is_soft == opens and not is_closed else "wrong_period_state"
        if expected is None and last_day(month) >= self.books.today:
            expected = "period_not_over"
        self.attempt(expected, verb, month)
        if expected is None:
            (self.books.soft.discard if opens else self.books.soft.add)(month)
        self.compare()

    # Documents

    @rule(whose=who, dies=deaths)
    def invoice(self, whose, dies):
        whose = self.members[whose]
        self.die_first(dies, _issue, whose, self.books.today)
        parts = self.books.uninvoiced(whose)
        self.attempt(None, _issue, whose, self.books.today)
        made = self.session.scalars(select(Document.id).where(Document.id > self.last_document())).all()
        assert len(made) == bool(parts)
        for id_ in made:
            self.books.documents[id_] = model.Document(whose, parts, self.books.owed(whose, parts))
        self.compare()

    def last_document(self):
        """Return the newest document of the model: what is newer was issued just now."""
        cancelled = sum(one.is_cancelled for one in self.books.documents.values())
        return self.first_document + len(self.books.documents) + cancelled + self.statements

    @precondition(lambda self: self.books.documents)
    @rule(index=which, dies=deaths)
    def cancel_invoice(self, index, dies):
        is_possible = lambda each: not self.books.documents[each].is_cancelled  # noqa: E731
        number = self.pick(self.books.documents, index, is_possible)
        expected = "already_cancelled" if self.books.documents[number].is_cancelled else None
        self.attempt(expected, _cancel, number, self.books.today, dies=dies)
        self.books.documents[number].is_cancelled = True
        self.compare()

    def teardown(self):
        """Price what waits, close every month, and begin the next example after all of them."""
        self.deliver(None)
        end = last_day(month_of(self.books.today))
        self.books.today = end + timedelta(days=10)
        while self.books.closed_until < end:
            month = month_of(max(self.books.closed_until + timedelta(days=1), FIRST_MONTH))
            self.attempt(None, _close, month, accepts_open=True, is_stale=False)
            self.books.closed_until = last_day(month)
        self.compare()
        self.audit()
        type(self).begins_on = last_day(month_of(end + timedelta(days=62))) + timedelta(days=10)


def _deliver_all(session, *, by, now):
    for subscription in SUBSCRIPTIONS:
        while deliver(session, subscription, now=now, limit=50):
            pass


def _allocate(session, pool_id, since, until, *, by, now):
    digest = previews.preview_allocation(session, pool_id, since, until).digest
    return allocations.post_allocation(session, pool_id, since, until, digest=digest, by=by, now=now)


def _close(session, month, *, accepts_open, is_stale, by, now):
    digest = "0" * 64 if is_stale else periods.preview_closing(session, month, now=now).digest
    return periods.close_period(session, month, digest=digest, accepts_open=accepts_open, by=by, now=now)


def _issue(session, member_id, day, *, by, now):
    return issuing.issue(session, member_id, day, TextComposer(session), on=day, by=by, now=now)


def _cancel(session, document_id, day, *, by, now):
    return issuing.cancel(session, document_id, TextComposer(session), on=day, by=by, now=now)


_FUNCTIONS = (
    usage.record_usage,
    _deliver_all,
    charges.charge_for,
    objections.object_to,
    objections.answer,
    tariffs.enter_tariff,
    costs.enter_cost,
    costs.change_cost,
    costs.delete_cost,
    _allocate,
    allocations.reverse_allocation,
    advances.post_advance,
    advances.reverse_advance,
    _close,
    periods.soft_close,
    periods.reopen,
    _issue,
    _cancel,
    equity.enter_equity,
    settling.settle,
    settling.reverse,
)
VERBS = {f"{verb.__module__}.{verb.__name__}" for verb in _FUNCTIONS}
