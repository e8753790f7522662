"""The steps of the treasurer, in the order in which the accounts of a year are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.documents.sendings import failed_sendings
from app.wording.accounting_periods import period_label
from app.wording.formats import format_money, format_short_day
from app.wording.ledger import LEDGER_STATES
from app.wording.name_lists import first_names
from billing import queries as billing_queries
from billing.documents.sending import unsent_count
from billing.period_names import PeriodSpan
from billing.queries import MonthCosts, PoolView
from billing.queries.balances import LedgerState, ledger_state
from billing.queries.next_steps import GoneMembers, NotInvoiced, gone_members, not_invoiced, period_to_close
from billing.queries.recurring import Proposal, proposals
from booking import queries

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the year's accounts: what it is, how far it is, and where it is done."""

    title: str
    sentence: str
    is_done: bool
    label: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the steps follow from. year: the oldest one with open work; months: its costs."""

    year: int
    pools: Sequence[PoolView]
    months: Sequence[MonthCosts]
    unpriced: int
    disputed: int
    waiting_cents: int
    ledger: LedgerState
    not_invoiced: NotInvoiced
    to_send: int
    undelivered: int
    gone: GoneMembers
    to_close: PeriodSpan | None
    proposals: Sequence[Proposal]


def facts_of(
    session: Session, year: int, pools: Sequence[PoolView], months: Sequence[MonthCosts], today: date
) -> Facts:
    """Read what the steps follow from, in thirteen statements, or fifteen where somebody left."""
    return Facts(
        year,
        pools,
        months,
        billing_queries.unpriced_count(session),
        queries.disputed_count(session),
        sum(pool.waiting_cents for pool in pools),
        ledger_state(session),
        not_invoiced(session),
        unsent_count(session),
        len(failed_sendings(session)),
        gone_members(session, today),
        period_to_close(session, today),
        proposals(session, today),
    )


def next_steps(every: Sequence[Step]) -> tuple[Step, ...]:
    """Return the next five: those that are not done, in their order, and where fewer are left the last done ones."""
    left = [step for step in every if not step.is_done][:SHOWN]
    done = [step for step in every if step.is_done]
    kept = done[len(done) - min(len(done), SHOWN - len(left)) :]
    shown = {id(step) for step in (*left, *kept)}
    return tuple(step for step in every if id(step) in shown)


def steps(facts: Facts) -> tuple[Step, ...]:
    """Return the steps that concern the ring, in their order."""
    found = (step(facts) for step in STEPS)
    return tuple(step for step in found if step is not None)


def _ledger(facts: Facts) -> Step | None:
    if facts.ledger.is_open:
        return None
    label, href = _("To the ledger"), url_for("costs.ledger")
    return Step(_("Have the ledger opened"), str(LEDGER_STATES[facts.ledger.state]), False, label, href)


def _question(facts: Facts) -> Step | None:
    undecided = [pool for pool in facts.pools if pool.charges_are is None]
    if not undecided:
        return None
    first = undecided[0]
    sentence = _(
        "An example: a member's share of the costs is €1,000.00, the member's usage charges are €600.00. As income, "
        "the member owes €1,600.00 in all; as advances, the €600.00 count and €400.00 is still due."
    )
    title = _("Decide what the usage charges of %(pool)s are: income or advances", pool=first.name)
    return Step(title, sentence, False, _("Decide"), url_for("costs.edit_pool", pool_id=first.id) + "#charges_are")


def _bills(facts: Facts) -> Step:
    title = _("Enter the bills of %(year)s", year=facts.year)
    if not facts.pools:
        return Step(
            title, _("They are gathered in a cost pool."), False, _("Open a cost pool"), url_for("costs.new_pool")
        )
    with_bills = {one.pool_id for one in facts.months}
    missing = [pool for pool in facts.pools if pool.id not in with_bills]
    if len(missing) == len(facts.pools):
        return Step(title, _("None has been entered yet."), False, _("Enter a cost"), _bill_address(facts.pools))
    if missing:
        sentence = _("No bill yet for: %(names)s.", names=first_names([pool.name for pool in missing]))
        return Step(title, sentence, False, _("Enter a cost"), _bill_address(missing))
    sentence = ngettext(
        "%(num)s bill, the last of %(day)s",
        "%(num)s bills, the last of %(day)s",
        sum(one.count for one in facts.months),
        day=format_short_day(max(one.last_day for one in facts.months)),
    )
    return Step(_("Bills of %(year)s entered", year=facts.year), sentence, True)


def _recurring(facts: Facts) -> Step | None:
    if not facts.proposals:
        return None
    count = len(facts.proposals)
    title = ngettext("Enter %(num)s recurring cost", "Enter %(num)s recurring costs", count)
    names = first_names(list(dict.fromkeys(one.recurring.name for one in facts.proposals)))
    sentence, href = _("Proposed: %(names)s.", names=names), url_for("costs.proposed_costs")
    return Step(title, sentence, False, _("To the proposals"), href)


def _bill_address(pools: Sequence[PoolView]) -> str:
    if len(pools) == 1:
        return url_for("costs.new_cost", pool_id=pools[0].id)
    return url_for("costs.index") + "#pools"


def _prices(facts: Facts) -> Step:
    if not facts.unpriced:
        return Step(_("Tariffs set"), _("Every usage slip has its price."), True)
    title = ngettext("%(num)s usage slip has no price yet", "%(num)s usage slips have no price yet", facts.unpriced)
    sentence = _("They are priced as soon as the tariff is entered, and the rate of the VAT where it is added.")
    return Step(title, sentence, False, _("To the tariffs"), url_for("costs.tariffs"))


def _objections(facts: Facts) -> Step:
    if not facts.disputed:
        return Step(_("No usage slip is disputed"), _("Every objection has its answer."), True)
    title = ngettext("Clarify %(num)s disputed usage slip", "Clarify %(num)s disputed usage slips", facts.disputed)
    sentence = _("The workshops answer before costs are divided.")
    return Step(title, sentence, False, _("Look at them"), url_for("usage.index", disputed=1))


def _division(facts: Facts) -> Step:
    waiting = [pool for pool in facts.pools if pool.waiting_count]
    if not waiting:
        return Step(_("All costs are divided"), _("Each member sees their own part."), True)
    title = _("Allocate %(sum)s", sum=format_money(facts.waiting_cents))
    count = sum(pool.waiting_count for pool in waiting)
    if len(waiting) == 1:
        sentence = ngettext("%(num)s bill in %(pool)s", "%(num)s bills in %(pool)s", count, pool=waiting[0].name)
        return Step(title, sentence, False, _("Preview"), url_for("costs.allocate", pool_id=waiting[0].id))
    sentence = _("%(count)s bills in %(pools)s cost pools", count=count, pools=len(waiting))
    return Step(title, sentence, False, _("To the pools"), "#pools")


def _invoices(facts: Facts) -> Step | None:
    found = facts.not_invoiced
    if not found.is_asked:
        return None  # a ring that issues none
    if not found.members:
        return Step(_("Everything that is owed stands in invoices"), _("Nothing waits to be issued."), True)
    title = _("Issue invoices of %(sum)s", sum=format_money(found.cents))
    sentence = ngettext(
        "%(num)s member has lines that stand in no invoice",
        "%(num)s members have lines that stand in no invoice",
        found.members,
    )
    return Step(title, sentence, False, _("Preview"), url_for("invoices.run"))


def _sending(facts: Facts) -> Step | None:
    if not facts.not_invoiced.is_asked:
        return None
    if facts.to_send:
        title = ngettext("Send %(num)s invoice", "Send %(num)s invoices", facts.to_send)
        return Step(
            title, _("By e-mail, or printed as one PDF."), False, _("Look at them"), url_for("invoices.sending")
        )
    if facts.undelivered:
        title = ngettext(
            "%(num)s invoice did not reach its member",
            "%(num)s invoices did not reach their members",
            facts.undelivered,
        )
        sentence = _("Correct the address and send it once more, or print it.")
        return Step(title, sentence, False, _("Look at them"), url_for("invoices.sending"))
    return Step(_("All invoices are sent or printed"), _("Nothing waits to be sent."), True)


def _settle(facts: Facts) -> Step | None:
    gone = facts.gone
    if gone.to_settle:
        count = len(gone.to_settle)
        title = ngettext("Settle with %(num)s member who left", "Settle with %(num)s members who left", count)
        names = first_names([one.name for one in gone.to_settle])
        sentence = _("Equity to set off or to move: %(names)s.", names=names)
        return Step(title, sentence, False, _("Look at them"), url_for("costs.leavers"))
    if not gone.owing:
        return None
    sentence = ngettext(
        "%(num)s member who left still owes %(sum)s; nothing new is to be set off.",
        "%(num)s members who left still owe %(sum)s; nothing new is to be set off.",
        gone.owing,
        sum=format_money(gone.owing_cents),
    )
    return Step(_("Settled with all who left"), sentence, True)


def _close(facts: Facts) -> Step | None:
    if facts.to_close is None:
        return Step(_("All periods that are over are closed"), _("What comes later is a correction run."), True)
    title = _("Close the period %(name)s", name=period_label(facts.to_close.name))
    sentence = _("It ended on %(day)s; a checklist and the sums come first.", day=format_short_day(facts.to_close[2]))
    return Step(title, sentence, False, _("Look at it"), url_for("costs.period", name=facts.to_close.name))


STEPS: tuple[Callable[[Facts], Step | None], ...] = (
    _ledger,
    _question,
    _bills,
    _recurring,
    _prices,
    _objections,
    _division,
    _invoices,
    _sending,
    _settle,
    _close,
)
