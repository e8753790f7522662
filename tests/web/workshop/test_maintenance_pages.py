"""Maintenance by the meter: set, planned, noted as done and ended by managers, from page and API."""

from __future__ import annotations

import pytest

from booking.kernel.transaction import write_transaction
from booking.machines import machines, maintenance
from booking.machines.maintenance import Done, MaintenanceInput
from booking.queries import maintenance as queries
from booking.timespan import TimeSpan
from booking.use.usage import Measurement, UnreservedUse, record_usage
from tests.builders import SOMEBODY, hours
from tests.conftest import MONDAY

TODAY = MONDAY.date()
H = 3_600


def use(session, sample_ring, seconds):
    span = TimeSpan(MONDAY - hours(MONDAY, 0, 1).length, MONDAY)
    with write_transaction(session):
        entered = UnreservedUse(sample_ring.splitter, sample_ring.anna, span, Measurement(amount=seconds))
        record_usage(session, entered, by=SOMEBODY, now=MONDAY)


@pytest.fixture
def interval(session, sample_ring, clock):
    """An interval of one hour at the splitter, of which 54 minutes are used: 90 %."""
    with write_transaction(session):
        last = Done(done_on=TODAY.replace(day=20))
        entered = MaintenanceInput(name="Oil change", interval_amount=H, last=last)
        new_id = maintenance.set_interval(session, sample_ring.splitter, entered, by=SOMEBODY, now=MONDAY)
    use(session, sample_ring, 54 * 60)
    return new_id


def form(**changes):
    return {"name": "Oil change", "interval": "250", "done_on": TODAY.isoformat(), "reading": ""} | changes


@pytest.mark.parametrize(
    ("field", "entered", "text"),
    [
        ("interval", "0", "An interval is more than zero."),
        ("interval", "-5", "An interval is more than zero."),
        ("interval", "often", "“often” is not a number."),
        ("interval", "", "Please enter after how much use."),
        ("interval", "99999999", "This number is too large"),
        ("name", " ", "Please enter what is done."),
        ("done_on", "2027-11-23", "This day is still to come."),
        ("reading", "-1", "An amount cannot be negative."),
    ],
)
def test_what_cannot_be_meant_is_refused_at_its_field(session, sample_ring, log_in, field, entered, text):
    answer = log_in(sample_ring.wanda_login).post("/workshop/maintenance/new/splitter", data=form(**{field: entered}))
    assert answer.status_code == 422
    assert text in answer.text
    assert queries.maintenances(session, now=MONDAY) == ()


def test_a_manager_enters_plans_notes_as_done_changes_and_ends(session, sample_ring, interval, log_in, clock):
    wanda = log_in(sample_ring.wanda_login)
    for page in ("/machines/splitter", "/workshop/maintenance", f"/workshop/maintenance/{interval}"):
        shown = wanda.get(page).text
        assert "54 min of 1 h, due about Tue 24 November at the present rate" in shown
    planned = wanda.get(f"/workshop/closures/new?machine=splitter&maintenance={interval}").text
    for value in ('value="2026-11-24"', 'value="08:00"', 'value="17:00"', 'value="Oil change"'):
        assert value in planned

    at = f"/workshop/maintenance/{interval}"
    assert "It was done last on" in wanda.post(at, data={"done_on": "2026-11-01"}).text
    done = {"done_on": TODAY.isoformat(), "note": "filter too", "revision": "0"}
    assert wanda.post(at, data=done).status_code == 303
    again = wanda.post(at, data=done)
    assert again.status_code == 409
    shown = wanda.get(at).text
    assert "0 min of 1 h" in shown or "0 h of 1 h" in shown or "0 s of 1 h" in shown
    assert "filter too" in shown

    stored = queries.maintenance(session, interval, now=MONDAY)
    change = {"name": "Oil", "interval": "2:30", "revision": str(stored.revision)}
    assert wanda.post(f"{at}/change", data=change).status_code == 303
    assert wanda.get(f"{at}/change").status_code == 200
    assert wanda.post(f"{at}/end").status_code == 303
    assert wanda.get(at).status_code == 404
    created = wanda.post("/workshop/maintenance/new/splitter", data=form())
    assert created.status_code == 303


def test_other_managers_members_and_retired_machines_get_nothing(session, sample_ring, interval, log_in):
    with write_transaction(session):
        machines.retire(session, sample_ring.combine, by=SOMEBODY, now=MONDAY)
    wanda, anna = log_in(sample_ring.wanda_login), log_in(sample_ring.anna_login)
    assert wanda.get("/workshop/maintenance/new/combine").status_code == 404
    assert wanda.post("/workshop/maintenance/new/combine", data=form()).status_code == 404
    assert wanda.post("/workshop/maintenance/new/laser", data=form()).status_code == 404  # of the lab
    assert anna.get(f"/workshop/maintenance/{interval}").status_code in (403, 404)
    assert "Oil change" not in anna.get("/machines/splitter").text
    with write_transaction(session):
        last = Done(done_on=TODAY)
        entered = MaintenanceInput(name="Lens", interval_amount=H, last=last)
        other = maintenance.set_interval(session, sample_ring.laser, entered, by=SOMEBODY, now=MONDAY)
    for address in ("", "/change", "/end"):
        sent = wanda.post(f"/workshop/maintenance/{other}{address}", data=form(revision="0"))
        assert sent.status_code == 404
    assert "Lens" not in wanda.get("/workshop/maintenance").text
    planned = wanda.get(f"/workshop/closures/new?machine=splitter&maintenance={other}")
    assert planned.status_code == 404


def test_the_api_does_the_same_for_the_managers_of_the_machine(session, sample_ring, interval, speak_as):
    wanda, anna = speak_as(sample_ring.wanda_login), speak_as(sample_ring.anna_login)
    at = f"/machines/{sample_ring.splitter}/maintenance"
    (listed,) = wanda.get(at).json["items"]
    assert (listed["used"], listed["interval"]) == (
        {"amount": "0.90", "unit": "hour"},
        {"amount": "1.00", "unit": "hour"},
    )
    assert (listed["is_due"], listed["due_on"], listed["last_reading"]) == (True, "2026-11-24", None)
    assert anna.get(at).status_code in (403, 404)
    assert wanda.get(f"/machines/{sample_ring.laser}/maintenance").status_code == 404

    new = {"name": "Belt", "interval": {"amount": "500", "unit": "hour"}, "last_done_on": "2026-11-01"}
    entered = wanda.post(at, new)
    assert entered.status_code == 201, entered.json
    one = f"/maintenance/{entered.json['id']}"
    for amount, unit in (("0", "hour"), ("5", "ha")):
        refused = wanda.patch(one, {"name": "Belt", "interval": {"amount": amount, "unit": unit}})
        assert refused.status_code == 422
    changed = wanda.patch(one, {"name": "Belts", "interval": {"amount": "400", "unit": "hour"}})
    assert (changed.status_code, changed.json["name"]) == (200, "Belts")
    stale = wanda.post(f"{one}/done", {"done_on": "2026-11-23"}, **{"If-Match": entered.headers["ETag"]})
    assert stale.status_code == 412
    done = wanda.post(f"{one}/done", {"done_on": "2026-11-23", "note": "new"})
    assert (done.status_code, done.json["used"]["amount"]) == (200, "0.00")
    assert wanda.post(f"{one}/end").json == {"id": entered.json["id"]}
    assert wanda.post(f"{one}/end").status_code == 404
