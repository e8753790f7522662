"""Audits of the schedule: each returns stored data that contradicts itself, which `ring check` reports.

Codes of the findings and their facts:

- overlap (unit_id, first_kind, first_id, second_kind, second_id): two holds have taken one place at once;
- places_missing (kind, id): a reservation or closure has taken fewer or more places than it should; a closure around
  reservations has left a place free;
- held_after_end (kind, id): it ended without use, or was lifted, and still holds places;
- other_span (kind, id): it holds another span than its own;
- other_machine (kind, id): it holds places of another machine;
- no_owner (kind, id): a hold has taken places, and there is no reservation, closure, offer or proposal of its id;
- not_of_entry (kind, id): an open offer that its entry does not name, or an ended one that it names;
- out (machine_id, out, places): more places of a machine are handed out than it has;
- quota_use (quota_id, reservation_id, first_day, seconds, stored): a reservation counts other than is stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, Row, and_, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from booking.kernel.audit import AuditFinding
from booking.kernel.events import RecordedEvent
from booking.models import (
    ENDED_WITHOUT_USE,
    HOLDING,
    IS_CONFIRMED,
    IS_OUT,
    Blocking,
    Hold,
    HoldKind,
    Occupancy,
    Offer,
    OfferStatus,
    QuotaUse,
    Replanned,
    Reservation,
    Status,
    Unit,
    WaitingEntry,
)
from booking.places import closure_gaps, held_spans, occupancies
from booking.quotas import quotas
from booking.reservations import former_times
from booking.timespan import TimeSpan

FINDINGS_MAX = 1_000  # of each code: a person reads the list


def overlapping_pairs(session: Session) -> tuple[AuditFinding, ...]:
    """Find pairs of occupancies that hold one place at once, in one sorted pass over the table.

    A row overlaps some row before it exactly when it begins before the latest end of those before it. Only for such
    rows, of which there should be none, the partners are read.
    """
    latest_end = func.max(Occupancy.occupied_until).over(
        partition_by=Occupancy.unit_id, order_by=(Occupancy.occupied_from, Occupancy.id), rows=(None, -1)
    )
    order = (Occupancy.unit_id, Occupancy.occupied_from, Occupancy.id)
    scanned = select(*order, latest_end.label("latest_end")).subquery()
    offenders = select(scanned.c.id).where(scanned.c.occupied_from < scanned.c.latest_end)
    # A statement of its own: joined with the partners, PostgreSQL without statistics paired all rows of a place first.
    ids = session.scalars(
        offenders.order_by(scanned.c.unit_id, scanned.c.occupied_from, scanned.c.id).limit(FINDINGS_MAX)
    ).all()
    return _pairs_of(session, ids) if ids else ()


def _pairs_of(session: Session, occupancy_ids: Sequence[int]) -> tuple[AuditFinding, ...]:
    """Find for some occupancies those before them that they overlap."""
    first, second = aliased(Occupancy), aliased(Occupancy)
    first_hold, second_hold = aliased(Hold), aliased(Hold)
    is_before = or_(
        first.occupied_from < second.occupied_from,
        and_(first.occupied_from == second.occupied_from, first.id < second.id),
    )
    rows = session.execute(
        select(second.unit_id, first_hold.kind, first_hold.id, second_hold.kind, second_hold.id)
        .join(first, and_(first.unit_id == second.unit_id, is_before, first.occupied_until > second.occupied_from))
        .join(first_hold, first_hold.id == first.hold_id)
        .join(second_hold, second_hold.id == second.hold_id)
        .where(second.id.in_(occupancy_ids))
        .order_by(second.unit_id, second.occupied_from, second.id, first.id)
        .limit(FINDINGS_MAX)
    )
    names = ("unit_id", "first_kind", "first_id", "second_kind", "second_id")
    return tuple(AuditFinding("overlap", dict(zip(names, row, strict=True))) for row in rows)


def contradictions(session: Session) -> tuple[AuditFinding, ...]:
    """Find reservations, closures and offers that hold other places than they should, and holds without any of them."""
    of_owners = (_of_reservations, _of_closures, _of_offers, _of_proposals, _without_owner)
    return tuple(finding for audit in of_owners for finding in audit(session))


def too_many_out(session: Session) -> tuple[AuditFinding, ...]:
    """Find machines of which more places are handed out than there are."""
    places = select(func.count()).where(Unit.machine_id == Reservation.machine_id, Unit.retired_at.is_(None))
    out = func.sum(Reservation.places)
    owned = places.correlate(Reservation).scalar_subquery()
    rows = session.execute(
        select(Reservation.machine_id, out, owned)
        .where(IS_OUT)
        .group_by(Reservation.machine_id)
        .having(out > owned)
        .order_by(Reservation.machine_id)
        .limit(FINDINGS_MAX)
    )
    return tuple(AuditFinding("out", dict(zip(("machine_id", "out", "places"), row, strict=True))) for row in rows)


def quota_use(session: Session) -> tuple[AuditFinding, ...]:
    """Find what is stored as counted of quotas and differs from what the reservations themselves count."""
    key = (QuotaUse.quota_id, QuotaUse.reservation_id, QuotaUse.first_day)
    found: list[AuditFinding] = []
    for quota in quotas.all_quotas(session):
        rows = session.execute(select(*key, QuotaUse.seconds).where(QuotaUse.quota_id == quota.id))
        stored = {(quota_id, reservation_id, first): seconds for quota_id, reservation_id, first, seconds in rows}
        right = {
            (row["quota_id"], row["reservation_id"], row["first_day"]): row["seconds"]
            for row in quotas.counted_rows(session, quota)
        }
        for quota_id, reservation_id, first in sorted({*stored, *right}):
            at = (quota_id, reservation_id, first)
            if stored.get(at, 0) != right.get(at, 0):
                facts = {"quota_id": quota_id, "reservation_id": reservation_id, "first_day": first.isoformat()}
                found.append(
                    AuditFinding("quota_use", facts | {"seconds": right.get(at, 0), "stored": stored.get(at, 0)})
                )
    return tuple(found[:FINDINGS_MAX])


def _of_reservations(session: Session) -> Iterator[AuditFinding]:
    is_held = Occupancy.hold_id == Reservation.id
    rows_held = select(func.count()).where(is_held).correlate(Reservation).scalar_subquery()
    has_one_time = Reservation.former_starts_at.is_(None)
    # One whose no-show was taken back after its end holds nothing.
    is_over_again = and_(IS_CONFIRMED, rows_held == 0, Reservation.ends_at <= Reservation.changed_at)
    # A completed reservation keeps the places of its past, as far as others did not hold them; so does one that took
    # its places again after its start.
    is_short = or_(
        and_(Reservation.status.in_(HOLDING), has_one_time, rows_held != Reservation.places, ~is_over_again),
        and_(Reservation.status == Status.COMPLETED, rows_held > Reservation.places),
    )
    is_outside = or_(
        Occupancy.occupied_from < Reservation.occupied_from, Reservation.occupied_until < Occupancy.occupied_until
    )
    is_of_other_span = or_(
        is_outside,
        and_(
            Reservation.status != Status.COMPLETED,
            or_(
                and_(
                    Occupancy.occupied_from > Reservation.occupied_from,
                    Occupancy.occupied_from > Reservation.changed_at,
                ),
                Occupancy.occupied_until != Reservation.occupied_until,
            ),
        ),
    )
    is_of_other_machine = and_(Unit.id == Occupancy.unit_id, Unit.machine_id != Reservation.machine_id)
    conditions: dict[str, ColumnElement[bool]] = {
        "places_missing": is_short,
        "held_after_end": and_(Reservation.status.in_(ENDED_WITHOUT_USE), exists().where(is_held)),
        "other_span": and_(has_one_time, exists().where(is_held, is_of_other_span)),
        "other_machine": exists().where(is_held, is_of_other_machine),
    }
    yield from _findings(session, HoldKind.RESERVATION, Reservation.id, conditions)
    yield from _of_waiting_moves(session)


def _of_waiting_moves(session: Session) -> Iterator[AuditFinding]:
    """Find moves that wait for approval and do not hold what the former and the wished time need at every instant."""
    statement = select(Reservation).where(Reservation.former_starts_at.is_not(None)).order_by(Reservation.id)
    for reservation in session.scalars(statement.limit(FINDINGS_MAX)):
        rows = session.execute(
            select(Occupancy.occupied_from, Occupancy.occupied_until)
            .where(Occupancy.hold_id == reservation.id)
            .order_by(Occupancy.occupied_from)
        )
        former = former_times.former_time(reservation)
        wanted = former_times.parts(former, former_times.present_time(reservation)) if former else ()
        if not _holds(list(rows), list(wanted), reservation.changed_at):
            yield AuditFinding("places_missing", {"kind": HoldKind.RESERVATION.value, "id": reservation.id})


def _holds(rows: list[Row[datetime, datetime]], wanted: Sequence[tuple[TimeSpan, int]], changed_at: datetime) -> bool:
    """Return whether rows hold each span on its number of places; what was past when it was taken may be missing."""
    for span, places in wanted:
        of_span = [row for row in rows if span.start <= row[0] <= max(span.start, changed_at) and row[1] == span.end]
        if len(of_span) != places and not (span.end <= changed_at and not of_span):
            return False
        rows = [row for row in rows if row not in of_span]
    return not rows


def _of_closures(session: Session) -> Iterator[AuditFinding]:
    is_held = Occupancy.hold_id == Blocking.id
    is_of_other_span = or_(Occupancy.occupied_from != Blocking.starts_at, Occupancy.occupied_until != Blocking.ends_at)
    is_outside = or_(Occupancy.occupied_from < Blocking.starts_at, Occupancy.occupied_until > Blocking.ends_at)
    is_of_other_machine = and_(Unit.id == Occupancy.unit_id, Unit.machine_id != Blocking.machine_id)
    # A closure around reservations holds less than its span, or nothing; whether it has gaps is found below.
    is_whole = Blocking.around_reservations.is_(False)
    conditions: dict[str, ColumnElement[bool]] = {
        "places_missing": and_(Blocking.lifted_at.is_(None), is_whole, ~exists().where(is_held)),
        "held_after_end": and_(Blocking.lifted_at.is_not(None), exists().where(is_held)),
        "other_span": exists().where(is_held, or_(is_outside, and_(is_whole, is_of_other_span))),
        "other_machine": exists().where(is_held, is_of_other_machine),
    }
    yield from _findings(session, HoldKind.CLOSURE, Blocking.id, conditions)
    yield from _with_gaps(session)


def _with_gaps(session: Session) -> Iterator[AuditFinding]:
    """Find closures around reservations on or to come that left a place free for a part of their span.

    One that was over at the last event is not looked at: places may have been added since.
    """
    last_event = select(RecordedEvent.at).order_by(RecordedEvent.id.desc()).limit(1).scalar_subquery()
    found = session.execute(
        select(Blocking.id, Blocking.machine_id, Blocking.starts_at, Blocking.ends_at)
        .where(Blocking.around_reservations, Blocking.lifted_at.is_(None), Blocking.ends_at > last_event)
        .order_by(Blocking.id)
        .limit(FINDINGS_MAX)
    ).all()
    for closure_id, machine_id, starts_at, ends_at in found:
        span = TimeSpan(starts_at, ends_at)
        held = held_spans.by_place(session, [machine_id], span)
        place_ids = occupancies.places_of(session, machine_id)
        if any(any(closure_gaps.gaps(held.get(place_id, ()), span)) for place_id in place_ids):
            yield AuditFinding("places_missing", {"kind": HoldKind.CLOSURE.value, "id": closure_id})


def _of_offers(session: Session) -> Iterator[AuditFinding]:
    is_held = Occupancy.hold_id == Offer.id
    is_open = Offer.state == OfferStatus.OPEN.value
    rows_held = select(func.count()).where(is_held).correlate(Offer).scalar_subquery()
    is_of_other_span = or_(
        Occupancy.occupied_from != Offer.occupied_from, Occupancy.occupied_until != Offer.occupied_until
    )
    is_of_other_machine = and_(Unit.id == Occupancy.unit_id, Unit.machine_id != Offer.machine_id)
    is_of_entry = exists().where(WaitingEntry.id == Offer.entry_id, WaitingEntry.offer_id == Offer.id)
    conditions: dict[str, ColumnElement[bool]] = {
        "places_missing": and_(is_open, rows_held != Offer.places),
        "held_after_end": and_(~is_open, exists().where(is_held)),
        "other_span": exists().where(is_held, is_of_other_span),
        "other_machine": exists().where(is_held, is_of_other_machine),
        "not_of_entry": is_open != is_of_entry,
    }
    yield from _findings(session, HoldKind.OFFER, Offer.id, conditions)


def _of_proposals(session: Session) -> Iterator[AuditFinding]:
    """Find proposals of re-plans whose machine is not held. What their reservation holds itself need not be."""
    is_held = Occupancy.hold_id == Replanned.hold_id
    is_of_other_machine = and_(Unit.id == Occupancy.unit_id, Unit.machine_id != Replanned.to_machine_id)
    hold_id = cast("InstrumentedAttribute[int]", Replanned.hold_id)
    conditions = {
        "places_missing": and_(hold_id.is_not(None), ~exists().where(is_held)),
        "other_machine": exists().where(is_held, is_of_other_machine),
    }
    yield from _findings(session, HoldKind.OFFER, hold_id, conditions)


def _without_owner(session: Session) -> Iterator[AuditFinding]:
    rows = session.execute(
        select(Hold.kind, Hold.id)
        .where(
            exists().where(Occupancy.hold_id == Hold.id),
            ~exists().where(Reservation.id == Hold.id),
            ~exists().where(Blocking.id == Hold.id),
            ~exists().where(Offer.id == Hold.id),
            ~exists().where(Replanned.hold_id == Hold.id),
        )
        .order_by(Hold.id)
        .limit(FINDINGS_MAX)
    )
    for kind, hold_id in rows:
        yield AuditFinding("no_owner", {"kind": kind, "id": hold_id})


def _findings(
    session: Session, kind: HoldKind, ids: InstrumentedAttribute[int], conditions: Mapping[str, ColumnElement[bool]]
) -> Iterator[AuditFinding]:
    for code, is_broken in conditions.items():
        for found_id in session.scalars(select(ids).where(is_broken).order_by(ids).limit(FINDINGS_MAX)):
            yield AuditFinding(code, {"kind": kind.value, "id": found_id})
