"""What the page of a machine shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.notifications import recipients
from app.pages.machines.price import Price, price_of
from app.pages.machines.slots import Slot, slots_of
from app.pages.machines.states import MachineState, PoolDay, pool_day, state_now
from app.pages.ribbons import Reader, day_span, machine_ribbon
from app.wording import formats
from app.wording.bars import Column, stacked
from app.wording.opening_hours import hours_line
from app.wording.ribbon import Ribbon
from app.wording.rules import violation_sentence
from app.wording.rules.machine import rule_facts
from app.wording.rules.quotas import own_quota_text, quota_amount, quota_group, quota_place
from app.wording.whereabouts import still_out_sentence
from booking import availability, queries
from booking.errors.schedule_errors import RecordRefused, Violation
from booking.machines import machines
from booking.queries import BoardRow, ClosureView, MachineCard, induction_kind_views
from booking.rules.persons import Level
from booking.times.wall_clock import local_day
from booking.timespan import TimeSpan

DAYS_AHEAD, WEEK_DAYS, SLOTS_SHOWN, WEEKS_SHOWN = 14, 7, 4, 12
RULE_ICONS = {
    "needs_approval": "check2-circle",
    "needs_second_person": "people",
    "notice_hours": "clock-history",
    "shortest_min": "arrows-expand-vertical",
    "horizon_days": "calendar3-week",
    "setup_min": "gear",
    "cleaning_min": "droplet",
    "may_span_closed_hours": "lock",
    "late_cancel_hours": "arrow-counterclockwise",
}
Fact = tuple[str, str, str]  # icon, title, text


@dataclass(frozen=True, slots=True)
class WeekDay:
    """A day of the machine: its ribbon, or the places of a pool."""

    day: date
    ribbon: Ribbon | None
    pool: PoolDay | None


@dataclass(frozen=True, slots=True)
class MyInduction:
    """Whether the member may run the machine: code good, wait or stop, and the sentence."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class WeeksOfUse:
    """How long the machine was used in the last weeks: the sentence, the columns, the figures."""

    sentence: str
    columns: tuple[Column, ...]
    figures: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class MachineReader:
    """Who reads: the member, whether the reader is of the ring, and knows who has the machine."""

    member_id: int | None
    is_of_the_ring: bool
    knows_names: bool


@dataclass(frozen=True, slots=True)
class MachinePage:
    """A machine, its state, its rules, its week and the next times in which it is free.

    state: None of a retired one. closed: the closure that is on now. still_out: that places should be back, or "".
    price, induction, use, contact: None where the reader may not see them or there is none.
    """

    card: MachineCard
    rules: tuple[Fact, ...]
    state: MachineState | None = None
    slots: tuple[Slot, ...] = ()
    week: tuple[WeekDay, ...] = ()
    closed: ClosureView | None = None
    still_out: str = ""
    price: Price | None = None
    induction: MyInduction | None = None
    use: WeeksOfUse | None = None
    contact: tuple[str, ...] = ()
    quotas: tuple[str, ...] = ()


def machine_page(session: Session, card: MachineCard, reader: MachineReader, *, now: datetime) -> MachinePage:
    """Return the page of a machine."""
    late = queries.still_out(session, now, machine_ids=[card.id]).get(card.id)
    sentence = still_out_sentence(late, card.zone, now, card.sort) if late else ""
    use = weeks_of_use(session, card, now=now) if reader.is_of_the_ring else None
    if card.is_retired:
        return MachinePage(card, _facts_of(session, card), still_out=sentence, use=use)
    today = local_day(now, card.zone)
    week = TimeSpan(
        day_span(today, card.zone).start, day_span(today + timedelta(days=WEEK_DAYS - 1), card.zone).end
    )  # fmt: skip
    (row,) = queries.board(session, week, now=now, machine_ids=[card.id]).rows
    knows = Reader(reader.member_id, reader.knows_names, reader.is_of_the_ring)
    window = TimeSpan(now, now + timedelta(days=DAYS_AHEAD))
    return MachinePage(
        card,
        _facts_of(session, card),
        state_now(row, card.zone, late, now=now, reader=knows),
        tuple(slots_of(card, availability.free_spans(session, card.id, window, now=now)))[:SLOTS_SHOWN],
        tuple(_week(card, row, today, knows, now)),
        queries.closure_now(session, card.id, now=now),
        sentence if card.places > 1 else "",
        price_of(session, card, reader.member_id, now=now) if reader.is_of_the_ring else None,
        _induction(session, card, reader.member_id, today) if reader.is_of_the_ring else None,
        use,
        tuple(one.name for one in recipients.managers_of(session, card.workshop_id, now=now))
        if reader.is_of_the_ring
        else (),
        _quotas(session, card, reader, now) if reader.is_of_the_ring else (),
    )


def _quotas(session: Session, card: MachineCard, reader: MachineReader, now: datetime) -> tuple[str, ...]:
    """Return the quotas that hold for a member here, with what is used of them; without a member, all that count here.

    Those of one member alone are shown to who manages the machine.
    """
    if reader.member_id is None:
        group = queries.group_of_machine(session, card.id)
        found = queries.quotas(
            session,
            [card.workshop_id],
            managed_ids=None if reader.knows_names else (),
            place=(card.id, group.id if group else None),
        )
        return tuple(f"{quota_amount(one.rule)}, {quota_place(one)}: {quota_group(one)}" for one in found)
    return tuple(own_quota_text(own) for own in queries.own_quotas(session, reader.member_id, card.id, now=now))


