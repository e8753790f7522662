"""The catalogue, the page of a machine, and what its managers may change."""

from __future__ import annotations

import html
import re
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import event, update

from app.extensions import db
from app.pages.pictures import picture_url
from app.worker.thumbnails import make_thumbnails
from billing.tariffs.tariffs import TariffEntry, enter_tariff
from booking.addresses import Address
from booking.closures import blockings
from booking.kernel.transaction import write_transaction
from booking.machines import machines
from booking.models import Machine, Workshop
from booking.queries import machine_card
from booking.rules.lending_rules import RULE_FIELDS
from tests.builders import SOMEBODY, hours, machine, reserve
from tests.conftest import MONDAY

ENTRY = {
    "name": "Baler",
    "slug": "baler",
    "kind": "harvest",
    "places": "1",
    "charge_unit": "piece",
    "induction_kind_id": "0",
    **{rule.name: str(rule.default) for rule in RULE_FIELDS if not rule.is_switch},
    "cleaning_min": "30",
    "notice_hours": "2",
    "longest_min": "1440",
}


@pytest.fixture
def wanda(log_in, sample_ring):
    return log_in(sample_ring.wanda_login)


def edited(session, slug, **changes):
    """The form of a machine as stored, with some fields changed."""
    card = machine_card(session, slug)
    return ENTRY | {"name": card.name, "slug": card.slug, "revision": card.revision, **changes}


def test_the_catalogue_is_searched(client, sample_ring):
    assert "Cold-store" in client.get("/machines").text
    found = client.get("/machines?q=laser").text

    assert "Laser" in found
    assert "Cold-store" not in found


def test_a_ring_may_keep_its_catalogue_to_itself(app, client, sample_ring, session):
    from booking.kernel.transaction import write_transaction
    from booking.models import Ring

    with write_transaction(session):
        session.get(Ring, 1).is_catalogue_public = False

    assert client.get("/machines").status_code == 303


def test_a_page_shows_rules_and_the_next_free_time(log_in, sample_ring):
    page = log_in(sample_ring.anna_login).get("/machines/laser")

    assert page.status_code == 200
    assert "Free next" in page.text
    assert "/reservations/new?machine=laser" in page.text


def test_what_others_do_is_taken_and_visitors_learn_no_reason_of_a_closure(client, log_in, sample_ring, session):
    reserve(session, sample_ring.splitter, sample_ring.bernd, hours(MONDAY, 5, 8), now=MONDAY)
    with write_transaction(session):
        blockings.close(session, sample_ring.splitter, hours(MONDAY, 1, 4), "Theft", by=SOMEBODY, now=MONDAY)

    for path in ("/machines", "/machines/splitter"):
        visitors = client.get(path, headers={"Accept-Language": "en"}).text
        annas = log_in(sample_ring.anna_login).get(path).text
        assert "Theft" not in visitors
        assert "Theft" in annas
        for page in (visitors, annas):
            assert "taken, Mon 23 November, 13:00 to 16:00" in page
            assert "requested" not in page
            assert "Bernd" not in page


def test_an_unknown_machine_is_missing(client, sample_ring):
    assert client.get("/machines/plough").status_code == 404


def test_a_manager_enters_a_machine(wanda, sample_ring, session):
    answer = wanda.post("/machines/new", data=ENTRY | {"workshop": "hall"})

    assert answer.status_code == 303
    assert machine_card(session, "baler").rules.cleaning_min == 30


def test_a_manager_enters_nothing_into_anothers_workshop(wanda, sample_ring, session):
    answer = wanda.post("/machines/new", data=ENTRY | {"workshop": "lab"})

    assert answer.status_code == 422
    assert session.query(Machine).filter_by(slug="baler").count() == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "name-error"),
        ({"slug": "Ä b"}, "slug-error"),
        ({"slug": "combine"}, "slug-error"),
        ({"longest_min": "10"}, "longest_min-error"),
        ({"longest_min": "600000"}, "longest_min-error"),
        ({"places": "0"}, "places-error"),
        ({"step_min": "-5"}, "step_min-error"),
        ({"charge_unit": "barrel"}, "charge_unit-error"),
    ],
)
def test_a_wrong_entry_is_explained_at_its_field_and_kept(wanda, sample_ring, changes, message):
    page = wanda.post("/machines/new", data=ENTRY | {"workshop": "hall"} | changes)

    assert page.status_code == 422
    assert message in page.text
    assert 'value="harvest"' in page.text


def test_two_windows_do_not_overwrite_each_other(wanda, sample_ring, session):
    first = edited(session, "combine", name="Combine A")
    second = edited(session, "combine", name="Combine B")
    assert wanda.post("/machines/combine/edit", data=first).status_code == 303

    assert wanda.post("/machines/combine/edit", data=second).status_code == 409
    assert machine_card(session, "combine").name == "Combine A"


