"""A mail that waits is sent only to who may read it still: a login disabled or without its office gets none.

What it says is then told to another reader who was not told.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import delete, select

from app.auth import accounts, managers
from app.auth.models import ManagedWorkshop, User
from app.extensions import db
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

ANNA, WANDA, RITA, KARL = "anna@ring.example", "wanda@ring.example", "rita@ring.example", "karl@ring.example"
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


def sent(session, *, at=LATER, readers=recipients.readers_of):
    """The mails that wait and are sent; the others are gone."""
    leased = in_write_transaction(session, lambda: leasing.lease_due(session, now=at, readers=readers))
    session.expire_all()
    assert len(session.scalars(select(Mail)).all()) == len(leased)
    session.rollback()
    return sorted(leased, key=lambda one: one.to_address)


def sent_to(session):
    return [one.to_address for one in sent(session)]


def twin(session, user_id, *, of=WANDA):
    """A mail that waits is also written to another login, as to another manager or person of a member."""
    with write_transaction(session):
        first = session.scalars(select(Mail).where(Mail.to_address == of)).one()
        copied = ("subject", "body", "off_url", "audience", "queued_at", "next_attempt_at")
        same = {name: getattr(first, name) for name in copied}
        key = f"user{user_id}"
        session.add(Mail(key=first.key.replace(first.recipient, key), to_address=of, recipient=key, **same))


def end_office(session, user_id):
    with write_transaction(session):
        row = session.scalar(select(ManagedWorkshop.id).where(ManagedWorkshop.user_id == user_id))
        managers.withdraw(session, row, by=SOMEBODY, now=MONDAY)
        session.execute(delete(Mail).where(Mail.key.startswith("roles-changed")))  # goes out whatever happens


def change(session, table, row_id, **values):
    with write_transaction(session):
        row = session.get_one(table, row_id)
        for name, value in values.items():
            setattr(row, name, value)


def test_who_is_entitled_still_gets_the_mail(session, asked):
    assert sent_to(session) == [ANNA, WANDA]


def test_a_former_manager_is_told_no_more_of_requests_and_an_administrator_is_instead(session, asked):
    before = session.scalars(select(Mail).where(Mail.to_address == WANDA)).one()
    switch = before.body[before.body.index("You do not want e-mails of this kind?") :]
    assert before.off_url in switch
    kept = before.body.removesuffix(switch)
    twin(session, 99)  # to a manager too, and gone as well: it is told once for both
    end_office(session, asked.wanda_login)

    to_anna, to_rita = sent(session)

    assert (to_anna.to_address, to_rita.to_address) == (ANNA, RITA)
    assert to_rita.key.endswith(f":user{asked.rita_login}")
    assert (to_rita.body, to_rita.off_url) == (kept, ""), "it would switch off what Wanda gets"


def test_two_workers_do_not_each_leave_it_to_the_mail_that_the_other_deletes(app, session, asked, monkeypatch):
    if db.engine.name == "sqlite":
        return  # one writer at a time
    twin(session, 99)
    end_office(session, asked.wanda_login)
    with write_transaction(session):
        session.execute(delete(Mail).where(Mail.to_address == ANNA))
    another, barrier = leasing._another, Barrier(2)

    def both_at_once(session, mail, present):
        barrier.wait(30)  # each worker has leased one of the two
        return another(session, mail, present)

    def lease(_number):
        with app.app_context():
            own = db.session()
            leased = in_write_transaction(own, lambda: leasing.lease_due(own, now=LATER, readers=recipients.readers_of))
            db.session.remove()
        return [one.to_address for one in leased]

    monkeypatch.setattr(leasing, "_another", both_at_once)
    monkeypatch.setattr(leasing, "BATCH_SIZE", 1)
    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(lease, range(2))) == [[], [RITA]]


def test_who_manages_a_workshop_by_now_is_told_rather_than_an_administrator(session, asked):
    end_office(session, asked.wanda_login)
    login(session, "Xaver", now=MONDAY, manages=(asked.hall,))

    assert sent_to(session) == [ANNA, "xaver@ring.example"]


def test_nobody_is_told_twice_and_what_is_deleted_is_logged_without_its_text(session, asked, caplog):
    twin(session, asked.karl_login)
    with write_transaction(session):
        session.add(ManagedWorkshop(user_id=asked.karl_login, workshop_id=asked.hall))
    end_office(session, asked.wanda_login)

    with caplog.at_level(logging.INFO, logger="app.mail.leasing"):
        assert sent_to(session) == [ANNA, KARL]
    (line,) = [one.getMessage() for one in caplog.records if one.name == "app.mail.leasing"]
    assert f":user{asked.wanda_login} is deleted unsent" in line


def test_readers_are_looked_up_once_for_all_mails_of_an_audience(session, asked):
    twin(session, asked.karl_login)
    asked_for = []

    def readers(session, audience, now):
        asked_for.append(audience)
        return recipients.readers_of(session, audience, now)

    sent(session, readers=readers)

    assert sorted(asked_for) == [f"member {asked.anna}", f"workshop {asked.hall}"]


def test_a_manager_who_has_left_is_told_no_more(session, asked):
    change(session, User, asked.wanda_login, member_id=asked.bernd)
    change(session, Member, asked.bernd, left_on=MONDAY.date())

    assert sent_to(session) == [ANNA, RITA]


def test_a_disabled_login_gets_none(session, asked):
    login(session, "Second", member_id=asked.anna, now=MONDAY)
    change(session, Member, asked.anna, email="farm@ring.example")
    with write_transaction(session):
        accounts.disable(session, asked.anna_login, by=SOMEBODY, now=MONDAY)
    assert sent_to(session) == ["second@ring.example", WANDA], "a login made since was told nothing"


def test_another_login_that_was_told_itself_is_not_told_again(session, asked):
    second = login(session, "Second", member_id=asked.anna, now=MONDAY)
    twin(session, second, of=ANNA)
    with write_transaction(session):
        accounts.disable(session, asked.anna_login, by=SOMEBODY, now=MONDAY)

    assert sent_to(session) == ["second@ring.example", WANDA]


def test_without_another_login_it_goes_to_the_record_once(session, asked):
    change(session, Member, asked.anna, email="farm@ring.example")
    twin(session, 99, of=ANNA)
    with write_transaction(session):
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
    assert [one.address for one in recipients.readers_of(session, readers, MONDAY)] == [WANDA, RITA]
    with write_transaction(session):
        managers.name_manager(session, asked.karl_login, asked.lab, by=SOMEBODY, now=MONDAY)
    assert [one.address for one in recipients.readers_of(session, readers, MONDAY)] == [WANDA, RITA]


def test_administrators_read_the_mails_of_their_office_as_long_as_they_hold_it(session, asked):
    (rita,) = recipients.administrators(session, now=MONDAY)
    assert recipients.readers_of(session, rita.audience, MONDAY) == [rita]
    change(session, User, asked.rita_login, is_admin=False)
    assert recipients.readers_of(session, rita.audience, MONDAY) == []
