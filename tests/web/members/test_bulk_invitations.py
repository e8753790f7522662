"""Inviting all members without a login, or some of them."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.auth.models import User
from app.mail.models import Mail
from app.pages.admin import bulk_invitations
from booking.kernel.transaction import write_transaction
from booking.members.members import MemberInput, enter_member
from tests.builders import SOMEBODY
from tests.conftest import MONDAY
from tests.web.filled_forms import form_with

PAGE = "/admin/members/invite"


@pytest.fixture
def rita(log_in, sample_ring):
    return log_in(sample_ring.rita_login)


def enter(session, **emails):
    with write_transaction(session):
        for number, email in emails.items():
            enter_member(session, MemberInput(number, f"Hof {number}", email=email), by=SOMEBODY, now=MONDAY)


def mails(session):
    session.rollback()
    return sorted(session.scalars(select(Mail.to_address)))


def users(session):
    session.rollback()
    return session.scalar(select(func.count()).select_from(User))


def confirmed(client, **wanted):
    page = client.post(PAGE, data={"language": "en"} | wanted).text
    return (
        form_with(page, "seen") | {"confirm": "1"} | {name: wanted[name] for name in ("member_ids",) if name in wanted}
    )


def test_all_members_without_a_login_are_invited_once_even_on_a_double_click(rita, session):
    enter(session, A1="a1@hof.example", A2="A2@hof.example", A3="")
    page = rita.get(PAGE).text
    assert "All 2 members who can be invited" in page
    assert "no e-mail address" in page
    before, sent = users(session), confirmed(rita, who="all")

    assert mails(session) == []
    assert rita.post(PAGE, data=sent).status_code == 303
    again = rita.post(PAGE, data=sent, follow_redirects=True)

    assert mails(session) == ["a1@hof.example", "a2@hof.example"]
    assert users(session) == before + 2
    assert "nobody gets a second e-mail" in again.text
    assert session.scalar(select(User.member_id).where(User.email == "a2@hof.example"))


def test_some_are_chosen_and_nobody_is_chosen_beforehand(rita, session):
    enter(session, A1="a1@hof.example", A2="a2@hof.example")
    page = rita.get(PAGE).text
    assert "checked" not in page.split("<main")[1].split("</main>")[0]
    assert rita.post(PAGE, data={"language": "de"}).status_code == 422
    assert rita.post(PAGE, data={"language": "de", "who": "some"}).status_code == 422

    numbers = [line.split("value=")[1].split(chr(34))[1] for line in page.splitlines() if "a2@hof" in line]
    rita.post(PAGE, data=confirmed(rita, who="some", member_ids=numbers))
    assert mails(session) == ["a2@hof.example"]


def test_addresses_that_are_shared_used_or_wrong_are_named_and_not_invited(rita, session, sample_ring):
    used = session.scalar(select(User.email).where(User.id == sample_ring.karl_login))
    enter(session, A1="same@hof.example", A2="Same@hof.example", A3=used)
    page = rita.get(PAGE).text

    assert page.count("other members have the same e-mail address") == 2
    assert "a login has this e-mail address already" in page
    assert "There is no member without a login who could be invited." in page


def test_a_number_that_has_changed_is_shown_before_anything_is_sent(rita, session):
    enter(session, A1="a1@hof.example")
    sent = confirmed(rita, who="all")
    enter(session, A2="a2@hof.example")
    page = rita.post(PAGE, data=sent)

    assert page.status_code == 409
    assert "Send 2 invitations" in page.text
    assert mails(session) == []


def test_many_are_invited_in_several_transactions(rita, session, monkeypatch):
    monkeypatch.setattr(bulk_invitations, "BATCH", 2)
    enter(session, **{f"A{number}": f"a{number}@hof.example" for number in range(5)})
    rita.post(PAGE, data=confirmed(rita, who="all"))

    assert len(mails(session)) == 5
