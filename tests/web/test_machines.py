"""The catalogue, the page of a machine, and what its managers may change."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from PIL import Image

from app.extensions import db
from app.pages.pictures import picture_url
from app.worker.thumbnails import make_thumbnails
from billing.tariffs import TariffEntry, enter_tariff
from booking import machines
from booking.addresses import Address
from booking.kernel.transaction import write_transaction
from booking.models import Machine, Workshop
from booking.queries import machine_card
from booking.rules import RULE_FIELDS
from tests.builders import SOMEBODY, hours, reserve
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

    assert wanda.get("/machines/combine/photo?size=thumb").mimetype == "image/webp"
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
    assert "€115.00 per hectare, at least €30.00" in page.text
    assert "openstreetmap.org/search?query=Am%20Bahnhof%204%2C%20Murnau" in page.text
    assert "€115.00" not in client.get("/machines/combine").text, "tariffs are for members"


def test_visitors_are_led_through_the_log_in_to_the_form(client, sample_ring):
    assert 'href="/login?next=/reservations/new?machine%3Dcombine"' in client.get("/machines/combine").text
