"""Giving back, asking for more, deciding at once and overruling, on the pages and by the API: both say the same."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.models import Machine, Workshop
from booking.reservations import decisions
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY
from tests.web.programs import times, wish

WEDNESDAY = hours(MONDAY, 48, 52)  # 25 November, 8 to 12


@pytest.fixture
def splitter(session, sample_ring):
    """Anna's approved reservation of the splitter."""
    reservation_id = reserve(session, sample_ring.splitter, sample_ring.anna, WEDNESDAY, now=MONDAY).id
    with write_transaction(session):
        decisions.approve(session, reservation_id, by=SOMEBODY, now=MONDAY)
    return reservation_id


@pytest.fixture
def pages(log_in, sample_ring):
    """The pages as Anna and as Wanda see them."""
    return log_in(sample_ring.anna_login), log_in(sample_ring.wanda_login)


def change_rules(session, machine_id, **rules):
    with write_transaction(session):
        session.execute(update(Machine.__table__).where(Machine.id == machine_id).values(**rules))


def new_time(start="08:00", hours_long="4", revision="1", **changes):
    span = {"date": "2026-11-25", "time": start, "until": "length", "hours": hours_long, "minutes": "0"}
    return {**span, "places": "1", "revision": revision, **changes}


def entry(member_id, **changes):
    """A wish for the splitter on Wednesday, as the form of a new reservation sends it."""
    return {**new_time(), "machine": "splitter", "member": str(member_id), "form_key": "one", **changes}


def overruled(session):
    session.rollback()
    facts = session.scalars(select(RecordedEvent.facts).where(RecordedEvent.type == "rules_overruled")).all()
    return [(each["rules"], each["reason"]) for each in facts]


def test_a_member_keeps_less_without_approval_and_wishes_more_without_a_risk(pages, splitter):
    anna, wanda = pages
    address = f"/reservations/{splitter}"

    less = anna.post(f"{address}/move", data=new_time(hours_long="3"), follow_redirects=True)
    assert "The reservation is changed" in less.text
    more = anna.post(f"{address}/move", data=new_time(hours_long="5", revision="2"), follow_redirects=True)
    assert "Confirmed: Wed 25 November, 8:00 to 11:00." in more.text
    assert "Wed 25 November, 8:00 to 13:00" in more.text

    withdrawn = anna.post(f"{address}/move/withdraw", follow_redirects=True)
    assert "The request for another time is withdrawn" in withdrawn.text
    assert anna.post(f"{address}/move/withdraw").status_code == 409

    anna.post(f"{address}/move", data=new_time(hours_long="5", revision="4"))
    wanda.post("/approvals", data={"one": f"decline:{splitter}:5", f"reason_{splitter}": "Bernd needs it"})
    declined = anna.get(address).text
    assert "The workshop declined another time; this one stays. Reason: Bernd needs it" in declined
    assert "Wed 25 November, 8:00 to 11:00" in declined


def test_the_end_of_what_is_out_is_moved_on_the_page(pages, splitter, clock):
    anna, _wanda = pages
    address = f"/reservations/{splitter}"
    clock.instant = WEDNESDAY.start
    anna.post(f"/usage/hand-out/{splitter}", data={"revision": "1"})
    page = anna.get(address).text

    assert "Change the end" in page
    assert "only the end can be moved" in anna.get(f"{address}/move").text
    refused = anna.post(f"{address}/move", data=new_time("09:00", revision="2"))
    assert (refused.status_code, "its start stays as it is" in refused.text) == (422, True)
    assert anna.post(f"{address}/move", data=new_time(hours_long="6", revision="2")).status_code == 303


def test_the_same_by_the_api(anna, wanda, splitter):
    path = f"/reservations/{splitter}"
    less = anna.patch(path, times(48, 51))
    assert (less.json["status"], less.json["former"]) == ("confirmed", None)

    more = anna.patch(path, times(48, 53))
    kept = {"starts_at": less.json["starts_at"], "ends_at": less.json["ends_at"], "places": 1}
    assert (more.json["status"], more.json["former"]) == ("requested", kept)
    assert more.json["cancel_until"] == less.json["cancel_until"]

    declined = wanda.post(f"{path}/reject", {"reason": "No"})
    assert (declined.json["status"], declined.json["former"], declined.json["reason"]) == ("confirmed", None, "No")
    assert declined.json["ends_at"] == less.json["ends_at"]


def test_a_manager_enters_and_approves_at_once(session, sample_ring, pages, wanda):
    _anna, manager = pages
    assert "Enter and approve" in manager.get("/reservations/new?machine=splitter").text

    entered = manager.post("/reservations/new", data=entry(sample_ring.anna), follow_redirects=True)
    assert "The reservation is confirmed. The member gets an e-mail." in entered.text

    by_program = wanda.post("/reservations", wish(sample_ring.splitter, member_id=sample_ring.bernd))
    assert by_program.json["status"] == "confirmed"
    left_open = wish(sample_ring.splitter, member_id=sample_ring.bernd, approve=False, **times(80, 82))
    assert wanda.post("/reservations", left_open).json["status"] == "requested"


