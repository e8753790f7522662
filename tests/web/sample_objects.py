"""One object for each parameter of the program's addresses: Anna's, at the hall that Wanda manages.

tests/web/access/test_permissions.py walks every address with these. A new parameter needs a line in SAMPLES; a
parameter that means different things at different desks is named "<endpoint or desk>:<parameter>".
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.auth import api_tokens, one_use_links, wall_screens
from app.auth.models import LoginSession, ManagedWorkshop
from app.background import queue
from app.background.queue import Wish
from app.documents.composer import TextComposer
from app.mail.models import Mail
from app.notifications import (
    cancel_links,
    course_links,
    exchange_links,
    kinds,
    off_links,
    offer_links,
    proposal_links,
    recipients,
)
from app.notifications.choices import Owner
from billing.allocations import advances, allocations, previews
from billing.documents.issuing import issue
from billing.equity.equity import EquityInput, enter_equity
from billing.fees.materials import MaterialInput, enter_material
from billing.fees.posting import FeeInput, enter_fee
from billing.models import DocumentFile
from billing.period_names import named_period
from billing.pools import costs, meters, pool_keys, pools, recurring_costs, shares
from billing.pools.keys import KeyPart, KeyTerms
from billing.pools.recurring_costs import RecurringInput
from billing.posting_exports.recording import record_export
from billing.posting_exports.selection import preview_export
from billing.tariffs import tariffs
from booking import announcements, replan
from booking.announcements import AnnouncementInput
from booking.closures import blockings, closure_series
from booking.courses import planning, seats
from booking.courses.planning import CourseInput
from booking.exchanges import proposing
from booking.exchanges.proposing import Proposal
from booking.kernel.events import Actor
from booking.kernel.transaction import write_transaction
from booking.machines import damage_reports, maintenance
from booking.machines.damage_reports import Damage
from booking.machines.maintenance import Done, MaintenanceInput
from booking.members import inductions
from booking.models import CourseSignup, Induction, Replanned, ZoneChange
from booking.queries.offers import offers
from booking.quotas import quotas
from booking.quotas.quotas import QuotaInput
from booking.records import groups, records
from booking.records.groups import GroupInput, RankedMachine
from booking.records.zone_rules import rules_of
from booking.reservations import reservations
from booking.rules.persons import MEMBER_ITSELF, Level
from booking.series import series
from booking.series.series import OnConflict
from booking.series.series_wishes import SeriesWish
from booking.times.recurrence import Frequency, RecurrenceRule
from booking.times.series_times import SeriesTimes
from booking.times.wall_clock import to_wall
from booking.use import usage
from booking.waiting import entries
from booking.waiting.matching import WaitingWish
from calendars import tokens
from tests.builders import SOMEBODY, SampleRing, hours, induction_kind, machine, member, open_session, reserve
from tests.conftest import MONDAY
from tests.integration.documents.documents_ring import able_to_issue, charge_use, one_page


@dataclass(frozen=True)
class Sample:
    """What stands in the address, and whose it is: nobody's in particular unless said."""

    value: Any
    member_id: int | None = None
    workshop_id: int | None = None
    user_id: int | None = None


Build = Callable[[Session, SampleRing], Sample]


def samples(session: Session, sample_ring: SampleRing) -> dict[str, Sample]:
    """All sample objects, by the name of their parameter."""
    return {name: build(session, sample_ring) for name, build in SAMPLES.items()}


def sample_for(found: dict[str, Sample], endpoint: str, parameter: str) -> Sample:
    """The object for a parameter at an endpoint. Fails loudly for one that nobody registered."""
    desk = endpoint.partition(".")[0]
    for key in (f"{endpoint}:{parameter}", f"{desk}:{parameter}", parameter):
        if key in found:
            return found[key]
    raise AssertionError(f"{endpoint} has the parameter {parameter!r}: add it to SAMPLES in {__name__}")


def _reservation(session: Session, sample_ring: SampleRing) -> Sample:
    entered = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 0, 4), now=MONDAY)
    return Sample(entered.id, sample_ring.anna, sample_ring.hall)