def test_a_member_changes_no_machine(log_in, sample_ring):
    anna = log_in(sample_ring.anna_login)

    assert anna.get("/machines/combine/edit").status_code == 403
    assert anna.post("/machines/combine/retire").status_code == 403


def test_another_workshops_machine_looks_like_a_missing_one(wanda, sample_ring):
    assert wanda.get("/machines/laser/edit").status_code == 404
    assert wanda.post("/machines/laser/retire").status_code == 404


def test_a_machine_is_retired_and_brought_back(wanda, sample_ring, session):
    wanda.post("/machines/combine/retire")
    assert machine_card(session, "combine").is_retired
    assert "Combine" not in wanda.get("/machines").text

    wanda.post("/machines/combine/bring-back")
    assert not machine_card(session, "combine").is_retired


def test_a_reserved_machine_is_not_retired(wanda, sample_ring, session):
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 4), now=MONDAY)
    page = wanda.post("/machines/combine/retire", follow_redirects=True)

    assert "Reservations that still hold it: 1" in page.text
    assert not machine_card(session, "combine").is_retired


def picture(size=(3000, 2000)):
    file = BytesIO()
    Image.new("RGB", size, "#14532d").save(file, "PNG")
    file.seek(0)
    return file


def test_a_photo_is_made_small_and_shown(wanda, sample_ring, session):
    form = edited(session, "combine") | {"photo": (picture(), "combine.png")}
    assert wanda.post("/machines/combine/edit", data=form).status_code == 303

    shown = wanda.get("/machines/combine/photo")
    assert shown.mimetype == "image/webp"
    assert max(Image.open(BytesIO(shown.data)).size) == 960
    small = wanda.get("/machines/combine/photo?size=thumb")
    assert (small.mimetype, Image.open(BytesIO(small.data)).size) == ("image/webp", (112, 112))
    card = wanda.get("/machines/combine/photo?size=card")
    assert (card.mimetype, Image.open(BytesIO(card.data)).size) == ("image/webp", (480, 320))
    assert "size=card 480w" in wanda.get("/machines").text.replace("&amp;", "&")


def test_a_page_names_the_small_picture_so_that_browsers_keep_it(wanda, sample_ring, session):
    form = edited(session, "combine") | {"photo": (picture(), "combine.png")}
    wanda.post("/machines/combine/edit", data=form)
    with wanda.application.test_request_context():
        address, missing = picture_url("combine", "thumb"), picture_url("laser", "thumb")

    assert missing is None
    assert wanda.get(address).headers["Cache-Control"] == "private, max-age=31536000"


def test_the_worker_makes_the_small_picture_of_a_photo_that_has_none(app, wanda, sample_ring, session):
    with write_transaction(session):
        content = picture().getvalue()
        for machine_id, bad in ((sample_ring.combine, b""), (sample_ring.laser, b"no picture")):
            machines.show_photo(session, machine_id, bad or content, "image/png", by=SOMEBODY, now=MONDAY)
    assert wanda.get("/machines/combine/photo?size=thumb").mimetype == "image/png"

    with app.app_context():
        assert (make_thumbnails(db.session()), make_thumbnails(db.session())) == (2, 0)
    session.rollback()  # it still reads what was before

    for size in ("thumb", "card"):
        assert wanda.get(f"/machines/combine/photo?size={size}").mimetype == "image/webp"
    assert wanda.get("/machines/laser/photo?size=thumb").mimetype == "image/png"  # cannot be decoded


def test_a_file_that_is_no_picture_is_refused(wanda, sample_ring, session):
    form = edited(session, "combine") | {"photo": (BytesIO(b"<svg onload=alert(1)>"), "x.png")}
    page = wanda.post("/machines/combine/edit", data=form)

    assert page.status_code == 422
    assert "photo-error" in page.text


def test_the_sheet_for_the_machine_carries_its_code(wanda, sample_ring):
    assert "/usage/at/combine" in wanda.get("/machines/combine/qr").text
    assert wanda.get("/machines/combine/qr.svg").mimetype == "image/svg+xml"


@pytest.mark.parametrize("page", ["0", "-3", "x", "9" * 40, "1e9", "٣", "100000"])
def test_no_page_number_is_too_strange(client, sample_ring, page):
    assert client.get("/machines", query_string={"page": page}).status_code == 200


