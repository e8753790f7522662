"""A screen in a workshop: made once, seen without a log-in, withdrawn."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.auth.models import User, WallScreen
from booking.kernel.transaction import write_transaction
from booking.models import Member, Ring
from tests.builders import hours, login, machine, member, reserve
from tests.conftest import MONDAY


@pytest.fixture
def wanda(log_in, sample_ring):
    return log_in(sample_ring.wanda_login)


def make(client, workshop: int = 1, **changes) -> str:
    """Make a screen and return the path of its address."""
    fields = {"label": "Hall, beside the door", "workshop": str(workshop), "theme": "dark", **changes}
    assert client.post("/plan/wall", data=fields).status_code == 303
    return re.search(r'value="https?://[^/"]+(/plan/wall/[^"]+)"', client.get("/plan/wall").text)[1]


def write_names(session, how: str) -> None:
    with write_transaction(session):
        session.get_one(Ring, 1).wall_names = how


def test_a_screen_shows_its_workshop_without_a_log_in_and_refreshes_itself(session, sample_ring, wanda, client, clock):
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 4), now=MONDAY)
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 5, 7), now=MONDAY)
    address = make(wanda, sample_ring.hall)
    clock.instant = MONDAY + timedelta(hours=2)
    page = client.get(address)

    assert page.status_code == 200
    assert 'http-equiv="refresh" content="60;' in page.text
    assert "<script" not in page.text
    assert 'data-theme="dark"' in page.text
    assert "taken until 12:00" in page.text
    assert "<b>13–15</b>" in page.text
    assert "Laser" not in page.text, "of another workshop"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert address not in wanda.get("/plan/wall").text, "the address is shown once"
    assert session.scalars(select(WallScreen.token_hash)).one() not in address


@pytest.mark.parametrize(("how", "shown"), [("names", "Anna Huber"), ("initials", ">AH<"), ("none", "taken")])
def test_names_on_a_screen_are_written_as_the_ring_decides(session, sample_ring, wanda, client, how, shown):
    with write_transaction(session):
        session.get_one(Member, sample_ring.anna).name = "Anna Huber"
    write_names(session, how)
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 4), now=MONDAY)

    page = client.get(make(wanda, sample_ring.hall)).text

    assert shown in page
    assert ("Huber" in page) == (how == "names")


def test_a_withdrawn_screen_looks_as_if_it_never_was(session, sample_ring, wanda, client):
    address = make(wanda, sample_ring.hall)
    screen_id = session.scalars(select(WallScreen.id)).one()

    assert wanda.post(f"/plan/wall/{screen_id}/withdraw").status_code == 303

    gone, never = client.get(address), client.get("/plan/wall/" + "x" * 43)
    assert gone.status_code == never.status_code == 404
    assert "Hall, beside the door" not in wanda.get("/plan/wall").text


def test_a_manager_makes_and_withdraws_screens_of_own_workshops_only(session, sample_ring, wanda, log_in, client):
    assert (
        wanda.post("/plan/wall", data={"label": "x", "workshop": str(sample_ring.lab), "theme": "dark"}).status_code
        == 422
    )
    assert wanda.post("/plan/wall", data={"label": "x", "workshop": "0", "theme": "dark"}).status_code == 422
    rita = log_in(sample_ring.rita_login)
    everything = make(rita, 0)
    screen_id = session.scalars(select(WallScreen.id)).one()

    assert wanda.post(f"/plan/wall/{screen_id}/withdraw").status_code == 404
    assert "Laser" in client.get(everything).text
    assert log_in(sample_ring.anna_login).get("/plan/wall").status_code == 403


def test_a_screen_ends_with_the_access_of_who_made_it(session, sample_ring, log_in, client):
    fritz = member(session, "Fritz")
    maker = login(session, "Fritz", now=MONDAY, member_id=fritz, manages=(sample_ring.hall,))
    address = make(log_in(maker), sample_ring.hall)
    changes = (
        (update(Member).where(Member.id == fritz).values(left_on=MONDAY.date()), 200),  # the last day
        (update(Member).where(Member.id == fritz).values(left_on=MONDAY.date() - timedelta(days=1)), 404),
        (update(Member).where(Member.id == fritz).values(left_on=None), 200),
        (update(User).where(User.id == maker).values(disabled_at=MONDAY), 404),
    )

    for change, status in changes:
        with write_transaction(session):
            session.execute(change)
        assert client.get(address).status_code == status
    assert "the login that made it has ended" in log_in(sample_ring.wanda_login).get("/plan/wall").text


def test_more_machines_than_a_screen_holds_take_turns(session, sample_ring, wanda, client):
    for number in range(11):
        machine(session, sample_ring.hall, f"machine-{number}", name=f"Machine {number}")

    first = client.get(make(wanda, sample_ring.hall)).text
    second = client.get(re.search(r"content=\"20;url=([^\"]+)\"", first)[1].replace("&amp;", "&")).text

    names = [re.findall(r"<h2>([^<]+)</h2>", page) for page in (first, second)]
    assert len(names[0]) == 9
    assert not set(names[0]) & set(names[1])
    assert "page=1" in second, "and begins again"


def test_the_administrator_decides_how_names_are_written(session, sample_ring, log_in):
    rita = log_in(sample_ring.rita_login)
    form = rita.get("/admin/settings").text
    assert "Names on screens in workshops" in form
    assert "Screens write no names." in rita.get("/plan/wall").text