def _series(session: Session, sample_ring: SampleRing) -> Sample:
    start = to_wall(MONDAY, ZoneInfo("Europe/Berlin")) + timedelta(days=30)
    rule = RecurrenceRule(Frequency.DAILY, count=2)
    wish = SeriesWish(sample_ring.combine, sample_ring.anna, rule, start, timedelta(hours=1))
    with write_transaction(session):
        made = series.create(session, wish, on_conflict=OnConflict.REFUSE, by=SOMEBODY, now=MONDAY)
    return Sample(made.id, sample_ring.anna, sample_ring.hall)


def _zone_change(session: Session, sample_ring: SampleRing) -> Sample:
    found = ZoneChange(
        workshop_id=sample_ring.hall,
        zone="Europe/Berlin",
        version="2026.6",
        former_zone="Europe/London",
        former_rules=rules_of("Europe/London"),
        former_version="2026.6",
        found_at=MONDAY,
    )
    with write_transaction(session):
        session.add(found)
        session.flush()
        change_id = found.id
    return Sample(change_id, workshop_id=sample_ring.hall)


def _waiting_entry(session: Session, sample_ring: SampleRing) -> Sample:
    span = hours(MONDAY + timedelta(days=40), 1, 3)
    reserve(session, sample_ring.combine, sample_ring.bernd, span, now=MONDAY)
    with write_transaction(session):
        wish = WaitingWish(sample_ring.anna, sample_ring.combine, None, span)
        entry_id = entries.join(session, wish, by=SOMEBODY, now=MONDAY)
    return Sample(entry_id, sample_ring.anna, sample_ring.hall)


def _offer(session: Session, sample_ring: SampleRing, *, day: int = 41) -> Sample:
    span = hours(MONDAY + timedelta(days=day), 1, 3)
    taken = reserve(session, sample_ring.combine, sample_ring.bernd, span, now=MONDAY)
    with write_transaction(session):
        wish = WaitingWish(sample_ring.anna, sample_ring.combine, None, span)
        entries.join(session, wish, by=SOMEBODY, now=MONDAY)
    with write_transaction(session):
        reservations.cancel(session, taken.id, by=SOMEBODY, now=MONDAY)
    made = offers(session, member_id=sample_ring.anna, open_at=MONDAY, limit=1)[0]
    return Sample(made.id, sample_ring.anna, sample_ring.hall)


def _offer_link(session: Session, sample_ring: SampleRing) -> Sample:
    offer_id = _offer(session, sample_ring, day=43).value  # the repeated closure is on day 42
    with write_transaction(session):
        to = recipients.of_member(session, sample_ring.anna)[0]
        return Sample(offer_links.create(session, offer_id, to, now=MONDAY).rpartition("/")[2])


def _exchange(session: Session, sample_ring: SampleRing, *, day: int = 44, from_anna: bool = False) -> Sample:
    other = member(session, f"Carla {day}")
    members = (sample_ring.anna, other) if from_anna else (other, sample_ring.anna)
    span = hours(MONDAY + timedelta(days=day), 1, 3)
    given = reserve(session, sample_ring.combine, members[0], span, now=MONDAY)
    with write_transaction(session):
        proposal = Proposal(given.id, members[1])
        exchange_id = proposing.propose(session, proposal, by=SOMEBODY, now=MONDAY)
    return Sample(exchange_id, sample_ring.anna, sample_ring.hall)


def _course_link(session: Session, sample_ring: SampleRing) -> Sample:
    course_id = _course(session, sample_ring).value
    with write_transaction(session):
        to = recipients.of_member(session, sample_ring.anna)[0]
        link = course_links.create(session, course_id, sample_ring.anna, to, now=MONDAY)
        return Sample(link.rpartition("/")[2])


def _exchange_link(session: Session, sample_ring: SampleRing) -> Sample:
    exchange_id = _exchange(session, sample_ring, day=47).value
    with write_transaction(session):
        to = recipients.of_member(session, sample_ring.anna)[0]
        return Sample(exchange_links.create(session, exchange_id, to, now=MONDAY).rpartition("/")[2])