def test_only_a_manager_approves_and_overrules(sample_ring, anna, splitter):
    for field, value in (("approve", True), ("overrule_reason", "I am in a hurry")):
        answer = anna.post("/reservations", wish(sample_ring.combine, **{field: value}))
        assert (answer.status_code, answer.json["violations"][0]["field"]) == (422, field)
    moved = anna.patch(f"/reservations/{splitter}", {**times(90, 91), "overrule_reason": "Please"})
    assert moved.json["violations"][0]["field"] == "overrule_reason"


def test_a_manager_overrules_notice_with_a_reason(session, sample_ring, pages, wanda):
    member, manager = pages
    change_rules(session, sample_ring.splitter, notice_hours=500)
    for login, is_asked in ((member, False), (manager, True)):
        refused = login.post("/reservations/new", data=entry(sample_ring.anna))
        assert refused.status_code == 422
        assert ("Reason to overrule the rule" in refused.text) is is_asked
    forged = member.post("/reservations/new", data=entry(sample_ring.anna, overrule_reason="I may"))
    assert (forged.status_code, overruled(session)) == (422, [])

    entered = manager.post("/reservations/new", data=entry(sample_ring.anna, overrule_reason="Agreed by phone"))
    assert entered.status_code == 303
    reservation_id = int(entered.location.rsplit("/", 1)[1])
    moved = manager.post(f"/reservations/{reservation_id}/move", data=new_time("14:00", revision="0"))
    assert "Reason to overrule the rule" in moved.text
    reason = new_time("14:00", revision="0", overrule_reason="Rain")
    assert manager.post(f"/reservations/{reservation_id}/move", data=reason).status_code == 303
    by_program = wish(sample_ring.splitter, member_id=sample_ring.bernd, overrule_reason="Urgent")
    assert wanda.post("/reservations", by_program).json["status"] == "confirmed"

    assert overruled(session) == [("notice", "Agreed by phone"), ("notice", "Rain"), ("notice", "Urgent")]


def test_a_manager_approves_what_has_become_too_late_with_a_reason(session, sample_ring, pages, anna, wanda):
    _member, manager = pages
    path = f"/reservations/{anna.post('/reservations', wish(sample_ring.splitter)).json['id']}"
    second = f"/reservations/{anna.post('/reservations', wish(sample_ring.splitter, 5, 6)).json['id']}"
    change_rules(session, sample_ring.splitter, notice_hours=500)

    number = path.rsplit("/", 1)[1]
    refused = manager.post("/approvals", data={"one": f"approve:{number}:0"})
    assert (refused.status_code, "Approve with this reason" in refused.text) == (409, True)
    manager.post("/approvals", data={"one": f"approve:{number}:0", f"overrule_{number}": "Asked in time"})
    assert anna.get(path).json["status"] == "confirmed"
    assert wanda.post(f"{second}/approve").json["code"] == "request_refused"
    assert wanda.post(f"{second}/approve", {"overrule_reason": "This one too"}).json["status"] == "confirmed"

    assert overruled(session) == [("notice", "Asked in time"), ("notice", "This one too")]


def test_a_request_that_may_stay_undecided_names_the_phone(session, sample_ring, pages):
    anna, manager = pages
    with write_transaction(session):
        session.get_one(Workshop, sample_ring.hall).phone = "08841 1234"
    soon = {"date": "2026-11-23", "time": "08:15"}

    checked = anna.post("/reservations/new", data=entry(sample_ring.anna, **soon, check="1"))
    sent = anna.post("/reservations/new", data=entry(sample_ring.anna, **soon), follow_redirects=True)
    for page in (checked, sent):
        assert "It may not be decided before it begins" in page.text
        assert 'href="tel:088411234"' in page.text
    assert "may not be decided" not in anna.post("/reservations/new", data=entry(sample_ring.anna, check="1")).text
    assert "may not be decided" not in manager.get(sent.request.path).text


def test_a_move_that_has_to_be_decided_before_the_former_time_begins_names_the_phone(
    session, sample_ring, pages, clock
):
    anna, _manager = pages
    with write_transaction(session):
        session.get_one(Workshop, sample_ring.hall).phone = "08841 1234"
    soon = reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 2, 4), now=MONDAY).id
    with write_transaction(session):
        decisions.approve(session, soon, by=SOMEBODY, now=MONDAY)
    address = f"/reservations/{soon}/move"

    assert "may not be decided" not in anna.post(address, data=new_time(check="1")).text
    clock.instant = hours(MONDAY, 1, 2).start
    checked = anna.post(address, data=new_time(check="1")).text
    assert "It may not be decided before it begins" in checked
    assert 'href="tel:088411234"' in checked


def test_the_former_time_of_a_waiting_move_is_taken_at_the_machine_and_on_today(pages, splitter, clock):
    anna, wanda = pages
    anna.post(f"/reservations/{splitter}/move", data=new_time(date="2026-12-02"))
    clock.instant = hours(WEDNESDAY.start, -0.5, 1).start

    at_machine = anna.get("/usage/at/splitter").text
    assert "Wed 25 November, 8:00 to 12:00" in at_machine  # within the two days ahead; the wished time is not
    assert "Another time waits for approval. Withdraw it to use this one." in at_machine
    assert "You have no reservation here" not in at_machine
    assert "Anna, requested, Wed 25 November" in wanda.get("/today").text

    anna.post(f"/reservations/{splitter}/move/withdraw")
    assert "Pick it up" in anna.get("/usage/at/splitter").text
