"""/setup: an empty ring opens there, four short steps, closed for ever once an administrator exists."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import delete, event, func, select

from app.auth.models import User
from app.extensions import db
from app.pages.declaration import PAGES
from booking import queries
from booking.addresses import Address
from booking.kernel.transaction import write_transaction
from booking.models import Ring, Workshop
from booking.records import ring

RING = {"name": "Maschinenring Oberland", "address_town": "Murnau", "email": "post@ring.example"}
PLACE = {
    "name": "Halle Süd",
    "address_street": "Dorfstr. 1",
    "address_postcode": "82418",
    "address_town": "Murnau",
    "timezone": "Europe/Vienna",
    "holidays_region": "AT-7",
    "opens": "07:30",
    "closes": "00:00",
    "days": ["0", "2"],
}
RITA = {"name": "Rita", "email": "Rita@ring.example", "password": "three blue tractors"}


@pytest.fixture
def empty(session):
    """Not even the ring's row."""
    with write_transaction(session):
        session.execute(delete(Ring))


def take_all_steps(client):
    client.post("/setup/ring", data=RING)
    client.post("/setup/place", data=PLACE)
    return client.post("/setup/administrator", data=RITA)


STEPS = ("/setup", "/setup/ring", "/setup/place", "/setup/administrator")
AWAY = {"environ_base": {"REMOTE_ADDR": "203.0.113.7"}}


@pytest.mark.parametrize(
    "come",
    [
        AWAY,
        {"headers": {"X-Forwarded-For": "127.0.0.1"}},
        {"headers": {"Forwarded": "for=127.0.0.1"}},
        {"environ_overrides": {"SERVER_PROTOCOL": "HTTP/1.0"}},  # as nginx speaks unless told otherwise
        {"environ_base": {"REMOTE_ADDR": ""}},  # a socket of a proxy
    ],
)
def test_a_stranger_is_asked_for_the_set_up_code_at_every_step(client, session, empty, come):
    for step in STEPS:
        for answer in (client.get(step, **come), client.post(step, data=RING, **come)):
            assert answer.status_code == 405 or answer.headers["Location"] == "/setup/code"

    session.rollback()
    assert session.scalar(select(func.count()).select_from(Ring)) == 0


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "127.3.2.1"])
def test_on_the_machine_itself_no_code_is_asked_for(client, empty, address):
    answer = client.get("/setup", environ_base={"REMOTE_ADDR": address})

    assert answer.headers["Location"] == "/setup/ring"


def test_the_printed_code_opens_the_set_up_and_is_gone_after_it(app, client, empty, clock):
    shown = app.test_cli_runner().invoke(args=["ring", "setup-code"]).output.strip()
    assert client.get("/setup/code", **AWAY).status_code == 200
    assert client.post("/setup/code", data={"code": "AAAA-AAAA-AAAA"}, **AWAY).status_code == 422
    typed = client.post("/setup/code", data={"code": f" {shown.lower().replace('-', ' ')}"}, **AWAY)
    assert (typed.status_code, typed.headers["Location"]) == (303, "/setup")

    for address, sent in (("ring", RING), ("place", PLACE), ("administrator", RITA)):
        assert client.post(f"/setup/{address}", data=sent, **AWAY).status_code == 303
    assert client.post("/setup/code", data={"code": shown}, **AWAY).status_code == 404
    assert "no set-up code any more" in app.test_cli_runner().invoke(args=["ring", "setup-code"]).output


def test_guesses_at_the_set_up_code_are_slowed_down_for_that_network_alone(app, client, empty):
    answers = [client.post("/setup/code", data={"code": "x"}, **AWAY) for _guess in range(6)]

    assert [answer.status_code for answer in answers] == [422] * 5 + [429]
    assert answers[-1].headers["Retry-After"] == "31"
    code = app.test_cli_runner().invoke(args=["ring", "setup-code"]).output.strip()
    owner = {"environ_base": {"REMOTE_ADDR": "198.51.100.1"}}
    assert client.post("/setup/code", data={"code": code}, **owner).status_code == 303