def _proposal_link(session: Session, sample_ring: SampleRing) -> Sample:
    """A machine of its own: what is closed or reserved of the others belongs to other samples."""
    broken = machine(session, sample_ring.hall, "broken", name="Broken")
    reserved = reserve(session, broken, sample_ring.anna, hours(MONDAY, 4, 6), now=MONDAY)
    with write_transaction(session):
        span = hours(MONDAY, 0, 12)
        closure_id = blockings.close(session, broken, span, "Tube", by=SOMEBODY, now=MONDAY, around_reservations=True)
    with write_transaction(session):
        digest = replan.make_plan(session, closure_id, now=MONDAY).digest
        replan.confirm(session, closure_id, digest, by=SOMEBODY, now=MONDAY)
    with write_transaction(session):
        (to, *_others) = recipients.of_member(session, sample_ring.anna)
        hold_id = session.get_one(Replanned, reserved.id).hold_id
        assert hold_id is not None
        return Sample(proposal_links.create(session, reserved.id, hold_id, to, now=MONDAY).rpartition("/")[2])


def _usage(session: Session, sample_ring: SampleRing) -> Sample:
    entered = reserve(session, sample_ring.cold_store, sample_ring.anna, hours(MONDAY, 0, 4), now=MONDAY)
    with write_transaction(session):
        usage.hand_out(session, entered.id, usage.Measurement(reading=100), by=SOMEBODY, now=MONDAY)
    with write_transaction(session):
        slip = usage.hand_back(
            session, entered.id, usage.Measurement(reading=200), by=SOMEBODY, now=MONDAY + timedelta(hours=2)
        )
        return Sample(slip.id, sample_ring.anna, sample_ring.hall)


def _announcement(session: Session, sample_ring: SampleRing) -> Sample:
    entered = AnnouncementInput(sample_ring.hall, "The road is closed", MONDAY.date())
    with write_transaction(session):
        announcement_id = announcements.announce(session, entered, by=SOMEBODY, today=MONDAY.date(), now=MONDAY)
    return Sample(announcement_id, workshop_id=sample_ring.hall)


def _group(session: Session, sample_ring: SampleRing) -> Sample:
    entered = GroupInput("Harvest", (RankedMachine(sample_ring.combine),))
    with write_transaction(session):
        group_id = groups.make(session, sample_ring.hall, entered, by=SOMEBODY, now=MONDAY)
    return Sample(group_id, workshop_id=sample_ring.hall)


def _maintenance(session: Session, sample_ring: SampleRing) -> Sample:
    last = Done(done_on=date(2026, 11, 1))
    entered = MaintenanceInput(name="Oil change", interval_amount=900_000, last=last)
    with write_transaction(session):
        new_id = maintenance.set_interval(session, sample_ring.splitter, entered, by=SOMEBODY, now=MONDAY)
    return Sample(new_id, workshop_id=sample_ring.hall)


def _quota(session: Session, sample_ring: SampleRing) -> Sample:
    with write_transaction(session):
        entered = QuotaInput(measure="open", most=50, workshop_id=sample_ring.hall)
        return Sample(quotas.enter_quota(session, entered, by=SOMEBODY, now=MONDAY), workshop_id=sample_ring.hall)


def _closure_series(session: Session, sample_ring: SampleRing) -> Sample:
    zone = ZoneInfo("Europe/Berlin")
    wall = to_wall(MONDAY + timedelta(weeks=6), zone)
    times = SeriesTimes(RecurrenceRule(Frequency.WEEKLY, weekdays=(0,), count=2), zone, wall, timedelta(hours=2))
    with write_transaction(session):
        series_id = closure_series.close_repeatedly(
            session, sample_ring.combine, times, "service", by=SOMEBODY, now=MONDAY
        )
    return Sample(series_id, workshop_id=sample_ring.hall)


def _damage(session: Session, sample_ring: SampleRing) -> Sample:
    with write_transaction(session):
        photo_id = records.store_photo(session, b"a picture", "image/jpeg", now=MONDAY)
        damage = Damage(sample_ring.combine, sample_ring.anna, "Belt torn", photo_id)
        damage_id = damage_reports.report(session, damage, by=Actor(user_id=sample_ring.anna_login), now=MONDAY)
    return Sample(damage_id, sample_ring.anna, sample_ring.hall)


