"""The second factor on both databases: codes that work once, pauses for guessers, and who is logged out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pyotp
import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.auth import accounts, attempts, authentication, logins, one_use_links, passwords, pending_logins, second_factor
from app.auth.authentication import Credentials
from app.auth.errors import (
    LogInExpired,
    OwnSecondFactor,
    SecondFactorChanged,
    TooManyAttempts,
    WrongCode,
)
from app.auth.models import LoginSession, PendingLogin, RecoveryCode, SecondFactor, User
from app.auth.origins import Origin
from app.extensions import db
from app.mail.models import Mail
from booking.kernel.errors import DomainError
from booking.kernel.events import Actor, RecordedEvent
from booking.kernel.transaction import in_write_transaction, write_transaction
from booking.models import Ring
from tests import builders
from tests.builders import SOMEBODY
from tests.conftest import MONDAY
from tests.process_caches import quick_hashing

PASSWORD = "three blue tractors"
STEP = timedelta(seconds=30)


class Phone:
    """Anna's app."""

    def __init__(self, secret, recovery_codes):
        self.codes = pyotp.TOTP(secret)
        self.recovery_codes = recovery_codes

    def shows(self, now):
        return self.codes.at(now)


@pytest.fixture(scope="module")
def password_hash():
    with quick_hashing():
        return passwords.hash_of(PASSWORD)


@pytest.fixture
def anna(session, sample_ring, password_hash):
    """Her login; her password is PASSWORD."""
    with write_transaction(session):
        session.get(User, sample_ring.anna_login).password_hash = password_hash
    return sample_ring.anna_login


@pytest.fixture
def phone(session, anna):
    """Switched on an hour before MONDAY."""
    return switch_on(session, anna, now=MONDAY - timedelta(hours=1))


def switch_on(session, user_id, *, now, session_token=""):
    with write_transaction(session):
        second_factor.begin_setup(session, user_id, now=now)
    secret = second_factor.setup_secret(session, user_id, now=now)
    code = pyotp.TOTP(secret).at(now)
    with write_transaction(session):
        codes = second_factor.switch_on(session, user_id, code, session_token=session_token, now=now)
    return Phone(secret, codes)


def credentials(session, now=MONDAY):
    return authentication.log_in(session, Credentials("anna@ring.example", PASSWORD), now=now, days=30)


def finish(session, pending, code, now=MONDAY):
    return authentication.finish_log_in(session, pending, code, device="", origin=Origin(), now=now, days=30)


def passes(session, user_id, code, now=MONDAY):
    return in_write_transaction(
        session, lambda: second_factor.verify_code(session, user_id, code, origin=Origin(), now=now)
    )


def events_of(session, kind):
    session.rollback()
    return session.scalars(select(RecordedEvent.facts).where(RecordedEvent.type == kind)).all()


def side_by_side(app, use_case, count):
    """Run use_case(session, number) in threads at once; the result or the code of the refusal, each."""
    start = Barrier(count)

    def one(number):
        with app.app_context():
            start.wait()
            try:
                return use_case(db.session(), number)
            except DomainError as refusal:
                return refusal.code

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_without_a_second_factor_the_password_logs_in(session, anna):
    opened = credentials(session)

    assert not opened.needs_code
    assert logins.by_session_token(session, opened.secret, now=MONDAY).id == anna


def test_with_one_the_password_opens_no_session_and_the_code_does(session, anna, phone):
    opened = credentials(session)

    assert opened.needs_code
    assert logins.by_session_token(session, opened.secret, now=MONDAY) is None
    assert session.scalar(select(func.count()).select_from(LoginSession)) == 0
    token = finish(session, opened.secret, phone.shows(MONDAY))
    assert logins.by_session_token(session, token, now=MONDAY).id == anna


def test_a_code_is_taken_once(session, anna, phone):
    code = phone.shows(MONDAY)

    assert passes(session, anna, code)
    assert not passes(session, anna, code)
    assert not passes(session, anna, code, MONDAY + STEP)
    assert passes(session, anna, phone.shows(MONDAY + STEP), MONDAY + STEP)


def test_after_a_later_code_an_earlier_one_is_worth_nothing(session, anna, phone):
    assert passes(session, anna, phone.shows(MONDAY + STEP))
    assert not passes(session, anna, phone.shows(MONDAY))
    assert not passes(session, anna, phone.shows(MONDAY - STEP))


