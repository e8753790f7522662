"""No backup gives a secret that works: second factors and links in mails are stored encrypted with SECRET_KEY."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select, update

from app.auth import (
    accounts,
    authentication,
    login_sessions,
    one_use_links,
    second_factor,
    shown_once,
    stored_secrets,
)
from app.auth.errors import LinkNotValid, SecondFactorUnreadable
from app.auth.models import SecondFactor, ShownOnce
from app.auth.origins import Origin
from app.commands.prepare import encrypt_secrets
from app.extensions import BOX
from app.mail import leasing
from app.mail.models import Mail
from booking.kernel.encryption import CannotDecrypt, SecretBox
from booking.kernel.events import Actor
from booking.kernel.transaction import in_write_transaction, write_transaction
from tests.conftest import MONDAY

LATER = MONDAY + timedelta(minutes=2)
FORMER, PRESENT = "a former key, long and random enough", "the present key, long and random too"


@pytest.fixture
def anna(sample_ring):
    return sample_ring.anna_login


@pytest.fixture
def use_keys(app):
    return lambda *keys: app.extensions.update({BOX: SecretBox(keys)})


def ask_for_link(session, *, at=MONDAY):
    """Return the secret of the link and the mail, as it is stored."""
    authentication.request_password_reset(session, "anna@ring.example", origin=Origin(), now=at, minutes=60)
    mail = session.scalars(select(Mail).order_by(Mail.id.desc())).first()
    (leased,) = in_write_transaction(session, lambda: leasing.lease_due(session, now=at))
    return leased.body.split("/password/new/")[1].split()[0], mail


def test_what_is_encrypted_is_read_with_its_key_for_its_purpose_alone():
    box, other = SecretBox([PRESENT, FORMER]), SecretBox([FORMER])
    stored = box.encrypt("secret", "second factor 7")

    assert "secret" not in stored
    assert stored != box.encrypt("secret", "second factor 7")
    assert box.decrypt(stored, "second factor 7") == "secret"
    assert box.decrypt(other.encrypt("old", "x"), "x") == "old"
    assert box.decrypt("never encrypted", "x") == "never encrypted"
    for reader, text, purpose in (
        (other, stored, "second factor 7"),
        (box, stored, "second factor 8"),
        (box, stored[:-4] + "AAAA", "second factor 7"),
        (box, "enc1.nonsense", "second factor 7"),
        (box, stored[:20], "second factor 7"),
    ):
        with pytest.raises(CannotDecrypt):
            reader.decrypt(text, purpose)


def test_the_text_of_a_mail_with_a_link_is_encrypted_until_it_is_sent(session, anna):
    secret, mail = ask_for_link(session)

    assert one_use_links.owner_of(session, secret, one_use_links.PASSWORD, now=MONDAY).user_id == anna
    assert "/password/new/" not in mail.body
    assert mail.body.startswith("enc1.")


@pytest.mark.parametrize("end", ["used", "replaced", "disabled", "address changed"])
def test_a_mail_whose_link_no_longer_works_is_deleted_unsent(session, sample_ring, anna, end):
    secret, mail = ask_for_link(session)
    by, key = Actor(user_id=sample_ring.rita_login), mail.key
    with write_transaction(session):
        if end == "used":
            accounts.set_new_password(session, secret, "hash", now=LATER)
        if end == "disabled":
            accounts.disable(session, anna, by=by, now=LATER)
        if end == "address changed":
            accounts.change_email(session, anna, "anna@hof.example", by=by, now=LATER)
        if end == "replaced":
            one_use_links.create(session, anna, one_use_links.PASSWORD, now=LATER, valid_for=timedelta(hours=1))

    assert session.scalar(select(Mail.id).where(Mail.key == key)) is None
    with pytest.raises(LinkNotValid):
        one_use_links.owner_of(session, secret, one_use_links.PASSWORD, now=LATER)


def test_a_mail_whose_link_has_ended_is_given_up_empty_and_not_tried_again(session, anna):
    _secret, mail = ask_for_link(session)
    late = MONDAY + timedelta(minutes=61)

    assert in_write_transaction(session, lambda: leasing.lease_due(session, now=late)) == []
    session.expire_all()
    assert (mail.body, mail.given_up_at, mail.last_error) == ("", late, leasing.LINK_ENDED)
    assert in_write_transaction(session, lambda: leasing.retry_given_up(session, now=late)) == 0


def test_a_given_up_mail_is_tried_again_while_its_link_works_and_emptied_afterwards(session, anna):
    _secret, mail = ask_for_link(session)
    give_up = update(Mail).values(given_up_at=MONDAY)
    in_write_transaction(session, lambda: session.execute(give_up))

    assert in_write_transaction(session, lambda: leasing.retry_given_up(session, now=LATER)) == 1
    in_write_transaction(session, lambda: session.execute(give_up))
    in_write_transaction(session, lambda: leasing.empty_ended_links(session, now=MONDAY + timedelta(hours=2)))
    session.expire_all()
    assert mail.body == ""


def test_a_password_mail_goes_before_all_others(session, anna):
    with write_transaction(session):
        for number in range(30):
            session.add(
                Mail(
                    key=str(number),
                    to_address="a@b.example",
                    subject="",
                    body="",
                    queued_at=MONDAY,
                    next_attempt_at=MONDAY,
                )
            )
    authentication.request_password_reset(session, "anna@ring.example", origin=Origin(), now=LATER, minutes=60)

    leased = in_write_transaction(session, lambda: leasing.lease_due(session, now=LATER))
    assert leased[0].key.startswith("password:")
    assert len(leased) == leasing.BATCH_SIZE


def test_a_second_factor_is_encrypted_and_follows_a_change_of_the_key(session, app, anna, use_keys):
    use_keys(FORMER)
    with write_transaction(session):
        second_factor.begin_setup(session, anna, now=MONDAY)
    secret = second_factor.setup_secret(session, anna, now=MONDAY)
    with write_transaction(session):
        codes = second_factor.switch_on(session, anna, pyotp.TOTP(secret).at(MONDAY), session_token="", now=MONDAY)
    assert secret not in session.scalars(select(SecondFactor.secret)).one()

    def verify(code, at):
        return in_write_transaction(
            session, lambda: second_factor.verify_code(session, anna, code, origin=Origin(), now=at)
        )

    use_keys(PRESENT)
    encrypt_secrets()
    with pytest.raises(SecondFactorUnreadable):
        verify(pyotp.TOTP(secret).at(LATER), LATER)
    assert verify(codes[0], LATER)
    found = app.test_cli_runner().invoke(args=["ring", "check", "secrets"])
    assert found.exit_code == 1
    assert "1 second factors or mails were encrypted with another SECRET_KEY" in found.output

    use_keys(PRESENT, FORMER)
    assert verify(pyotp.TOTP(secret).at(LATER), LATER)
    assert (
        "1 second factors or mails are encrypted with a former key"
        in app.test_cli_runner().invoke(args=["ring", "check", "secrets"]).output
    )
    encrypt_secrets()
    use_keys(PRESENT)
    assert app.test_cli_runner().invoke(args=["ring", "check", "secrets"]).output == "secrets: ok\n"
    later = LATER + timedelta(minutes=2)
    assert verify(pyotp.TOTP(secret).at(later), later)


def test_secrets_of_earlier_versions_are_encrypted_at_the_start_and_leave_no_trace(session, anna, database_url):
    secret = pyotp.random_base32()
    with write_transaction(session):
        session.add(SecondFactor(user_id=anna, secret=secret, begun_at=MONDAY, switched_on_at=MONDAY))
    authentication.request_password_reset(session, "anna@ring.example", origin=Origin(), now=MONDAY, minutes=60)
    clear = update(Mail).values(body="choose it: https://ring.example/password/new/ABCDEFGH")
    in_write_transaction(session, lambda: session.execute(clear))
    assert [each.is_clear for each in stored_secrets.outdated(session)] == [True, True]

    encrypt_secrets()

    assert list(stored_secrets.outdated(session)) == []
    assert in_write_transaction(
        session,
        lambda: second_factor.verify_code(session, anna, pyotp.TOTP(secret).at(LATER), origin=Origin(), now=LATER),
    )
    (leased,) = in_write_transaction(session, lambda: leasing.lease_due(session, now=MONDAY))
    assert leased.body.endswith("ABCDEFGH")


def test_a_secret_shown_once_waits_with_its_session_encrypted_and_is_given_once(session, anna):
    with write_transaction(session):
        here, elsewhere = (login_sessions.open_session(session, anna, now=MONDAY, days=30) for _device in range(2))
        shown_once.put(session, here, shown_once.TOKEN, "ring_earlier", now=MONDAY)
        shown_once.put(session, here, shown_once.TOKEN, "ring_secret", now=MONDAY)
        shown_once.put(session, elsewhere, shown_once.FEED, [7, "late"], now=MONDAY)
    assert all(each.startswith("enc1.") for each in session.scalars(select(ShownOnce.secret)))

    assert shown_once.take(session, elsewhere, shown_once.TOKEN, now=LATER) is None
    assert shown_once.take(session, elsewhere, shown_once.FEED, now=MONDAY + timedelta(hours=1)) is None
    assert shown_once.take(session, here, shown_once.TOKEN, now=LATER) == "ring_secret"
    assert shown_once.take(session, here, shown_once.TOKEN, now=LATER) is None

    with write_transaction(session):
        shown_once.put(session, here, shown_once.TOKEN, "ring_unseen", now=MONDAY)
        login_sessions.close_all_sessions(session, anna)
    assert session.scalars(select(ShownOnce.secret)).all() == []
