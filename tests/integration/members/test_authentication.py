"""The door on both databases: guesses side by side, links that work once, the last administrator."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, BoundedSemaphore

import pyotp
import pytest
from sqlalchemy import func, select

from app.auth import (
    accounts,
    attempts,
    authentication,
    login_rate,
    login_sessions,
    one_use_links,
    passwords,
    second_factor,
)
from app.auth.accounts import Roles
from app.auth.attempts import Source
from app.auth.authentication import Credentials
from app.auth.errors import LastAdministrator, LinkNotValid, TooManyAttempts, WrongCredentials
from app.auth.models import Attempts, LoginSession, User
from app.auth.origins import Origin
from app.extensions import db
from app.mail.models import Mail
from booking.kernel.events import Actor
from booking.kernel.tokens import hash_of
from booking.kernel.transaction import in_write_transaction, write_transaction
from tests.builders import SOMEBODY, login, open_session
from tests.conftest import MONDAY


def side_by_side(app, use_case, count):
    """Run use_case(number) in threads at once; the result or the kind of the refusal, each."""
    start = Barrier(count)

    def one(number):
        with app.app_context():
            start.wait()
            try:
                return use_case(db.session(), number)
            except (LastAdministrator, LinkNotValid, TooManyAttempts, WrongCredentials) as refusal:
                return refusal.code

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_wishes_for_a_link_side_by_side_are_all_counted(app, session):
    def ask(session, _number):
        in_write_transaction(
            session, lambda: attempts.count_request(session, "password", Source("anna@ring.example"), now=MONDAY)
        )
        return "asked"

    results = side_by_side(app, ask, 8)

    assert (results.count("asked"), results.count("too_many_attempts")) == (3, 5)


def test_concurrent_attempts_exceed_the_limit_by_at_most_the_concurrency(app, session, sample_ring, monkeypatch):
    monkeypatch.setattr(passwords, "WAIT_SECONDS", 60.0)  # however slow this machine is just now

    def guess(session, _number):
        return authentication.log_in(session, Credentials("anna@ring.example", "wrong"), now=MONDAY, days=30)

    results = side_by_side(app, guess, 12)

    assert 5 <= results.count("wrong_credentials") <= 5 + passwords.HASHINGS_AT_ONCE
    assert results.count("wrong_credentials") + results.count("too_many_attempts") == 12


def test_right_passwords_side_by_side_are_all_let_in(app, session, sample_ring, monkeypatch):
    monkeypatch.setattr(passwords, "WAIT_SECONDS", 60.0)
    monkeypatch.setattr(passwords, "_places", BoundedSemaphore(12))
    hashed = passwords.hash_of("three blue tractors")
    with write_transaction(session):
        session.get(User, sample_ring.anna_login).password_hash = hashed

    def come(session, _number):
        return authentication.log_in(
            session, Credentials("anna@ring.example", "three blue tractors"), now=MONDAY, days=30
        )

    assert len(set(side_by_side(app, come, 12)) - {"too_many_attempts", "wrong_credentials"}) == 12


def test_a_log_in_that_was_checked_before_the_password_was_replaced_opens_no_session(session, sample_ring, monkeypatch):
    anna, old, new = sample_ring.anna_login, passwords.hash_of("three blue tractors"), passwords.hash_of("another one")
    with write_transaction(session):
        session.get(User, anna).password_hash = old

    def is_old(_hash):  # asked between the check of the password and the session
        monkeypatch.undo()
        with write_transaction(session):
            accounts.change_password(session, anna, new, confirmed=old, now=MONDAY)
        return True  # its hash would be renewed, with the old password

    monkeypatch.setattr(passwords, "needs_new_hash", is_old)
    with pytest.raises(WrongCredentials):
        authentication.log_in(session, Credentials("anna@ring.example", "three blue tractors"), now=MONDAY, days=30)

    session.rollback()
    assert session.scalar(select(func.count()).select_from(LoginSession)) == 0
    assert session.scalar(select(User.password_hash).where(User.id == anna)) == new
    with pytest.raises(WrongCredentials), write_transaction(session):  # another change, confirmed before this one
        accounts.change_password(session, anna, "x", confirmed=old, now=MONDAY)


@pytest.mark.parametrize("ending", ["password", "factor"])
def test_no_session_by_the_password_alone_outlives_its_end(app, session, sample_ring, monkeypatch, ending):
    monkeypatch.setattr(passwords, "WAIT_SECONDS", 60.0)
    monkeypatch.setattr(passwords, "_places", BoundedSemaphore(6))
    anna, old = sample_ring.anna_login, passwords.hash_of("three blue tractors")
    with write_transaction(session):
        session.get(User, anna).password_hash = old
        second_factor.begin_setup(session, anna, now=MONDAY)
    code = pyotp.TOTP(second_factor.setup_secret(session, anna, now=MONDAY)).at(MONDAY)
    session.rollback()

    def end(session):
        if ending == "password":
            accounts.change_password(session, anna, "x", confirmed=old, now=MONDAY)
        else:
            second_factor.switch_on(session, anna, code, session_token="", now=MONDAY)

    def come_or_end(session, number):
        if number == 0:
            in_write_transaction(session, lambda: end(session))
            return "ended"
        come = Credentials("anna@ring.example", "three blue tractors")
        return authentication.log_in(session, come, now=MONDAY, days=30).needs_code

    assert "ended" in side_by_side(app, come_or_end, 6)
    session.rollback()
    assert session.scalar(select(func.count()).select_from(LoginSession)) == 0


def test_of_two_who_use_a_link_at_once_one_is_served(app, session, sample_ring):
    with write_transaction(session):
        link = one_use_links.create(
            session, sample_ring.anna_login, one_use_links.PASSWORD, now=MONDAY, valid_for=timedelta(hours=1)
        )

    def use(session, number):
        return in_write_transaction(
            session, lambda: accounts.set_new_password(session, link.secret, f"hash {number}", now=MONDAY)
        )

    results = side_by_side(app, use, 4)

    assert sorted(map(str, results)) == sorted(["link_not_valid"] * 3 + [str(sample_ring.anna_login)])


def test_two_administrators_who_demote_each_other_leave_one(app, session, sample_ring):
    second = login(session, "Rosa", now=MONDAY, is_admin=True, password_hash="x")
    with write_transaction(session):
        session.get(User, sample_ring.rita_login).password_hash = "x"
    pair = (sample_ring.rita_login, second)

    def demote(session, number):
        victim, by = pair[number], Actor(user_id=pair[1 - number])
        in_write_transaction(
            session, lambda: accounts.change_roles(session, victim, Roles(), revision=0, by=by, now=MONDAY)
        )
        return "done"

    assert sorted(side_by_side(app, demote, 2)) == ["done", "last_administrator"]
    session.rollback()
    assert session.scalar(select(func.count()).where(User.is_admin)) == 1


def test_a_forgotten_password_of_an_unknown_address_stores_only_the_count(session, sample_ring):
    authentication.request_password_reset(session, "stranger@ring.example", origin=Origin(), now=MONDAY, minutes=60)

    assert session.scalars(select(Mail.to_address)).all() == []
    assert session.scalar(select(func.count()).select_from(one_use_links.OneUseToken)) == 0
    assert session.scalar(select(func.count()).select_from(Attempts)) == 2
    authentication.request_password_reset(session, "anna@ring.example", origin=Origin(), now=MONDAY, minutes=60)
    assert session.scalars(select(Mail.to_address)).all() == ["anna@ring.example"]


def test_counts_are_forgotten_after_a_day(session):
    with write_transaction(session):
        attempts.count_request(session, "login", Source("old@ring.example"), now=MONDAY)
    with write_transaction(session):
        attempts.count_request(session, "login", Source("new@ring.example"), now=MONDAY + timedelta(days=2))

    assert session.scalar(select(func.count()).select_from(Attempts)) == 2


def test_of_too_many_counts_those_of_the_most_tries_and_the_newest_are_kept(session):
    tried_often, others = Source("anna@ring.example"), [Source(f"{number}@ring.example") for number in range(3)]
    for source, minute in ((tried_often, 0), (tried_often, 1), *((one, 2 + at) for at, one in enumerate(others))):
        with write_transaction(session):
            attempts.count_request(session, "login", source, now=MONDAY + timedelta(minutes=minute))

    with write_transaction(session):
        attempts.delete_beyond(session, 4)

    kept = set(session.scalars(select(Attempts.key_hash)))
    assert kept == {key for source in (tried_often, others[-1]) for _scope, key in source.counters()}


def test_a_login_has_a_bounded_number_of_sessions(session, sample_ring, monkeypatch):
    monkeypatch.setattr(login_sessions, "SESSIONS_MAX", 3)
    open_session(session, sample_ring.bernd_login, now=MONDAY)
    tokens = [open_session(session, sample_ring.anna_login, now=MONDAY) for _again in range(5)]

    kept = set(session.scalars(select(LoginSession.token_hash).where(LoginSession.user_id == sample_ring.anna_login)))
    assert kept == {hash_of(token) for token in tokens[-3:]}
    assert session.scalar(select(func.count()).select_from(LoginSession)) == 4


def test_disabling_ends_every_session_and_link(session, sample_ring):
    make = one_use_links.create
    with write_transaction(session):
        link = make(session, sample_ring.anna_login, one_use_links.PASSWORD, now=MONDAY, valid_for=timedelta(hours=1))
    with write_transaction(session):
        accounts.disable(session, sample_ring.anna_login, by=SOMEBODY, now=MONDAY)
    with write_transaction(session):
        accounts.enable(session, sample_ring.anna_login, by=SOMEBODY, now=MONDAY)

    with pytest.raises(LinkNotValid):
        one_use_links.owner_of(session, link.secret, one_use_links.PASSWORD, now=MONDAY)


def test_attempts_of_all_processes_are_counted_together_and_begin_again(session, app):
    def attempt(session, _number=0, now=MONDAY):
        return in_write_transaction(session, lambda: login_rate.count(session, "key", 60, 1, now=now))[0]

    assert sorted(side_by_side(app, attempt, 4)) == [1, 2, 3, 4]
    assert attempt(session, now=MONDAY + timedelta(seconds=59)) == 5
    assert attempt(session, now=MONDAY + timedelta(seconds=60)) == 1
    assert attempt(session, now=MONDAY - timedelta(days=1)) == 1  # the clock was ahead
