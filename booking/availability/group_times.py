"""The next times at which any machine of a group would be accepted."""

from __future__ import annotations

from datetime import datetime
from itertools import islice

from sqlalchemy.orm import Session

from booking import catalogue, groups, quota_use
from booking.availability import reading
from booking.availability.accepted import SlotQuery
from booking.availability.proposals import REACHES_DAYS, Alternative, allowed_minutes, nearest_spans
from booking.availability.starts import DAY, floor_timestamp
from booking.catalogue import MachineTerms
from booking.group_choice import GroupWish
from booking.models import Machine
from booking.timespan import TimeSpan


def group_alternatives(session: Session, wish: GroupWish, *, now: datetime, count: int = 3) -> tuple[Alternative, ...]:
    """Return up to `count` reservations of a group's machines that would be accepted instead, nearest first.

    Of several machines at the same time the one of the lowest rank and id. The times do not follow from each other:
    each is possible alone. Raises MemberNotFound.
    """
    ranks = groups.ranks_of(session, wish.group_id)
    terms = {one.machine_id: one for one in catalogue.terms_of_many(session, Machine.id.in_(ranks))}
    queries = _queries(session, [terms[one] for one in ranks if one in terms], wish, now)
    start, found = floor_timestamp(wish.span.start), dict[TimeSpan, int]()
    for days in REACHES_DAYS:
        found = _within(session, queries, (start - days * DAY, start + days * DAY), start, count)
        if len(found) >= count:
            break
    nearest = sorted(found, key=lambda span: (abs(span.start - wish.span.start), span.start))
    within = (span for span in nearest if not _passes_quota(session, wish, terms[found[span]], span, now))
    return tuple(Alternative(found[span], terms[found[span]].name, span) for span in islice(within, count))


def _passes_quota(session: Session, wish: GroupWish, terms: MachineTerms, span: TimeSpan, now: datetime) -> bool:
    """Return whether the member would have more than a quota allows."""
    passed = quota_use.check(session, wish.member_id, (span, wish.places), terms.policy.quotas, asked_at=now)
    return any(passed)


def _queries(session: Session, machines: list[MachineTerms], wish: GroupWish, now: datetime) -> dict[int, SlotQuery]:
    """Return what is searched for on each machine, in the order of ranks; without those where it is impossible."""
    places = reading.places_of(session, [one.machine_id for one in machines])
    eligibilities = reading.eligibility_by_kind(session, wish.member_id)
    queries = {
        one.machine_id: SlotQuery(
            one.policy,
            places.get(one.machine_id, ()),
            allowed_minutes(wish.span, one.policy),
            wish.places,
            eligibilities.of_kind(one.policy.induction_kind_id),
            now,
        )
        for one in machines
    }
    return {machine_id: query for machine_id, query in queries.items() if query.is_possible}


def _within(
    session: Session, queries: dict[int, SlotQuery], reach: tuple[int, int], start: int, count: int
) -> dict[TimeSpan, int]:
    """Return accepted spans in reach of a wished start -> the machine; read in one statement for all machines."""
    asked = {machine_id: within for machine_id, query in queries.items() if (within := query.asked_for(reach))}
    if not asked:
        return {}
    needed = [queries[machine_id].needed(within) for machine_id, within in asked.items()]
    during = min(since for since, _until in needed), max(until for _since, until in needed)
    held = reading.held_places(session, list(asked), during)
    found: dict[TimeSpan, int] = {}
    for machine_id, within in asked.items():
        query = queries[machine_id]
        for span in nearest_spans(query, query.accepted(held, within), start, count):
            found.setdefault(span, machine_id)
    return found
