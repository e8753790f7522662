"""The verbs of equity in the account book: paying in, settling with who left, taking a change back.

A member leaves for the moment of a settlement and is back after it: what the other verbs do stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import func, select, update

from app.documents.composer import TextComposer
from billing.equity import equity, settlements
from billing.equity.equity import EquityInput
from billing.models import EquityMove
from booking.kernel.transaction import write_transaction
from booking.models import Member
from tests.properties.account_book import books as model

EQUITY, EQUITY_LEFT, OPENING = "equity", "equity_left", "opening_balances"
ACCOUNTS = {"paid_in": (OPENING, EQUITY), "leaving": (EQUITY, EQUITY_LEFT), "set_off": (EQUITY_LEFT, model.RECEIVABLES)}

which, deaths = st.integers(0, 30), st.sampled_from([None, None, None, "rolled back", "connection lost"])
who = st.sampled_from(["anna", "bernd", "carla"])


@dataclass
class Move:
    member: int
    kind: str
    cents: int
    entry: int
    is_reversed: bool = False


class Settling:
    """The rules of equity; books, members and attempt() are those of the account book."""

    def __init__(self) -> None:
        super().__init__()
        self.moves: dict[int, Move] = {}
        self.statements = 0

    def equity(self, whose):
        """Return what a member has paid in, and what is owed to who left."""
        of_member = [one for one in self.moves.values() if one.member == whose]
        sums = {kind: sum(one.cents for one in of_member if one.kind == kind) for kind in ACCOUNTS}
        return sums["paid_in"] - sums["leaving"], sums["leaving"] - sums["set_off"]

    def moved(self, whose, kind, cents, day, reverses=None):
        """Post a change of equity in the model, never before the one before it; what is owed again, today."""
        debit, credit = ACCOUNTS[kind]
        lines = [(debit, None, cents), (credit, whose if kind == "set_off" else None, -cents)]
        own = [self.books.entries[one.entry].posted_on for one in self.moves.values() if one.member == whose]
        latest = max(own, default=date.min)
        entry = self.books.post(day, day, lines, reverses=reverses)
        if kind == "set_off":
            self.books.entries[entry].posted_on = self.books.today
        if self.books.entries[entry].posted_on < latest:
            self.books.entries[entry].posted_on = self.books.takes(latest, is_job=False)
        number = self.session.scalar(select(func.min(EquityMove.id)).where(EquityMove.id > self.last_move))
        self.last_move = number
        self.moves[number] = Move(whose, kind, cents, entry)
        self.statements += kind == "set_off"

    @rule(whose=who, days=st.sampled_from([0, 12, 40]), cents=st.sampled_from([1, 5_000, 100_000]), dies=deaths)
    def pay_in(self, whose, days, cents, dies):
        member_id, day = self.members[whose], self.books.today - timedelta(days=days)
        self.attempt(None, equity.enter_equity, EquityInput(member_id, day, cents), dies=dies)
        self.moved(member_id, "paid_in", cents, day)
        self.compare()

    @rule(whose=who, part=st.sampled_from([None, None, 1, 0]), dies=deaths)
    def settle(self, whose, part, dies):
        """Set off all that can be, or a part, or move the equity alone."""
        member_id = self.members[whose]
        self.attempt("membership_not_over", settle, member_id, part)
        left_on = self.books.today - timedelta(days=1)
        self.leave(member_id, left_on)
        held, left = self.equity(member_id)
        most = max(0, min(self.books.owed(member_id), held + left))
        cents = most if part is None else part
        expected = "too_much_set_off" if cents > most else "nothing_set_off" if not cents and not held else None
        if not most and not held:
            expected = "nothing_to_settle"
        self.attempt(expected, settle, member_id, part, dies=dies)
        if expected is None:
            for kind, each, day in (("leaving", held, left_on), ("set_off", cents, self.books.today)):
                if each:
                    self.moved(member_id, kind, each, day)
        self.leave(member_id, None)
        self.compare()

    @precondition(lambda self: self.moves)
    @rule(index=which, dies=deaths)
    def reverse_equity(self, index, dies):
        number = self.pick(self.moves, index, lambda each: not self.moves[each].is_reversed)
        one = self.moves[number]
        held, left = self.equity(one.member)
        is_used = one.cents > {"paid_in": held, "leaving": left, "set_off": one.cents}[one.kind]
        expected = "already_reversed" if one.is_reversed else "equity_used" if is_used else None
        self.attempt(expected, reverse, number, dies=dies)
        if expected is None:
            one.is_reversed = True
            self.moved(one.member, one.kind, -one.cents, self.books.entries[one.entry].since, reverses=one.entry)
            self.moves[self.last_move].is_reversed = True
        self.compare()

    def leave(self, member_id, day):
        with write_transaction(self.session):
            self.session.execute(update(Member).where(Member.id == member_id).values(left_on=day))


def settle(session, member_id, cents, *, by, now):
    seen = settlements.preview_settlement(session, member_id, cents, now=now)
    writer = TextComposer(session)
    return settlements.settle(session, member_id, writer, digest=seen.digest, set_off_cents=cents, by=by, now=now)


def reverse(session, number, *, by, now):
    return settlements.reverse_equity(session, number, "Wrong.", TextComposer(session), by=by, now=now)