def _closure(session: Session, sample_ring: SampleRing) -> Sample:
    with write_transaction(session):
        span = hours(MONDAY, 200, 210)
        closure_id = blockings.close(
            session, sample_ring.combine, span, "service", by=SOMEBODY, now=MONDAY, around_reservations=True
        )
    return Sample(closure_id, workshop_id=sample_ring.hall)


def _induction(session: Session, sample_ring: SampleRing) -> Sample:
    return Sample(session.scalar(select(Induction.id)), sample_ring.anna)


def _induction_kind(session: Session, sample_ring: SampleRing) -> Sample:
    kind_id = induction_kind(session, "Saw")
    machine(session, sample_ring.hall, "saw", induction_kind_id=kind_id)
    return Sample(kind_id, workshop_id=sample_ring.hall)


def _course(session: Session, sample_ring: SampleRing) -> Sample:
    return Sample(_course_with_signup(session, sample_ring)[0], workshop_id=sample_ring.hall)


def _signup(session: Session, sample_ring: SampleRing) -> Sample:
    return Sample(_course_with_signup(session, sample_ring)[1], sample_ring.anna, sample_ring.hall)


def _course_with_signup(session: Session, sample_ring: SampleRing) -> tuple[int, int]:
    """A course of the hall for the laser on which Anna has a seat, held by a member without a login; the same again."""
    known = session.execute(select(CourseSignup.course_id, CourseSignup.id)).first()
    if known is not None:
        return known[0], known[1]
    trainer = member(session, "Trainer")
    with write_transaction(session):
        kind_id, first = sample_ring.laser_induction, MONDAY.date()
        inductions.give(session, trainer, kind_id, given_on=first, level=Level.TRAINER, by=SOMEBODY, now=MONDAY)
        span = hours(MONDAY + timedelta(days=50), 1, 3)
        data = CourseInput(kind_id, sample_ring.hall, span, 3, trainer, MEMBER_ITSELF)
        course_id = planning.plan(session, data, reason="", by=SOMEBODY, now=MONDAY)
        return course_id, seats.sign_up(session, course_id, sample_ring.anna, by=SOMEBODY, now=MONDAY)


def _feed(session: Session, sample_ring: SampleRing) -> Sample:
    return Sample(_made_feed(session, sample_ring).feed_id, user_id=sample_ring.anna_login)


def _wall_screen(session: Session, sample_ring: SampleRing) -> Sample:
    return Sample(_made_screen(session, sample_ring)[0], workshop_id=sample_ring.hall)


def _wall_secret(session: Session, sample_ring: SampleRing) -> Sample:
    return Sample(_made_screen(session, sample_ring)[1])


def _made_screen(session: Session, sample_ring: SampleRing) -> tuple[int, str]:
    with write_transaction(session):
        return wall_screens.create(
            session,
            workshop_id=sample_ring.hall,
            label="Hall",
            language="en",
            theme="system",
            by=SOMEBODY,
            now=MONDAY,
        )


def _feed_secret(session: Session, sample_ring: SampleRing) -> Sample:
    return Sample(_made_feed(session, sample_ring).secret)


def _made_feed(session: Session, sample_ring: SampleRing) -> tokens.NewFeed:
    with write_transaction(session):
        wish = tokens.FeedWish(privacy=tokens.FULL, member_id=sample_ring.anna)
        return tokens.create(session, sample_ring.anna_login, wish, by=SOMEBODY, now=MONDAY)


def _session(session: Session, sample_ring: SampleRing) -> Sample:
    open_session(session, sample_ring.anna_login, now=MONDAY)
    found = (
        select(LoginSession.id).where(LoginSession.user_id == sample_ring.anna_login).order_by(LoginSession.id.desc())
    )
    return Sample(session.scalar(found), user_id=sample_ring.anna_login)


def _token(session: Session, sample_ring: SampleRing) -> Sample:
    with write_transaction(session):
        api_tokens.create(session, sample_ring.anna_login, label="x", is_read_only=False, by=SOMEBODY, now=MONDAY)
    return Sample(session.scalar(select(api_tokens.ApiToken.id)), user_id=sample_ring.anna_login)


