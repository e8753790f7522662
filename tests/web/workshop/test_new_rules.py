"""New hours, zone, holidays or rules over reservations: named before saving, listed afterwards, members told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select, update

from app.imports.table_import import import_table, preview_table, read
from booking import queries
from booking.errors.schedule_errors import ANY, ReservationsOutside
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.machines.machines import MachineInput
from booking.models import Reservation
from booking.records.workshops import WorkshopInput
from booking.reservations import decisions, reservations
from booking.rule_changes import rule_changes
from booking.times.opening_hours import ALWAYS
from tests.builders import SOMEBODY, hours, login, reserve
from tests.conftest import MONDAY
from tests.integration.mails.test_notifications import mails
from tests.web.filled_forms import form_with
from tests.web.programs import program_of

HALL = WorkshopInput(slug="hall", name="Maschinenhalle")
DAYS = tuple((day, 8 * 60, 18 * 60) for day in range(7))


@pytest.fixture
def wanda(log_in, sample_ring):
    return log_in(sample_ring.wanda_login)


@pytest.fixture
def nights(session, sample_ring):
    """Two of Anna's reservations and one of Bernd's at night, and one of Anna's by day."""
    night = [
        reserve(session, machine_id, member_id, hours(MONDAY, start, start + 2), now=MONDAY).id
        for machine_id, member_id, start in (
            (sample_ring.combine, sample_ring.anna, 38),
            (sample_ring.splitter, sample_ring.anna, 39),
            (sample_ring.combine, sample_ring.bernd, 62),
        )
    ]
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 28, 30), now=MONDAY)
    mails(session)
    return night


def edited(client, path, field, **changes):
    return form_with(client.get(path).text, field) | changes


DAYTIME = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), "8-18")


def test_new_hours_name_what_lies_outside_before_they_are_saved(wanda, nights, session):
    form = edited(wanda, "/workshop/hall/edit", "monday", **DAYTIME)
    asked = wanda.post("/workshop/hall/edit", data=form | {"name": "Halle"})

    assert asked.status_code == 409
    assert "3 reservations lie outside the new rules" in asked.text
    assert asked.text.count("outside the opening hours") >= 3
    assert 'value="Halle"' in asked.text
    assert queries.workshop(session, "hall").openings == ALWAYS
    assert queries.outside_count(session, None, now=MONDAY) == 0
    fingerprint = asked.text.split('name="confirmed" value="')[1].split('"')[0]
    again = form_with(asked.text, "monday")
    assert wanda.post("/workshop/hall/edit", data=again | {"confirmed": "wrong"}).status_code == 409
    assert wanda.post("/workshop/hall/edit", data=again | {"confirmed": fingerprint}).status_code == 303
    assert queries.workshop(session, "hall").name == "Halle"
    for path in ("/today", "/workshop"):
        assert "3 reservations lie outside the new rules" in wanda.get(path).text
    assert mails(session) == []


def test_the_desk_lists_them_until_they_are_moved_cancelled_or_accepted(wanda, nights, session):
    change_hours(session)
    page = wanda.get("/workshop/outside").text
    assert page.count("outside the opening hours") == 3

    assert wanda.post(f"/workshop/outside/{nights[0]}/accept").status_code == 303
    with write_transaction(session):
        reservations.cancel(session, nights[1], by=SOMEBODY, now=MONDAY)
        reservations.move(session, nights[2], hours(MONDAY, 52, 54), by=SOMEBODY, now=MONDAY)
    assert "No reservation lies outside" in wanda.get("/workshop/outside").text
    assert queries.outside_count(session, None, now=MONDAY) == 0


def test_members_are_told_on_request_once_and_with_one_mail_each(wanda, nights, session):
    change_hours(session)
    told = wanda.post("/workshop/outside/tell", follow_redirects=True)
    assert "2 members get an e-mail each" in told.text
    assert mails(session) == [("outside_rules", "anna@ring.example"), ("outside_rules", "bernd@ring.example")]

    assert "told already" in wanda.post("/workshop/outside/tell", follow_redirects=True).text
    assert mails(session) == []


def test_the_mail_is_asked_for_with_the_confirmation(wanda, nights, session):
    form = edited(wanda, "/workshop/hall/edit", "monday", **DAYTIME)
    asked = wanda.post("/workshop/hall/edit", data=form).text
    fingerprint = asked.split('name="confirmed" value="')[1].split('"')[0]
    wanda.post("/workshop/hall/edit", data=form | {"confirmed": fingerprint, "tells_members": "y"})

    assert len(mails(session)) == 2


@pytest.mark.parametrize(
    "data",
    [
        replace(HALL, timezone="Pacific/Auckland"),
        replace(HALL, is_closed_on_holidays=True, holidays_region="DE-XX"),
    ],
    ids=["zone", "holidays"],
)
def test_a_new_zone_or_holidays_are_judged_the_same_way(session, sample_ring, data):
    holiday = hours(MONDAY, 24 * 32 + 3, 24 * 32 + 5)  # 25 December
    change_hours(session)
    reserve(session, sample_ring.combine, sample_ring.anna, holiday, now=MONDAY)
    data = replace(data, holidays_region="DE-BY")
    with pytest.raises(ReservationsOutside), write_transaction(session):
        rule_changes.change_workshop(session, sample_ring.hall, data, DAYS, by=SOMEBODY, now=MONDAY)


