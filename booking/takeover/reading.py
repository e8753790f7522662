"""What a judgement on many promises stands on, read in a handful of statements however many they are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, false, select
from sqlalchemy.orm import Session

from booking import catalogue, held_spans
from booking.catalogue import MachineTerms
from booking.holds import Wish
from booking.models import HOLDING, Induction, Machine, Member, Occupancy, Reservation, Status
from booking.rules import MemberEligibility
from booking.timespan import TimeSpan

_HOLDING = held_spans.holding(Occupancy.unit_id, Occupancy.occupied_from, Occupancy.occupied_until)

Said = tuple[int, int, datetime, datetime]  # machine, member, start, end: what makes two reservations the same
Days = dict[tuple[int, int], tuple[tuple[date, date], ...]]


@dataclass(frozen=True, slots=True)
class Kept:
    """A reservation that stands for a promise already, as it is now: it may have been moved or cancelled since."""

    id: int
    status: Status
    span: TimeSpan
    places: int


@dataclass(frozen=True, slots=True)
class Facts:
    """MachineTerms of the machines, eligibility of the members, what is held, and which promises are kept already."""

    terms: dict[int, MachineTerms]
    left_on: dict[int, date | None]
    inducted: Days
    held: dict[int, list[tuple[datetime, datetime]]]
    kept_by_uid: dict[str, Kept]
    kept_by_said: dict[Said, Kept]

    def eligibility(self, member_id: int, induction_kind_id: int | None) -> MemberEligibility:
        """What the rules need to know of a member for a machine that asks for this induction, or for none."""
        days = () if induction_kind_id is None else self.inducted.get((member_id, induction_kind_id), ())
        return MemberEligibility(inducted=days, left_on=self.left_on.get(member_id))

    def kept_for(self, uid: str, wish: Wish) -> Kept | None:
        """The reservation that was taken over for a promise, or that somebody entered by hand."""
        return self.kept_by_uid.get(uid) or self.kept_by_said.get(_said(wish))


def read_facts(session: Session, promised: Sequence[tuple[str, Wish]]) -> Facts:
    """Read what decides about promises (uid, wish)."""
    uids, wishes = [uid for uid, _wish in promised], [wish for _uid, wish in promised]
    terms = {
        found.machine_id: found
        for found in catalogue.terms_of_many(session, Machine.id.in_({wish.machine_id for wish in wishes}))
    }
    member_ids = {wish.member_id for wish in wishes}
    return Facts(
        terms=terms,
        left_on=_left_on(session, member_ids),
        inducted=_inducted(session, member_ids),
        held=_held(session, terms, wishes),
        kept_by_uid={uid: kept for uid, _said, kept in _kept(session, Reservation.uid.in_(uids))},
        kept_by_said={said: kept for _uid, said, kept in _kept(session, *_holding_like(wishes))},
    )


def _left_on(session: Session, member_ids: Collection[int]) -> dict[int, date | None]:
    rows = session.execute(select(Member.id, Member.left_on).where(Member.id.in_(member_ids)))
    return {row.id: row.left_on for row in rows}


def _inducted(session: Session, member_ids: Collection[int]) -> Days:
    days: Days = {}
    for member_id, kind_id, given_on, valid_until in session.execute(
        select(Induction.member_id, Induction.kind_id, Induction.given_on, Induction.valid_until).where(
            Induction.member_id.in_(member_ids)
        )
    ):
        days[member_id, kind_id] = (*days.get((member_id, kind_id), ()), (given_on, valid_until))
    return days


def _held(
    session: Session, terms: dict[int, MachineTerms], wishes: Sequence[Wish]
) -> dict[int, list[tuple[datetime, datetime]]]:
    occupied = [terms[wish.machine_id].policy.occupied_by(wish.span) for wish in wishes if wish.machine_id in terms]
    held: dict[int, list[tuple[datetime, datetime]]] = {}
    if not occupied:
        return held
    whole = TimeSpan(min(span.start for span in occupied), max(span.end for span in occupied))
    rows = session.connection().execute(_HOLDING, held_spans.during(terms, whole))
    for unit_id, since, until in rows:
        held.setdefault(unit_id, []).append((since, until))
    return held


def _holding_like(wishes: Sequence[Wish]) -> tuple[ColumnElement[bool], ...]:
    starts = [wish.span.start for wish in wishes]
    if not starts:
        return (false(),)
    return (
        Reservation.machine_id.in_({wish.machine_id for wish in wishes}),
        Reservation.starts_at.between(min(starts), max(starts)),
        Reservation.status.in_([str(status) for status in HOLDING]),
    )


def _kept(session: Session, *wanted: ColumnElement[bool]) -> list[tuple[str, Said, Kept]]:
    rows = session.execute(
        select(
            Reservation.uid,
            Reservation.machine_id,
            Reservation.member_id,
            Reservation.starts_at,
            Reservation.ends_at,
            Reservation.id,
            Reservation.status,
            Reservation.places,
        ).where(*wanted)
    )
    return [
        (uid, (machine_id, member_id, start, end), Kept(kept_id, Status(status), TimeSpan(start, end), places))
        for uid, machine_id, member_id, start, end, kept_id, status, places in rows
    ]


def _said(wish: Wish) -> Said:
    return wish.machine_id, wish.member_id, wish.span.start, wish.span.end