def _deputy(session: Session, sample_ring: SampleRing) -> Sample:
    """Karl stands in for Wanda, later."""
    with write_transaction(session):
        row = ManagedWorkshop(user_id=sample_ring.karl_login, workshop_id=sample_ring.hall, is_deputy=True)
        row.valid_from, row.valid_until = date(2030, 1, 1), date(2030, 1, 2)
        row.named_by = sample_ring.wanda_login
        session.add(row)
    return Sample(row.id, workshop_id=sample_ring.hall, user_id=sample_ring.karl_login)


def _pool(session: Session, sample_ring: SampleRing) -> Sample:
    with write_transaction(session):
        pool = pools.enter_pool(session, sample_ring.combine, "Pool", {"fee": "shares"}, by=SOMEBODY, now=MONDAY)
    return Sample(pool.id)


def _pool_key(session: Session, sample_ring: SampleRing) -> Sample:
    """A key by shares alone, composed by the pool."""
    pool_id, terms = _any_pool(session, sample_ring), KeyTerms((KeyPart("shares"),))
    with write_transaction(session):
        return Sample(pool_keys.enter_key(session, pool_id, "Own", terms, by=SOMEBODY, now=MONDAY).id)


def _meter(session: Session, sample_ring: SampleRing) -> Sample:
    """A meter of Anna."""
    pool_id = _any_pool(session, sample_ring)
    with write_transaction(session):
        return Sample(meters.enter_meter(session, pool_id, sample_ring.anna, "Z-1", by=SOMEBODY, now=MONDAY).id)


def _recurring_cost(session: Session, sample_ring: SampleRing) -> Sample:
    """Rent of each year since 2026."""
    pool_id, rent = (
        _any_pool(session, sample_ring),
        RecurringInput("Rent", "Huber", "fee", 30_000, 12, date(2026, 1, 1)),
    )
    with write_transaction(session):
        return Sample(recurring_costs.enter_recurring_cost(session, pool_id, rent, by=SOMEBODY, now=MONDAY).id)


def _equity(session: Session, sample_ring: SampleRing) -> Sample:
    """What Anna has paid in."""
    paid = EquityInput(sample_ring.anna, date(2026, 1, 1), 10_000)
    with write_transaction(session):
        return Sample(enter_equity(session, paid, by=SOMEBODY, now=MONDAY).id, sample_ring.anna)


def _advance(session: Session, sample_ring: SampleRing) -> Sample:
    """An advance that Anna owes."""
    rules, year = {"fee": "shares"}, (date(2025, 1, 1), date(2025, 12, 31))
    with write_transaction(session):
        named = {"by": SOMEBODY, "now": MONDAY, "charges_are": pools.ADVANCE}
        pool_id = pools.enter_pool(session, sample_ring.laser, "Laser", rules, **named).id
        shares.set_shares(session, pool_id, sample_ring.anna, 1, year[0], by=SOMEBODY, now=MONDAY)
    with write_transaction(session):
        wanted = advances.AdvanceInput(*year, shares_on=year[0], unit_cents=1_000)
        posted = advances.post_advance(session, pool_id, wanted, by=SOMEBODY, now=MONDAY)
        return Sample(posted.id, sample_ring.anna)


def _fee(session: Session, sample_ring: SampleRing) -> Sample:
    """A fee that Anna owes."""
    wanted = FeeInput(
        "material", sample_ring.anna, MONDAY.date(), "Plywood", Decimal(2), Decimal("12.50"), "m²", tax_code="standard"
    )
    with write_transaction(session):
        made = enter_fee(session, wanted, by=SOMEBODY, now=MONDAY)
    return Sample(made.id, member_id=sample_ring.anna)


def _material(session: Session, sample_ring: SampleRing) -> Sample:
    """What the hall sells."""
    wanted = MaterialInput("Plywood", "m²", Decimal("12.50"))
    with write_transaction(session):
        made = enter_material(session, sample_ring.hall, wanted, by=SOMEBODY, now=MONDAY)
    return Sample(made.id, workshop_id=sample_ring.hall)