@pytest.mark.parametrize(
    ("rule", "value", "count"),
    [("longest_min", 60, 3), ("shortest_min", 180, 3), ("step_min", 90, 3), ("induction_kind_id", 1, 1)],
)
def test_new_rules_of_a_machine_are_judged_and_others_are_not(session, sample_ring, nights, rule, value, count):
    data = MachineInput(slug="combine", name="Combine", charge_unit="ha")
    of_asking = replace(data, notice_hours=500)
    with pytest.raises(ReservationsOutside) as refusal, write_transaction(session):
        rule_changes.change_machine(session, sample_ring.combine, of_asking, places=1, by=SOMEBODY, now=MONDAY)
    assert refusal.value.facts == {"count": 0, "refused": 3}, "notice judges nobody afterwards, but is shown before"
    for harmless in ({"late_cancel_hours": 72}, {"name": "Claas"}):
        with write_transaction(session):
            changed = replace(data, **harmless)
            rule_changes.change_machine(session, sample_ring.combine, changed, places=1, by=SOMEBODY, now=MONDAY)
    changed = replace(data, **{rule: value})
    with pytest.raises(ReservationsOutside) as refusal, write_transaction(session):
        rule_changes.change_machine(session, sample_ring.combine, changed, places=1, by=SOMEBODY, now=MONDAY)
    assert refusal.value.facts["count"] == count


def test_the_machines_page_asks_and_keeps_what_was_typed(wanda, nights, session):
    form = edited(wanda, "/machines/combine/edit", "longest_min", longest_min="60", description="Six rows")
    asked = wanda.post("/machines/combine/edit", data=form)

    assert asked.status_code == 409
    assert "Six rows" in asked.text
    fingerprint = asked.text.split('name="confirmed" value="')[1].split('"')[0]
    assert wanda.post("/machines/combine/edit", data=form | {"confirmed": fingerprint}).status_code == 303
    assert queries.machine_card(session, "combine").rules.longest_min == 60


def test_an_import_lists_them_afterwards(session, sample_ring, nights):
    table = read("machines", b"slug;name;workshop;longest_min\ncombine;Combine;Maschinenhalle;60\n")
    before = preview_table(session, "machines", table, by=SOMEBODY, now=MONDAY)
    assert before.outside == 3
    assert "3" in before.rows[0].reasons[0]
    assert queries.outside_count(session, [sample_ring.hall], now=MONDAY) == 0
    import_table(session, "machines", table, by=SOMEBODY, now=MONDAY)

    assert queries.outside_count(session, [sample_ring.hall], now=MONDAY) == 3


def test_rules_that_return_take_the_marks_away_and_other_changes_do_not_ask_again(session, sample_ring, nights):
    change_hours(session)
    with write_transaction(session):
        named = replace(HALL, name="Halle")
        rule_changes.change_workshop(session, sample_ring.hall, named, DAYS, by=SOMEBODY, now=MONDAY)
    assert queries.outside_count(session, None, now=MONDAY) == 3
    with write_transaction(session):
        rule_changes.change_workshop(session, sample_ring.hall, HALL, ALWAYS, by=SOMEBODY, now=MONDAY)
    assert queries.outside_count(session, None, now=MONDAY) == 0


def test_what_is_over_or_in_use_is_not_listed(session, nights):
    change_hours(session, now=hours(MONDAY, 70, 71).start)

    assert session.scalar(select(func.count()).where(Reservation.outside_rules_since.is_not(None))) == 0


def test_a_manager_of_another_workshop_accepts_nothing(log_in, nights, session, sample_ring):
    change_hours(session)

    assert log_in(sample_ring.anna_login).post(f"/workshop/outside/{nights[0]}/accept").status_code == 403
    assert log_in(sample_ring.karl_login).get("/workshop/outside").status_code == 403
    lena = log_in(login(session, "lena", now=MONDAY, manages=(sample_ring.lab,)))
    assert lena.post(f"/workshop/outside/{nights[0]}/accept").status_code == 404
    assert "No reservation lies outside" in lena.get("/workshop/outside").text
    assert session.scalar(select(RecordedEvent.id).where(RecordedEvent.type == "reservation_accepted")) is None


def change_hours(session, now=MONDAY):
    with write_transaction(session):
        hall = queries.workshop(session, "hall").id
        rule_changes.change_workshop(session, hall, HALL, DAYS, by=SOMEBODY, now=now, confirmed=ANY)


