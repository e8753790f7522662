"""However a series on a group is entered and changed, under quotas and beside others: it becomes what was shown."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from app.storage import audits
from booking.errors.schedule_errors import DomainError, SeriesConflicts, SeriesRefused, WrongStatus
from booking.kernel.transaction import write_transaction
from booking.models import Machine, Quota, QuotaUse, Reservation, SeriesDate
from booking.quotas import quotas
from booking.quotas.quotas import QuotaInput
from booking.records import groups
from booking.records.groups import GroupInput, RankedMachine
from booking.records.overruling import Overruling
from booking.series import series_decisions, series_plan
from booking.series.series import OnConflict
from booking.series_change import carry_out
from booking.series_change.models import Scope, SeriesChange
from tests.builders import SOMEBODY, hours, machine, reserve
from tests.conftest import MONDAY
from tests.integration.schedule.test_series_verbs import enter, wish_of

BY = {"by": SOMEBODY, "now": MONDAY}
HALF_HOUR = timedelta(minutes=30)

machines = st.lists(st.tuples(st.sampled_from([1, 1, 2]), st.sampled_from([0, 30])), min_size=2, max_size=3)
others = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 380), st.integers(2, 40)), min_size=3, max_size=12)
halves = st.integers(2, 44)
changes = st.lists(
    st.tuples(
        st.sampled_from(list(Scope)),
        st.integers(0, 5),
        st.none() | st.integers(0, 47),
        st.none() | halves,
        st.none() | st.none() | st.integers(0, 2),
    ),
    min_size=2,
    max_size=3,
)
both = st.sampled_from([OnConflict.SKIP, OnConflict.ALTERNATIVE])


def group_of(session, sample_ring, kinds, most):
    """A group with a quota of its first machine and one of all of them, in hours a week."""
    made = session.scalar(select(func.count()).select_from(Machine))
    ids = [
        machine(session, sample_ring.hall, f"press-{made + at}", places=places, cleaning_min=cleaning)
        for at, (places, cleaning) in enumerate(kinds)
    ]
    with write_transaction(session):
        ranked = tuple(RankedMachine(one, 1) for one in ids)
        group_id = groups.make(session, sample_ring.hall, GroupInput(f"Presses {made}", ranked), **BY)
    for hours_, of in zip(most, ({"machine_id": ids[0]}, {"group_id": group_id}), strict=True):
        with write_transaction(session):
            most_ = QuotaInput(measure="time", period="week", most=60 * hours_, workshop_id=sample_ring.hall, **of)
            quotas.enter_quota(session, most_, **BY)
    return ids, group_id


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kinds=machines,
    most=st.tuples(st.integers(4, 60), st.integers(10, 90)),
    taken=others,
    rule=st.sampled_from(["FREQ=DAILY;COUNT=5", "FREQ=DAILY;COUNT=6", "FREQ=DAILY;INTERVAL=2;COUNT=3"]),
    length=halves,
    steps=changes,
    on_conflict=both,
    asks=st.sampled_from([False, False, True]),
)
def test_a_change_that_was_shown_is_carried_out_as_shown(
    session, sample_ring, kinds, most, taken, rule, length, steps, on_conflict, asks
):
    ids, group_id = group_of(session, sample_ring, kinds, most)
    with write_transaction(session):
        session.execute(update(Machine).where(Machine.id == ids[0]).values(needs_approval=asks))
    reserve_others(session, sample_ring, ids, taken)
    wish = replace(wish_of(sample_ring, rule, machine_id=ids[0], group_id=group_id), length=length * HALF_HOUR)
    with suppress(SeriesConflicts, SeriesRefused):
        series_id = enter(session, wish, on_conflict).id
        if asks:
            with suppress(WrongStatus), write_transaction(session):  # where none of its dates asks
                series_decisions.decide(session, series_id, is_approved=True, **BY)
        for step in steps:
            series_id = change_as_shown(session, series_id, step, ids, on_conflict)


def reserve_others(session, sample_ring, ids, taken) -> None:
    for which, start, long in taken:
        with suppress(DomainError):  # of two in each other's way the first is there
            span = hours(MONDAY, 144 + start / 2, 144 + (start + long) / 2)
            reserve(session, ids[which % len(ids)], sample_ring.bernd, span, now=MONDAY)


def change_as_shown(session, series_id, step, ids, on_conflict) -> int:
    scope, at, start, length, which = step
    days = session.scalars(select(SeriesDate.occurs_on).where(SeriesDate.series_id == series_id)).all()
    change = SeriesChange(
        scope,
        None if scope is Scope.ALL else sorted(days)[at % len(days)],
        None if start is None else time(start // 2, 30 * (start % 2)),
        None if length is None else length * HALF_HOUR,
        None if which is None else ids[which % len(ids)],
    )
    meant = carry_out.preview(session, series_id, change, now=MONDAY)
    session.rollback()
    with write_transaction(session):
        done = carry_out.change_series(
            session, series_id, change, on_conflict=on_conflict, shown=meant.fingerprint, **BY
        )
    for one in meant.dates:
        is_other = on_conflict is OnConflict.ALTERNATIVE and one.alternative is not None
        wanted = one.after if one.is_accepted or is_other else one.before
        span = one.alternative if is_other and not one.is_accepted else wanted.span
        stored = session.get(Reservation, one.reservation_id, populate_existing=True)
        assert (stored.starts_at, stored.ends_at, stored.machine_id) == (span.start, span.end, wanted.machine_id)
    assert [audits.run_audit(session, name) for name in ("overlaps", "quotas")] == [[], []]
    used = func.sum(QuotaUse.seconds)
    counted = select(QuotaUse.quota_id).join(Quota, Quota.id == QuotaUse.quota_id)
    by_week = counted.group_by(QuotaUse.quota_id, QuotaUse.member_id, QuotaUse.first_day)
    assert session.scalars(by_week.having(used > 60 * func.max(Quota.most))).all() == []
    session.rollback()
    return done.id


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kinds=machines,
    most=st.tuples(st.integers(2, 30), st.integers(2, 40)),
    taken=others,
    length=halves,
    horizon=st.integers(5, 14),
    is_of_group=st.booleans(),
    overruling=st.sampled_from([None, Overruling("agreed")]),
    on_conflict=both,
)
def test_a_series_that_was_shown_is_entered_as_shown(
    session, sample_ring, kinds, most, taken, length, horizon, is_of_group, overruling, on_conflict
):
    ids, group_id = group_of(session, sample_ring, kinds, most)
    reserve_others(session, sample_ring, ids, taken)
    with write_transaction(session):
        session.execute(update(Machine).where(Machine.id.in_(ids)).values(horizon_days=horizon))
    wish = wish_of(sample_ring, "FREQ=DAILY;COUNT=6", machine_id=ids[0], group_id=group_id if is_of_group else None)
    wish = replace(wish, length=length * HALF_HOUR)
    plan = series_plan.plan(session, wish, now=MONDAY, overruling=overruling)
    session.rollback()
    wanted = len(plan.accepted) + (len(plan.alternatives) if on_conflict is OnConflict.ALTERNATIVE else 0)
    if not wanted:
        with pytest.raises(SeriesConflicts):
            enter(session, wish, on_conflict, overruling=overruling, shown=plan.fingerprint)
        return
    made = enter(session, wish, on_conflict, overruling=overruling, shown=plan.fingerprint)
    assert len(made.dates) == wanted
    passed = [] if overruling else audits.run_audit(session, "quotas")
    assert [audits.run_audit(session, "overlaps"), passed] == [[], []]
    session.rollback()
