"""The check of a wish, before it is sent and after a refusal: length, price, broken rules and proposals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.local_time import clock_length
from app.pages.reservations import deciding, waiting_links
from app.wording import formats
from app.wording.local_time import url_instant
from app.wording.opening_hours import opening_sentence
from app.wording.rules import busy_sentence, rule_name, taken_sentence, violation_sentence
from app.wording.rules.machine import rule_sentences
from app.wording.variants import without_text
from app.wording.whereabouts import still_out_sentence
from billing.tariffs.asked_amounts import LackingVariants
from billing.tariffs.estimates import Estimate, estimate_for
from booking import availability, queries
from booking.availability import Alternative
from booking.errors.schedule_errors import RequestRefused, SlotTaken, Violation
from booking.kernel.errors import DomainError
from booking.queries import MachineCard, induction_kind_views
from booking.records import catalogue
from booking.reservations.wishes import Wish
from booking.times.wall_clock import later_by_clock, local_day
from booking.timespan import TimeSpan

BUSY_SPANS_SHOWN = 3  # in a refusal
INDUCTION_RULES = ("induction", "prerequisite", "persons_apart")
HOURS_RULES = ("opening_hours", "opening_hours_at_ends")
WARNED_AHEAD = timedelta(hours=24)  # who starts later than that need not know that the machine is late today


@dataclass(frozen=True, slots=True)
class RefusalReason:
    """A reason why a wish would be refused: a sentence, and its rule with a link to the help text."""

    sentence: str
    rule: str
    href: str
    ask_href: str = ""  # where an induction that is missing is asked for


@dataclass(frozen=True, slots=True)
class Choice:
    """A reservation that would be accepted: value fills the form.

    day: its first day. times: its hours, note: how it differs from the wish; label: all of it in one line.
    """

    label: str
    value: str
    day: date
    times: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class CheckView:
    """The check of a wish: its time, the reasons against it, choices that would be accepted, and its price.

    warning: what may keep it from being used though it would be accepted, or "".
    """

    span_text: str
    length_text: str
    reasons: tuple[RefusalReason, ...] = ()
    choices: tuple[Choice, ...] = ()
    estimate: Estimate | None = None
    needs_approval: bool = False  # by somebody else than the login
    is_approved_at_once: bool = False  # by the login itself
    is_doubtful: bool = False  # it may not be decided in time
    can_overrule: bool = False  # the login may overrule every reason
    warning: str = ""
    workshop_phone: str = ""
    machine_name: str = ""  # of a group: the machine that one gets
    price_note: str = ""  # that the machines of the group differ in price
    waiting_href: str = ""  # where one joins the waiting list for it, if it is only taken
    offer_href: str = ""  # where one answers the offer that holds it for the member
    first_uses: str = ""  # what to know of uses under supervision that come first

    @property
    def is_accepted(self) -> bool:
        """Whether there is no reason against it."""
        return not self.reasons


def check_view(
    session: Session, card: MachineCard, wish: Wish, *, now: datetime, excluding: int | None = None
) -> CheckView:
    """Return the check of a wish before it is sent. excluding: the reservation to be moved."""
    may_decide = deciding.may_decide(card.workshop_id)
    check = availability.check_wish(session, wish, now=now, excluding=excluding, may_decide=may_decide)
    reasons = list(_rule_reasons(session, check.violations, card, wish))
    if check.taken and not any(violation.rule == "places" for violation in check.violations):
        reasons.append(_taken(session, check.taken, card, wish, excluding))
    view = _check_view(session, card, wish, reasons, now, excluding)
    return replace(
        view,
        can_overrule=check.is_free and deciding.can_overrule(check.violations, card.workshop_id),
        warning=late_warning(session, card, wish, now=now, excluding=excluding),
        waiting_href=waiting_links.address_after(check, card.slug, wish, excluding),
        offer_href=waiting_links.own_offer(session, wish, now) if check.taken else "",
        **_approval(session, card, now, decide_until=check.decide_until),
    )


def late_warning(
    session: Session, card: MachineCard, wish: Wish, *, now: datetime, excluding: int | None = None
) -> str:
    """Return that the machine should be back, for a wish that starts soon; "" where enough other places are free.

    A warning and no refusal: it may come back in time.
    """
    if wish.span.end <= now or now + WARNED_AHEAD <= wish.span.start:
        return ""
    late = queries.still_out(session, now, machine_ids=[card.id]).get(card.id)
    if late is None:
        return ""
    places_free = availability.places_free(session, wish, excluding=excluding)
    return "" if places_free - late.places >= wish.places else still_out_sentence(late, card.zone, now, card.sort)


def refusal_view(
    session: Session,
    card: MachineCard,
    wish: Wish,
    refusal: DomainError,
    *,
    now: datetime,
    excluding: int | None = None,
) -> CheckView:
    """Return a refusal after sending, in the form of a check."""
    reasons = reasons_of(session, refusal, card, wish, excluding=excluding)
    view = _check_view(session, card, wish, reasons, now, excluding)
    if not isinstance(refusal, RequestRefused):
        own = waiting_links.own_offer(session, wish, now)
        waiting = "" if excluding is not None else waiting_links.address(card.slug, wish)
        return replace(view, waiting_href=waiting, offer_href=own)
    return replace(view, can_overrule=deciding.can_overrule(refusal.violations, card.workshop_id))


def reasons_of(
    session: Session, refusal: DomainError, card: MachineCard, wish: Wish, *, excluding: int | None = None
) -> list[RefusalReason]:
    """Return why a machine is refused: each rule that is broken, or when it is taken."""
    reasons: list[RefusalReason] = []
    if isinstance(refusal, RequestRefused):
        reasons += _rule_reasons(session, refusal.violations, card, wish)
    if isinstance(refusal, SlotTaken):
        reasons.append(_taken(session, refusal, card, wish, excluding))
    return reasons


def _approval(session: Session, card: MachineCard, now: datetime, *, decide_until: datetime | None) -> dict[str, Any]:
    """Return who approves a wish, and whether that may be too late. decide_until: None where nobody has to."""
    if decide_until is None:
        return {}
    if deciding.may_decide(card.workshop_id):
        return {"is_approved_at_once": True}
    is_doubtful = deciding.is_decision_doubtful(session, card.workshop_id, now, decide_until)
    return {"needs_approval": True, "is_doubtful": is_doubtful}


def missing_hour_view(card: MachineCard, next_valid: datetime, length: timedelta) -> CheckView:
    """Return the check of a start that the clock skips, with the next valid time as a proposal."""
    span = TimeSpan(next_valid, end_after(next_valid, length, card))
    return CheckView("", "", choices=(choice_of(card.id, span, card),))


def choice_of(machine_id: int, span: TimeSpan, card: MachineCard) -> Choice:
    """Return a time on the machine itself as a choice."""
    return Choice(
        formats.format_span(span, card.zone),
        f"{machine_id}|{url_instant(span.start)}|{url_instant(span.end)}",
        day=local_day(span.start, card.zone),
        times=formats.format_clock_span(span, card.zone),
    )


def keep_length(span: TimeSpan, start: datetime, card: MachineCard) -> TimeSpan:
    """Return a span with another start and the same length; that of a machine lent by the day is by the clock.

    The end is never mapped by the clock on its own: in the hour that is skipped in spring two times are one instant.
    """
    length = clock_length(span.start, span.end, card.zone) if card.rules.is_lent_by_day else span.length
    return TimeSpan(start, end_after(start, length, card))


def end_after(start: datetime, length: timedelta, card: MachineCard) -> datetime:
    """Return the end of a use of some length; that of a machine lent by the day is by the clock."""
    return later_by_clock(start, length, card.zone) if card.rules.is_lent_by_day else start + length


def format_length(span: TimeSpan, card: MachineCard) -> str:
    """Return the length; across a clock change also by the clock."""
    real = formats.format_length(span.length)
    by_clock = clock_length(span.start, span.end, card.zone)
    if by_clock == span.length:
        return real
    return _("%(clock)s by the clock, %(real)s elapsed", clock=formats.format_length(by_clock), real=real)


def rules_sentences(session: Session, card: MachineCard) -> tuple[str, ...]:
    """Return the rules under which a machine is lent, in a few short sentences."""
    required = induction_kind_views.required_names(session, card.induction_kind_id)
    kinds = (card.induction_kind, *required) if card.induction_kind else ()
    return (*rule_sentences(card.rules), *(_("You need the induction “%(kind)s”.", kind=kind) for kind in kinds))


def _check_view(
    session: Session, card: MachineCard, wish: Wish, reasons: list[RefusalReason], now: datetime, excluding: int | None
) -> CheckView:
    others = availability.alternatives(session, wish, now=now, excluding=excluding) if reasons else ()
    lacking = LackingVariants(session)
    return CheckView(
        span_text=formats.format_span(wish.span, card.zone),
        length_text=format_length(wish.span, card),
        reasons=tuple(reasons),
        choices=tuple(
            _choice(other, card, wish, lacking(other.machine_id, other.span.start, wish.choices))
            for other in availability.fewest_lacking_first(others, wish.choices, lacking)
            if excluding is None or other.machine_id == card.id
        ),
        estimate=estimate_for(session, card, wish),
        workshop_phone=card.workshop_phone,
    )


def _choice(other: Alternative, card: MachineCard, wish: Wish, lacks: Sequence[str]) -> Choice:
    """Return a proposal with how it differs from the wish. lacks: the chosen variants that are not there then."""
    choice = choice_of(other.machine_id, other.span, card)
    label, note = choice.label, time_difference(other.span, wish.span, card)
    if other.machine_id != card.id:
        label = _("%(machine)s, %(time)s", machine=other.machine_name, time=label)
        note = other.machine_name
    return replace(choice, label=with_lacks(label, lacks), note=with_lacks(note, lacks))


def with_lacks(note: str, lacks: Sequence[str]) -> str:
    """Return how a proposal differs, with the chosen variants that it lacks."""
    return f"{note}, {without_text(lacks)}" if lacks else note


def time_difference(span: TimeSpan, wished: TimeSpan, card: MachineCard) -> str:
    """Return how much later or earlier a span is than the wished one, in words."""
    days = (local_day(span.start, card.zone) - local_day(wished.start, card.zone)).days
    if span.start == wished.start:
        return _("as much as fits")
    if days > 0:
        return ngettext("%(num)s day later", "%(num)s days later", days)
    if days < 0:
        return ngettext("%(num)s day earlier", "%(num)s days earlier", -days)
    return _("the same day, later") if span.start > wished.start else _("the same day, earlier")


def _rule_reasons(
    session: Session, violations: Iterable[Violation], card: MachineCard, wish: Wish
) -> Iterator[RefusalReason]:
    for violation in violations:
        sentence = violation_sentence(violation, card.zone)
        if violation.rule in HOURS_RULES:
            sentence = f"{sentence} {_hours_sentence(session, card, wish.span)}"
        asking = url_for("inductions.index", machine=card.slug) if violation.rule in INDUCTION_RULES else ""
        yield RefusalReason(sentence, rule_name(violation.rule), rule_address(violation.rule), asking)


def _hours_sentence(session: Session, card: MachineCard, span: TimeSpan) -> str:
    """Return when the workshop is open on the first and on the last day of a span."""
    hours = catalogue.lending_terms(session, card.id).policy.hours
    last = local_day(span.end - timedelta(microseconds=1), card.zone)
    days = sorted({local_day(span.start, card.zone), last})
    return " ".join(opening_sentence(day, hours, card.zone) for day in days)


def _taken(session: Session, refusal: SlotTaken, card: MachineCard, wish: Wish, excluding: int | None) -> RefusalReason:
    sentence = taken_sentence(refusal, card.zone)
    if card.places == 1:
        busy = availability.busy_spans(session, card.id, wish.span, excluding=excluding)
        has_buffers = card.rules.has_buffers
        sentence = busy_sentence(busy[:BUSY_SPANS_SHOWN], card.zone, has_buffers=has_buffers) if busy else sentence
    return RefusalReason(sentence, rule_name(refusal.code), rule_address(refusal.code))


def rule_address(rule: str) -> str:
    """Return the address at which the rule is explained."""
    return url_for("help.show", _anchor=f"rule-{rule}")