def test_a_waiting_move_is_judged_by_the_time_that_is_confirmed_too(wanda, session, sample_ring):
    machine_id, night, day = sample_ring.splitter, hours(MONDAY, 62, 64), hours(MONDAY, 76, 78)
    asked = reserve(session, machine_id, sample_ring.anna, night, now=MONDAY).id
    with write_transaction(session):
        decisions.approve(session, asked, by=SOMEBODY, now=MONDAY)
        reservations.move(session, asked, day, by=SOMEBODY, now=MONDAY)
    mails(session)
    change_hours(session)

    assert [one.id for one in queries.outside_marks(session, None, now=MONDAY)] == [asked]
    page = wanda.get("/workshop/outside").text
    assert page.count("outside the opening hours") == 1
    assert "confirmed until it is decided" in page
    with write_transaction(session):
        reservations.move(session, asked, hours(MONDAY, 77, 78), by=SOMEBODY, now=MONDAY)
    assert queries.outside_count(session, None, now=MONDAY) == 1
    with write_transaction(session):
        reservations.withdraw_move(session, asked, by=SOMEBODY, now=MONDAY)
    assert queries.outside_count(session, None, now=MONDAY) == 1
    with write_transaction(session):
        reservations.move(session, asked, day, by=SOMEBODY, now=MONDAY)
        decisions.approve(session, asked, by=SOMEBODY, now=MONDAY)
    assert queries.outside_count(session, None, now=MONDAY) == 0


def test_all_are_accepted_at_once_unless_the_list_has_changed(wanda, nights, session, sample_ring):
    change_hours(session)
    shown = wanda.get("/workshop/outside").text
    assert "Keep all 3 as they are" in shown
    with write_transaction(session):  # one leaves the list, another one enters it
        reservations.cancel(session, nights[0], by=SOMEBODY, now=MONDAY)
        session.get(Reservation, nights[0] + 3).outside_rules_since = MONDAY

    page = wanda.post("/workshop/outside/accept", data=form_with(shown, "seen"), follow_redirects=True).text
    assert "The list has changed meanwhile. Nothing was accepted" in page
    assert queries.outside_count(session, None, now=MONDAY) == 3
    for values in ({"outside_rules_since": hours(MONDAY, -1, 0).start}, {"revision": Reservation.revision + 1}):
        with write_transaction(session):  # one breaks a further rule, or is moved
            session.execute(update(Reservation).where(Reservation.id == nights[1]).values(values))
        page = wanda.post("/workshop/outside/accept", data=form_with(page, "seen"), follow_redirects=True).text
        assert "The list has changed meanwhile. Nothing was accepted" in page
    wanda.post("/workshop/outside/accept", data=form_with(page, "seen"))
    assert queries.outside_count(session, None, now=MONDAY) == 0
    none = {"seen": rule_changes.digest_of(())}
    again = wanda.post("/workshop/outside/accept", data=none, follow_redirects=True).text
    assert "0 reservations" not in again


def test_programs_list_accept_and_tell(app, nights, session, sample_ring):
    change_hours(session)
    lab = login(session, "lena", now=MONDAY, manages=(sample_ring.lab,))
    wanda, lena, anna = (
        program_of(app, session, one, now=MONDAY) for one in (sample_ring.wanda_login, lab, sample_ring.anna_login)
    )
    assert [anna.get("/outside-rules").status_code, anna.post("/outside-rules/tell").status_code] == [403, 403]
    empty = lena.get("/outside-rules").json
    assert (empty["count"], empty["items"]) == (0, [])
    assert lena.post(f"/outside-rules/{nights[0]}/accept").status_code == 404
    assert lena.post("/outside-rules/accept", {"digest": empty["digest"]}).json == {"count": 0}
    assert lena.post("/outside-rules/tell").json == {"count": 0}

    first = wanda.get("/outside-rules", limit=2).json
    rest = wanda.get("/outside-rules", limit=2, cursor=first["next"]).json
    found = [*first["items"], *rest["items"]]
    assert [one["reservation"]["id"] for one in found] == nights
    assert {one["violations"][0]["rule"] for one in found} == {"opening_hours"}
    assert (first["count"], rest["next"], first["digest"]) == (3, None, rest["digest"])

    assert wanda.post("/outside-rules/tell").json == {"count": 2}
    assert wanda.post("/outside-rules/tell").json == {"count": 0}
    told = [address for template, address in mails(session) if template == "outside_rules"]
    assert told == ["anna@ring.example", "bernd@ring.example"]
    for _again in range(2):
        accepted = wanda.post(f"/outside-rules/{nights[0]}/accept")
        assert (accepted.status_code, accepted.json["told_at"]) == (200, MONDAY.isoformat().replace("+00:00", "Z"))
    stale = wanda.post("/outside-rules/accept", {"digest": first["digest"]})
    assert (stale.status_code, stale.json["code"]) == (412, "stale_revision")
    assert queries.outside_count(session, None, now=MONDAY) == 2
    session.rollback()
    assert (
        wanda.post("/outside-rules/accept", {"digest": wanda.get("/outside-rules").json["digest"]}).json["count"] == 2
    )
    assert queries.outside_count(session, None, now=MONDAY) == 0
    accepted_events = select(func.count()).where(RecordedEvent.type == "reservation_accepted")
    assert session.scalar(accepted_events) == 3  # each once, however often it was sent
