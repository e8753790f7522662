"""Joining and leaving the waiting list.

Verbs as in reservations.py: given the session, the actor and the time, they flush and never commit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from booking.availability import reading
from booking.availability.reading import EligibilityByKind
from booking.availability.starts import DAY, Interval, ceil_timestamp, floor_timestamp
from booking.errors.schedule_errors import MachineNotFound, RequestRefused, Violation, WrongStatus
from booking.errors.waiting_errors import TimeIsFree, WaitingEntryNotFound
from booking.kernel.errors import Busy
from booking.kernel.events import Actor, record
from booking.kernel.revisions import require_revision
from booking.members import members
from booking.models import Member, Offer, OfferStatus, WaitingEntry
from booking.offers import offers
from booking.places import occupancies
from booking.quotas import quota_use
from booking.records import catalogue, groups
from booking.records.catalogue import MachineTerms
from booking.rules import lending_rules
from booking.rules.eligibility import MemberEligibility
from booking.rules.persons import Person
from booking.timespan import TimeSpan
from booking.waiting.events import WaitingListJoined, WaitingListLeft
from booking.waiting.matching import WaitingWish, entry_of, first_span, minutes_of, pieces

JOINING_LOCKS = 3  # the first key of PostgreSQL's advisory locks on who joins; the second is the member's id
ENTRIES_MAX = 20  # of one member, waiting at once
WINDOW_DAYS_MAX = 62  # of one entry


def join(session: Session, wish: WaitingWish, *, by: Actor, now: datetime) -> int:
    """Put a wish on the waiting list and return the id of its entry; of one that waits already, that of the same.

    That one is accepted without asking, or not, as was said last. The rules have to accept it; for a pattern some time
    of it. The quotas of a pattern are judged when a time is found. The machines are locked, so that what becomes free
    at the same moment sees the entry.

    Raises MachineNotFound, GroupNotFound, MemberNotFound, RequestRefused, TimeIsFree.
    """
    _lock_joining(session, wish.member_id)
    machine_ids = _lock_machines(session, wish)
    terms = [one for one in (catalogue.lending_terms(session, each) for each in machine_ids) if not one.is_retired]
    if not terms:
        raise _none_lent(wish)
    if (same := session.scalar(_same(wish, now))) is not None:
        _say_again(session, same, wish)
        return same
    _refuse_limits(session, wish, now)
    eligibilities = reading.eligibility_by_kind(session, wish.member_id)
    accepting = _accepting(session, wish, terms, eligibilities, now)
    _refuse_free(session, wish, accepting, eligibilities, now)
    entry = entry_of(wish, by, now)
    session.add(entry)
    session.flush()
    record(session, WaitingListJoined.of(entry), by=by, at=now)
    return entry.id


def leave(session: Session, entry_id: int, *, by: Actor, now: datetime, revision: int | None = None) -> None:
    """Take an entry off the waiting list; an open offer is withdrawn. Who left already has left: nothing happens.

    Raises WaitingEntryNotFound, StaleRevision, WrongStatus (its time is over).
    """
    machine_ids = _lock_machines_of(session, entry_id)
    entry = offers.lock_entry(session, entry_id)
    if entry is None:
        raise WaitingEntryNotFound(id=entry_id)
    if entry.left_at is not None:
        return
    require_revision(revision, entry.revision)
    if entry.window_until <= now:
        raise WrongStatus(status="over", wanted=["waiting"])
    if entry.offer_id is not None:
        offer = session.get(Offer, entry.offer_id, populate_existing=True)
        assert offer is not None
        if offer.machine_id not in machine_ids:  # made at this moment, of a machine that came to the group meanwhile
            raise Busy(retry_after_seconds=1)
        offers.close(session, offer, entry, OfferStatus.WITHDRAWN, by=by, now=now)
    entry.left_at = now
    entry.revision += 1
    session.flush()
    record(session, WaitingListLeft.of(entry), by=by, at=now)


def of_leavers(session: Session, day: date, *, now: datetime, limit: int = 100) -> Sequence[int]:
    """Return the ids of entries whose member's last day was before a day: neither they nor their offers go on."""
    left = select(WaitingEntry.id).join(Member, Member.id == WaitingEntry.member_id)
    return session.scalars(
        left.where(*is_waiting(now), Member.left_on < day).order_by(WaitingEntry.id).limit(limit)
    ).all()