def test_the_page_of_a_machine_shows_its_prices_and_address(session, sample_ring, log_in, client):
    with write_transaction(session):
        session.get(Workshop, machine_card(session, "combine").workshop_id).address = Address(
            street="Am Bahnhof 4", town="Murnau"
        )
        prices = TariffEntry(date(2026, 1, 1), {"member": Decimal(115), "guest": Decimal(150)}, minimum_cents=3_000)
        enter_tariff(session, sample_ring.combine, prices, by=SOMEBODY, now=MONDAY)

    page = log_in(sample_ring.anna_login).get("/machines/combine")
    assert '€115.00 <small class="soft">per hectare</small>' in page.text
    assert "at least €30.00; for example 10 ha for €1,150.00" in page.text
    assert "openstreetmap.org/search?query=Am%20Bahnhof%204%2C%20Murnau" in page.text
    assert "€115.00" not in client.get("/machines/combine").text, "tariffs are for members"


def test_visitors_are_led_through_the_log_in_to_the_form(client, log_in, sample_ring):
    assert 'href="/login?next=/reservations/new?machine%3Dcombine"' in client.get("/machines/combine").text
    assert "/login?next" not in log_in(sample_ring.karl_login).get("/machines/combine").text  # who may not reserve


def test_the_catalogue_needs_the_same_statements_for_any_number_of_machines(session, sample_ring, log_in):
    anna, seen, counts = log_in(sample_ring.anna_login), [], []
    anna.get("/machines")

    def note(_connection, _cursor, statement, *_rest):
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    for slug in ("one-more", "and-another"):
        anna.get("/machines")  # the first look after a change reads what processes keep
        seen.clear()
        assert anna.get("/machines").status_code == 200
        counts.append(len(seen))
        machine(session, workshop_id=sample_ring.hall, slug=slug)
    event.remove(db.engine, "before_cursor_execute", note)

    assert len(set(counts)) == 1, counts


def test_filters_stay_in_the_address_and_can_be_combined(session, sample_ring, log_in):
    anna = log_in(sample_ring.anna_login)
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 0, 4), now=MONDAY)

    free = anna.get("/machines?free=1&workshop=hall").text

    assert 'href="/machines/splitter"' in free
    assert 'href="/machines/combine"' not in free.split("<main")[1]
    assert "/machines?workshop=hall&amp;mine=1&amp;free=1" in free


@pytest.mark.parametrize(
    ("login", "words"),
    [("anna_login", "taken until 12:00"), ("bernd_login", "yours until"), ("wanda_login", "with Bernd until")],
)
def test_the_state_of_a_machine_names_who_has_it_to_those_who_may_know(session, sample_ring, log_in, login, words):
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 0, 4), now=MONDAY)

    page = log_in(getattr(sample_ring, login)).get("/machines/combine").text

    assert words in page
    assert ("Bernd" in page.split("<main")[1]) == (login == "wanda_login")


def test_a_free_time_reserves_exactly_this(sample_ring, log_in):
    anna = log_in(sample_ring.anna_login)
    page = anna.get("/machines/combine").text
    address = html.unescape(re.search(r'class="slot" href="([^"]+)"', page).group(1))

    form = anna.get(address).text

    assert "start=" in address
    assert "end=" in address
    assert "Free, and within the rules" in form


def test_the_page_says_whether_i_may_run_the_machine_and_whom_to_ask(sample_ring, log_in):
    assert "You may run it until" in log_in(sample_ring.anna_login).get("/machines/laser").text
    missing = log_in(sample_ring.bernd_login).get("/machines/laser").text

    assert "You need the induction" in missing
    assert "Ask Rita" in missing, "nobody manages the laboratory"


def test_the_page_adds_up_the_hours_of_twelve_weeks(session, sample_ring, log_in):
    page = log_in(sample_ring.anna_login).get("/machines/combine").text

    assert "It was not used in the last twelve weeks." in page
    assert page.count("<tr>") == 13


def test_a_pool_of_four_hundred_places_counts_those_that_are_free(session, sample_ring, log_in):
    slug = "hooks"
    pool = machine(session, workshop_id=sample_ring.hall, slug=slug, places=400)
    reserve(session, pool, sample_ring.anna, hours(MONDAY, 0, 4), now=MONDAY, places=150)
    anna = log_in(sample_ring.anna_login)

    assert "250 of 400 places free" in anna.get("/machines").text
    assert 'class="cap"' in anna.get(f"/machines/{slug}").text


def test_a_retired_machine_has_its_page_without_free_times(wanda, sample_ring):
    wanda.post("/machines/combine/retire")

    page = wanda.get("/machines/combine")

    assert page.status_code == 200
    assert 'class="slot"' not in page.text


def test_a_ring_without_machines_leads_to_the_first_one(wanda, sample_ring, session):
    with write_transaction(session):
        session.execute(update(Machine).values(retired_at=MONDAY))

    page = wanda.get("/machines").text

    assert "No machine has been entered yet." in page
    assert 'href="/machines/new"' in page
