"""Variants of a tariff that are chosen with a reservation: every verb of booking keeps them, and looks at them."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import event, select

import booking
from billing.prices.tariff_parts import AdjustmentEntry, TariffParts
from billing.tariffs.asked_amounts import LackingVariants
from billing.tariffs.price_comparison import PriceComparison
from billing.tariffs.tariffs import TariffEntry, enter_tariff
from booking import availability, replan
from booking.kernel.errors import StaleRevision
from booking.models import Reservation
from booking.replan import Outcome
from booking.reservation_import import ImportedReservation, import_reservations
from booking.reservation_import.undoing import undo_import
from booking.reservations import group_requests, reservations
from booking.reservations.group_choice import GroupWish
from booking.reservations.wishes import Wish
from booking.series import series
from booking.series_change import carry_out
from booking.series_change.models import Scope, SeriesChange
from booking.waiting import answers, entries, offering
from booking.waiting.matching import WaitingWish
from tests.breakdowns import close, do
from tests.builders import hours
from tests.conftest import MONDAY
from tests.integration.schedule.test_exchange_verbs import MORNING, NOON, accept, propose
from tests.integration.schedule.test_series_verbs import enter, wish_of

CHOSEN = ("With operator",)
WISHES = {"Wish", "GroupWish", "SeriesWish", "WaitingWish"}


def choices_of(session, *ids):
    session.rollback()
    return [session.get(Reservation, one).choices for one in ids]


@pytest.fixture
def request_(session):
    def make(machine_id, member_id, span, choices=CHOSEN):
        wish = Wish(machine_id, member_id, span, choices=choices)
        return do(session, reservations.request_reservation, wish).id

    return make


def missing_on(*machine_ids):
    """Return what tells that some machines have none of the variants."""
    return lambda machine_id, _starts_at, names: names if machine_id in machine_ids else ()


def test_moves_exchanges_and_offers_keep_what_was_chosen(session, sample_ring, request_):
    combine, cold_store, anna, bernd = (
        sample_ring.combine,
        sample_ring.cold_store,
        sample_ring.anna,
        sample_ring.bernd,
    )
    moved = request_(combine, anna, hours(MONDAY, 30, 32))
    do(session, reservations.move, moved, hours(MONDAY, 40, 42))
    do(session, reservations.move, moved, hours(MONDAY, 40, 43), machine_id=cold_store, may_decide=True)
    assert choices_of(session, moved) == [CHOSEN]

    given = request_(combine, anna, MORNING)
    handed_over = accept(session, propose(session, given, bernd)).made_for_receiver_id
    wanted = request_(cold_store, anna, NOON, choices=("With fuel",))
    swapped = accept(session, propose(session, handed_over, anna, wanted))
    made = swapped.made_for_receiver_id, swapped.made_for_proposer_id
    assert choices_of(session, handed_over, *made) == [CHOSEN, CHOSEN, ("With fuel",)]

    for hour, is_automatic in ((200, False), (210, True)):
        span = hours(MONDAY, hour, hour + 2)
        blocker = request_(combine, bernd, span)
        asked = WaitingWish(anna, combine, None, span, is_automatic=is_automatic, choices=("With fuel",))
        do(session, entries.join, asked)
        do(session, reservations.cancel, blocker)
        (offer_id,) = answers.automatic(session, now=MONDAY) if is_automatic else [_newest_offer(session)]
        seen = session.get(answers.Offer, offer_id).revision
        do(session, entries.join, replace(asked, choices=CHOSEN))
        with pytest.raises(StaleRevision):  # who saw the offer with fuel, at that price
            do(session, answers.accept, offer_id, revision=seen)
        changed = partial(_chosen_at_this_moment, session, offer_id)
        assert not is_automatic or not do(session, answers.accept_automatically, offer_id, lacking=changed)
        do(session, answers.accept_automatically if is_automatic else answers.accept, offer_id)
        of_the_hour = select(Reservation).where(Reservation.starts_at == span.start).order_by(Reservation.id)
        entered = session.scalars(of_the_hour).all()[-1]
        assert (entered.member_id, entered.choices) == (anna, CHOSEN)


def _chosen_at_this_moment(session, offer_id, *_asked):
    """Change an offer as entries.join does, between the look at its variants and its acceptance."""
    session.get_one(answers.Offer, offer_id).revision += 1
    session.flush()
    return ()


def _newest_offer(session):
    return session.scalars(select(answers.Offer.id).order_by(answers.Offer.id.desc()).limit(1)).one()


def test_series_groups_imports_and_breakdowns_keep_what_was_chosen(session, sample_ring, request_, group, lasers):
    made = enter(session, wish_of(sample_ring, choices=CHOSEN))
    first, second = made.dates[0].id, made.by_rule[1].occurrence.day
    do(session, reservations.cancel, made.dates[1].id)
    put_back = do(session, series.put_back, made.id, second).id
    change = SeriesChange(Scope.FOLLOWING, day=second, starts_at=time(14))
    following = do(session, carry_out.change_series, made.id, change, on_conflict=series.OnConflict.REFUSE)
    do(session, reservations.cancel, following.dates[0].id)
    again = do(session, series.put_back, following.id, second).id
    assert set(choices_of(session, first, put_back, again, *(one.id for one in following.dates))) == {CHOSEN}

    wish = GroupWish(group, sample_ring.anna, hours(MONDAY, 30, 32), choices=CHOSEN)
    in_group = do(session, group_requests.request_in_group, wish)
    closure_id = close(session, in_group.machine_id, 29, 40)
    planned = replan.make_plan(session, closure_id, now=MONDAY)
    assert [line.outcome for line in planned.lines] == [Outcome.TWIN]
    do(session, replan.confirm, closure_id, planned.digest)
    assert session.get(Reservation, in_group.entered.id).machine_id != in_group.machine_id
    assert choices_of(session, in_group.entered.id) == [CHOSEN]

    wish = Wish(sample_ring.combine, sample_ring.bernd, hours(MONDAY, 300, 302), choices=CHOSEN)
    (imported,) = do(session, import_reservations, [ImportedReservation.of(wish)])
    do(session, undo_import, {imported.entered_id: 0})
    other = Wish(wish.machine_id, wish.member_id, wish.span, choices=("With fuel",))
    do(session, import_reservations, [ImportedReservation.of(other)])
    assert choices_of(session, imported.entered_id) == [("With fuel",)]


def test_machines_of_a_group_that_have_what_was_chosen_come_first(
    session, sample_ring, request_, group, lasers, monkeypatch
):
    """Also those of a higher rank; of those that lack it the one is taken that is possible at all."""
    a, b, c = lasers
    anna = sample_ring.anna
    for machine_id in (a, b, c):
        request_(machine_id, anna, hours(MONDAY, 10, 12), choices=())
    asked = GroupWish(group, anna, hours(MONDAY, 10, 12), choices=CHOSEN, lacking={a: 1, b: 1})
    found = availability.group_alternatives(session, asked, now=MONDAY)
    assert {one.machine_id for one in found} == {c}

    do(session, entries.join, WaitingWish(sample_ring.bernd, None, group, hours(MONDAY, 10, 12), choices=CHOSEN))
    together = offering.awaited_machines(session, now=MONDAY, limit=1)
    assert together == [((a, b, c), None)], "together: the line is served fairly"
    monkeypatch.setattr(offering, "TOGETHER_MAX", 2)
    in_parts = [((a, b), 0), ((c,), 0), ((a, b), None), ((c,), None)]
    assert offering.awaited_machines(session, now=MONDAY) == in_parts, "a large group, first for what lacks nothing"

    wish = wish_of(sample_ring, machine_id=a, group_id=group, choices=CHOSEN, lacking={a: 1, b: 0, c: 1})
    made = enter(session, wish)
    assert {one.machine_id for one in made.dates} == {b}
    day = made.by_rule[1].occurrence.day
    do(session, reservations.cancel, made.dates[1].id)
    assert do(session, series.put_back, made.id, day, lacking=missing_on(a, b)).machine_id == c
    change, asked = SeriesChange(Scope.ALL, starts_at=time(13)), []
    look = partial(carry_out.preview, session, made.id, change, now=MONDAY, decides_in=None)
    assert all(one.is_accepted for one in look(lacking=lambda *of: asked.append(of) or ()).dates)
    assert asked == [], "no date looks for another machine"
    for one in made.dates[2:]:
        request_(b, anna, hours(one.starts_at, 4, 6), choices=())
    plan = look(lacking=missing_on(a))
    act = partial(carry_out.change_series, on_conflict=series.OnConflict.REFUSE, decides_in=None)
    done = do(session, act, made.id, change, shown=plan.fingerprint, lacking=missing_on(a))
    assert [one.machine_id for one in done.dates] == [b, c, c, c]


def test_nobody_loses_a_variant_after_a_breakdown_without_being_asked(session, sample_ring, request_, group, lasers):
    a, b, c = lasers
    anna = sample_ring.anna
    kept = request_(b, anna, hours(MONDAY, 10, 12))
    plain = request_(b, anna, hours(MONDAY, 13, 15), choices=())
    closure_id = close(session, b)
    plans = [
        {line.reservation_id: line for line in replan.make_plan(session, closure_id, now=MONDAY, lacking=one).lines}
        for one in (missing_on(), missing_on(a), missing_on(a, c), missing_on(a, b, c))
    ]
    assert [plan[kept].outcome for plan in plans] == ["twin", "offer", "offer", "twin"]
    assert [(plan[kept].target.machine_id, plan[kept].target.loses) for plan in plans] == [
        (a, ()),
        (c, ()),  # of a higher rank, but with all that was chosen
        (b, ()),  # after the repair, rather than without the operator
        (a, ()),  # its own machine lacks it as well: nothing is lost
    ]
    assert [plan[plain].target.machine_id for plan in plans] == [a] * 4
    assert plans[0][kept].fingerprint != plans[2][kept].fingerprint
    assert [(one.machine_id, one.loses) for one in plans[1][kept].options] == [(a, CHOSEN)]

    wishes = [Wish(b, anna, hours(MONDAY, 10, 12), choices=chosen) for chosen in (CHOSEN, ())]
    at_its_time = partial(availability.twins_at_their_time, session, b, wishes[:1], now=MONDAY)
    assert [one for one, _name in at_its_time(lacking=missing_on(a))[0]] == [c, a]
    assert [one for one, _name in at_its_time()[0]] == [a, c]

    shown = replan.make_plan(session, closure_id, now=MONDAY, lacking=missing_on(a))
    do(session, replan.confirm, closure_id, shown.digest, lacking=missing_on(a))
    planned = replan.make_plan(session, closure_id, now=MONDAY, lacking=missing_on(c))  # its tariff is another one now
    assert [(line.outcome, line.target.loses) for line in planned.lines] == [(Outcome.OFFERED, CHOSEN)]


def test_what_a_machine_lacks_is_that_of_its_tariff_on_the_day(session, sample_ring, lasers):
    a, b, c = lasers
    for machine_id, since, price, operator in (
        (a, date(2026, 1, 1), "10", None),
        (a, date(2026, 12, 24), "10", "20"),
        (b, date(2026, 1, 1), "10", "5"),
    ):
        variant = (
            () if operator is None else (AdjustmentEntry("With operator", "per_unit", Decimal(operator), "chosen"),)
        )
        entry = TariffEntry(since, prices={"member": Decimal(price)}, parts=TariffParts(adjustments=variant))
        do(session, enter_tariff, machine_id, entry)
    lacking, names, sent = LackingVariants(session), ("With fuel", "With operator"), []
    event.listen(session.connection(), "before_cursor_execute", lambda *_all: sent.append(1))
    for day in range(200):
        lacking(a, MONDAY + timedelta(days=day), names)
    assert 0 < len(sent) <= 6, "what a machine has is read once, not for each date"
    eve = hours(MONDAY.replace(month=12, day=23), 0, 48)  # by the clock in Berlin from the 23rd, 8:00
    midnight = MONDAY.replace(month=12, day=23, hour=23, minute=0)
    assert lacking(a, eve.start, names) == ["With fuel", "With operator"]
    assert lacking(a, midnight - timedelta(seconds=1), names) == ["With fuel", "With operator"]
    assert lacking(a, midnight, names) == ["With fuel"]
    assert (lacking(b, eve.start, names), lacking(b, eve.start, ()), lacking(c, eve.start, CHOSEN)) == (
        ["With fuel"],
        (),
        list(CHOSEN),
    )


def test_a_chosen_variant_is_part_of_both_prices_that_are_compared(session, sample_ring, lasers):
    a, b, c = lasers
    for machine_id, cap in ((a, 11_000), (b, None)):
        variant = AdjustmentEntry("With operator", "per_unit", Decimal(30), "chosen")
        parts = TariffParts(adjustments=(variant,))
        entry = TariffEntry(date(2026, 1, 1), {"member": Decimal(100)}, cap_day_cents=cap, parts=parts)
        do(session, enter_tariff, machine_id, entry)
    cheaper = AdjustmentEntry("With operator", "per_unit", Decimal(20), "chosen")
    entry = TariffEntry(date(2026, 1, 1), {"member": Decimal(100)}, parts=TariffParts(adjustments=(cheaper,)))
    do(session, enter_tariff, c, entry)
    compare, span = PriceComparison(session), hours(MONDAY, 10, 11)
    dearer = [
        compare(*(Wish(one, sample_ring.anna, span, choices=chosen) for one in machines))
        for machines, chosen in (((a, b), CHOSEN), ((a, b), ()), ((b, c), CHOSEN), ((c, b), CHOSEN), ((b, c), ()))
    ]
    # EUR 110.00, the cap, and EUR 130.00; EUR 100.00 on both; EUR 130.00 and EUR 120.00; and the other way round; what
    # may be chosen at the hand-back has another price.
    assert dearer == [True, False, False, True, True]


def test_each_wish_of_the_domain_says_what_is_chosen():
    """A new verb that makes a wish of what is there would lose it."""
    silent = []
    for path in Path(booking.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            is_wish = isinstance(node, ast.Call) and getattr(node.func, "id", "") in WISHES
            if is_wish and all(one.arg != "choices" for one in node.keywords):
                silent.append(f"{path.name}:{node.lineno}")
    assert silent == []