def _lock_machines_of(session: Session, entry_id: int) -> Collection[int]:
    """Lock every machine of which an entry has an offer or may get one; return them."""
    known = session.execute(
        select(WaitingEntry.machine_id, WaitingEntry.group_id, Offer.machine_id)
        .outerjoin(Offer, Offer.id == WaitingEntry.offer_id)
        .where(WaitingEntry.id == entry_id)
    ).one_or_none()
    if known is None:
        raise WaitingEntryNotFound(id=entry_id)
    machine_id, group_id, offered = known
    found = {one for one in (machine_id, offered) if one is not None}
    found |= set() if group_id is None else set(groups.ranks_of(session, group_id))
    occupancies.lock_machines(session, found)
    return found


def is_waiting(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on the entries that wait."""
    return WaitingEntry.left_at.is_(None), WaitingEntry.window_until > now


def held_during(wish: WaitingWish, terms: Iterable[MachineTerms]) -> Interval:
    """Return the time for which one has to know what holds machines, to find a span for a wish."""
    before = max(one.policy.setup_min for one in terms) * 60
    after = max(one.policy.cleaning_min for one in terms) * 60
    return floor_timestamp(wish.window.start) - before - 1, ceil_timestamp(wish.window.end) + after + DAY


def _lock_machines(session: Session, wish: WaitingWish) -> Sequence[int]:
    """Lock the machine or the machines of the group; return them, those of a group by their ranks."""
    if wish.group_id is None:
        assert wish.machine_id is not None
        machine_ids: Sequence[int] = [wish.machine_id]
    else:
        groups.lock_for_request(session, wish.group_id)
        machine_ids = list(groups.ranks_of(session, wish.group_id))
    occupancies.lock_machines(session, machine_ids)
    return machine_ids


def _lock_joining(session: Session, member_id: int) -> None:
    """Let a member join once at a time, before the machines are locked: the number of its entries is limited."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(JOINING_LOCKS, member_id)))


def _none_lent(wish: WaitingWish) -> MachineNotFound | RequestRefused:
    if wish.group_id is None:
        return MachineNotFound(id=wish.machine_id)
    return RequestRefused([Violation("group_empty", "group")])


def _same(wish: WaitingWish, now: datetime) -> Select[int]:
    """Return the query for the entry of an equal wish that waits already, as after a second click."""
    return (
        select(WaitingEntry.id)
        .where(
            *is_waiting(now),
            WaitingEntry.member_id == wish.member_id,
            WaitingEntry.machine_id.is_not_distinct_from(wish.machine_id),
            WaitingEntry.group_id.is_not_distinct_from(wish.group_id),
            WaitingEntry.window_from == wish.window.start,
            WaitingEntry.window_until == wish.window.end,
            WaitingEntry.length_min.is_not_distinct_from(wish.length_min),
            WaitingEntry.part == wish.part.value,
            WaitingEntry.places == wish.places,
        )
        .limit(1)
    )


def _say_again(session: Session, entry_id: int, wish: WaitingWish) -> None:
    """Store what an equal wish says otherwise: whether it is accepted without asking, with whom, what for, variants."""
    entry = offers.lock_entry(session, entry_id)
    assert entry is not None
    # An open offer of which nobody was told, because it is accepted without asking, stays so.
    offer = None if entry.offer_id is None else session.get(Offer, entry.offer_id, populate_existing=True)
    is_automatic = wish.is_automatic or (entry.is_automatic and offer is not None and not offer.is_asked)
    second = wish.second if wish.second.name else Person(entry.second_person, entry.second_user_id)
    said = {
        "is_automatic": is_automatic,
        "purpose": wish.purpose or entry.purpose,
        "second_person": second.name,
        "second_user_id": second.user_id,
        "choices": wish.choices,
    }
    if any(getattr(entry, name) != value for name, value in said.items()):
        if offer is not None and entry.choices != wish.choices:  # its price is not the one that was shown
            offer.revision += 1
        for name, value in said.items():
            setattr(entry, name, value)
        entry.revision += 1
        session.flush()


def _refuse_limits(session: Session, wish: WaitingWish, now: datetime) -> None:
    """Raise RequestRefused for what is past, for too long a window, and for too many entries of one member."""
    latest_start = wish.window.start
    if wish.length_min is not None:  # where it is longer than the window, another rule says so
        latest_start = max(latest_start, wish.window.end - timedelta(minutes=wish.length_min))
    violations = []
    if latest_start < now:
        violations.append(Violation("past", "start", limit=now, actual=latest_start))
    if wish.window.length > timedelta(days=WINDOW_DAYS_MAX) and not wish.is_exact:
        days = -(-wish.window.length // timedelta(days=1))
        violations.append(Violation("waiting_days", "end", limit=WINDOW_DAYS_MAX, actual=days))
    count = select(func.count()).where(*is_waiting(now), WaitingEntry.member_id == wish.member_id)
    found = (session.scalar(count) or 0) + 1
    if found > ENTRIES_MAX:
        violations.append(Violation("waiting_entries", "member", limit=ENTRIES_MAX, actual=found))
    if violations:
        raise RequestRefused(violations)


def _accepting(
    session: Session,
    wish: WaitingWish,
    terms: Sequence[MachineTerms],
    eligibilities: EligibilityByKind,
    now: datetime,
) -> Sequence[MachineTerms]:
    """Return the machines whose rules accept a wish; raise RequestRefused with those of the first where none does."""
    refused: dict[int, list[Violation]] = {}
    for one in terms:
        eligibility = eligibilities.of_kind(one.policy.induction_kind_id)
        if found := _violations(session, wish, one, eligibility, now):
            refused[one.machine_id] = found
    accepting = [one for one in terms if one.machine_id not in refused]
    if not accepting:
        raise RequestRefused(refused[terms[0].machine_id])
    return accepting


def _violations(
    session: Session, wish: WaitingWish, terms: MachineTerms, eligibility: MemberEligibility, now: datetime
) -> list[Violation]:
    """Return the rules that a wish breaks on a machine, whatever holds it.

    The notice too: who asks too late now will not be offered it later.
    """
    policy = terms.policy
    if wish.is_exact:
        if wish.named_second is not None:
            eligibility = members.eligibility_of(session, wish.member_id, policy.induction_kind_id, wish.named_second)
        found = list(lending_rules.check_request(wish.window, wish.places, policy, eligibility, asked_at=now))
        time = (wish.window, wish.places)
        return [*found, *quota_use.check(session, wish.member_id, time, policy.quotas, asked_at=now)]
    if first_span(wish, terms, eligibility, {}, asked_at=now) is not None:
        return []
    return _violations_of_pattern(wish, terms, eligibility, now)


def _violations_of_pattern(
    wish: WaitingWish, terms: MachineTerms, eligibility: MemberEligibility, now: datetime
) -> list[Violation]:
    """Return why no time of a pattern would be accepted: what speaks against the first, else that none fits."""
    policy, minutes = terms.policy, minutes_of(wish, terms.policy)
    earliest = policy.earliest_start(now)
    for since, until in pieces(wish, policy, now):
        if since + minutes * 60 <= until and until > now.timestamp():
            is_in_time = earliest.timestamp() + minutes * 60 <= until
            span = first_possible(since, minutes, earliest if is_in_time else now)
            found = list(lending_rules.check_request(span, wish.places, policy, eligibility, asked_at=now))
            if found := [one for one in found if one.rule not in ("opening_hours", "opening_hours_at_ends")]:
                return found
    return [Violation("waiting_window", "start", actual=minutes)]


def first_possible(since: int, minutes: int, now: datetime) -> TimeSpan:
    """Return the span of a length from an instant on, at the next full hour where that is past."""
    hour = 3_600
    start = max(since, -(-ceil_timestamp(now) // hour) * hour)
    begin = datetime.fromtimestamp(start, now.tzinfo)
    return TimeSpan(begin, begin + timedelta(minutes=minutes))


def _refuse_free(
    session: Session,
    wish: WaitingWish,
    terms: Sequence[MachineTerms],
    eligibilities: EligibilityByKind,
    now: datetime,
) -> None:
    """Raise TimeIsFree where what is wished for can be reserved now."""
    held = reading.held_places(session, [one.machine_id for one in terms], held_during(wish, terms))
    for one in terms:
        eligibility = eligibilities.of_kind(one.policy.induction_kind_id)
        span = first_span(wish, one, eligibility, held, asked_at=now)
        if span is not None and not _passes_quota(session, wish, one, span, now):
            raise TimeIsFree(machine_id=one.machine_id, span=span)


def _passes_quota(session: Session, wish: WaitingWish, terms: MachineTerms, span: TimeSpan, now: datetime) -> bool:
    time = (span, wish.places)
    return any(quota_use.check(session, wish.member_id, time, terms.policy.quotas, asked_at=now))
