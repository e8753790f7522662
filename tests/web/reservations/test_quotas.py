"""Quotas: entered by managers after a preview, told to members with their figures, from page and API."""

from __future__ import annotations

from datetime import timedelta

import pytest

from booking import queries
from booking.kernel.transaction import write_transaction
from booking.quotas import quotas
from booking.quotas.quotas import QuotaInput
from booking.records import groups
from booking.records.groups import GroupInput, RankedMachine
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY
from tests.web.programs import program_of
from tests.web.reservations.test_new_reservation import wish

NEW = "/workshop/quotas/new"


@pytest.fixture
def week(session, sample_ring):
    """Eight hours a week for each member, of all machines of the hall."""
    with write_transaction(session):
        entered = QuotaInput(measure="time", period="week", most=8 * 60, workshop_id=sample_ring.hall)
        return quotas.enter_quota(session, entered, by=SOMEBODY, now=MONDAY)


def form(sample_ring, **changes):
    entered = {
        "measure": "time-week",
        "most": "4",
        "machine_id": f"workshop-{sample_ring.hall}",
        "price_class": "everybody",
    }
    return entered | changes


def test_a_manager_sees_what_a_quota_would_have_refused_before_it_is_entered(session, sample_ring, log_in):
    early = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 4), now=MONDAY)
    late = reserve(
        session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 30, 33), now=MONDAY + timedelta(hours=1)
    )
    wanda = log_in(sample_ring.wanda_login)
    asked = wanda.post(NEW, data=form(sample_ring))
    assert asked.status_code == 409
    for text in (
        "1 reservation lies outside the new rules",
        "In the last year it would have refused 1 reservation",
        f"/reservations/{late.id}",
        "3 h are used; this would be 3 h more. 1 h would still fit.",
    ):
        assert text in asked.text
    assert f"/reservations/{early.id}" not in asked.text
    assert queries.quotas(session, None) == ()

    fingerprint = (
        asked.text.partition('name="confirmed" value="')[2].partition('"')[0]
        or (asked.text.partition('name="confirmed"')[2].partition('value="')[2].partition('"')[0])
    )
    stored = wanda.post(NEW, data=form(sample_ring, confirmed=fingerprint), follow_redirects=True)
    assert "4 h a week" in stored.text
    assert "all machines of Maschinenhalle together" in stored.text
    assert wanda.post(NEW, data=form(sample_ring, most="2")).status_code == 422, "there is an equal one: no preview"

    edit = f"/workshop/quotas/{queries.quotas(session, None)[0].id}/edit"
    assert wanda.get(edit).status_code == 200
    changed = wanda.post(edit, data=form(sample_ring, most="10,5", revision="0"), follow_redirects=True)
    assert "10 h 30 min a week" in changed.text
    gone = wanda.post(edit.replace("edit", "delete"), follow_redirects=True)
    assert "The quota is deleted: 10 h 30 min a week." in gone.text


def test_a_member_reads_the_quota_and_its_figures_and_a_manager_may_make_an_exception(
    session, sample_ring, log_in, week, app
):
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 7), now=MONDAY)
    anna = log_in(sample_ring.anna_login)
    assert "8 h a week, all machines here together; this week you have 6 h" in anna.get("/machines/splitter").text
    assert (
        "8 h a week, all machines of Maschinenhalle together: each member"
        in log_in(sample_ring.wanda_login).get("/machines/splitter").text
    )
    for page in (
        anna.post("/reservations/new", data=wish(machine="splitter", hours="3")),
        anna.get("/reservations/check", query_string=wish(machine="splitter", hours="3")),
    ):
        assert "6 h are used; this would be 3 h more. 2 h would still fit." in page.text
        assert "9:00–11:00" in page.text, "what fits is offered"
        assert "9:00–12:00</b><small>7 days later" in page.text, "and the next week in which all of it fits"
    api = program_of(app, session, sample_ring.anna_login, now=MONDAY)
    body = {"machine_id": sample_ring.splitter, "starts_at": "2026-11-24T08:00:00Z", "ends_at": "2026-11-24T11:00:00Z"}
    refused = api.post("/reservations", body)
    (broken,) = refused.json["violations"]
    assert (refused.status_code, broken["rule"], broken["limit"], broken["actual"], broken["added"]) == (
        422,
        "quota_time",
        480,
        540,
        180,
    )
    manager = program_of(app, session, sample_ring.wanda_login, now=MONDAY)
    overruled = {**body, "member_id": sample_ring.anna, "overrule_reason": "harvest"}
    assert manager.post("/reservations", overruled).status_code == 201


