"""A ring with data that is updated: rows that exist get what a new column needs, on both databases.

Each story enters data with the present program and names a migration. The schema is taken back to before each of them,
which drops what they added, and all are applied again. To go back and forth takes a second or more, so stories that do
not look at each other's rows share one way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.auth import api_tokens, one_use_links, security_log
from app.auth.models import ApiToken, ManagedWorkshop, OneUseToken, SecurityEntry, User
from app.documents.composer import TextComposer
from app.extensions import db
from app.mail.models import Mail
from app.mail.outbox import queue_mail
from app.notifications.models import AttachedEntry
from app.storage import migrate
from app.storage.backup import database_at
from app.subscriptions import SUBSCRIPTIONS
from billing import queries as billing_queries
from billing.audits import broken_allocations, broken_charges
from billing.documents.issuing import issue
from billing.documents.sending import sendings, unknown_count
from billing.fees.audit import broken_fees
from billing.fees.posting import FeeInput, enter_fee
from billing.ledger.audit import broken_ledger
from billing.models import AllocationCount, Charge, ChargeTotal, Pool, Share
from billing.period_names import named_period
from billing.pools.costs import CostEntry, enter_cost
from billing.pools.pools import enter_pool
from billing.pools.shares import set_shares
from billing.posting_exports.recording import record_export
from billing.posting_exports.selection import preview_export
from billing.posting_exports.terms import DatevTermsInput, change_datev_terms, datev_terms
from billing.queries.ledger import trial_balance
from billing.queries.next_steps import not_invoiced
from billing.tariffs.tariffs import TariffEntry
from booking.kernel.cursors import position_of
from booking.kernel.deliveries import deliver, undelivered_count
from booking.kernel.events import Actor
from booking.kernel.transaction import in_write_transaction, write_transaction
from booking.members.members import MemberInput, enter_member
from booking.models import Induction, Machine, Member, Reservation, Ring, UsageRecord
from booking.records.deletions import delete_members
from booking.reservations.reservations import request_reservation
from booking.reservations.wishes import Wish
from booking.use import usage
from booking.use.usage import Measurement
from tests import builders
from tests.builders import SOMEBODY, hours, login, machine, member, reserve
from tests.conftest import MONDAY
from tests.databases import uri_of
from tests.integration.documents.documents_ring import TODAY, able_to_issue, charge_more, charge_use
from tests.integration.money.harvester_pool import do, post
from tests.integration.money.test_charges import charge, tariff, use


@dataclass(frozen=True)
class Before:
    """The time before a migration: statements that write rows as the former program did, and those that ask."""

    migration: str
    written: Iterable[str] = ()
    asked: Iterable[str] = ()

    @property
    def revision(self) -> str:
        """Return the number of the migration."""
        return next((migrate.MIGRATIONS / "versions").glob(f"*_{self.migration}.py")).stem.split("_")[0]


# A story enters its rows, yields the time before a migration, is sent the answers, and looks at its rows afterwards.
Story = Callable[[Session, builders.SampleRing], Generator[Before, list[Any], None]]


def migrate_again(database_url: str, times: list[Before]) -> list[list[Any]]:
    """Take the schema back to before each migration, the newest first, and bring it to the present one.

    Return the answers of each time.
    """
    db.session.remove()
    db.engine.dispose()
    uri, script, answers = uri_of(database_url), ScriptDirectory(str(migrate.MIGRATIONS)), {}
    for one in sorted(times, key=lambda each: each.revision, reverse=True):
        migrate.downgrade(uri, script.get_revision(one.revision).down_revision)
        with database_at(uri, writing=True) as connection:
            for statement in one.written:
                connection.execute(text(statement))
            answers[one.migration] = [connection.scalar(text(statement)) for statement in one.asked]
    migrate.upgrade(uri)
    return [answers[one.migration] for one in times]


def shares_entered_after_the_end_of_a_membership_outlast_it_and_all_others_end(session, sample_ring):
    pool = do(session, enter_pool, sample_ring.combine, "Combine", {"fee": "shares"}, excludes_guests=True)
    for member_id, day in (
        (sample_ring.anna, date(2026, 1, 1)),
        (sample_ring.bernd, date(2026, 1, 1)),
        (sample_ring.bernd, date(2026, 7, 1)),
    ):
        do(session, set_shares, pool, member_id, 3, day)
    with write_transaction(session):
        session.get_one(Member, sample_ring.bernd).left_on = date(2026, 6, 30)

    yield Before("who_bears_costs")

    rows = session.execute(select(Share.member_id, Share.valid_from, Share.outlasts_membership).order_by(Share.id))
    assert [tuple(row) for row in rows] == [
        (sample_ring.anna, date(2026, 1, 1), False),
        (sample_ring.bernd, date(2026, 1, 1), False),
        (sample_ring.bernd, date(2026, 7, 1), True),
    ]
    assert session.scalars(select(Pool.excludes_guests)).one() is False


def slips_get_the_class_that_was_charged_else_the_members_and_their_day_of_service(session, sample_ring):
    tariff(session, sample_ring.combine)
    charged = use(session, sample_ring.combine, sample_ring.anna, 100)
    unpriced = use(session, sample_ring.splitter, sample_ring.anna, 3_600, days_ago=2)
    charge(session, charged)
    with write_transaction(session):
        session.execute(update(Member).where(Member.id == sample_ring.anna).values(price_class="guest"))
        # Half past midnight of the next day by the clock of the workshop.
        late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
        session.execute(update(UsageRecord).where(UsageRecord.id == unpriced).values(handed_out_at=late))

    yield Before("price_facts_of_slips")

    slips = {slip_id: session.get(UsageRecord, slip_id) for slip_id in (charged, unpriced)}
    assert [(slip.price_class, slip.service_date) for slip in slips.values()] == [
        ("member", date(2026, 11, 22)),
        ("guest", date(2026, 11, 21)),
    ]
    assert all(slip.objection_until == slip.handed_back_at + timedelta(days=14) for slip in slips.values())


def charges_are_summed_by_their_days_of_service(session, sample_ring):
    tariff(session, sample_ring.combine)
    for amount in (100, 250):
        charge(session, use(session, sample_ring.combine, sample_ring.anna, amount))
    before = session.execute(select(ChargeTotal.service_date, ChargeTotal.cents)).all()

    yield Before("totals_of_days")

    session.rollback()
    assert before
    assert session.execute(select(ChargeTotal.service_date, ChargeTotal.cents)).all() == before
    assert list(broken_charges(session)) == []


def the_lines_of_posted_allocations_are_counted(session, sample_ring):
    pool = do(session, enter_pool, sample_ring.combine, "Combine", {"fee": "shares", "repair": "head"})
    for member_id, shares in ((sample_ring.anna, 1), (sample_ring.bernd, 2)):
        do(session, set_shares, pool, member_id, shares, date(2026, 1, 1))
    for kind in ("fee", "repair"):
        do(session, enter_cost, pool, CostEntry(date(2026, 6, 3), "Huber", kind, 100_01))
    post(session, pool, (date(2026, 1, 1), date(2026, 12, 31)))
    columns = AllocationCount.group_number, AllocationCount.bearers, AllocationCount.rounding_cents
    before = session.execute(select(*columns).order_by(columns[0])).all()

    yield Before("counts_of_allocations")

    session.rollback()
    assert [(number, bearers) for number, bearers, _cents in before] == [(0, 2), (1, 2), (2, 2)]
    assert session.execute(select(*columns).order_by(columns[0])).all() == before
    assert list(broken_allocations(session)) == []


def pools_of_before_count_their_machine_and_allocations_have_no_key_of_their_own(session, sample_ring):
    pool = do(session, enter_pool, sample_ring.combine, "Combine", {"fuel": "use"})
    use(session, sample_ring.combine, sample_ring.anna, 200)
    do(session, enter_cost, pool, CostEntry(date(2026, 6, 3), "Huber", "fuel", 100_01))
    made = post(session, pool, (date(2026, 1, 1), date(2026, 12, 31)))

    yield Before("pool_scopes")

    assert billing_queries.pool(session, pool).counts_machine
    _view, (group,) = billing_queries.allocation(session, made)
    assert (group.key, group.working, [line.amounts for line in group.lines]) == ("use", None, [()])
    assert list(broken_allocations(session)) == []
    with write_transaction(session):
        session.execute(update(Pool).values(charges_are="advance"))
    with pytest.raises(IntegrityError), write_transaction(session):  # the index that was replaced still refuses
        session.add(Pool(machine_id=sample_ring.combine, name="Another", rules={}, charges_are="advance"))


def mails_that_wait_or_were_given_up_stay_as_they_are(session, sample_ring):
    with write_transaction(session):
        for key in ("waits", "given up"):
            words = {"to_address": "anna@ring.example", "to_name": "Anna", "subject": "Hello", "body": "Text"}
            queue_mail(session, key=key, **words, now=MONDAY)
        session.scalars(select(Mail).where(Mail.key == "given up")).one().given_up_at = MONDAY

    yield Before("mail_suspension")

    rows = session.execute(select(Mail.key, Mail.body, Mail.given_up_at, Mail.is_our_fault).order_by(Mail.id))
    assert [tuple(row) for row in rows] == [("waits", "Text", None, False), ("given up", "Text", MONDAY, False)]


def mails_get_the_end_of_their_link_and_those_without_a_link_that_works_lose_their_text(session, sample_ring):
    with write_transaction(session):
        create = partial(one_use_links.create, session, now=MONDAY, valid_for=timedelta(days=7))
        lives, used = create(sample_ring.anna_login, "invitation"), create(sample_ring.bernd_login, "invitation")
        for key in (lives.mail_key, used.mail_key, "invitation:99", "event1:x"):
            words = {"to_address": "anna@ring.example", "to_name": "Anna", "subject": "Hello", "body": "Text"}
            queue_mail(session, key=key, **words, now=MONDAY)
        session.scalars(select(Mail).where(Mail.key == lives.mail_key)).one().given_up_at = MONDAY
        session.execute(update(OneUseToken).where(OneUseToken.id == used.id).values(used_at=MONDAY))

    yield Before("mails_with_links")

    rows = session.execute(select(Mail.key, Mail.body, Mail.given_up_at, Mail.link_ends_at).order_by(Mail.id)).all()
    assert [tuple(row) for row in rows] == [
        (lives.mail_key, "Text", MONDAY, lives.ends_at),
        (used.mail_key, "", MONDAY, used.ends_at),
        ("invitation:99", "", MONDAY, None),
        ("event1:x", "Text", None, None),
    ]


def reservations_keep_the_deadline_of_cancelling_by_the_rule_of_the_update(session, sample_ring):
    far, soon = hours(MONDAY, 240, 244), hours(MONDAY, 2, 3)
    far_id, asked_id = (
        reserve(session, machine, sample_ring.anna, far, now=MONDAY).id
        for machine in (sample_ring.combine, sample_ring.splitter)
    )
    soon_id = reserve(session, sample_ring.combine, sample_ring.anna, soon, now=MONDAY).id
    with write_transaction(session):
        session.execute(update(Machine.__table__).values(late_cancel_hours=48))

    yield Before("deadline_of_free_cancelling")

    stored = dict(session.execute(select(Reservation.id, Reservation.cancel_until)).all())
    assert stored == {
        far_id: hours(MONDAY, 192, 193).start,
        asked_id: hours(MONDAY, 192, 193).start,
        soon_id: MONDAY + timedelta(minutes=15),
    }
    assert session.scalars(select(Reservation.former_starts_at)).all() == [None] * 3


def calendar_files_of_earlier_mails_are_known_by_their_event_and_recipient(session, sample_ring):
    by = Actor(user_id=sample_ring.anna_login)
    wish = Wish(sample_ring.combine, sample_ring.anna, hours(MONDAY, 50, 51))
    with write_transaction(session):
        reservation_id = request_reservation(session, wish, by=by, now=MONDAY).id
    for subscription in SUBSCRIPTIONS:
        in_write_transaction(session, partial(deliver, session, subscription, now=MONDAY))
    with write_transaction(session):
        words = {"to_address": "anna@ring.example", "to_name": "Anna", "subject": "Hello", "body": "Text"}
        queue_mail(session, key="event1:declined:user1", **words, now=MONDAY)
        queue_mail(session, key="event999:confirmed:user1", **words, now=MONDAY)

    yield Before("attached_entries")

    (entry,) = session.scalars(select(AttachedEntry))
    assert (entry.reservation_id, entry.revision, entry.recipient) == (
        reservation_id,
        0,
        f"user{sample_ring.anna_login}",
    )


def amounts_in_grams_become_tenths_and_what_was_posted_means_what_it_meant(session, sample_ring):
    printer = machine(session, sample_ring.hall, "printer", charge_unit="g")
    per_gram = TariffEntry(date(2026, 1, 1), {"member": Decimal("0.05")}, minimum_amount=100)
    tariff(session, printer, per_gram)
    slip = use(session, printer, sample_ring.anna, 380)
    charge(session, slip)
    pool = do(session, enter_pool, printer, "Printer", {"power": "use"})
    do(session, enter_cost, pool, CostEntry(date(2026, 11, 22), "Stadtwerke", "power", 1_000))
    post(session, pool, (date(2026, 11, 1), date(2026, 11, 30)))
    stored = figures(session)

    in_grams = yield Before(
        "tenths_of_a_gram",
        asked=[
            "SELECT used_amount FROM booking_usage",
            "SELECT minimum_amount FROM billing_tariff",
            "SELECT charged_amount FROM billing_charge",
            "SELECT weight FROM billing_allocation_line",
            "SELECT amount FROM billing_allocation_slip",
        ],
    )

    assert in_grams == [38, 10, 38, 38, 38]
    assert figures(session) == stored
    assert charge(session, slip) == stored[0][0]  # priced again it is the same charge
    assert [*broken_charges(session), *broken_allocations(session)] == []


def figures(session):
    """Every amount in grams that is stored."""
    tables = ("billing_charge", "billing_tariff", "billing_cost_group", "billing_allocation_line", "booking_usage")
    return [tuple(row) for table in tables for row in session.execute(text(f"SELECT * FROM {table}"))]


def long_spans_of_deputies_are_cut_and_those_without_a_manager_end(session, sample_ring):
    today = database_day(session)
    names = ["Old", "Running", "Coming", "Short", "Orphan"]
    ids = {name: login(session, name, now=MONDAY, member_id=member(session, name)) for name in names}
    walter = login(session, "Walter", now=MONDAY, manages=(sample_ring.hall,), disabled_at=MONDAY)
    far, day = date(9999, 12, 31), timedelta(days=1)
    with write_transaction(session):
        session.execute(text("UPDATE auth_managed_workshop SET named_by = :rita"), {"rita": sample_ring.rita_login})
    spans = {
        "Old": (today - 400 * day, today - day, sample_ring.wanda_login),
        "Running": (today - 400 * day, far, sample_ring.wanda_login),
        "Coming": (today + 10 * day, far, sample_ring.wanda_login),
        "Short": (today - day, today + 5 * day, sample_ring.wanda_login),
        "Orphan": (today, today + day, walter),
    }

    yield Before(
        "deputy_spans",
        written=[
            "INSERT INTO auth_managed_workshop (user_id, workshop_id, is_deputy, valid_from, valid_until, named_by)"
            f" VALUES ({ids[name]}, {sample_ring.hall}, true, '{first}', '{last}', {by})"
            for name, (first, last, by) in spans.items()
        ],
    )

    found = session.execute(select(ManagedWorkshop).where(ManagedWorkshop.is_deputy).order_by(ManagedWorkshop.id))
    assert [(row.user_id, row.valid_from, row.valid_until) for row in found.scalars()] == [
        (ids["Old"], today - 400 * day, today - 311 * day),
        (ids["Running"], today, today + 89 * day),
        (ids["Coming"], today + 10 * day, today + 99 * day),
        (ids["Short"], today - day, today + 5 * day),
    ]


def database_day(session):
    return date.fromisoformat(str(session.scalar(text("SELECT CURRENT_DATE"))))


def ids_that_were_deleted_before_are_not_given_again(session, sample_ring):
    with write_transaction(session):
        deleted = enter_member(session, MemberInput("M-9", "Irrtum"), by=SOMEBODY, now=MONDAY)
    with write_transaction(session):
        delete_members(session, [deleted], by=SOMEBODY, now=MONDAY)
    yield Before("ids_of_deleted_records")
    with write_transaction(db.session()):
        assert enter_member(db.session(), MemberInput("M-9", "Neu"), by=SOMEBODY, now=MONDAY) > deleted


def inductions_and_slips_of_before_are_of_the_member_itself(session, sample_ring):
    slip = use(session, sample_ring.combine, sample_ring.anna, 100)

    yield Before("persons_of_inductions")

    (one,) = session.scalars(select(Induction))
    assert (one.member_id, one.person_name, one.person_user_id) == (sample_ring.anna, "", None)
    assert (session.get(UsageRecord, slip).operator_name, session.get(UsageRecord, slip).operator_user_id) == ("", None)
    assert reserve(session, sample_ring.laser, sample_ring.anna, hours(MONDAY, 49, 51), now=MONDAY).id


def what_is_reserved_before_needs_no_second_person(session, sample_ring):
    slip = use(session, sample_ring.combine, sample_ring.anna, 100)
    reserved = reserve(session, sample_ring.laser, sample_ring.anna, hours(MONDAY, 49, 51), now=MONDAY).id

    yield Before("second_persons")

    assert not session.get(Machine, sample_ring.laser).rules.needs_second_person
    assert (session.get(Reservation, reserved).second_person, session.get(UsageRecord, slip).second_person) == ("", "")
    assert reserve(session, sample_ring.laser, sample_ring.anna, hours(MONDAY, 73, 75), now=MONDAY).id


def tokens_get_a_year_from_the_update_and_those_of_disabled_logins_end(session, sample_ring):
    with write_transaction(session):
        for user_id in (sample_ring.anna_login, sample_ring.bernd_login):
            api_tokens.create(session, user_id, label="x", is_read_only=False, by=SOMEBODY, now=MONDAY)
        session.get_one(User, sample_ring.bernd_login).disabled_at = MONDAY

    yield Before("end_of_api_tokens")

    anna, bernd = session.scalars(select(ApiToken).order_by(ApiToken.id)).all()
    assert abs(anna.expires_at - datetime.now(UTC) - timedelta(days=365)) < timedelta(minutes=5)
    assert (anna.revoked_at, anna.last_used_at) == (None, None)
    assert bernd.revoked_at is not None


def entries_of_the_security_log_stay_and_name_no_file(session, sample_ring):
    key = (MONDAY, "exported", "203.0.113.0/24", 7)
    counts = Counter({(*key, ""): 2, (*key, "slips.csv"): 1})
    in_write_transaction(session, lambda: security_log.add_counts(session, counts, Counter({(*key, "slips.csv"): 9})))

    yield Before("files_of_the_security_log")

    found = session.execute(select(SecurityEntry.file, SecurityEntry.count, SecurityEntry.row_count))
    assert [tuple(row) for row in found] == [("", 2, 0)]


def what_a_ring_lends_already_is_a_machine_and_the_database_knows_no_other_sorts(session, sample_ring):
    yield Before("machine_sorts")

    assert set(session.scalars(select(Machine.sort))) == {"machine"}
    for sort in ("room", "person", "tool", "machine"):
        with write_transaction(session):
            session.execute(update(Machine).where(Machine.id == sample_ring.combine).values(sort=sort))
    with pytest.raises(IntegrityError), write_transaction(session):
        session.execute(update(Machine).where(Machine.id == sample_ring.combine).values(sort="animal"))


def a_ring_of_the_demos_people_is_the_demo_and_only_they_get_the_tour(session, sample_ring, *, domain, is_demo):
    with write_transaction(session):
        for user in session.scalars(select(User)):
            user.email, user.tour_ended_at = f"{user.name.lower()}@{domain}", None

    yield Before("demo_and_tour")

    assert session.scalars(select(Ring.is_demo)).one() is is_demo
    assert {ended is None for ended in session.scalars(select(User.tour_ended_at))} == {is_demo}


def tariffs_of_one_price_have_no_parts_and_price_as_before(session, sample_ring):
    tariff_id = tariff(session, sample_ring.combine)
    slip = use(session, sample_ring.combine, sample_ring.anna, 1_250)
    made = charge(session, slip)
    before = ("id", "number", "cents", "calculation")
    stored = session.execute(select(*(getattr(Charge, name) for name in before))).one()

    yield Before("tariff_lines")

    assert session.execute(select(*(getattr(Charge, name) for name in before))).one() == stored
    assert charge(session, slip) == made  # priced again, it is the same
    another = charge(session, use(session, sample_ring.combine, sample_ring.anna, 1_251))
    assert session.get_one(Charge, another).cents == 143_865
    view = billing_queries.tariff(session, tariff_id)
    assert (view.has_parts, view.cap_day_cents, bool(view.parts)) == (False, None, False)


def balances_know_what_of_them_was_invoiced_before(session, sample_ring):
    able_to_issue(session, sample_ring.anna, sample_ring.bernd)
    charge_use(session, sample_ring.combine, sample_ring.anna, 1250)
    charge_more(session, sample_ring.combine, sample_ring.bernd, 200)
    with write_transaction(session):
        (issued,) = issue(session, sample_ring.anna, TODAY, TextComposer(session), on=TODAY, by=SOMEBODY, now=MONDAY)

    yield Before(
        "year_of_the_treasurer",
        written=[
            "INSERT INTO billing_document_sending (document_id, to_address, queued_at)"
            f" VALUES ({issued}, '{address}', '2026-11-23 08:00:00.000000')"
            for address in ("old@anna.example", "new@anna.example")
        ],
    )

    sent = [(one.turn, one.way, one.to_address) for one in sendings(session, issued)]
    assert sent == [(2, "mail", "new@anna.example"), (1, "mail", "old@anna.example")]
    assert unknown_count(session) == 0, "the first that was sent is the first whose sending is recorded"
    found = not_invoiced(session)
    assert (found.members, found.cents) == (1, 28_000)
    assert list(broken_ledger(session)) == []


def entries_from_before_fees_keep_their_hashes_and_a_number_in_use_is_left_alone(session, sample_ring):
    # The entries are those of the story beside it, which counts what is not invoiced.
    yield Before("fees", ("UPDATE billing_account SET skr03 = '8600' WHERE code = 'use_charges'",))

    if session.get_bind().dialect.name == "sqlite":  # the migration writes its schema
        assert session.scalar(text("PRAGMA integrity_check")) == "ok"
        assert session.execute(text("PRAGMA foreign_key_check")).all() == []
    plywood = FeeInput("material", sample_ring.anna, TODAY, "Plywood", Decimal("2.5"), Decimal("12.99"))
    do(session, enter_fee, plywood)
    assert [*broken_ledger(session), *broken_fees(session)] == []
    numbers = {one.account.code: one.account.number for one in trial_balance(session)}
    assert (numbers["use_charges"], numbers["fees"]) == ("8600", "8601")


def a_ring_that_made_datev_files_has_no_tax_keys_until_one_is_entered(session, sample_ring):
    charge_use(session, sample_ring.combine, sample_ring.anna, 100)
    do(session, change_datev_terms, DatevTermsInput(29_098, 55_003))
    preview = preview_export(session, "datev", named_period("2026"))
    with write_transaction(session):
        record_export(session, preview, b"", "x", by=SOMEBODY, now=MONDAY)

    yield Before("tax_keys")

    found, _revision = datev_terms(session)
    assert (found.adviser, found.standard_key, found.reduced_key) == (29_098, "", "")


def deposits_are_asked_after_the_update_and_their_account_is_as_long_as_those_of_the_ring(session, sample_ring):
    handed_out_and_back(session, sample_ring)

    longer = "UPDATE billing_account SET skr03 = skr03 || '00'"
    (newest,) = yield Before("deposits", (longer,), asked=["SELECT max(id) FROM booking_event"])

    (deposits,) = (one for one in SUBSCRIPTIONS if one.subscriber == "billing.deposits")
    assert position_of(session, "billing.deposits") == newest
    assert undelivered_count(session, deposits) == 0
    numbers = {one.account.code: one.account.number for one in trial_balance(session)}
    codes = ("receivables", "deposits", "equity", "equity_left", "opening_balances")
    assert [numbers[code] for code in codes] == ["140000", "173200", "081000", "081100", "900000"]
    assert list(broken_ledger(session)) == []


def handed_out_and_back(session, sample_ring):
    entered = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 3), now=MONDAY).id
    for step, moment, read in ((usage.hand_out, 1, Measurement()), (usage.hand_back, 2, Measurement(amount=100))):
        with write_transaction(session):
            step(session, entered, read, by=SOMEBODY, now=MONDAY + timedelta(hours=moment))


of_the_demo = a_ring_of_the_demos_people_is_the_demo_and_only_they_get_the_tour
TOGETHER: tuple[tuple[Story, ...], ...] = (
    (
        shares_entered_after_the_end_of_a_membership_outlast_it_and_all_others_end,
        mails_that_wait_or_were_given_up_stay_as_they_are,
        reservations_keep_the_deadline_of_cancelling_by_the_rule_of_the_update,
        long_spans_of_deputies_are_cut_and_those_without_a_manager_end,
        ids_that_were_deleted_before_are_not_given_again,
        what_a_ring_lends_already_is_a_machine_and_the_database_knows_no_other_sorts,
        inductions_and_slips_of_before_are_of_the_member_itself,
    ),
    (
        slips_get_the_class_that_was_charged_else_the_members_and_their_day_of_service,
        tokens_get_a_year_from_the_update_and_those_of_disabled_logins_end,
        partial(of_the_demo, domain="ring.example", is_demo=False),
    ),
    (
        calendar_files_of_earlier_mails_are_known_by_their_event_and_recipient,
        amounts_in_grams_become_tenths_and_what_was_posted_means_what_it_meant,
    ),
    (
        mails_get_the_end_of_their_link_and_those_without_a_link_that_works_lose_their_text,
        charges_are_summed_by_their_days_of_service,
        the_lines_of_posted_allocations_are_counted,
    ),
    (
        entries_of_the_security_log_stay_and_name_no_file,
        partial(of_the_demo, domain="demo.example", is_demo=True),
        what_is_reserved_before_needs_no_second_person,
        tariffs_of_one_price_have_no_parts_and_price_as_before,
        pools_of_before_count_their_machine_and_allocations_have_no_key_of_their_own,
    ),
    (
        balances_know_what_of_them_was_invoiced_before,
        entries_from_before_fees_keep_their_hashes_and_a_number_in_use_is_left_alone,
    ),
    (
        a_ring_that_made_datev_files_has_no_tax_keys_until_one_is_entered,
        deposits_are_asked_after_the_update_and_their_account_is_as_long_as_those_of_the_ring,
    ),
)


@pytest.mark.parametrize("stories", TOGETHER)
def test_rows_of_before_get_what_a_migration_added(session, database_url, sample_ring, stories):
    told = [story(session, sample_ring) for story in stories]
    times = [next(one) for one in told]

    for story, answers in zip(told, migrate_again(database_url, times), strict=True):
        session.rollback()
        with pytest.raises(StopIteration):
            story.send(answers)
