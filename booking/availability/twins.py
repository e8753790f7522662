"""Which other machines of a group would take reservations at their time, for instance because one is broken."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from booking.members import members
from booking.members.members import Eligibilities
from booking.models import Machine
from booking.places import held_spans
from booking.places.place_counts import PlaceCount
from booking.records import catalogue, groups
from booking.records.catalogue import MachineTerms
from booking.reservations.wishes import Wish
from booking.rules import lending_rules
from booking.rules.lacking_variants import Lacking, none_lacking
from booking.timespan import TimeSpan

Spans = dict[int, list[tuple[datetime, datetime]]]  # place -> what holds it


def twins_at_their_time(
    session: Session,
    machine_id: int,
    wishes: Sequence[Wish],
    *,
    now: datetime,
    ignoring: Collection[str] = (),
    lacking: Lacking = none_lacking,
) -> list[tuple[tuple[int, str], ...]]:
    """Return for each wish the other machines of the group (id, name) that would take it at its time.

    Those that lack the fewest of its variants come first, of these the ones of the lowest rank and id. The first ones
    of all wishes are possible together: what is proposed first to one is held for the next ones. Retired machines and
    those whose rules do not accept the member are left out; ignoring: codes of rules that do not count. Reads as much
    for one wish as for many.
    """
    group_id = groups.group_of(session, machine_id)
    ranks = groups.ranks_of(session, group_id) if group_id is not None else {}
    terms = {
        one.machine_id: one for one in catalogue.terms_of_many(session, Machine.id.in_(ranks.keys() - {machine_id}))
    }
    others = [terms[one] for one in ranks if one in terms]
    if not others or not wishes:
        return [() for _wish in wishes]
    eligibilities = members.eligibilities(session, {wish.member_id for wish in wishes})
    occupied = [one.policy.occupied_by(wish.span) for one in others for wish in wishes]
    hull = TimeSpan(min(span.start for span in occupied), max(span.end for span in occupied))
    held = held_spans.by_place(session, [one.machine_id for one in others], hull)
    found = []
    for wish in wishes:
        taking = sorted(
            (one for one in others if _takes(one, wish, held, eligibilities, now, ignoring)),
            key=lambda one: len(lacking(one.machine_id, wish.span.start, wish.choices)) if wish.choices else 0,
        )
        if taking:
            _hold(held, taking[0], wish)
        found.append(tuple((one.machine_id, one.name) for one in taking))
    return found


def _takes(
    terms: MachineTerms,
    wish: Wish,
    held: Spans,
    eligibilities: Eligibilities,
    now: datetime,
    ignoring: Collection[str],
) -> bool:
    eligibility = eligibilities.of(wish.member_id, terms.policy.induction_kind_id, second=wish.second)
    broken = lending_rules.check_request(wish.span, wish.places, terms.policy, eligibility, asked_at=now)
    if any(violation.rule not in ignoring for violation in broken):
        return False
    spans = (span for place_id in terms.place_ids for span in held.get(place_id, ()))
    return PlaceCount(len(terms.place_ids), spans).least_free(terms.policy.occupied_by(wish.span)) >= wish.places


def _hold(held: Spans, terms: MachineTerms, wish: Wish) -> None:
    """Count as many places as a wish needs as held; which ones does not matter."""
    occupied = terms.policy.occupied_by(wish.span)
    for place_id in terms.place_ids[: wish.places]:
        held.setdefault(place_id, []).append((occupied.start, occupied.end))