@pytest.mark.parametrize(("beside", "counts"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_codes_of_one_step_either_side_are_taken(session, anna, phone, beside, counts):
    assert passes(session, anna, phone.shows(MONDAY + beside * STEP)) is counts


def test_the_code_that_switched_it_on_does_not_log_in(session, anna):
    phone = switch_on(session, anna, now=MONDAY)

    assert not passes(session, anna, phone.shows(MONDAY))


def test_of_many_who_send_one_code_at_once_one_is_let_in(app, session, anna, phone):
    pending = [credentials(session).secret for _browser in range(4)]
    code = phone.shows(MONDAY)

    results = side_by_side(app, lambda session, number: finish(session, pending[number], code), 4)

    assert results.count("wrong_code") == 3
    session.rollback()
    assert session.scalar(select(func.count()).select_from(LoginSession)) == 1


def test_of_many_who_send_one_recovery_code_at_once_one_is_let_in(app, session, anna, phone):
    pending = [credentials(session).secret for _browser in range(4)]
    code = phone.recovery_codes[0]

    results = side_by_side(app, lambda session, number: finish(session, pending[number], code), 4)

    assert results.count("wrong_code") == 3
    assert events_of(session, "recovery_code_used") == [{"user_id": anna, "codes_left": 9}]


def test_one_right_password_opens_one_session(app, session, anna, phone):
    pending = credentials(session).secret
    codes = [phone.shows(MONDAY), *phone.recovery_codes[:3]]

    results = side_by_side(app, lambda session, number: finish(session, pending, codes[number]), 4)

    assert results.count("log_in_expired") == 3
    session.rollback()
    assert session.scalar(select(func.count()).select_from(LoginSession)) == 1
    left = second_factor.state_of(session, anna).codes_left
    assert left == (10 if results[0] != "log_in_expired" else 9)  # who came too late spent nothing


def test_a_recovery_code_works_once_however_it_is_typed(session, anna, phone):
    code = phone.recovery_codes[3]

    assert passes(session, anna, f" {code.lower().replace('-', ' ')} ")
    assert not passes(session, anna, code)
    assert second_factor.state_of(session, anna).codes_left == 9


def test_anothers_codes_are_wrong(session, sample_ring, anna, phone):
    switch_on(session, sample_ring.bernd_login, now=MONDAY - timedelta(hours=1))

    assert not passes(session, sample_ring.bernd_login, phone.recovery_codes[0])
    assert not passes(session, sample_ring.bernd_login, phone.shows(MONDAY))
    assert passes(session, anna, phone.recovery_codes[0])


@pytest.mark.parametrize("code", ["", "000000x", "12345", "x" * 60, "\x00", "\ud83d", "'; DROP"])
def test_nonsense_is_only_wrong(session, anna, phone, code):
    assert not passes(session, anna, code)


def test_the_way_to_the_second_step_ends_after_five_minutes(session, anna, phone):
    pending, later = credentials(session).secret, MONDAY + pending_logins.VALID_FOR

    with pytest.raises(LogInExpired):
        finish(session, pending, phone.shows(later), later)
    assert passes(session, anna, phone.shows(later), later)  # the code was not spent


@pytest.mark.parametrize("what", ["disabled", "another password", "reset"])
def test_what_logs_a_login_out_also_ends_the_way_to_the_second_step(session, anna, phone, what):
    pending = credentials(session).secret
    with write_transaction(session):
        if what == "disabled":
            accounts.disable(session, anna, by=SOMEBODY, now=MONDAY)
        elif what == "another password":
            accounts.change_password(session, anna, "another hash", now=MONDAY)
        else:
            second_factor.reset(session, anna, by=SOMEBODY, now=MONDAY)

    with pytest.raises(LogInExpired):
        finish(session, pending, phone.shows(MONDAY))
    assert session.scalar(select(func.count()).select_from(PendingLogin)) == 0


def test_guessing_codes_costs_growing_pauses(session, anna, phone):
    pending = credentials(session).secret
    for _guess in range(5):
        with pytest.raises(WrongCode):
            finish(session, pending, "wrong")

    with pytest.raises(TooManyAttempts) as first:
        finish(session, pending, phone.shows(MONDAY))
    assert first.value.facts["retry_after_seconds"] == 31
    later = MONDAY + timedelta(seconds=31)
    assert finish(session, pending, phone.shows(later), later)


def test_concurrent_wrong_codes_are_all_counted(app, session, anna, phone):
    pending = credentials(session).secret

    results = side_by_side(app, lambda session, _number: finish(session, pending, "wrong"), 12)

    assert (results.count("wrong_code"), results.count("too_many_attempts")) == (5, 7)


def test_neither_the_right_password_nor_a_new_one_ends_the_pause_for_codes(session, anna, phone):
    for _guess in range(5):
        assert not passes(session, anna, "wrong")
    with write_transaction(session):
        hour = timedelta(hours=1)
        link = one_use_links.create(session, anna, one_use_links.PASSWORD, now=MONDAY, valid_for=hour)
        accounts.set_new_password(session, link.secret, passwords.hash_of(PASSWORD), now=MONDAY)

    pending = credentials(session)

    assert pending.needs_code
    with pytest.raises(TooManyAttempts):
        finish(session, pending.secret, phone.shows(MONDAY))


def test_a_right_code_resets_the_count_of_wrong_ones(session, anna, phone):
    for round_number in range(3):
        now = MONDAY + round_number * timedelta(minutes=1)
        for _guess in range(4):
            assert not passes(session, anna, "wrong", now)
        assert passes(session, anna, phone.shows(now), now)


def test_switching_on_logs_out_every_other_device_and_mails_the_owner(session, anna):
    here, there = (builders.open_session(session, anna, now=MONDAY) for _device in range(2))

    switch_on(session, anna, now=MONDAY, session_token=here)

    assert logins.by_session_token(session, here, now=MONDAY).id == anna
    assert logins.by_session_token(session, there, now=MONDAY) is None
    assert session.scalars(select(Mail.to_address).where(Mail.key.like("second-factor-on:%"))).all() == [
        "anna@ring.example"
    ]
    assert events_of(session, "second_factor_switched_on") == [{"user_id": anna}]


def test_a_wrong_code_switches_nothing_on(session, anna):
    with write_transaction(session):
        second_factor.begin_setup(session, anna, now=MONDAY)

    with pytest.raises(WrongCode), write_transaction(session):
        second_factor.switch_on(session, anna, "000", session_token="", now=MONDAY)
    assert not credentials(session).needs_code


def test_an_expired_set_up_is_begun_again(session, anna):
    with write_transaction(session):
        second_factor.begin_setup(session, anna, now=MONDAY)
    first = second_factor.setup_secret(session, anna, now=MONDAY)
    later = MONDAY + second_factor.OFFERED_FOR

    with pytest.raises(SecondFactorChanged):
        second_factor.setup_secret(session, anna, now=later)
    with write_transaction(session):
        second_factor.begin_setup(session, anna, now=later)
    assert second_factor.setup_secret(session, anna, now=later) != first


def test_once_switched_on_the_secret_is_shown_to_nobody(session, anna, phone):
    with pytest.raises(SecondFactorChanged):
        second_factor.setup_secret(session, anna, now=MONDAY)
    with pytest.raises(SecondFactorChanged), write_transaction(session):
        second_factor.begin_setup(session, anna, now=MONDAY)
    log = " ".join(map(str, session.scalars(select(RecordedEvent.facts))))
    mails = " ".join(session.scalars(select(Mail.body)))
    assert not [word for word in (phone.codes.secret, *phone.recovery_codes) if word in log + mails]


def test_of_two_windows_one_switches_on(app, session, anna):
    with write_transaction(session):
        second_factor.begin_setup(session, anna, now=MONDAY)
    code = pyotp.TOTP(second_factor.setup_secret(session, anna, now=MONDAY)).at(MONDAY)

    def confirm(session, _number):
        def switch():
            return second_factor.switch_on(session, anna, code, session_token="", now=MONDAY)

        return len(in_write_transaction(session, switch))

    assert sorted(map(str, side_by_side(app, confirm, 2))) == ["10", "second_factor_changed"]
    session.rollback()
    assert second_factor.state_of(session, anna) == second_factor.SecondFactorState(MONDAY, 10)


def test_new_recovery_codes_make_the_old_ones_worthless(session, anna, phone):
    with write_transaction(session):
        fresh = second_factor.replace_recovery_codes(session, anna, now=MONDAY)

    assert not passes(session, anna, phone.recovery_codes[0])
    assert passes(session, anna, fresh[0])


def test_codes_are_kept_hashed(session, anna, phone):
    kept = session.scalars(select(RecoveryCode.code_hash)).all()

    assert len(kept) == 10
    assert all(len(each) == 64 for each in kept)


def test_after_switching_off_the_password_alone_logs_in(session, anna, phone):
    with write_transaction(session):
        second_factor.switch_off(session, anna, now=MONDAY)

    assert not credentials(session).needs_code
    assert not passes(session, anna, phone.shows(MONDAY))
    assert session.scalar(select(func.count()).select_from(RecoveryCode)) == 0
    assert events_of(session, "second_factor_switched_off") == [{"user_id": anna}]
    with pytest.raises(SecondFactorChanged), write_transaction(session):
        second_factor.switch_off(session, anna, now=MONDAY)


def test_what_needs_password_and_code_spends_no_code_on_a_wrong_password(session, anna, phone):
    code, done = phone.shows(MONDAY), []

    def confirm(*typed):
        here = Origin()
        authentication.confirm_with_code(session, anna, *typed, lambda: done.append(1), origin=here, now=MONDAY)

    with pytest.raises(DomainError):
        confirm("wrong", code)
    with pytest.raises(WrongCode):
        confirm(PASSWORD, "wrong")
    assert done == []
    confirm(PASSWORD, code)
    assert done == [1]


def test_a_lost_phone_is_reset_by_somebody_else_who_ends_every_session(session, sample_ring, anna, phone):
    token = builders.open_session(session, anna, now=MONDAY)
    with pytest.raises(OwnSecondFactor), write_transaction(session):
        second_factor.reset(session, anna, by=Actor(user_id=anna), now=MONDAY)
    for _guess in range(5):
        passes(session, anna, "wrong")

    with write_transaction(session):
        second_factor.reset(session, anna, by=Actor(user_id=sample_ring.rita_login), now=MONDAY)

    assert logins.by_session_token(session, token, now=MONDAY) is None
    assert not credentials(session).needs_code
    assert session.scalars(select(Mail.key).where(Mail.key.like("second-factor-reset:%"))).all()
    assert events_of(session, "second_factor_reset") == [{"user_id": anna}]
    kept = [key for _scope, key in attempts.Source("anna@ring.example").counters()]
    assert session.get(attempts.Attempts, (attempts.CODE, kept[0])) is None
    with pytest.raises(SecondFactorChanged), write_transaction(session):
        second_factor.reset(session, anna, by=Actor(user_id=sample_ring.rita_login), now=MONDAY)


@pytest.mark.parametrize("who", ["anna", "wanda", "karl", "rita"])
@pytest.mark.parametrize("is_required", [False, True])
def test_only_treasurers_and_administrators_owe_one_where_the_ring_requires_it(session, sample_ring, who, is_required):
    with write_transaction(session):
        session.get(Ring, 1).requires_second_factor = is_required
    user_id = getattr(sample_ring, f"{who}_login")

    owes = logins.by_user_id(session, user_id, now=MONDAY).owes_second_factor

    assert owes is (is_required and who in ("karl", "rita"))
    with write_transaction(session):
        second_factor.begin_setup(session, user_id, now=MONDAY)
    assert logins.by_user_id(session, user_id, now=MONDAY).owes_second_factor is owes
    switch_on(session, user_id, now=MONDAY)
    assert logins.by_user_id(session, user_id, now=MONDAY).owes_second_factor is False


def test_the_database_refuses_a_secret_that_is_none_and_codes_without_a_factor(session, sample_ring):
    user_id = sample_ring.anna_login
    for row in (
        SecondFactor(user_id=user_id, secret="short", begun_at=MONDAY),
        RecoveryCode(user_id=user_id, code_hash="x"),
    ):
        with pytest.raises(IntegrityError):
            store(session, row)


def store(session, row):
    with write_transaction(session):
        session.add(row)
        session.flush()
