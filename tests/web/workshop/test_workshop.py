"""The manager's desk: hours, closures, inductions."""

from __future__ import annotations

from datetime import timedelta

import pytest

from booking import queries
from booking.errors.schedule_errors import SlotTaken
from booking.kernel.transaction import write_transaction
from booking.models import Workshop
from tests.builders import hours, machine, reserve
from tests.conftest import MONDAY

CLOSURE = {
    "machine": "combine",
    "until": "end",
    "places": "1",
    "date": "2026-11-24",
    "time": "08:00",
    "end_date": "2026-11-25",
    "end_time": "18:00",
    "reason": "Annual service",
}


@pytest.fixture
def wanda(log_in, sample_ring):
    return log_in(sample_ring.wanda_login)


def test_the_desk_shows_only_my_workshops(wanda):
    page = wanda.get("/workshop")

    assert page.status_code == 200
    assert "Maschinenhalle" in page.text
    assert "Offene Werkstatt" not in page.text


@pytest.mark.parametrize("path", ["/workshop", "/workshop/inductions", "/workshop/closures/new", "/workshop/hall/edit"])
def test_it_is_no_desk_for_members(log_in, sample_ring, client, path):
    assert log_in(sample_ring.anna_login).get(path).status_code == 403
    assert client.get(path).status_code == 303


def test_another_workshop_looks_like_a_missing_one(wanda):
    assert wanda.get("/workshop/lab/edit").status_code == 404


def test_a_closure_keeps_members_out_until_it_is_lifted(wanda, sample_ring, session):
    assert wanda.post("/workshop/closures/new", data=CLOSURE).status_code == 303
    with pytest.raises(SlotTaken):
        reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 26, 28), now=MONDAY)

    closure = queries.closures(session, now=MONDAY)[0]
    assert wanda.post(f"/workshop/closures/{closure.id}/lift").status_code == 303
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 26, 28), now=MONDAY)


def test_a_closure_over_a_reservation_names_it_and_keeps_the_entry(wanda, sample_ring, session):
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 26, 28), now=MONDAY)
    page = wanda.post("/workshop/closures/new", data=CLOSURE)

    assert page.status_code == 409
    assert "Anna" in page.text
    assert "Annual service" in page.text


@pytest.mark.parametrize(
    "changes",
    [
        {"end_date": "2026-11-23"},
        {"date": "2026-11-01", "end_date": "2026-11-02"},
        {"date": "", "time": ""},
        {"machine": "laser"},
        {"reason": ""},
        {"reason": "x" * 10_000},
    ],
)
def test_a_wrong_closure_is_refused_and_writes_nothing(wanda, session, changes):
    assert wanda.post("/workshop/closures/new", data=CLOSURE | changes).status_code == 422
    assert queries.closures(session, now=MONDAY) == ()


def test_hours_are_written_as_people_do(wanda, session):
    place = queries.workshop(session, "hall")
    form = {"name": "Halle", "slug": "hall", "timezone": "Europe/Berlin", "holidays_region": "DE-BY"}
    form |= {"monday": "8-12, 13:00-18:30", "sunday": "", "revision": place.revision}
    assert wanda.post("/workshop/hall/edit", data=form).status_code == 303

    assert queries.workshop(session, "hall").openings == ((0, 480, 720), (0, 780, 1110))
    assert "8:00-12:00, 13:00-18:30" in wanda.get("/workshop/hall/edit").text


@pytest.mark.parametrize("monday", ["morning", "18-8", "8-25", "8:99-9", "8-12, 11-13"])
def test_hours_that_make_no_sense_are_refused(wanda, session, monday):
    form = {"name": "Halle", "slug": "hall", "timezone": "Europe/Berlin", "holidays_region": "DE-BY", "monday": monday}

    assert wanda.post("/workshop/hall/edit", data=form | {"revision": 0}).status_code == 422
    assert queries.workshop(session, "hall").name == "Maschinenhalle"


def test_kinds_of_induction_have_one_name_each(wanda, sample_ring):
    assert wanda.post("/workshop/inductions/kinds", data={"name": "Saw", "valid_months": "6"}).status_code == 303
    assert wanda.post("/workshop/inductions/kinds", data={"name": "Saw", "valid_months": "6"}).status_code == 422


def test_a_closure_that_is_over_is_not_lifted(wanda, sample_ring, session, clock):
    wanda.post("/workshop/closures/new", data=CLOSURE)
    closure = queries.closures(session, now=MONDAY)[0]
    clock.instant = MONDAY + timedelta(days=7)

    page = wanda.post(f"/workshop/closures/{closure.id}/lift", follow_redirects=True)
    assert "no longer" in page.text


def test_the_codes_of_a_workshop_are_printed_two_or_four_on_a_sheet(session, sample_ring, log_in, wanda):
    with write_transaction(session):
        session.get_one(Workshop, sample_ring.hall).phone = "08841 12"
    two, four = wanda.get("/workshop/hall/qr-sheets").text, wanda.get("/workshop/hall/qr-sheets?per=4").text

    assert "qr-many-2" in two
    assert "qr-many-4" in four
    assert "qr-many-2" in wanda.get("/workshop/hall/qr-sheets?per=9").text
    for slug in ("combine", "splitter", "cold-store"):
        assert f'src="/machines/{slug}/qr.svg"' in two, slug
    for words in ("08841 12", "112", "Combine"):
        assert words in two, words
    assert "laser" not in two
    assert wanda.get("/workshop/lab/qr-sheets").status_code == 404
    assert log_in(sample_ring.anna_login).get("/workshop/hall/qr-sheets").status_code == 403


def test_the_codes_of_a_large_workshop_are_paged(session, sample_ring, wanda):
    for number in range(41):
        machine(session, sample_ring.hall, f"tool-{number:02}", name=f"Tool {number:02}")

    first, second = wanda.get("/workshop/hall/qr-sheets").text, wanda.get("/workshop/hall/qr-sheets?page=2").text

    assert first.count('class="card-r qr-one"') == 40
    assert "41 to 44 of 44" in second