def _document(session: Session, sample_ring: SampleRing) -> Sample:
    """An invoice to Anna."""
    able_to_issue(session, sample_ring.anna)
    charge_use(session, sample_ring.combine, sample_ring.anna, 100)
    until = date(2026, 12, 31)
    with write_transaction(session):
        (made,) = issue(
            session, sample_ring.anna, until, TextComposer(session), on=MONDAY.date(), by=SOMEBODY, now=MONDAY
        )
        session.add(DocumentFile(document_id=made, pdf=one_page(), xml=b"<x/>", sha256="0" * 64, made_at=MONDAY))
    return Sample(made, member_id=sample_ring.anna)


def _posting_export(session: Session, sample_ring: SampleRing) -> Sample:
    """A journal of what was charged."""
    if not preview_export(session, "journal", named_period("2026")).entry_ids:
        charge_use(session, sample_ring.combine, sample_ring.anna, 100)
    preview = preview_export(session, "journal", named_period("2026"))
    with write_transaction(session):
        return Sample(record_export(session, preview, b"entry", "journal.csv", by=SOMEBODY, now=MONDAY))


def _cost(session: Session, sample_ring: SampleRing) -> Sample:
    """A bill that waits to be divided."""
    return Sample(_entered_cost(session, _any_pool(session, sample_ring)))


def _allocation(session: Session, sample_ring: SampleRing) -> Sample:
    """A posted allocation in which Anna bears everything."""
    pool_id, year = _any_pool(session, sample_ring), (date(2025, 1, 1), date(2025, 12, 31))
    _entered_cost(session, pool_id)
    with write_transaction(session):
        shares.set_shares(session, pool_id, sample_ring.anna, 1, year[0], by=SOMEBODY, now=MONDAY)
    digest = previews.preview_allocation(session, pool_id, *year).digest
    with write_transaction(session):
        posted = allocations.post_allocation(session, pool_id, *year, digest=digest, by=SOMEBODY, now=MONDAY)
    return Sample(posted.id, sample_ring.anna)


def _tariff(session: Session, sample_ring: SampleRing) -> Sample:
    with write_transaction(session):
        entry = tariffs.TariffEntry(date(2030, 1, 1), prices={"member": Decimal(1), "guest": Decimal(2)})
        tariff = tariffs.enter_tariff(session, sample_ring.combine, entry, by=SOMEBODY, now=MONDAY)
    return Sample(tariff.id)


def _any_pool(session: Session, sample_ring: SampleRing) -> int:
    with write_transaction(session):
        name = f"Pool {secrets.token_hex(4)}"
        return pools.enter_pool(session, sample_ring.combine, name, {"fee": "shares"}, by=SOMEBODY, now=MONDAY).id


def _entered_cost(session: Session, pool_id: int) -> int:
    with write_transaction(session):
        entry = costs.CostEntry(date(2025, 6, 1), "Garage", "fee", 1_000)
        return costs.enter_cost(session, pool_id, entry, by=SOMEBODY, now=MONDAY).id


def _mail(session: Session, sample_ring: SampleRing) -> Sample:
    with write_transaction(session):
        mail = Mail(key="x", to_address="x@ring.example", subject="x", body="x", queued_at=MONDAY)
        mail.next_attempt_at, mail.given_up_at = MONDAY, MONDAY
        session.add(mail)
    return Sample(mail.id)


def _cancel_link(session: Session, sample_ring: SampleRing) -> Sample:
    entered = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 60, 64), now=MONDAY)
    with write_transaction(session):
        to = recipients.of_member(session, sample_ring.anna)[0]
        return Sample(cancel_links.create(session, entered.id, to, now=MONDAY).rpartition("/")[2])


def _task(session: Session, sample_ring: SampleRing) -> Sample:
    with write_transaction(session):
        wish = Wish(sample_ring.karl_login, "costs.download_slips", "GET", "/costs/slips/file.csv", "en")
        task = queue.enqueue(session, wish, now=MONDAY)
    return Sample(task.id, user_id=sample_ring.karl_login)


