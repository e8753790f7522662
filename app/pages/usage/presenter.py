"""What the pages about usage show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.auth import permissions
from app.auth.member_logins import check_login, login_names, usual_operator
from app.auth.overrulings import may_overrule_hand_out
from app.extensions import db
from app.pages.usage.asked_fields import asking
from app.pages.usage.forms import MeasureForm
from app.wording.rules import violation_sentence
from app.wording.whereabouts import still_out_sentence
from billing.fees.deposits import DepositEntry, deposit_on
from billing.tariffs.asked_amounts import NOTHING_ASKED, asked_on
from booking import queries
from booking.charge_units import CHARGE_UNITS, ChargeUnit
from booking.errors.schedule_errors import NotFound, Violation
from booking.queries import ClosureView, DamageView, MachineCard, ReservationView, SlipView
from booking.queries.other_amounts import NOTHING_BESIDE, BesideAmount, beside_amounts
from booking.records.overruling import may_overrule
from booking.rules.persons import folded
from booking.times.wall_clock import local_day
from booking.timespan import TimeSpan
from booking.use import hand_out_conditions, operators, usage
from booking.use.operators import Operators
from booking.use.usage import Measurement
from booking.use.use_times import EARLIEST_HAND_OUT, may_be_handed_out

AHEAD = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class MeasurePage:
    """What is known before hand-out or hand-back.

    obstacles: why it is not possible now; may_overrule: the reader may hand it out all the same, with a reason.
    to_return: what is out and may be brought back by the reader. asks_operator: the machine needs an induction.
    inducted: the names of those who may run it; persons: names that are offered; usual_operator: the name filled in.
    asks_supervisor: somebody of the member needs a trainer beside them. trainers: their names. asks_second: the machine
    needs two persons.
    """

    reservation: ReservationView
    unit: ChargeUnit
    last_reading: int | None
    slip: SlipView | None
    obstacles: tuple[str, ...] = ()
    may_overrule: bool = False
    to_return: tuple[ReservationView, ...] = ()
    asks_operator: bool = False
    inducted: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    usual_operator: str = ""
    asks_supervisor: bool = False
    trainers: tuple[str, ...] = ()
    asks_second: bool = False
    deposit: DepositEntry | None = None  # what is asked at hand-out

    @property
    def is_possible(self) -> bool:
        """Whether the button would be accepted, with a reason where one is needed."""
        return self.may_overrule or not self.obstacles

    @property
    def span(self) -> TimeSpan:
        """The reserved time."""
        return TimeSpan(self.reservation.starts_at, self.reservation.ends_at)


@dataclass(frozen=True, slots=True)
class AtMachine:
    """What the login can do at a machine: fetch it, bring it back; and when it is taken.

    closed: the closure that is on now. still_out: that it should be back, or "". damage: the newest damage report that
    is open. waiting: confirmed for a time that begins within the hour, while a move to another one waits for approval.
    """

    card: MachineCard
    to_fetch: tuple[ReservationView, ...]
    to_return: tuple[ReservationView, ...]
    waiting: tuple[ReservationView, ...]
    taken: tuple[TimeSpan, ...]
    closed: ClosureView | None = None
    still_out: str = ""
    damage: DamageView | None = None


def measure_page(session: Session, reservation: ReservationView) -> MeasurePage:
    """Return what is known before hand-out or hand-back."""
    slip = queries.slip_of_reservation(session, reservation.id) if reservation.status == "in_use" else None
    return MeasurePage(
        reservation=reservation,
        unit=CHARGE_UNITS[reservation.charge_unit],
        last_reading=usage.last_reading(session, reservation.machine_id),
        slip=slip,
    )


def hand_out_page(
    session: Session, reservation: ReservationView, refused: Sequence[Violation], *, now: datetime
) -> MeasurePage:
    """Return what is known before hand-out, with what is in its way.

    refused: why it was refused just now. A name can be corrected, so it is in nobody's way, or overruled.
    """
    found = [
        *check_login(session, reservation.member_id),
        *hand_out_conditions.obstacles(session, reservation.id, now=now),
    ]
    possible = operators.of_reservation(session, reservation.id, now=now)
    usual = usual_operator(reservation.member_id, possible)
    asks_supervisor = possible is not None and possible.is_supervised
    wrong_names = [one for one in refused if one.field in ("operator", "supervisor", "second_person")]
    asks_second = queries.machine_card(session, reservation.machine_id).rules.needs_second_person
    in_the_way = [*found, *wrong_names]
    is_overrulable = bool(in_the_way) and may_overrule(in_the_way, hand_out_conditions.OVERRULABLE)
    is_out = any(violation.rule == "all_out" for violation in found)
    out = queries.machine_out(session, reservation.machine_id) if is_out else ()
    return replace(
        measure_page(session, reservation),
        obstacles=tuple(violation_sentence(violation, reservation.zone) for violation in found),
        may_overrule=is_overrulable and may_overrule_hand_out(reservation),
        to_return=tuple(entry for entry in out if _may_use(entry)),
        asks_operator=possible is not None or asks_second,
        asks_second=asks_second,
        inducted=tuple(one.name for one in possible.persons) if possible else (),
        persons=_names(session, reservation.member_id, possible),
        usual_operator=usual.name if usual else "",
        asks_supervisor=asks_supervisor,
        trainers=operators.trainers_of(session, reservation.machine_id, now=now) if asks_supervisor else (),
        deposit=deposit_on(session, reservation.machine_id, local_day(now, reservation.zone)),
    )


def overtaken_page(
    session: Session,
    reservation: ReservationView,
    *,
    operator: str = "",
    supervisor: str = "",
    second_person: str = "",
) -> MeasurePage:
    """Return what is known when somebody else was quicker; the names that were typed stay on the page."""
    return replace(
        measure_page(session, reservation),
        asks_operator=bool(operator or supervisor or second_person),
        asks_second=bool(second_person),
        asks_supervisor=bool(supervisor),
    )


def _names(session: Session, member_id: int, possible: Operators | None) -> tuple[str, ...]:
    """Return the names that are offered as who runs the machine: the inducted ones, then the logins of the member."""
    if possible is None:
        return ()
    names = [*(one.name for one in possible.persons), *login_names(session, member_id)]
    return tuple({folded(name): name for name in reversed(names)}.values())[::-1]


def current_slip(session: Session, reservation_id: int) -> SlipView | None:
    """Return the slip of a reservation, which somebody may have opened or closed since a form was opened."""
    try:
        return queries.slip_of_reservation(session, reservation_id)
    except NotFound:
        return None


def hand_back_form(reservation: ReservationView, **kwargs: Any) -> MeasureForm:
    """Return the form of a hand-back, with what the tariff of the day of the use asks for."""
    session = db.session()
    slip = current_slip(session, reservation.id)
    asked = NOTHING_ASKED if slip is None else asked_on(session, slip.machine_id, slip.service_date)
    form = asking(MeasureForm, asked)(CHARGE_UNITS[reservation.charge_unit], reservation.zone, **kwargs)
    if not form.is_submitted() and "formdata" not in kwargs:
        form.show_beside(BesideAmount(choices=reservation.choices))
    return form


def holds_typed(
    slip: SlipView,
    typed: Measurement,
    *,
    is_back: bool,
    operator: str = "",
    supervisor: str = "",
    second_person: str = "",
) -> bool:
    """Return whether the slip holds all that was typed, as after a second click.

    operator, supervisor, second_person: the names, "" for none. A supervisor whom nobody needs is not on the slip.
    """
    if second_person and folded(second_person) != folded(slip.second_person):
        return False
    if operator and folded(operator) != folded(slip.operator_name):
        return False
    if supervisor and slip.supervisor_name and folded(supervisor) != folded(slip.supervisor_name):
        return False
    if not is_back:
        return (typed.reading, typed.note) == (slip.reading_before, slip.note_before)
    beside = beside_amounts(db.session(), [slip.id]).get(slip.id, NOTHING_BESIDE)
    stored = {(one.name, one.amount) for one in beside.amounts}
    if {(one.name, one.amount) for one in typed.others} != stored or set(typed.choices) != set(beside.choices):
        return False
    is_back_already = slip.handed_back_at is not None
    is_same_amount = typed.amount is None or typed.amount == slip.used_amount
    return is_back_already and is_same_amount and (typed.reading, typed.note) == (slip.reading_after, slip.note_after)


def at_machine(session: Session, card: MachineCard, *, now: datetime) -> AtMachine:
    """Return what the login can do at the machine now."""
    ahead = TimeSpan(now, now + AHEAD)
    holding = [view for view in queries.hit_by(session, card.id, ahead) if view.is_holding]
    near = [time for view in holding for time in queries.held_times(view) if time.span.overlaps(ahead)]
    late = queries.still_out(session, now, machine_ids=[card.id]).get(card.id)
    mine = [entry for entry in holding if _may_use(entry)]
    return AtMachine(
        card=card,
        to_fetch=tuple(entry for entry in mine if may_be_handed_out(entry, now)),
        closed=queries.closure_now(session, card.id, now=now),
        to_return=tuple(entry for entry in queries.machine_out(session, card.id) if _may_use(entry)),
        waiting=tuple(entry for entry in mine if entry.former and entry.former.starts_at - EARLIEST_HAND_OUT <= now),
        taken=tuple(sorted(entry.span for entry in near)),
        still_out=still_out_sentence(late, card.zone, now, card.sort) if late else "",
        damage=next(iter(queries.damage_reports(session, machine_id=card.id, only_open=True, limit=1)), None),
    )


def _may_use(entry: ReservationView) -> bool:
    return permissions.may_touch("usage.hand_out", "POST", member_id=entry.member_id, workshop_id=entry.workshop_id)