def test_a_ring_created_by_another_process_is_shown_at_once(client, session, empty):
    assert "Ringbuch" in client.get("/setup/ring").text  # this process has seen that there is no ring yet

    with write_transaction(session):  # another process takes the step
        session.add(Ring(id=1, name="Ring Isarwinkel"))

    assert "Ring Isarwinkel" in client.get("/setup/place").text


@pytest.mark.parametrize("address", ["/", "/login", "/password/forgotten", "/machines"])
def test_every_page_of_an_empty_ring_leads_to_the_setup(client, empty, address):
    answer = client.get(address)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/setup")
    assert client.get("/setup").headers["Location"] == "/setup/ring"


def test_every_declared_page_leads_to_the_setup_unless_it_is_declared_open(app, client, empty):
    pages = [
        rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint in PAGES and "GET" in (rule.methods or ()) and not rule.arguments
    ]
    answers = {rule.endpoint: client.get(rule.rule).headers.get("Location") for rule in pages}
    led = {endpoint for endpoint, location in answers.items() if location == "/setup"}

    assert len(pages) > 40
    assert led - {"setup.enter_place", "setup.enter_administrator"} == {
        rule.endpoint for rule in pages if not PAGES[rule.endpoint].is_open_before_setup
    }


def test_signs_of_life_are_answered_before_the_setup(client, empty):
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200
    with client.get("/static/css/components.css") as file:
        assert file.status_code == 200


def test_the_first_step_takes_colour_and_logo_and_shows_them_at_once(client, session, empty):
    file = BytesIO()
    Image.new("RGB", (400, 400), "green").save(file, "PNG")
    look = {"colour": "#8f1d3f", "logo": (BytesIO(file.getvalue()), "logo.png")}

    assert client.post("/setup/ring", data={**RING, "logo": (BytesIO(b"x" * 9), "logo.png")}).status_code == 422
    assert client.post("/setup/ring", data={**RING, **look}).status_code == 303

    page = client.get("/setup/place").text
    assert "/colours/8f1d3f.css" in page
    assert 'class="ring-logo"' in page
    assert re.search(r'value="#8f1d3f" checked', client.get("/setup/ring").text)
    client.post("/setup/ring", data=RING)  # without a file the logo stays
    assert 'class="ring-logo"' in client.get("/setup/place").text


def test_four_steps_make_a_ring(client, session, empty):
    assert client.get("/setup/ring").status_code == 200
    assert client.post("/setup/ring", data=RING).status_code == 303
    assert client.get("/setup").headers["Location"] == "/setup/place"
    assert client.get("/setup/place").status_code == 200
    assert client.post("/setup/place", data=PLACE).status_code == 303
    assert client.get("/setup").headers["Location"] == "/setup/administrator"
    assert client.get("/setup/administrator").status_code == 200
    assert client.post("/setup/administrator", data=RITA).status_code == 303
    assert client.get("/setup").headers["Location"] == "/setup/sample"
    assert client.get("/setup/sample").status_code == 200
    assert client.post("/setup/sample", data={"answer": "no"}).headers["Location"] == "/admin"
    first_page = client.get("/admin").text
    assert 'id="first-steps"' in first_page
    assert "/machines/new" in first_page

    session.rollback()
    facts = ring.the_ring(session)
    assert (facts.name, facts.address.town, facts.holidays_region) == (RING["name"], "Murnau", "AT-7")
    place = queries.workshop(session, "halle-sued")
    assert place.address == Address(street="Dorfstr. 1", postcode="82418", town="Murnau")
    assert place.openings == ((0, 450, 1440), (2, 450, 1440))
    assert place.zone.key == "Europe/Vienna"
    rita = session.scalars(select(User)).one()
    assert (rita.email, rita.is_admin) == ("rita@ring.example", True)


def test_the_administrator_is_logged_in_and_can_log_in_again(app, client, session, empty):
    take_all_steps(client)

    assert client.get("/login").status_code == 303
    other = app.test_client()
    assert other.post("/login", data=RITA).status_code == 303


def test_the_setup_can_be_left_and_gone_on_with_elsewhere(app, client, session, empty):
    client.post("/setup/ring", data=RING)
    client.post("/setup/place", data=PLACE)
    later = app.test_client()

    assert later.get("/setup").headers["Location"] == "/setup/administrator"
    shown = later.get("/setup/ring").text
    assert RING["name"] in shown
    assert "Halle Süd" in later.get("/setup/place").text