def test_the_page_of_a_machine_tells_of_its_own_quotas_and_only_managers_of_those_for_one_member(
    session, sample_ring, log_in, week
):
    with write_transaction(session):
        ranked = GroupInput("Drescher", (RankedMachine(sample_ring.combine, 1),))
        group_id = groups.make(session, sample_ring.hall, ranked, by=SOMEBODY, now=MONDAY)
        for changes in ({"group_id": group_id}, {"member_id": sample_ring.bernd}):
            entered = QuotaInput(measure="time", period="week", most=60, workshop_id=sample_ring.hall, **changes)
            quotas.enter_quota(session, entered, by=SOMEBODY, now=MONDAY)
    wanda, karl = log_in(sample_ring.wanda_login), log_in(sample_ring.karl_login)

    of_group = "all machines of the group Drescher together"
    assert of_group in wanda.get("/machines/combine").text
    page = wanda.get("/machines/splitter").text
    assert (of_group in page, "Bernd alone" in page) == (False, True)
    page = karl.get("/machines/splitter").text
    assert ("8 h a week" in page, "Bernd alone" in page) == (True, False)


def test_programs_list_enter_change_and_delete_quotas(session, sample_ring, app):
    wanda, anna, bernd = (
        program_of(app, session, user_id, now=MONDAY)
        for user_id in (sample_ring.wanda_login, sample_ring.anna_login, sample_ring.bernd_login)
    )
    evenings = {"weekdays": [0, 4], "from_minute": 1020, "until_minute": 1200}
    body = {
        "measure": "prime_time",
        "most": 120,
        "period": "month",
        "workshop_id": sample_ring.hall,
        "member_id": sample_ring.anna,
        "prime_time": evenings,
    }
    entered = wanda.post("/quotas", body)
    assert (entered.status_code, entered.json["prime_time"]) == (201, evenings)
    assert wanda.patch(f"/quotas/{entered.json['id']}", {"most": 90}).json["most"] == 90
    seen = [len(reader.get("/quotas").json["items"]) for reader in (wanda, anna, bernd)]
    assert seen == [1, 1, 0], "a quota for one member is nobody else's business"
    rita = program_of(app, session, sample_ring.rita_login, now=MONDAY)
    elsewhere = rita.post("/quotas", body | {"workshop_id": sample_ring.lab}).json["id"]
    ring_wide = rita.post("/quotas", body | {"workshop_id": None}).json["id"]
    seen = [[one["id"] for one in reader.get("/quotas").json["items"]] for reader in (rita, wanda)]
    assert seen == [[1, elsewhere, ring_wide], [1, ring_wide]], "nor that of the manager of another workshop"
    for quota_id in (elsewhere, ring_wide):
        assert wanda.patch(f"/quotas/{quota_id}", {"most": 90}).status_code == 404
        assert rita.post(f"/quotas/{quota_id}/delete").status_code == 200

    for wrong, field in (
        ({"most": 0}, "most"),
        ({"period": None}, "period"),
        ({"workshop_id": sample_ring.hall, "machine_id": sample_ring.laser}, "machine_id"),
        ({"workshop_id": None}, "workshop_id"),
        ({"prime_time": None}, "weekdays"),
    ):
        refused = wanda.post("/quotas", body | wrong)
        assert (refused.status_code, field in {one["field"] for one in refused.json["violations"]}) == (422, True), (
            wrong
        )
    zero = wanda.post("/quotas", body | {"most": 0}).json["violations"][0]["message"]
    assert "Enter more than zero" in zero
    assert wanda.post("/quotas", body | {"workshop_id": sample_ring.lab}).status_code == 404
    assert anna.post("/quotas", body).status_code == 403
    assert wanda.post(f"/quotas/{entered.json['id']}/delete").json == {"id": entered.json["id"]}
    assert wanda.get("/quotas").json["items"] == []


