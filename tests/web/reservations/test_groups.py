"""Groups of machines: managers make, change and retire them, from the page and the API."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.mail.models import Mail
from billing.prices.tariff_parts import LineEntry, TariffParts
from billing.tariffs.tariffs import TariffEntry, enter_tariff
from booking import queries
from booking.kernel.transaction import write_transaction
from booking.models import GroupMachine, Reservation
from booking.records import groups
from booking.records.groups import GroupInput, RankedMachine
from tests.builders import SOMEBODY, machine, mail_text
from tests.conftest import MONDAY
from tests.integration.mails.test_notifications import deliver
from tests.web.filled_forms import form_with
from tests.web.programs import times, wish

NEW = "/groups/new"


def make(session, workshop_id, name, *ranked):
    entered = GroupInput(name, tuple(RankedMachine(*one) for one in ranked))
    with write_transaction(session):
        return groups.make(session, workshop_id, entered, by=SOMEBODY, now=MONDAY)


def stored(session, group_id):
    session.rollback()
    view = queries.group(session, group_id)
    return view.name, {one.id: one.rank for one in view.machines}


def test_a_manager_makes_changes_and_retires_a_group(session, sample_ring, log_in):
    wanda, combine, splitter = log_in(sample_ring.wanda_login), sample_ring.combine, sample_ring.splitter
    laser = f"rank_{sample_ring.laser}"
    assert laser not in wanda.get(NEW).text  # of another workshop

    sent = wanda.post(NEW, data={"name": "Big ones", f"rank_{combine}": "1", f"rank_{splitter}": ""})
    assert sent.status_code == 303
    (view,) = queries.groups(session)
    assert stored(session, view.id) == ("Big ones", {combine: 1})
    assert "Big ones" in log_in(sample_ring.anna_login).get("/groups").text
    assert "In the group “Big ones”" in log_in(sample_ring.anna_login).get("/machines/combine").text

    edit = f"/groups/{view.id}/edit"
    form = form_with(wanda.get(edit).text, f"rank_{combine}")
    changed = {**form, "name": "Harvest", f"rank_{combine}": "2", f"rank_{splitter}": "1"}
    assert wanda.post(edit, data=changed).status_code == 303
    assert stored(session, view.id) == ("Harvest", {combine: 2, splitter: 1})
    stale = wanda.post(edit, data={**form, "name": "Too late"})
    assert stale.status_code == 409
    assert "This was changed after you opened it" in stale.text
    assert stored(session, view.id)[0] == "Harvest"

    assert wanda.post(f"/groups/{view.id}/retire").status_code == 303
    assert queries.groups(session) == ()
    assert stored(session, view.id) == ("Harvest", {})
    assert wanda.get(edit).status_code == 404
    log = log_in(sample_ring.rita_login).get("/admin/events").text
    assert "Group of machines entered" in log


def test_bad_input_names_its_reason_and_keeps_what_was_typed(session, sample_ring, log_in):
    make(session, sample_ring.hall, "Harvest", (sample_ring.combine,))
    wanda = log_in(sample_ring.wanda_login)

    taken = wanda.post(NEW, data={"name": "Harvest", f"rank_{sample_ring.splitter}": "2"})
    assert taken.status_code == 422
    assert "“Harvest” is already used. Choose another." in taken.text
    assert '<option selected value="2">' in taken.text
    assert "is in the group “Harvest”" in taken.text
    assert "Please enter the name." in wanda.post(NEW, data={"name": " "}).text
    assert wanda.get(f"{NEW}?workshop=lab").status_code == 404
    assert wanda.post(f"{NEW}?workshop=lab", data={"name": "Lasers"}).status_code == 404
    assert log_in(sample_ring.anna_login).get(NEW).status_code == 403


def test_a_program_makes_changes_and_retires_a_group(sample_ring, wanda, anna):
    combine, splitter = sample_ring.combine, sample_ring.splitter
    body = {"name": "Harvest", "workshop_id": sample_ring.hall, "machines": [{"machine_id": combine, "rank": 2}]}
    assert anna.post("/groups", body).status_code == 403

    made = wanda.post("/groups", body)
    assert made.status_code == 201
    address = made.headers["Location"].removeprefix("/api/v1")
    assert anna.get(address).json == made.json
    assert anna.get("/groups").json["items"] == [made.json]
    assert made.json["machines"][0]["rank"] == 2

    wider = [{"machine_id": splitter}, {"machine_id": combine, "rank": 3}]
    changed = wanda.patch(address, {"machines": wider}, If_Match='"0"')
    assert [(one["machine_id"], one["rank"]) for one in changed.json["machines"]] == [(splitter, 1), (combine, 3)]
    assert (changed.json["name"], changed.json["revision"]) == ("Harvest", 1)
    assert wanda.patch(address, {"name": "Late"}, If_Match='"0"').status_code == 412
    assert wanda.patch(address, {}).json["violations"][0]["field"] == "name"
    assert wanda.patch(address, {"retired": True}).json["is_retired"] is True
    assert wanda.patch(address, {"name": "Gone"}).json["code"] == "group_not_found"


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ("combine twice", "machine_twice"),
        ("of another workshop", "other_workshop"),
        ("missing", "other_workshop"),
        ("in another group", "other_group"),
        ("same name", "already_used"),
    ],
)
def test_a_program_is_told_what_is_wrong_with_a_group(session, sample_ring, wanda, wrong, rule):
    make(session, sample_ring.hall, "Harvest", (sample_ring.splitter,))
    press = machine(session, sample_ring.hall, "press")
    machines = {
        "combine twice": [press, press],
        "of another workshop": [sample_ring.laser],
        "missing": [999_999],
        "in another group": [sample_ring.splitter],
    }.get(wrong, [])
    body = {
        "name": "Harvest" if wrong == "same name" else "Presses",
        "workshop_id": sample_ring.hall,
        "machines": [{"machine_id": one} for one in machines],
    }

    answer = wanda.post("/groups", body)

    assert answer.status_code == 422
    assert [one["rule"] for one in answer.json["violations"]] == [rule]
    assert len(queries.groups(session)) == 1


def test_a_program_reserves_a_group_and_is_told_the_machine(session, sample_ring, anna, bernd):
    combine, splitter = sample_ring.combine, sample_ring.splitter
    group = make(session, sample_ring.hall, "Harvest", (combine,), (splitter, 2))
    body = {name: value for name, value in wish(combine).items() if name != "machine_id"}

    entered = anna.post("/reservations", {**body, "group_id": group}, Idempotency_Key="one")
    assert (entered.status_code, entered.json["machine_id"], entered.json["status"]) == (201, combine, "confirmed")
    again = anna.post("/reservations", {**body, "group_id": group}, Idempotency_Key="one")
    assert again.json == entered.json
    second = bernd.post("/reservations", {**body, "group_id": group})
    assert (second.json["machine_id"], second.json["status"]) == (splitter, "requested")

    refused = bernd.post("/reservations", {**body, "group_id": group})
    assert (refused.status_code, refused.json["code"]) == (409, "slot_taken")
    assert [(one["machine_id"], one["code"]) for one in refused.json["machines"]] == [
        (combine, "slot_taken"),
        (splitter, "slot_taken"),
    ]
    assert len(refused.json["alternatives"]) == 3
    assert {one["machine_id"] for one in refused.json["alternatives"]} <= {combine, splitter}


@pytest.mark.parametrize(
    ("target", "status", "field"),
    [
        ((), 422, "machine_id"),
        (("machine_id", "group_id"), 422, "group_id"),
        (("unknown",), 404, None),
        (("retired",), 404, None),
        (("empty",), 422, "group_id"),
    ],
)
def test_a_reservation_names_a_machine_or_a_group(session, sample_ring, wanda, target, status, field):
    group = make(session, sample_ring.hall, "Harvest", (sample_ring.combine,))
    with write_transaction(session):
        retired = groups.make(session, sample_ring.hall, GroupInput("Old"), by=SOMEBODY, now=MONDAY)
        groups.retire(session, retired, by=SOMEBODY, now=MONDAY)
    empty = make(session, sample_ring.hall, "Empty")
    ids = {"machine_id": sample_ring.combine, "group_id": group}
    sent = {name: ids[name] for name in target if name in ids}
    if target and target[0] not in ids:
        sent["group_id"] = {"unknown": 999_999, "retired": retired, "empty": empty}[target[0]]
    body = {name: value for name, value in wish(0).items() if name != "machine_id"}

    answer = wanda.post("/reservations", {**body, **sent, "member_id": sample_ring.anna})

    assert answer.status_code == status
    assert [one["field"] for one in answer.json.get("violations", ())] == ([field] if field else [])


@pytest.fixture
def presses(session, sample_ring):
    """Two machines of equal rank and different price, in a group: their ids, and the value that chooses it."""
    ids = []
    for name, price in (("Press A", "20"), ("Press B", "30")):
        ids.append(machine(session, sample_ring.hall, name.lower().replace(" ", "-"), name=name))
        with write_transaction(session):
            entry = TariffEntry(MONDAY.date(), {"member": Decimal(price)})
            enter_tariff(session, ids[-1], entry, by=SOMEBODY, now=MONDAY)
    group = make(session, sample_ring.hall, "Presses", *((one,) for one in ids))
    return ids, f"group:{group}"


def test_machines_that_differ_in_further_prices_are_named_with_their_prices(session, log_in, sample_ring, presses):
    (_first, second), value = presses
    travel = TariffParts(lines=(LineEntry("Travel", "km", {"member": Decimal(1)}),))
    with write_transaction(session):
        entry = TariffEntry(MONDAY.date(), {"member": Decimal(20)}, parts=travel)
        enter_tariff(session, second, entry, by=SOMEBODY, now=MONDAY)

    opened = log_in(sample_ring.anna_login).get(f"/reservations/new?group={value.removeprefix('group:')}").text

    assert "differ in price: Press A €20.00 per hour, Press B €20.00 per hour and further prices." in opened


def test_the_form_takes_a_group_and_shows_machine_and_price_before(session, sample_ring, log_in, presses):
    (first, second), value = presses
    anna = log_in(sample_ring.anna_login)
    assert "Presses (one of 2)" in anna.get("/reservations/new").text
    opened = anna.get(f"/reservations/new?group={value.removeprefix('group:')}").text
    assert "You get: Press A" in opened
    assert "The machines of the group differ in price: Press A €20.00 per hour, Press B €30.00 per hour." in opened

    sent = send(anna, machine=value, shown_machine=str(first))
    assert sent.status_code == 303
    assert "Press A" in anna.get(sent.location).text
    assert send(anna, machine=value, shown_machine=str(first)).location == sent.location  # a double click
    assert reserved(session) == [first]

    other = send(anna, machine=value, shown_machine=str(first), form_key="two")
    assert other.status_code == 409
    assert "Meanwhile Press A was taken. You would get Press B now, at another price" in other.text
    assert 'name="shown_machine" value="' + str(second) in other.text
    assert reserved(session) == [first]
    assert send(anna, machine=value, shown_machine=str(second), form_key="two").status_code == 303
    assert reserved(session) == [first, second]

    refused = send(anna, machine=value, form_key="three")
    assert refused.status_code == 409
    for name in ("Press A", "Press B"):
        assert f"{name}: Already taken: Tue 24 November, 9:00 to 11:00." in refused.text
    choice = re.findall(r'class="slot" name="choose" value="([^"]+)"', refused.text)[0]
    chosen = send(anna, machine=value, form_key="three", choose=choice)
    assert f'<option selected value="{value}">' in chosen.text
    assert "You get: Press" in chosen.text


def test_a_group_emptied_or_retired_while_the_form_is_open_is_a_clear_answer(session, sample_ring, log_in, presses):
    _ids, value = presses
    group_id = int(value.removeprefix("group:"))
    anna = log_in(sample_ring.anna_login)
    with write_transaction(session):
        groups.change(session, group_id, machines=(), by=SOMEBODY, now=MONDAY)
    page = send(anna, machine=value, purpose="Kept all the same")
    assert page.status_code == 422
    assert "No machine of this group is lent any more." in page.text
    assert "Kept all the same" in page.text
    assert anna.get(f"/reservations/new?group={group_id}").status_code == 404
    assert reserved(session) == []


def send(client, **changes):
    usual = {"date": "2026-11-24", "time": "09:00", "until": "length", "hours": "2", "minutes": "0", "places": "1"}
    return client.post("/reservations/new", data={**usual, "form_key": "one", **changes})


def reserved(session):
    session.rollback()
    return session.scalars(select(Reservation.machine_id).order_by(Reservation.id)).all()


def test_the_database_keeps_a_machine_in_one_group(session, sample_ring):
    first = make(session, sample_ring.hall, "Harvest", (sample_ring.combine,))
    second = make(session, sample_ring.hall, "Others")
    with pytest.raises(IntegrityError), write_transaction(session):
        session.add(GroupMachine(machine_id=sample_ring.combine, group_id=second, rank=1))
    assert stored(session, first)[1] == {sample_ring.combine: 1}


def test_a_member_moves_a_reservation_to_another_machine_of_the_group(session, sample_ring, log_in, anna, presses):
    """From the page, with the price before; from the API; both sides are told, with the old machine."""
    (first, second), _value = presses
    entered = anna.post("/reservations", wish(first, 25, 27)).json
    client, address = log_in(sample_ring.anna_login), f"/reservations/{entered['id']}"
    assert f'href="{address}/move?machine=press-b"' in client.get(address).text
    opened = client.get(f"{address}/move?machine=press-b").text
    assert "You get: Press B" in opened
    assert "€60.00" in opened
    assert "So far about €40.00 on Press A." in opened
    assert "combine" not in form_with(opened, "revision")["machine"]

    sent = client.post(f"{address}/move", data=form_with(opened, "revision"))
    assert sent.status_code == 303
    assert reserved(session) == [second]
    deliver(session)
    mails = [mail_text(mail) for mail in session.scalars(select(Mail))]
    assert any("Before: Press A, " in text for text in mails)
    assert "Press A" in log_in(sample_ring.rita_login).get("/admin/events").text

    back = anna.patch(address, {"machine_id": first}, If_Match='"1"')
    assert (back.json["machine_id"], back.json["uid"], back.json["revision"]) == (first, entered["uid"], 2)
    assert back.json["starts_at"] == entered["starts_at"]
    assert anna.patch(address, {"machine_id": sample_ring.combine}).json["violations"][0]["rule"] == "not_in_group"
    assert anna.patch(address, {"machine_id": 999_999}).status_code == 404
    assert [one["field"] for one in anna.patch(address, {}).json["violations"]] == ["starts_at", "ends_at"]
    half = anna.patch(address, {"ends_at": entered["ends_at"]})
    assert [one["field"] for one in half.json["violations"]] == ["starts_at"]


@pytest.mark.parametrize("view", ["days", "day", "list", "month"])
def test_the_plan_folds_the_machines_of_a_group(sample_ring, log_in, presses, view):
    """Without a script: the rows stand below a details element, between those of other machines."""
    _ids, value = presses
    page = log_in(sample_ring.anna_login).get(f"/plan?view={view}").text
    fold = page.index("<summary>", page.index("Maschinenhalle", page.index("<main")))
    inside = page[fold : page.index("splitter", fold)] if "splitter" in page[fold:] else page[fold:]

    assert "Presses <small>2</small></summary>" in inside
    assert inside.index("Press A") < inside.index("Press B")
    assert '<details class="open-r" open>' in page
    if view != "month":
        assert f"/reservations/new?group={value.removeprefix('group:')}" in inside
    rows = [name for name in re.findall(r"(?:<b>|<span>|\">)(Press A|Press B|Combine|Splitter)<", page) if name]
    assert rows.index("Press A") + 1 == rows.index("Press B")


def test_how_far_a_reservation_may_be_moved_is_asked_shown_and_changed(session, sample_ring, log_in, anna):
    client = log_in(sample_ring.anna_login)
    sent = send(client, machine="combine", may_move_min="60")
    assert sent.status_code == 303
    assert "May be moved by up to" in client.get(sent.location).text
    address = sent.location.removeprefix("http://localhost")
    assert anna.get(address).json["may_move_min"] == 60

    form = form_with(client.get(f"{address}/move").text, "may_move_min")
    assert form["may_move_min"] == "60"
    assert client.post(f"{address}/move", data={**form, "may_move_min": "0"}).status_code == 303
    after = anna.get(address).json
    assert (after["may_move_min"], after["revision"], after["starts_at"]) == (0, 1, "2026-11-24T08:00:00Z")
    assert client.post(f"{address}/move", data={**form, "may_move_min": "7"}).status_code == 422
    assert "Tolerance of the reservation changed" in log_in(sample_ring.rita_login).get("/admin/events").text

    entered = anna.post("/reservations", wish(sample_ring.combine, 60, 62, may_move_min=45)).json
    assert entered["may_move_min"] == 45
    own = f"/reservations/{entered['id']}"
    both = {"may_move_min": 90, "starts_at": times(70, 72)["starts_at"], "ends_at": times(70, 72)["ends_at"]}
    assert anna.patch(own, {"may_move_min": 15}, If_Match='"0"').json["revision"] == 1
    assert anna.patch(own, both, If_Match='"0"').status_code == 412
    moved = anna.patch(own, both, If_Match='"1"').json
    assert (moved["may_move_min"], moved["revision"]) == (90, 3)
    for wrong in (-1, 10_081, "60", 1.5):
        answer = anna.patch(own, {"may_move_min": wrong})
        assert (answer.status_code, answer.json["violations"][0]["field"]) == (422, "may_move_min"), wrong


REPEATED = {"repeats": "WEEKLY", "interval": "1", "ends": "count", "times": "3"}


def test_a_repeated_wish_for_a_group_shows_and_enters_a_machine_for_each_date(session, sample_ring, log_in, presses):
    (first, second), value = presses
    anna, bernd = log_in(sample_ring.anna_login), log_in(sample_ring.bernd_login)
    for machine_id, date in ((first, "2026-12-01"), (second, "2026-11-24"), (second, "2026-12-08")):
        assert send(bernd, machine=f"press-{'ab'[machine_id - first]}", date=date, form_key=date).status_code == 303

    shown = send(anna, machine=value, **REPEATED)
    machines = re.findall(r"<span class=\"soft small\">(Press [AB])<", shown.text)
    assert machines == ["Press A", "Press B", "Press A"]
    fingerprint = re.findall(r'name="shown" value="(\w+)"', shown.text)[0]
    assert f'name="machine" value="{value}"' in shown.text
    entering = {"enter_series": "1", "on_conflict": "refuse", "shown": fingerprint}
    entered = send(anna, machine=value, **REPEATED, **entering)
    assert (entered.status_code, entered.location) == (303, "/series/1")
    assert send(anna, machine=value, **REPEATED, **entering).location == "/series/1"  # a double click
    page = anna.get("/series/1").text
    assert "Series: Presses" in page
    assert page.count("Press B") == 1
    change = anna.get("/series/1/change").text
    assert '<option selected value="0">Any of Presses, as it is</option>' in change
    with write_transaction(session):
        groups.change(session, int(value.removeprefix("group:")), machines=(), by=SOMEBODY, now=MONDAY)
    back = anna.post("/series/1/put-back", data={"day": "2026-12-01"})
    assert (back.status_code, "is reserved already" in back.text) == (422, True)
    emptied = send(anna, machine=value, **REPEATED, form_key="new")
    assert (emptied.status_code, "No machine of this group is lent any more." in emptied.text) == (422, True)


def test_a_program_enters_a_series_on_a_group(session, sample_ring, anna, presses):
    (first, second), value = presses
    body = {"starts_at": "2026-12-01T09:00:00+01:00", "ends_at": "2026-12-01T11:00:00+01:00"}
    body |= {"rrule": "FREQ=WEEKLY;COUNT=3", "group_id": int(value.removeprefix("group:"))}
    anna.post(
        "/reservations", {**wish(14), "machine_id": first} | {name: body[name] for name in ("starts_at", "ends_at")}
    )

    preview = anna.post("/series", body | {"preview": True}).json
    assert [one["machine_id"] for one in preview["dates"]] == [second] * 3
    made = anna.post("/series", body)
    assert (made.status_code, made.json["group_id"], made.json["machine_id"]) == (201, body["group_id"], second)
    assert [one["machine_id"] for one in made.json["dates"]] == [second] * 3
    for targets, field in (({"machine_id": first}, "group_id"), ({"group_id": None}, "machine_id")):
        wrong = anna.post("/series", body | targets)
        assert (wrong.status_code, wrong.json["violations"][0]["field"]) == (422, field)
    with write_transaction(session):
        groups.change(session, body["group_id"], machines=(), by=SOMEBODY, now=MONDAY)
    emptied = anna.post("/series", body)
    assert (emptied.status_code, emptied.json["violations"][0]["rule"]) == (422, "group_empty")
    assert anna.post(f"/series/{made.json['id']}/put-back", {"day": "2026-12-08"}).status_code == 422
