"""Closures that repeat, without typing a rule: the form, what is in the way, the API, lifting all that is left."""

from __future__ import annotations

import pytest

from booking import queries
from tests.builders import hours, reserve
from tests.conftest import MONDAY
from tests.web.filled_forms import form_with
from tests.web.programs import program_of
from tests.web.test_workshop import CLOSURE

WEEKLY = {"repeats": "WEEKLY", "interval": "1", "ends": "count", "times": "3"}


@pytest.fixture
def wanda(log_in, sample_ring):
    return log_in(sample_ring.wanda_login)


def test_a_machine_is_closed_again_and_again_and_all_is_lifted_with_one_button(wanda, session):
    page = wanda.get("/workshop/closures/new?machine=combine").text
    assert 'name="repeats"' in page
    sent = wanda.post("/workshop/closures/new", data=CLOSURE | WEEKLY)

    assert sent.status_code == 303, sent.text
    found = queries.closures(session, now=MONDAY)
    assert [(one.starts_at - found[0].starts_at).days for one in found] == [0, 7, 14]
    change = wanda.get(f"/workshop/closures/{found[1].id}/change").text
    assert "It repeats: 3 closures are on or to come." in change
    assert 'name="repeats"' not in change
    action = change.split('/lift"')[0].rsplit('action="', 1)[1] + "/lift"
    assert "/closures/series/" in action
    assert wanda.post(action, data=form_with(change, "csrf_token")).status_code == 303
    session.expire_all()
    assert queries.closures(session, now=MONDAY) == ()


def test_what_is_in_the_way_of_any_of_them_is_shown_before(wanda, session, sample_ring):
    day = hours(MONDAY, 24 + 7 * 24 + 3, 24 + 7 * 24 + 5)  # in the second closure
    reserve(session, sample_ring.combine, sample_ring.anna, day, now=MONDAY)
    refused = wanda.post("/workshop/closures/new", data=CLOSURE | WEEKLY)

    assert refused.status_code == 409
    assert "There are reservations in that time" in refused.text
    assert queries.closures(session, now=MONDAY) == ()
    sent = wanda.post("/workshop/closures/new", data=CLOSURE | WEEKLY | {"around_reservations": "y"})
    assert sent.status_code == 303
    second = queries.closures(session, now=MONDAY)[1]
    assert "Plan for Combine" in wanda.get(f"/workshop/closures/{second.id}/plan").text


@pytest.mark.parametrize(
    "wrong",
    [
        {"times": "201"},
        {"times": "0"},
        {"times": ""},
        {"ends": "until", "ends_on": "2026-01-01"},
        {"interval": "0"},
        {"repeats": "HOURLY"},
        {"repeats": "DAILY", "end_date": "2026-11-26"},  # would overlap itself
    ],
)
def test_a_rule_that_cannot_be_is_refused_at_its_field(wanda, session, wrong):
    refused = wanda.post("/workshop/closures/new", data=CLOSURE | WEEKLY | wrong)
    assert refused.status_code == 422
    assert 'class="fault"' in refused.text
    assert queries.closures(session, now=MONDAY) == ()


def test_programs_close_by_a_rule(app, session, sample_ring):
    api = program_of(app, session, sample_ring.wanda_login, now=MONDAY)
    body = {
        "machine_id": sample_ring.combine,
        "starts_at": "2026-11-24T08:00:00+01:00",
        "ends_at": "2026-11-24T10:00:00+01:00",
        "reason": "service",
    }
    for rule in (
        "FREQ=HOURLY;COUNT=3",
        "FREQ=WEEKLY",
        "FREQ=DAILY;COUNT=10000",
        "nonsense",
        "FREQ=DAILY;BYHOUR=8;COUNT=2",
    ):
        assert api.post("/closure-series", body | {"rrule": rule}).status_code == 422, rule
    made = api.post("/closure-series", body | {"rrule": "FREQ=MONTHLY;COUNT=3"})
    assert made.status_code == 201, made.json
    assert [one["starts_at"][:10] for one in made.json["closures"]] == ["2026-11-24", "2026-12-24", "2027-01-24"]
    assert api.post("/closure-series", body | {"rrule": "FREQ=DAILY;COUNT=2"}).json["code"] == "slot_taken"
    path = f"/closure-series/{made.json['id']}"
    assert api.get(path).json == made.json
    assert {one["revision"] for one in api.post(f"{path}/lift").json["closures"]} == {1}
    assert {one["revision"] for one in api.post(f"{path}/lift").json["closures"]} == {1}  # nothing is left to lift