def test_a_second_equal_quota_is_refused_and_a_second_click_on_delete_is_answered(
    app, session, sample_ring, log_in, week
):
    wanda = log_in(sample_ring.wanda_login)
    refused = wanda.post(NEW, data=form(sample_ring, most="9"))
    assert refused.status_code == 422
    assert "There is a quota for the same machines, members and times already." in refused.text
    with write_transaction(session):
        other = QuotaInput(measure="time", period="month", most=60, workshop_id=sample_ring.hall)
        monthly = quotas.enter_quota(session, other, by=SOMEBODY, now=MONDAY)
    edit = f"/workshop/quotas/{monthly}/edit"
    assert wanda.post(edit, data=form(sample_ring, most="1", revision="0")).status_code == 422
    assert wanda.post(edit, data=form(sample_ring, measure="time-month", most="2", revision="0")).status_code == 303

    for told in ("The quota is deleted:", "The quota is deleted already."):
        assert told in wanda.post(f"/workshop/quotas/{week}/delete", follow_redirects=True).text
    assert wanda.post("/workshop/quotas/999/delete").status_code == 404


@pytest.fixture
def of_group(session, sample_ring):
    """Five hours a week of a group, in which only the combine is: the ids of the group and the quota."""
    with write_transaction(session):
        asked = {"by": SOMEBODY, "now": MONDAY}
        made = groups.make(session, sample_ring.hall, GroupInput("Big", (RankedMachine(sample_ring.combine),)), **asked)
        data = QuotaInput(measure="time", period="week", most=5 * 60, workshop_id=sample_ring.hall, group_id=made)
        return made, quotas.enter_quota(session, data, **asked)


def test_an_amount_that_is_no_number_or_zero_is_named(session, sample_ring, log_in, week):
    wanda = log_in(sample_ring.wanda_login)
    for measure, amount in (("time-week", "1e999999"), ("time-week", "7:99"), ("time-week", "NaN"), ("open", "7:30")):
        refused = wanda.post(NEW, data=form(sample_ring, measure=measure, most=amount))
        assert (refused.status_code, "is no number" in refused.text) == (422, True), amount
    for measure in ("time-week", "open"):
        refused = wanda.post(NEW, data=form(sample_ring, measure=measure, most="0"))
        assert (refused.status_code, "Enter more than zero; to stop lending, close or" in refused.text) == (422, True)
    assert [one.id for one in queries.quotas(session, None)] == [week]
    page = log_in(sample_ring.anna_login).get("/reservations/check", query_string=wish(machine="splitter", hours="9"))
    assert "0 min are used; this would be 9 h more. 8 h would still fit." in page.text


def test_a_quota_of_a_retired_group_keeps_its_place_when_it_is_changed(session, sample_ring, log_in, of_group):
    group_id, quota_id = of_group
    with write_transaction(session):
        groups.retire(session, group_id, by=SOMEBODY, now=MONDAY)
    wanda, place = log_in(sample_ring.wanda_login), f"group-{sample_ring.hall}-{group_id}"
    assert f'selected value="{place}"' in wanda.get(f"/workshop/quotas/{quota_id}/edit").text
    sent = form(sample_ring, machine_id=place, most="6", revision="0")
    assert wanda.post(f"/workshop/quotas/{quota_id}/edit", data=sent).status_code == 303
    rule = queries.quota(session, quota_id).rule
    assert (rule.group_id, rule.most) == (group_id, 360)


def test_a_machine_names_its_quota_however_many_others_its_workshop_has(session, sample_ring, log_in):
    place = {"measure": "time", "period": "week", "workshop_id": sample_ring.hall}
    prime = place | {"measure": "prime_time", "weekdays": 1, "machine_id": sample_ring.combine}
    with write_transaction(session):
        for number in range(50):
            other = QuotaInput(**prime, most=60 + number, from_minute=number, until_minute=600)
            quotas.enter_quota(session, other, by=SOMEBODY, now=MONDAY)
        quotas.enter_quota(
            session, QuotaInput(**place, most=33 * 60, machine_id=sample_ring.splitter), by=SOMEBODY, now=MONDAY
        )
    page = log_in(sample_ring.karl_login).get("/machines/splitter").text

    assert ("33 h a week" in page, "1 h a week" in page) == (True, False)
