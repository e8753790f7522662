"""A mail that waits is sent only to who may read it still: a login disabled or without its office gets none."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from app.auth import accounts, managers
from app.auth.models import ManagedWorkshop, User
from app.mail import leasing
from app.mail.models import Mail
from app.notifications import recipients
from booking.kernel.events import Actor
from booking.kernel.transaction import in_write_transaction, write_transaction
from booking.models import Member
from booking.reservations import reservations
from booking.reservations.wishes import Wish
from tests.builders import SOMEBODY, hours, login
from tests.conftest import MONDAY
from tests.integration.mails.test_notifications import deliver

ANNA, WANDA, RITA = "anna@ring.example", "wanda@ring.example", "rita@ring.example"
LATER = MONDAY + timedelta(days=2)


@pytest.fixture
def asked(session, sample_ring):
    """Anna asks for the splitter: mails to her and to Wanda wait."""
    wish = Wish(sample_ring.splitter, sample_ring.anna, hours(MONDAY, 100, 104))
    with write_transaction(session):
        reservations.request_reservation(session, wish, by=Actor(user_id=sample_ring.anna_login), now=MONDAY)
    deliver(session)
    assert {mail.audience for mail in session.scalars(select(Mail))} == {
        f"member {sample_ring.anna}",
        f"workshop {sample_ring.hall}",
    }
    session.rollback()
    return sample_ring


def sent_to(session, *, at=LATER):
    """Where the mails that wait are sent; the others are gone."""
    leased = in_write_transaction(session, lambda: leasing.lease_due(session, now=at, readers=recipients.readers_of))
    session.expire_all()
    assert len(session.scalars(select(Mail)).all()) == len(leased)
    session.rollback()
    return sorted(one.to_address for one in leased)


def change(session, table, row_id, **values):
    with write_transaction(session):
        row = session.get_one(table, row_id)
        for name, value in values.items():
            setattr(row, name, value)


def test_who_is_entitled_still_gets_the_mail(session, asked):
    assert sent_to(session) == [ANNA, WANDA]


def test_a_former_manager_is_told_no_more_of_requests(session, asked):
    with write_transaction(session):
        row = session.scalar(select(ManagedWorkshop.id).where(ManagedWorkshop.user_id == asked.wanda_login))
        managers.withdraw(session, row, by=SOMEBODY, now=MONDAY)
        session.execute(delete(Mail).where(Mail.key.startswith("roles-changed")))  # goes out whatever happens

    assert sent_to(session) == [ANNA]


def test_a_manager_who_has_left_is_told_no_more(session, asked):
    change(session, User, asked.wanda_login, member_id=asked.bernd)
    change(session, Member, asked.bernd, left_on=MONDAY.date())

    assert sent_to(session) == [ANNA]


def test_a_disabled_login_gets_none(session, asked):
    login(session, "Second", member_id=asked.anna, now=MONDAY)
    change(session, Member, asked.anna, email="farm@ring.example")
    with write_transaction(session):
        accounts.disable(session, asked.anna_login, by=SOMEBODY, now=MONDAY)
    assert sent_to(session) == [WANDA], "another login of the member is told itself"


def test_without_another_login_it_goes_to_the_record_once(session, asked):
    change(session, Member, asked.anna, email="farm@ring.example")
    with write_transaction(session):
        first = session.scalars(select(Mail).where(Mail.to_address == ANNA)).one()
        twin = {name: getattr(first, name) for name in ("subject", "body", "audience", "queued_at", "next_attempt_at")}
        session.add(Mail(key=first.key.replace(first.recipient, "user99"), to_address=ANNA, recipient="user99", **twin))
        accounts.disable(session, asked.anna_login, by=SOMEBODY, now=MONDAY)

    assert sent_to(session) == ["farm@ring.example", WANDA]


def test_a_link_for_a_login_goes_to_nobody_else(session, asked):
    change(session, Member, asked.anna, email="farm@ring.example")
    change(session, Mail, session.scalar(select(Mail.id).where(Mail.to_address == ANNA)), link_ends_at=LATER)
    with write_transaction(session):
        accounts.disable(session, asked.anna_login, by=SOMEBODY, now=MONDAY)

    assert sent_to(session) == [WANDA]


def test_a_mail_follows_its_reader_to_a_new_address(session, asked):
    change(session, User, asked.anna_login, email="anna@new.example")

    assert sent_to(session) == ["anna@new.example", WANDA]


def test_a_login_that_acts_for_another_member_is_told_nothing_of_the_former(session, asked):
    change(session, User, asked.anna_login, member_id=asked.bernd)
    change(session, Member, asked.anna, email="")

    assert sent_to(session) == [WANDA]


def test_a_digest_of_two_workshops_is_for_who_manages_both(session, asked):
    with write_transaction(session):
        session.execute(delete(Mail))
        managers.name_manager(session, asked.wanda_login, asked.lab, by=SOMEBODY, now=MONDAY)
    readers = f"workshop {asked.hall} {asked.lab}"
    assert [one.address for one in recipients.readers_of(session, readers, MONDAY)] == [RITA, WANDA]
    with write_transaction(session):
        managers.name_manager(session, asked.karl_login, asked.lab, by=SOMEBODY, now=MONDAY)
    assert [one.address for one in recipients.readers_of(session, readers, MONDAY)] == [RITA, WANDA]


def test_administrators_read_the_mails_of_their_office_as_long_as_they_hold_it(session, asked):
    (rita,) = recipients.administrators(session, now=MONDAY)
    assert recipients.readers_of(session, rita.audience, MONDAY) == [rita]
    change(session, User, asked.rita_login, is_admin=False)
    assert recipients.readers_of(session, rita.audience, MONDAY) == []
