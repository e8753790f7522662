"""One record, one check: what the form refuses is refused wherever the record is entered."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import update

from app.auth import accounts
from app.auth.accounts import NewLogin
from billing.models import Party
from billing.parties import party
from booking.errors.schedule_errors import RecordRefused
from booking.kernel.transaction import write_transaction
from booking.machines import machines
from booking.machines.machines import MachineInput
from booking.members import inductions, members
from booking.members.members import Contact, MemberInput
from booking.models import Member, Ring
from booking.records import ring, workshops
from booking.records.ring import RingInput
from booking.records.workshops import WorkshopInput
from tests.builders import SOMEBODY
from tests.conftest import MONDAY

EMAILS = (
    "siehe Akte",
    "anna@",
    "@farm.example",
    "anna(at)farm.example",
    "a@b",
    "anna@farm.example, bernd@farm.example",
)
WRONG = (
    *((MemberInput("M-9", "Neuhof", email=email), {("email_form", "email")}) for email in EMAILS),
    (MemberInput("M-9", "Neuhof", email="jörg@farm.example"), {("email_letters", "email")}),
    (MemberInput("M-9", "Neuhof", left_on=date(26, 12, 31)), {("day_too_early", "left_on")}),
    (MemberInput("M-9", "Neuhof", joined_on=date(2206, 1, 1)), {("day_too_late", "joined_on")}),
    (MemberInput("M-9", "Neuhof", left_on=date.max), {("day_too_late", "left_on")}),
    (RingInput("Ring", email="siehe Akte"), {("email_form", "email")}),
    (RingInput("Ring", email="büro@farm.example"), {("email_letters", "email")}),
    (MachineInput(slug="Große Presse", name="Presse"), {("slug_form", "slug")}),
    (MachineInput(slug="x" * 61, name="Presse"), {("at_most", "slug")}),
    (MachineInput(slug="press", name="n" * 121, kind="k" * 61), {("at_most", "name"), ("at_most", "kind")}),
    (MachineInput(slug="press", name="P", notice_hours=49, horizon_days=2), {("at_most", "notice_hours")}),
    (MachineInput(slug="new", name="New"), {("slug_reserved", "slug")}),
    (MachineInput(slug="press", name="P", notice_hours=8_785), {("at_most", "notice_hours")}),
    (WorkshopInput(slug="-", name="Halle"), {("slug_form", "slug")}),
    (WorkshopInput(slug="closures", name="Halle"), {("slug_reserved", "slug")}),
    (WorkshopInput(slug="halle", name="n" * 121), {("at_most", "name")}),
)


def enter(session, record, hall):
    match record:
        case MemberInput():
            members.enter_member(session, record, by=SOMEBODY, now=MONDAY)
        case RingInput():
            ring.enter_or_change_ring(session, record, by=SOMEBODY, now=MONDAY)
        case MachineInput():
            machines.enter_machine(session, hall, record, by=SOMEBODY, now=MONDAY)
        case WorkshopInput():
            workshops.enter_workshop(session, record, [], by=SOMEBODY, now=MONDAY)


def test_a_record_that_its_form_refuses_is_refused_by_the_use_case(session, sample_ring):
    for record, wanted in WRONG:
        with pytest.raises(RecordRefused) as refused, write_transaction(session):
            enter(session, record, sample_ring.hall)

        assert {(each.rule, each.field) for each in refused.value.violations} == wanted


def test_an_address_that_is_stored_may_stay_and_no_other_of_its_kind_is_entered(session, sample_ring):
    """Addresses such as these were allowed once; whoever has one could else not change a telephone number."""
    stored, anna = "anna@hof.lan", sample_ring.anna
    with write_transaction(session):
        enter(session, RingInput("Ring"), sample_ring.hall)
        party.change_party(session, anna, party.PartyInput(iban="DE02120300000000202051"), by=SOMEBODY, now=MONDAY)
        session.execute(update(Party).values(contact_email=stored, document_email=stored))
        session.execute(update(Member).values(email=stored))
        session.execute(update(Ring).values(email=stored))

    with write_transaction(session):
        members.change_contact(session, anna, Contact(stored, "08841 1"), by=SOMEBODY, now=MONDAY)
        enter(session, RingInput("Ring", email=stored, colour="#112233"), sample_ring.hall)
        of_anna = party.party(session, anna).entered()
        party.change_party(session, anna, replace(of_anna, tax_number="119/815/08151"), by=SOMEBODY, now=MONDAY)

    other = "anna@stall.lan"
    for change in (
        lambda: members.change_contact(session, anna, Contact(other), by=SOMEBODY, now=MONDAY),
        lambda: enter(session, RingInput("Ring", email=other), sample_ring.hall),
        lambda: party.change_party(session, anna, replace(of_anna, contact_email=other), by=SOMEBODY, now=MONDAY),
    ):
        with pytest.raises(RecordRefused) as refused, write_transaction(session):
            change()
        assert [each.rule for each in refused.value.violations] == ["email_local"]


@pytest.mark.parametrize("email", [*EMAILS, "jörg@farm.example"])
def test_a_login_without_an_e_mail_address_is_refused(session, sample_ring, email):
    with pytest.raises(RecordRefused), write_transaction(session):
        accounts.invite(session, NewLogin(email, "Rosa"), by=SOMEBODY, now=MONDAY)
    with pytest.raises(RecordRefused), write_transaction(session):
        accounts.change_email(session, sample_ring.anna_login, email, by=SOMEBODY, now=MONDAY)


def test_kinds_of_induction_and_inductions_have_the_bounds_of_their_forms(session, sample_ring):
    with pytest.raises(RecordRefused), write_transaction(session):
        inductions.enter_kind(session, "n" * 121, by=SOMEBODY, now=MONDAY)
    with pytest.raises(RecordRefused), write_transaction(session):
        inductions.enter_kind(session, "Säge", valid_months=601, by=SOMEBODY, now=MONDAY)
    with pytest.raises(RecordRefused), write_transaction(session):
        inductions.give(
            session,
            sample_ring.bernd,
            sample_ring.laser_induction,
            given_on=MONDAY.date(),
            given_by="n" * 121,
            by=SOMEBODY,
            now=MONDAY,
        )


def test_the_commands_refuse_what_the_invitation_refuses(app, sample_ring):
    for email, name, words in (
        ("siehe Akte", "Rosa", "not a valid e-mail address"),
        ("boss@werk.local", "Rosa", "No mail from outside reaches “boss@werk.local”"),
        ("jörg@farm.example", "Rosa", "letters such as ö before the @"),
        ("r@x.example", "n" * 121, "name:"),
    ):
        arguments = ["ring", "user", "add", email, "--name", name, "--role", "treasurer", "--password-stdin"]
        result = app.test_cli_runner().invoke(args=arguments, input="four quiet words here\n")

        assert result.exit_code == 1
        assert words in result.output
