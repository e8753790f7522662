"""A login whose member has left: it may read its own money, and nothing else, whatever it was before."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from app.auth import accounts, logins
from app.auth.errors import LastAdministrator
from app.auth.models import ManagedWorkshop, User
from app.notifications import recipients
from booking.kernel.transaction import write_transaction
from booking.models import Machine, Member, Reservation, Ring
from booking.timespan import TimeSpan
from booking.use import usage
from booking.use.usage import Measurement, UnreservedUse
from tests.builders import SOMEBODY, hours, login, member, reserve
from tests.conftest import MONDAY
from tests.web.conftest import PASSWORD

SUNDAY = date(2026, 11, 22)
ENDED = "Your membership ended on"


def leave(session, member_id, last_day=SUNDAY):
    with write_transaction(session):
        session.get_one(Member, member_id).left_on = last_day


@pytest.fixture
def slip(session, sample_ring):
    """Anna used the combine on Friday."""
    start = MONDAY - timedelta(days=3)
    span = TimeSpan(start, start + timedelta(hours=2))
    with write_transaction(session):
        reported = UnreservedUse(sample_ring.combine, sample_ring.anna, span, Measurement(amount=300))
        return usage.record_usage(session, reported, by=SOMEBODY, now=MONDAY).slip.id


def test_a_leaver_reads_slips_and_costs_and_changes_nothing(log_in, session, sample_ring, slip):
    reservation = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 50, 51), now=MONDAY).id
    anna = log_in(sample_ring.anna_login)
    leave(session, sample_ring.anna)
    with write_transaction(session):
        session.get_one(Ring, 1).is_catalogue_public = False

    for page in ("/costs/mine", "/costs/mine/allocations", "/usage", f"/usage/{slip}", "/account", "/account/password"):
        answer = anna.get(page)
        assert (answer.status_code, ENDED in answer.text) == (200, True), page
        assert 'href="/machines"' not in answer.text
    assert anna.get("/costs").location.startswith("/costs/mine")
    assert "Object" not in anna.get(f"/usage/{slip}").text

    span = {"machine": "combine", "date": "2026-11-25", "start": "09:00", "end": "10:00"}
    refused = [
        anna.get("/today"),
        anna.get("/plan"),
        anna.get("/machines"),
        anna.get("/usage/at/combine"),
        anna.post("/reservations/new", data=span),
        anna.post(f"/usage/hand-out/{reservation}"),
        anna.post(f"/reservations/{reservation}/cancel"),
        anna.post(f"/usage/{slip}/objection", data={"objection": "No."}),
        anna.post("/account/tokens", data={"label": "x"}),
        anna.post("/feeds/new"),
    ]
    assert {answer.status_code for answer in refused} == {403}
    assert "Your membership has ended" in refused[0].text
    assert "/costs/mine" in refused[0].text
    assert session.scalar(select(func.count()).select_from(Reservation)) == 1


def test_a_leaver_logs_in_and_lands_at_the_costs(client, session, people):
    leave(session, people.anna)

    answer = client.post("/login", data={"email": "anna@ring.example", "password": PASSWORD})

    assert (answer.status_code, answer.location) == (303, "/costs/mine")


def test_the_programs_of_a_leaver_are_refused_with_a_code(anna, log_in, session, sample_ring, slip):
    leave(session, sample_ring.anna)

    for answer in (anna.get("/usage"), anna.get("/machines"), anna.post("/reservations", {})):
        assert (answer.status_code, answer.json["code"]) == (403, "membership_over")
    browser = log_in(sample_ring.anna_login)
    assert [item["id"] for item in browser.get("/api/v1/usage").json["items"]] == [slip]
    assert browser.get("/api/v1/reservations").json["code"] == "membership_over"


def test_the_last_day_counts_by_the_clock_of_the_ring(log_in, session, sample_ring, clock):
    leave(session, sample_ring.anna, date(2026, 11, 30))
    clock.instant = datetime(2026, 11, 30, 22, 59, tzinfo=UTC)  # 23:59 in Berlin
    anna = log_in(sample_ring.anna_login)

    assert anna.get("/today").status_code == 200
    clock.instant += timedelta(minutes=1)
    assert anna.get("/today").status_code == 403
    leave(session, sample_ring.anna, None)
    assert anna.get("/today").status_code == 200


@pytest.mark.parametrize("role", ["manager", "treasurer", "admin"])
def test_every_role_ends_with_the_membership(log_in, session, sample_ring, role):
    fritz = member(session, "Fritz")
    roles = {"manages": (sample_ring.hall,)} if role == "manager" else {f"is_{role}": True}
    user_id = login(session, "Fritz", now=MONDAY, member_id=fritz, **roles)
    page = {"manager": "/approvals", "treasurer": "/costs/charges", "admin": "/admin"}[role]
    browser = log_in(user_id)
    assert browser.get(page).status_code == 200

    leave(session, fritz)

    assert browser.get(page).status_code == 403
    assert browser.post("/machines/combine/edit", data={"name": "Changed"}).status_code == 403
    assert session.get_one(Machine, sample_ring.combine).name != "Changed"


def test_a_deputy_who_has_left_manages_nothing_and_gets_no_mail(session, sample_ring):
    with write_transaction(session):
        days = {"valid_from": SUNDAY, "valid_until": SUNDAY + timedelta(days=9)}
        named = {"named_by": sample_ring.wanda_login, "is_deputy": True}
        session.add(ManagedWorkshop(user_id=sample_ring.anna_login, workshop_id=sample_ring.hall, **named, **days))
    assert logins.by_user_id(session, sample_ring.anna_login, now=MONDAY).managed_workshop_ids == {sample_ring.hall}

    leave(session, sample_ring.anna)

    assert logins.by_user_id(session, sample_ring.anna_login, now=MONDAY).managed_workshop_ids == frozenset()
    assert [one.name for one in recipients.managers_of(session, sample_ring.hall, now=MONDAY)] == ["Wanda"]


@pytest.fixture
def only_rita(session, sample_ring):
    """The only administrator is a member: M-Rita."""
    rita = member(session, "Rita")
    with write_transaction(session):
        user = session.get_one(User, sample_ring.rita_login)
        user.member_id, user.password_hash = rita, "x"
    return rita


def test_the_last_administrator_gets_no_last_day(log_in, session, sample_ring, only_rita):
    rita = log_in(sample_ring.rita_login)
    record = {"number": "M-Rita", "name": "Rita", "price_class": "member", "revision": "0", "left_on": "2027-12-31"}

    answer = rita.post(f"/admin/members/{only_rita}", data=record)

    assert answer.status_code == 409
    assert "whose membership has no last day" in answer.text
    assert 'value="2027-12-31"' in answer.text
    login(session, "Rosa", now=MONDAY, is_admin=True, password_hash="x")
    assert rita.post(f"/admin/members/{only_rita}", data=record).status_code == 303
    rosa = accounts.user_id_of(session, "rosa@ring.example")
    with pytest.raises(LastAdministrator), write_transaction(session):
        accounts.disable(session, rosa, by=SOMEBODY, now=MONDAY)


def test_an_import_that_ends_the_last_administrator_is_refused_by_its_row(log_in, session, sample_ring, only_rita):
    rosa_member = member(session, "Rosa")
    login(session, "Rosa", now=MONDAY, is_admin=True, password_hash="x", member_id=rosa_member)
    rita = log_in(sample_ring.rita_login)
    table = "number;name;left_on\nM-Rita;Rita;22.11.2026\nM-Rosa;Rosa;22.11.2026\nM-Anna;Anna;22.11.2026\n"

    answer = rita.post("/admin/import/members/store", data={"text": table})

    assert answer.status_code == 422
    assert answer.text.count("This member is the ring&#39;s last administrator") == 1
    assert set(session.scalars(select(Member.left_on))) == {None}
