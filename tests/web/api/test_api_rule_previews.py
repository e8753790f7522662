"""Programs see what a change of rules would mean before they store it, as the forms show it to managers."""

from __future__ import annotations

import pytest

from booking import queries
from booking.machines.machines import own_openings
from tests.builders import hours, reserve
from tests.conftest import MONDAY
from tests.web.programs import program_of


@pytest.fixture
def wanda(app, session, sample_ring):
    return program_of(app, session, sample_ring.wanda_login, now=MONDAY)


def evening(session, sample_ring):
    """Anna has the combine from 20 to 22 o'clock of Tuesday."""
    return reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 36, 38), now=MONDAY).id


def test_own_hours_and_rules_of_a_machine_are_previewed_and_then_stored_as_seen(session, sample_ring, wanda):
    reserved = evening(session, sample_ring)
    address = f"/machines/{sample_ring.combine}"
    days = [{"weekday": day, "opens_minute": 480, "closes_minute": 1080} for day in range(5)]
    change = {"own_hours": days, "rules": {"cleaning_min": 30, "needs_approval": True}}

    shown = wanda.patch(address, change | {"preview": True}).json

    broken = {"reservation_id": reserved, "rules": ["opening_hours"]}
    assert (shown["outside"], shown["outside_count"]) == ([broken], 1)
    assert (shown["asked"], shown["refused"], shown["members"], shown["examples"]) == (1, 1, 1, [broken])
    session.rollback()
    assert own_openings(session, sample_ring.combine) == ()  # tried, and rolled back
    assert wanda.patch(address, {"rules": {"horizon_days": 100}, "preview": True}).json["outside_count"] == 0
    session.rollback()
    assert queries.machine_card(session, sample_ring.combine).rules.horizon_days == 365

    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 60, 62), now=MONDAY)
    other = wanda.patch(address, change | {"digest": shown["digest"]})
    assert (other.status_code, other.json["code"]) == (409, "reservations_outside")
    again = wanda.patch(address, change | {"preview": True}).json
    stored = wanda.patch(address, change | {"digest": again["digest"]})
    assert (stored.status_code, stored.json["own_hours"]) == (200, days)
    assert (stored.json["rules"]["cleaning_min"], stored.json["rules"]["needs_approval"]) == (30, True)
    assert wanda.patch(address, {"own_hours": []}).json["own_hours"] == []
    stale = wanda.patch(address, {"own_hours": days}, If_Match=stored.headers["ETag"])
    assert stale.status_code == 412


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({}, "rules"),
        ({"rules": {"cleaning_min": -1}}, "rules.cleaning_min"),
        ({"rules": {"shortest_min": 600, "longest_min": 60}}, "longest_min"),
        ({"rules": {"colour": 1}}, "rules.colour"),
        ({"own_hours": [{"weekday": 7, "opens_minute": 0, "closes_minute": 60}]}, "own_hours.0.weekday"),
        ({"own_hours": [{"weekday": 1, "opens_minute": 60, "closes_minute": 60}]}, "openings"),
        ({"own_hours": [], "digest": "x"}, "digest"),
    ],
)
def test_a_wrong_change_of_a_machine_names_its_field_and_stores_nothing(session, sample_ring, wanda, change, field):
    refused = wanda.patch(f"/machines/{sample_ring.combine}", change | {"preview": False})

    assert (refused.status_code, refused.json["violations"][0]["field"]) == (422, field)
    session.rollback()
    assert queries.machine_card(session, sample_ring.combine).rules.longest_min == 14 * 24 * 60


def test_only_who_manages_the_workshop_changes_or_previews_the_rules_of_its_machines(app, session, sample_ring, wanda):
    anna = program_of(app, session, sample_ring.anna_login, now=MONDAY)
    for preview in (True, False):
        change = {"rules": {"cleaning_min": 30}, "preview": preview}
        assert anna.patch(f"/machines/{sample_ring.combine}", change).status_code == 403
        assert wanda.patch(f"/machines/{sample_ring.laser}", change).status_code == 404


def test_quotas_and_prerequisites_are_previewed_by_the_same_words(session, sample_ring, wanda):
    reserved = evening(session, sample_ring)
    quota = {"measure": "time", "period": "week", "most": 60, "workshop_id": sample_ring.hall}

    shown = wanda.post("/quotas", quota | {"preview": True})

    assert (shown.status_code, shown.json["outside_count"], shown.json["refused"]) == (200, 1, 1)
    assert shown.json["outside"][0]["reservation_id"] == reserved
    assert wanda.get("/quotas").json["items"] == []
    assert wanda.post("/quotas", quota | {"digest": "0" * 16}).status_code == 409
    entered = wanda.post("/quotas", quota | {"digest": shown.json["digest"]})
    assert entered.status_code == 201
    for asked in ({"preview": True}, {}):
        twice = wanda.post("/quotas", quota | {"most": 90} | asked)
        assert (twice.status_code, twice.json["violations"][0]["rule"]) == (422, "quota_twice")
    address = f"/quotas/{entered.json['id']}"
    assert wanda.patch(address, {"most": 30, "preview": True}).json["outside_count"] == 1
    assert wanda.patch(address, {"most": 30, "digest": "0" * 16}).status_code == 409
    assert wanda.patch(address, {"most": 600, "preview": True}).json["refused"] == 0
    assert wanda.get("/quotas").json["items"][0]["most"] == 60


def test_a_requirement_of_an_induction_is_previewed(app, session, sample_ring):
    rita = program_of(app, session, sample_ring.rita_login, now=MONDAY)
    cut = reserve(session, sample_ring.laser, sample_ring.anna, hours(MONDAY, 26, 28), now=MONDAY).id
    basics = rita.post("/induction-kinds", {"name": "Basics"}).json["id"]
    address, change = f"/induction-kinds/{sample_ring.laser_induction}", {"requires": [basics]}

    shown = rita.patch(address, change | {"preview": True}).json

    assert shown["outside"] == [{"reservation_id": cut, "rules": ["prerequisite"]}]
    assert rita.get("/induction-kinds").json["items"][-1]["requires"] == []
    assert rita.patch(address, change | {"digest": "0" * 16}).status_code == 409
    assert rita.patch(address, change | {"digest": shown["digest"]}).json["requires"] == [basics]