def _link(purpose: str) -> Build:
    def build(session: Session, sample_ring: SampleRing) -> Sample:
        with write_transaction(session):
            link = one_use_links.create(
                session, sample_ring.bernd_login, purpose, now=MONDAY, valid_for=timedelta(days=1)
            )
        return Sample(link.secret)

    return build


SAMPLES: dict[str, Build] = {
    "static:filename": lambda _session, _sample_ring: Sample("css/components.css"),
    "colour": lambda _session, _sample_ring: Sample("14532d"),
    "size": lambda _session, _sample_ring: Sample("192"),
    "auth.invitation:secret": _link("invitation"),
    "auth.new_password:secret": _link("password"),
    "mail_links.give_back:secret": _cancel_link,
    "mail_links.offered:secret": _offer_link,
    "mail_links.sign_up:secret": _course_link,
    "mail_links.exchanged:secret": _exchange_link,
    "mail_links.proposed:secret": _proposal_link,
    "mail_links.choose:token": lambda _session, sample_ring: Sample(
        off_links.token_of(kinds.RECEIPTS, Owner(sample_ring.anna_login))
    ),
    "feeds.subscription:secret": _feed_secret,
    "plan.show_wall:secret": _wall_secret,
    "screen_id": _wall_screen,
    "feed_id": _feed,
    "session_id": _session,
    "token_id": _token,
    "management_id": _deputy,
    "reservation_id": _reservation,
    "change_id": _zone_change,
    "series_id": _series,
    "entry_id": _waiting_entry,
    "offer_id": _offer,
    "exchange_id": _exchange,
    "exchanges.withdraw:exchange_id": partial(_exchange, day=45, from_anna=True),
    "api.withdraw_exchange:exchange_id": partial(_exchange, day=46, from_anna=True),
    "usage_id": _usage,
    "which": lambda _session, _sample_ring: Sample("before"),
    "closure_id": _closure,
    "closure_series_id": _closure_series,
    "damage_id": _damage,
    "announcement_id": _announcement,
    "group_id": _group,
    "maintenance_id": _maintenance,
    "quota_id": _quota,
    "induction_id": _induction,
    "course_id": _course,
    "signup_id": _signup,
    "kind_id": _induction_kind,
    "machine_id": lambda _session, sample_ring: Sample(sample_ring.combine, workshop_id=sample_ring.hall),
    "slug": lambda _session, sample_ring: Sample("combine", workshop_id=sample_ring.hall),
    "workshop.new_maintenance:slug": lambda _session, sample_ring: Sample("combine", workshop_id=sample_ring.hall),
    "workshop:slug": lambda _session, sample_ring: Sample("hall", workshop_id=sample_ring.hall),
    "member_id": lambda _session, sample_ring: Sample(sample_ring.anna, sample_ring.anna),
    "user_id": lambda _session, sample_ring: Sample(sample_ring.anna_login, user_id=sample_ring.anna_login),
    "mail_id": _mail,
    "task_id": _task,
    # Whose the workshop, machine or login in an address is does not matter at the treasurer's desk.
    "fees:machine_id": lambda _session, sample_ring: Sample(sample_ring.combine),
    "costs:machine_id": lambda _session, sample_ring: Sample(sample_ring.combine),
    "pool_id": _pool,
    "cost_id": _cost,
    "key_id": _pool_key,
    "meter_id": _meter,
    "recurring_id": _recurring_cost,
    "allocation_id": _allocation,
    "advance_id": _advance,
    "fee_id": _fee,
    "move_id": _equity,
    "material_id": _material,
    "document_id": _document,
    "export_id": _posting_export,
    "costs:member_id": lambda _session, sample_ring: Sample(sample_ring.anna),
    "costs:name": lambda _session, _sample_ring: Sample("2026"),
    "code": lambda _session, _sample_ring: Sample("receivables"),
    "tariff_id": _tariff,
    "name": lambda _session, _sample_ring: Sample("slips"),
    "file_format": lambda _session, _sample_ring: Sample("csv"),
    "admin.withdraw_manager:user_id": lambda _session, sample_ring: Sample(sample_ring.karl_login),
    "kind": lambda _session, _sample_ring: Sample("members"),
}
