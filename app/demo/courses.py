"""Induction courses of the demo ring: one with seats left, a full one, one that was held yesterday, and the demand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.demo.base_data import DEMO, BaseData
from app.demo.machines import LASER, SAW
from app.demo.people import MEMBERS, PENZBERG
from booking.courses import planning, seats
from booking.courses.planning import CourseInput
from booking.courses.trainers import trainers
from booking.errors.schedule_errors import SlotTaken
from booking.members import induction_wishes
from booking.times.wall_clock import first_instant, local_day
from booking.timespan import TimeSpan

ASKING = 4  # members who ask for the induction of the first course
HELD_AFTER = 10  # days, of the course whose attendance is to be entered


def enter_courses(session: Session, base: BaseData, *, zone: ZoneInfo, now: datetime) -> None:
    """Enter the wishes of members who have no induction for the saw, courses for it, and a full one for the laser."""
    others = [base.members[one.number] for one in MEMBERS if one.number not in base.inducted[SAW]]
    for number, member_id in enumerate(others[:ASKING]):
        asked_at = now - timedelta(days=3 * (ASKING - number))
        induction_wishes.ask(session, member_id, base.kinds[SAW], by=DEMO, now=asked_at)
    course_id = _plan(session, base, SAW, zone, days=9, places=6, price_note="10 Euro, vor Ort zu zahlen", now=now)
    for member_id in [*others[:2], *others[ASKING : ASKING + 1]]:
        seats.sign_up(session, course_id, member_id, by=DEMO, now=now)
    full_id = _plan(session, base, LASER, zone, days=16, places=2, price_note="", now=now)
    beginners = [base.members[one.number] for one in MEMBERS if one.number not in base.inducted[LASER]]
    for member_id in beginners[:3]:
        seats.sign_up(session, full_id, member_id, waits=True, by=DEMO, now=now)
    planned_at = now - timedelta(days=HELD_AFTER + 1)
    held_id = _plan(session, base, SAW, zone, days=HELD_AFTER, places=6, price_note="", now=planned_at)
    for member_id in others[-3:]:
        seats.sign_up(session, held_id, member_id, by=DEMO, now=planned_at)


def _plan(
    session: Session,
    base: BaseData,
    kind: str,
    zone: ZoneInfo,
    *,
    days: int,
    places: int,
    price_note: str,
    now: datetime,
) -> int:
    """Plan a course on a day, for three hours; with the machine of its kind if nobody has reserved it then."""
    day = local_day(now, zone) + timedelta(days=days)
    start = first_instant(datetime.combine(day, time(9)), zone)
    trainer = trainers(session, base.kinds[kind], day)[0]
    slug = {SAW: "table-saw", LASER: "laser-cutter"}[kind]
    wanted = CourseInput(
        base.kinds[kind],
        base.workshops[PENZBERG],
        TimeSpan(start, start + timedelta(hours=3)),
        places,
        trainer.member_id,
        trainer.person,
        frozenset([base.machines[slug]]),
        "Werkraum 1",
        price_note,
        "Bitte feste Schuhe und eng anliegende Kleidung.",
    )
    reason = f"Einweisungskurs: {kind}"
    try:
        with session.begin_nested():
            return planning.plan(session, wanted, reason=reason, by=DEMO, now=now)
    except SlotTaken:
        alone = replace(wanted, machine_ids=frozenset())
        return planning.plan(session, alone, reason=reason, by=DEMO, now=now)
