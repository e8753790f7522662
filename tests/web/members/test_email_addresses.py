"""One rule for addresses that are entered, wherever that is; none for those that are stored already."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from app.auth.models import User
from app.mail.models import Mail
from booking.kernel.transaction import write_transaction
from booking.models import Member, Ring
from tests.web.conftest import PASSWORD
from tests.web.filled_forms import form_with

LOCAL = "boss@werk.local"
MEMBER = {"number": "M-9", "name": "Boss", "price_class": "member"}
IMPORT = f"number;name;email\nM-9;Boss;{LOCAL}\n"
ENTERED = [
    ("/admin/logins/invite", {"name": "Boss", "is_treasurer": "y", "email": LOCAL}),
    ("/admin/members/new", {**MEMBER, "email": LOCAL}),
    ("/admin/logins/{bernd}/email", {"email": LOCAL}),
    ("/admin/settings", {"name": "Ring", "email": LOCAL, "colour": "#14532d"}),
    ("/admin/import/members/store", {"text": IMPORT}),
]


@pytest.mark.parametrize(("address", "sent"), ENTERED, ids=[address for address, _sent in ENTERED])
def test_an_address_of_a_local_network_is_refused_wherever_it_is_entered(log_in, session, sample_ring, address, sent):
    answer = log_in(sample_ring.rita_login).post(address.format(bernd=sample_ring.bernd_login), data=sent)

    assert answer.status_code == 422
    assert f"No mail from outside reaches “{LOCAL}”" in answer.text
    session.rollback()
    for column in (User.email, Member.email, Ring.email):
        assert session.scalar(select(func.count()).where(column == LOCAL)) == 0


def test_a_login_with_a_stored_address_logs_in_and_gets_a_new_password(client, session, people):
    with write_transaction(session):
        session.get_one(User, people.anna_login).email = LOCAL

    assert client.post("/password/forgotten", data={"email": f" {LOCAL.upper()} "}).status_code == 303
    session.rollback()
    assert session.scalars(select(Mail.to_address)).all() == [LOCAL]
    assert client.post("/login", data={"email": LOCAL, "password": PASSWORD}).location == "/today"
    assert client.post("/password/forgotten", data={"email": "boss"}).status_code == 422


def test_a_form_takes_the_address_that_is_stored(log_in, session, sample_ring):
    """It was allowed when it was entered; the telephone number beside it can be changed."""
    with write_transaction(session):
        session.execute(update(Member).where(Member.id == sample_ring.anna).values(email=LOCAL))
        session.execute(update(Ring).values(email=LOCAL))
        session.execute(update(User).where(User.id == sample_ring.bernd_login).values(email=LOCAL))
    browser = log_in(sample_ring.rita_login)
    for page, changed in ((f"/admin/members/{sample_ring.anna}", {"phone": "08841 1"}), ("/admin/settings", {})):
        form = form_with(browser.get(page).text, "email") | changed
        assert form["email"] == LOCAL
        assert browser.post(page, data=form).status_code == 303
    assert browser.post(f"/admin/logins/{sample_ring.bernd_login}/email", data={"email": LOCAL}).status_code == 303


def test_an_import_is_taken_back_to_the_address_that_was_stored(log_in, session, sample_ring):
    with write_transaction(session):
        session.execute(update(Member).where(Member.id == sample_ring.anna).values(email=LOCAL))
    anna = session.get_one(Member, sample_ring.anna)
    text = f"number;name;email\n{anna.number};{anna.name};anna@plan.de\n"
    browser = log_in(sample_ring.rita_login)
    assert browser.post("/admin/import/members/store", data={"text": text}).status_code == 303

    take_back = "/admin/import/members/take-back"
    browser.post(take_back, data=form_with(browser.get(take_back).text, "stored_at"))

    session.rollback()
    assert session.get_one(Member, sample_ring.anna).email == LOCAL
