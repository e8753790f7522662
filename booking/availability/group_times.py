"""The next times at which any machine of a group would be accepted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import islice

from sqlalchemy.orm import Session

from booking import catalogue, groups, quota_use
from booking.availability import reading
from booking.availability.accepted import SlotQuery
from booking.availability.nearest import Nearest, nearest
from booking.availability.proposals import REACHES_DAYS, Alternative, allowed_minutes
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
    start = floor_timestamp(wish.span.start)
    by_day, others = dict[TimeSpan, int](), dict[TimeSpan, int]()
    for days in REACHES_DAYS:
        by_day, others = _within(session, queries, (start - days * DAY, start + days * DAY), wish.span, count)
        if Nearest(by_day, others).suffice(count, days):
            break
    found = others | by_day
    in_order = [span for spans in (by_day, others.keys() - by_day.keys()) for span in _in_order(spans, wish.span)]
    within = (span for span in in_order if not _passes_quota(session, wish, terms[found[span]], span, now))
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


def _in_order(spans: Iterable[TimeSpan], wished: TimeSpan) -> list[TimeSpan]:
    return sorted(spans, key=lambda span: (abs(span.start - wished.start), span.start))


def _within(
    session: Session, queries: dict[int, SlotQuery], reach: tuple[int, int], wished: TimeSpan, count: int
) -> tuple[dict[TimeSpan, int], dict[TimeSpan, int]]:
    """Return accepted spans in reach of a wished start -> the machine, those of the waking day and others.

    Read in one statement for all machines.
    """
    asked = {machine_id: within for machine_id, query in queries.items() if (within := query.asked_for(reach))}
    if not asked:
        return {}, {}
    needed = [queries[machine_id].needed(within) for machine_id, within in asked.items()]
    during = min(since for since, _until in needed), max(until for _since, until in needed)
    held = reading.held_places(session, list(asked), during)
    by_day, others = dict[TimeSpan, int](), dict[TimeSpan, int]()
    for machine_id, within in asked.items():
        query = queries[machine_id]
        found = nearest(query, query.accepted(held, within), within, wished, count)
        for target, spans in ((by_day, found.by_day), (others, found.others)):
            for span in spans:
                target.setdefault(span, machine_id)
    return by_day, others