def test_a_step_taken_again_changes_and_adds_nothing(client, session, empty):
    client.post("/setup/ring", data=RING)
    client.post("/setup/place", data=PLACE)
    client.post("/setup/place", data={**PLACE, "name": "Halle Nord", "is_open_always": "y"})
    client.post("/setup/ring", data={**RING, "name": "Ring Nord"})

    session.rollback()
    assert session.scalar(select(func.count()).select_from(Workshop)) == 1
    assert ring.the_ring(session).name == "Ring Nord"
    assert ring.the_ring(session).holidays_region == "AT-7"
    assert len(queries.workshop(session, "halle-nord").openings) == 7


def test_steps_cannot_be_jumped_over(client, session, empty):
    assert client.post("/setup/administrator", data=RITA).headers["Location"] == "/setup"
    assert client.post("/setup/place", data=PLACE).headers["Location"] == "/setup"

    session.rollback()
    assert session.scalar(select(func.count()).select_from(User)) == 0
    assert session.scalar(select(func.count()).select_from(Workshop)) == 0


def test_the_setup_is_closed_for_ever_once_an_administrator_exists(app, client, session, empty):
    take_all_steps(client)
    stranger = app.test_client()

    for step in ("", "/ring", "/place", "/administrator"):
        assert stranger.get(f"/setup{step}").status_code == 404
    assert stranger.post("/setup/ring", data={"name": "Stolen"}).status_code == 404
    assert stranger.post("/setup/administrator", data={**RITA, "email": "thief@ring.example"}).status_code == 404
    assert stranger.get("/setup/sample").status_code == 303  # to the log-in
    session.rollback()
    assert ring.the_ring(session).name == RING["name"]
    assert session.scalar(select(func.count()).select_from(User)) == 1


def test_examples_are_offered_only_to_a_ring_without_members(log_in, sample_ring):
    assert log_in(sample_ring.rita_login).get("/setup/sample").status_code == 404
    assert log_in(sample_ring.rita_login).get("/setup").status_code == 404
    assert log_in(sample_ring.anna_login).get("/setup/sample").status_code == 403


@pytest.mark.parametrize(
    ("step", "sent", "needed_before"),
    [
        ("ring", {**RING, "name": ""}, ()),
        ("ring", {**RING, "email": "nonsense"}, ()),
        ("place", {**PLACE, "name": ""}, ("ring",)),
        ("place", {**PLACE, "timezone": "Moon/Crater"}, ("ring",)),
        ("place", {**PLACE, "holidays_region": "XX-1"}, ("ring",)),
        ("place", {**PLACE, "opens": "19:00", "closes": "07:00"}, ("ring",)),
        ("place", {**PLACE, "days": []}, ("ring",)),
        ("place", {**PLACE, "opens": ""}, ("ring",)),
        ("place", {**PLACE, "closes": ""}, ("ring",)),
        ("place", {**PLACE, "opens": "25:77"}, ("ring",)),
        ("administrator", {**RITA, "password": "short"}, ("ring", "place")),
        ("administrator", {**RITA, "password": "Passwort2024!"}, ("ring", "place")),
        ("administrator", {**RITA, "password": "maschinenring oberland"}, ("ring", "place")),
        ("administrator", {**RITA, "email": "rita"}, ("ring", "place")),
        ("administrator", {**RITA, "name": ""}, ("ring", "place")),
    ],
)
def test_bad_input_is_refused_with_a_message_and_stores_nothing(client, session, empty, step, sent, needed_before):
    for before in needed_before:
        client.post(f"/setup/{before}", data={"ring": RING, "place": PLACE}[before])

    answer = client.post(f"/setup/{step}", data=sent)

    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    session.rollback()
    tables = {"ring": Ring, "place": Workshop, "administrator": User}
    assert session.scalar(select(func.count()).select_from(tables[step])) == 0


def test_a_ring_that_is_set_up_is_not_asked_about_again(client, sample_ring):
    client.get("/")
    statements = []
    event.listen(db.engine, "before_cursor_execute", lambda *words: statements.append(words[2]))
    client.get("/healthz")

    assert statements == []