def weeks_of_use(session: Session, card: MachineCard, *, now: datetime) -> WeeksOfUse:
    """Return how long the machine was used in each of the last weeks."""
    seconds = queries.seconds_by_week(session, card.id, card.zone, weeks=WEEKS_SHOWN, now=now)
    figures = tuple(
        (formats.format_day(monday), formats.format_length(_whole(used))) for monday, used in seconds.items()
    )
    columns = stacked(
        [(str(monday.day), "", [("c1", used // 60)]) for monday, used in seconds.items()],
        left=0.0,
    )  # fmt: skip
    total = sum(seconds.values())
    if not total:
        return WeeksOfUse(_("It was not used in the last twelve weeks."), columns, figures)
    most = max(seconds, key=lambda monday: seconds[monday])
    sentence = _(
        "In use for %(total)s in the last twelve weeks, most of all in the week of %(day)s with %(length)s.",
        total=formats.format_length(_whole(total)),
        day=formats.format_day(most),
        length=formats.format_length(_whole(seconds[most])),
    )
    return WeeksOfUse(sentence, columns, figures)


def qr_svg(address: str) -> bytes:
    """Return an address as a QR code, large enough to scan from an arm's length."""
    import segno

    image = BytesIO()
    segno.make(address, error="q", micro=False).save(image, kind="svg", scale=8, border=4, xmldecl=False)
    return image.getvalue()


def reasons(refusal: RecordRefused) -> str:
    """Return all reasons of a refusal in one text."""
    return " ".join(violation_sentence(violation) for violation in refusal.violations)


def _whole(seconds: int) -> int:
    """Return whole hours from ten hours on: a length of many days has no minutes."""
    return seconds // 3_600 * 3_600 if seconds >= 36_000 else seconds


def _own_hours(session: Session, card: MachineCard) -> str:
    """Return the hours that a machine has of its own, or ""."""
    if card.rules.is_open_always:
        return ""
    own = machines.own_openings(session, card.id)
    return _("%(hours)s, unlike the workshop", hours=hours_line(own)) if own else ""


def _facts_of(session: Session, card: MachineCard) -> tuple[Fact, ...]:
    """Return what the page shows under "Good to know": first who decides and who may use the machine."""
    facts = {name: (RULE_ICONS.get(name, "info-circle"), title, text) for name, title, text in rule_facts(card.rules)}
    return (
        facts.pop("needs_approval"),
        ("patch-check", _("Induction"), induction_words(session, card)),
        ("people", _("Places"), str(card.places) if card.places > 1 else ""),
        ("clock", _("Opening hours"), _own_hours(session, card)),
        *facts.values(),
    )


def induction_words(session: Session, card: MachineCard) -> str:
    """Return the induction that a machine asks for, with those on which it builds."""
    if card.induction_kind is None:
        return _("not needed")
    required = ", ".join(induction_kind_views.required_names(session, card.induction_kind_id))
    return (
        _("%(kind)s, which builds on %(kinds)s", kind=card.induction_kind, kinds=required)
        if required
        else card.induction_kind
    )


def _induction(session: Session, card: MachineCard, member_id: int | None, today: date) -> MyInduction | None:
    """Return whether the member may run the machine; None where no induction is needed or the login has no member."""
    if card.induction_kind_id is None or member_id is None:
        return None
    by_kind = availability.eligibility_by_kind(session, member_id)
    mine = by_kind.of_kind(card.induction_kind_id)
    if (until := mine.valid_until(today)) is not None:
        rows = by_kind.inductions[card.induction_kind_id]
        if {one.level for one in rows if one.first <= today <= one.last} == {Level.SUPERVISED}:
            words = _("You may run it under supervision until %(day)s.", day=formats.format_short_day(until))
            return MyInduction("wait", words)
        return MyInduction("good", _("You may run it until %(day)s.", day=formats.format_short_day(until)))
    last = max((until for _given_on, until in mine.inducted), default=today)
    if last < today:
        return MyInduction("stop", _("Your induction ended on %(day)s.", day=formats.format_short_day(last)))
    if mine.is_apart_on(today):
        return MyInduction("stop", violation_sentence(Violation("persons_apart", "member", actual=today), card.zone))
    kind = mine.lacking_on(today) or card.induction_kind
    return MyInduction("stop", _("You need the induction %(kind)s.", kind=kind))


def _week(card: MachineCard, row: BoardRow, today: date, reader: Reader, now: datetime) -> Iterator[WeekDay]:
    for ahead in range(WEEK_DAYS):
        day = today + timedelta(days=ahead)
        if card.places > 1:
            yield WeekDay(day, None, pool_day(row, day, card.zone, now=now))
        else:
            # Its items are too low for a finger.
            yield WeekDay(day, machine_ribbon(row, day, card.zone, now=now, reader=reader, has_links=False), None)
