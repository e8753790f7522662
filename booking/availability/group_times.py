"""The next times at which any machine of a group would be accepted."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import islice

from sqlalchemy.orm import Session

from booking.availability import reading
from booking.availability.accepted import SlotQuery
from booking.availability.nearest import Nearest, nearest
from booking.availability.proposals import REACHES_DAYS, Alternative, allowed_minutes, check_wish
from booking.availability.starts import DAY, floor_timestamp
from booking.availability.within_quotas import as_much_as_fits, first_week
from booking.models import Machine
from booking.quotas import quota_use
from booking.records import catalogue, groups
from booking.records.catalogue import MachineTerms
from booking.reservations.group_choice import GroupWish
from booking.timespan import TimeSpan


def group_alternatives(session: Session, wish: GroupWish, *, now: datetime, count: int = 3) -> tuple[Alternative, ...]:
    """Return up to `count` reservations of a group's machines that would be accepted instead, nearest first.

    Of those about as near, the ones on machines that lack the fewest of the chosen variants come first. Of several
    machines at the same time it is the one that lacks the fewest, of these the one of the lowest rank and id. The times
    do not follow from each other: each is possible alone. Where a quota is in the way, the first is as much as fits at
    the wished start, and the others lie in a week or month in which the wish fits, as within_quotas.alternatives() has
    it. Raises MemberNotFound.
    """
    ranks = groups.ranks_of(session, wish.group_id)
    terms = {one.machine_id: one for one in catalogue.terms_of_many(session, Machine.id.in_(ranks))}
    # Stable, so that those that lack as many stay in the order of ranks.
    in_order = sorted((terms[one] for one in ranks if one in terms), key=lambda one: _lacks(wish, one.machine_id))
    queries = _queries(session, in_order, wish, now)
    found = _around(session, wish, queries, terms, now, count)
    limited = [terms[one] for one in queries if _passes_quota(session, wish, terms[one], wish.span, now)]
    shorter = [each for one in limited for each in as_much_as_fits(session, wish.on(one.machine_id), one, now=now)][:1]
    if limited and len(shorter + found) < count:
        found += _in_first_week(session, wish, limited, queries, terms, now, count)
    return tuple(dict.fromkeys(shorter + found))[:count]


def _lacks(wish: GroupWish, machine_id: int) -> int:
    return wish.lacking.get(machine_id, 0)


def _around(
    session: Session,
    wish: GroupWish,
    queries: dict[int, SlotQuery],
    terms: dict[int, MachineTerms],
    now: datetime,
    count: int,
) -> list[Alternative]:
    """Return the times nearest to a wish that the quotas allow."""
    start = floor_timestamp(wish.span.start)
    by_day, others = dict[TimeSpan, int](), dict[TimeSpan, int]()
    for days in REACHES_DAYS:
        by_day, others = _within(session, queries, (start - days * DAY, start + days * DAY), wish.span, count)
        if Nearest(by_day, others).suffice(count, days):
            break
    found = others | by_day

    def order(span: TimeSpan) -> tuple[object, ...]:
        return _lacks(wish, found[span]), abs(span.start - wish.span.start), span.start

    in_order = [span for spans in (by_day, others.keys() - by_day.keys()) for span in sorted(spans, key=order)]
    within = (span for span in in_order if not _passes_quota(session, wish, terms[found[span]], span, now))
    return [Alternative(found[span], terms[found[span]].name, span) for span in islice(within, count)]


def _in_first_week(
    session: Session,
    wish: GroupWish,
    limited: list[MachineTerms],
    queries: dict[int, SlotQuery],
    terms: dict[int, MachineTerms],
    now: datetime,
    count: int,
) -> list[Alternative]:
    """Return the wished time of the first later week in which no quota is in the way, and the times around it."""
    weeks = [
        each for one in limited if (each := first_week(session, wish.on(one.machine_id), one, now=now)) is not None
    ]
    if not weeks:
        return []
    later = replace(wish, span=min(each.span for each in weeks))
    found: list[Alternative] = []
    for machine_id in queries:
        on_it = later.on(machine_id)
        if check_wish(session, on_it, now=now).is_accepted:
            found.append(Alternative(machine_id, terms[machine_id].name, later.span))
            break
    around = _around(session, later, queries, terms, now, count)
    return found + [one for one in around if not (found and one.span.overlaps(later.span))]


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
