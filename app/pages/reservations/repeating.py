"""A reservation that repeats: its dates shown before anything is stored, then entered as a series."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.auth.current_login import current_actor
from app.clock import now
from app.extensions import db
from app.local_time import is_doubled
from app.pages.reservations import deciding, grouped
from app.pages.reservations.forms import ReservationForm
from app.pages.reservations.options import GROUP_PREFIX, ChosenGroup
from app.web.paging import PART, Part, sent_part
from app.wording import formats
from app.wording.errors import sentence_of, status_of
from app.wording.rules import taken_sentence, violation_sentence
from app.wording.series import series_sentence
from billing.tariffs.estimates import Estimate, estimate_for
from booking import queries
from booking.errors.schedule_errors import SeriesConflicts, SeriesRefused, SlotTaken, StaleRevision
from booking.kernel.transaction import in_write_transaction
from booking.queries import MachineCard
from booking.queries import series as series_queries
from booking.reservations.wishes import UID_DOMAIN, Wish
from booking.rules.persons import MEMBER_ITSELF
from booking.series import series, series_plan
from booking.series.series import OnConflict
from booking.series.series_wishes import PlannedDate, SeriesPlan, SeriesWish
from booking.times.series_times import length_by_clock
from booking.times.wall_clock import to_wall

ENTER, CHANGE = "enter_series", "change"  # the buttons of the preview
SHOWN = "shown"  # the fingerprint of the plan that was shown
_BUTTONS = frozenset({"csrf_token", "choose", "pick", "check", "find", ENTER, CHANGE, SHOWN, PART, "on_conflict"})


@dataclass(frozen=True, slots=True)
class DateRow:
    """One date of the preview. reasons: why it cannot be reserved; instead: the nearest time that could be.

    machine: of a group, the name of the one that it gets.
    """

    day: date
    span_text: str
    machine: str
    note: str
    reasons: tuple[str, ...]
    is_taken: bool
    instead: str

    @property
    def is_accepted(self) -> bool:
        """Whether it can be reserved as it is."""
        return not self.reasons


@dataclass(frozen=True, slots=True)
class SeriesPreview:
    """The dates of a series before it is entered, and what they cost each. name: of the machine or the group."""

    name: str
    sentence: str
    rows: tuple[DateRow, ...]
    part: Part  # which of the dates the rows are
    accepted: int
    refused: int
    alternatives: int
    estimate: Estimate | None
    needs_approval: bool
    fingerprint: str
    on_conflict: str  # which choice is marked
    fields: tuple[tuple[str, str], ...]  # what was typed, for the way on and the way back


def wish_of(
    form: ReservationForm, card: MachineCard, wish: Wish, group: ChosenGroup | None = None
) -> SeriesWish | None:
    """Return the series that a valid form wishes; None for wrong fields of its rule, which then hold the errors."""
    wall = to_wall(wish.span.start, card.zone)
    rule = form.rule_from(wall)
    if rule is None:
        return None
    passage = int(form.passage.data) if form.passage.data in ("0", "1") else None
    if is_doubled(wall, card.zone):
        passage = wish.span.start.astimezone(card.zone).fold
    length = length_by_clock(wish.span, card.zone)
    return SeriesWish(
        wish.machine_id,
        wish.member_id,
        rule,
        wall,
        length,
        passage,
        places=wish.places,
        purpose=wish.purpose,
        may_move_min=wish.may_move_min,
        second=wish.second or MEMBER_ITSELF,
        group_id=None if group is None else group.id,
        choices=wish.choices,
        dates_max=form.times_max,
        lacking={} if group is None else grouped.asked_of_group(db.session(), group, wish).lacking,
    )


def respond(
    form: ReservationForm, card: MachineCard, wish: Wish, group: ChosenGroup | None
) -> ResponseReturnValue | None:
    """Show all dates of a wish that repeats, or enter them; None where the form has to be shown again.

    group: of which each date gets a machine; card is one of them then. Raises GroupRefused where none is lent any more.
    """
    series_wish = wish_of(form, card, wish, group)
    if series_wish is None:
        return None
    try:
        answer = _enter if ENTER in request.form else _page
        return answer(form, group or card, series_wish)
    except SeriesRefused as refusal:
        form.show_series_refusal(refusal)
        return None


def _enter(form: ReservationForm, target: MachineCard | ChosenGroup, wish: SeriesWish) -> ResponseReturnValue:
    choice = request.form.get("on_conflict", "")
    on_conflict = OnConflict(choice) if choice in list(OnConflict) else OnConflict.REFUSE
    try:
        series_id, text = _send(form, target.workshop_id, wish, on_conflict)
    except (SeriesConflicts, SlotTaken, StaleRevision) as refusal:  # somebody was faster
        return _page(form, target, wish, refusal=sentence_of(refusal)), status_of(refusal)
    flash(text)
    return redirect(url_for("series.show", series_id=series_id), code=303)


def _send(form: ReservationForm, workshop_id: int, wish: SeriesWish, on_conflict: OnConflict) -> tuple[int, str]:
    session, instant, uid = db.session(), now(), _uid(form, wish)
    approve, overruling = deciding.may_decide(workshop_id), deciding.overruling_of(form, workshop_id)

    def once() -> tuple[int, str]:
        if (known := _entered_before(session, uid)) is not None:
            return known, _sent_before()
        made = series.create(
            session,
            wish,
            on_conflict=on_conflict,
            by=current_actor(),
            now=instant,
            uid=uid,
            approve=approve,
            overruling=overruling,
            shown=request.form.get(SHOWN),
        )
        return made.id, _entered_text(made)

    try:
        return in_write_transaction(session, once)
    except IntegrityError:  # both requests of a double click got this far; the first one has stored it by now
        known = _entered_before(session, uid)
        if known is None:
            raise
        return known, _sent_before()


def _uid(form: ReservationForm, wish: SeriesWish) -> str | None:
    """Return the uid of the series: a form sent twice with the same wish gives the same one."""
    target = wish.machine_id if wish.group_id is None else f"{GROUP_PREFIX}{wish.group_id}"
    parts = (target, wish.member_id, wish.wall, wish.length, wish.rule.to_rrule(), wish.places, *wish.choices)
    name = form.derive_id(current_user.id, "series", *parts)
    return None if name is None else f"{name}@{UID_DOMAIN}"


def _entered_before(session: Session, uid: str | None) -> int | None:
    return None if uid is None else series_queries.series_id_of_uid(session, uid)


def _sent_before() -> str:
    return _("This form was sent before. Here is what became of it; to reserve again, begin with a new form.")


def _entered_text(made: series.SeriesResult) -> str:
    count = len(made.dates)
    if made.status == "requested":
        text = ngettext(
            "%(num)s date is requested. It is held until the workshop decides; an e-mail tells you.",
            "%(num)s dates are requested. They are held until the workshop decides; an e-mail tells you.",
            count,
        )
    else:
        text = ngettext("%(num)s date is reserved.", "%(num)s dates are reserved.", count)
    if made.skipped:
        left_out = ngettext("%(num)s was left out.", "%(num)s were left out.", len(made.skipped))
        return f"{text} {left_out}"
    return text


def _page(form: ReservationForm, target: MachineCard | ChosenGroup, wish: SeriesWish, refusal: str = "") -> str:
    overruling = deciding.overruling_of(form, target.workshop_id)
    planned = series_plan.plan(db.session(), wish, now=now(), overruling=overruling)
    preview = _preview(db.session(), target, wish, planned)
    return render_template("reservations/repeat.html", form=form, page=preview, refusal=refusal)


def _preview(
    session: Session, target: MachineCard | ChosenGroup, wish: SeriesWish, planned: SeriesPlan
) -> SeriesPreview:
    first = next(iter(planned.accepted), planned.dates[0])
    card = target if isinstance(target, MachineCard) else queries.machine_card(session, first.machine_id)
    used = [planned.terms_of[one.machine_id] for one in planned.accepted] or [planned.terms]
    part = sent_part(len(planned.dates), next((at for at, one in enumerate(planned.dates) if not one.is_accepted), 0))
    return SeriesPreview(
        name=target.name,
        sentence=series_sentence(wish.times(card.zone)),
        rows=tuple(
            _row(one, planned, card.zone, _notes(session, target, wish, one), names_machine=wish.group_id is not None)
            for one in part.of(planned.dates)
        ),
        part=part,
        accepted=len(planned.accepted),
        refused=len(planned.refused),
        alternatives=len(planned.alternatives),
        estimate=estimate_for(session, card, wish.wish_for(first.occurrence.span, first.machine_id)),
        needs_approval=any(one.policy.needs_approval for one in used) and not deciding.may_decide(card.workshop_id),
        fingerprint=planned.fingerprint,
        on_conflict=marked_choice(len(planned.alternatives), len(planned.accepted)),
        fields=tuple(_typed()),
    )


def _notes(session: Session, target: MachineCard | ChosenGroup, wish: SeriesWish, one: PlannedDate) -> str:
    """Return what a clock change does to a date, and what its machine lacks, or that of its other time; or ""."""
    notes = [clock_note(one.occurrence.is_shifted, one.occurrence.is_doubled)]
    on, span = (one.machine_id, one.occurrence.span) if one.is_accepted else (one.alternative_on, one.alternative)
    if on is not None and span is not None and wish.lacking.get(on) and isinstance(target, ChosenGroup):
        notes.append(grouped.lacking_note(session, target.cards[on], wish.wish_for(span, on)))
    return " ".join(filter(None, notes))


def _row(one: PlannedDate, planned: SeriesPlan, zone: ZoneInfo, note: str, *, names_machine: bool) -> DateRow:
    reasons = [violation_sentence(each, zone) for each in one.objections]
    if one.taken is not None:
        reasons.append(taken_sentence(one.taken, zone))
    instead = "" if one.alternative is None else formats.format_span(one.alternative, zone)
    if instead and names_machine and one.alternative_on is not None:
        instead = f"{instead}, {planned.terms_of[one.alternative_on].name}"
    return DateRow(
        day=one.occurrence.day,
        span_text=formats.format_span(one.occurrence.span, zone),
        machine=planned.terms_of[one.machine_id].name if names_machine and one.is_accepted else "",
        note=note,
        reasons=tuple(reasons),
        is_taken=one.taken is not None,
        instead=instead,
    )


def clock_note(is_shifted: bool, is_doubled: bool) -> str:
    """Return what a clock change does to a date, or ""."""
    if is_shifted:
        return _("In this night the clock skips the time; the date begins at the next one.")
    return _("In this night the clock shows the time twice; the chosen one counts.") if is_doubled else ""


def marked_choice(alternatives: int, accepted: int = 1) -> str:
    """Return which way out of conflicts is marked: the one that was sent, else the other times where there are some."""
    offered = [OnConflict.ALTERNATIVE] * bool(alternatives) + [OnConflict.SKIP] * bool(accepted)
    sent = request.form.get("on_conflict", "")
    return sent if sent in offered else next(iter(offered), "")


def _typed() -> Iterator[tuple[str, str]]:
    """Yield what was typed."""
    for name, value in request.form.items(multi=True):
        if name not in _BUTTONS:
            yield name, value
