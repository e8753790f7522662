"""The public face of the ring."""

from __future__ import annotations

import re
from io import BytesIO

from PIL import Image

from app import ring_card
from booking.kernel.transaction import write_transaction
from booking.models import Ring


def test_visitors_see_what_the_ring_shares_and_where(client, sample_ring):
    page = client.get("/")

    assert page.status_code == 200
    assert 'href="/machines/combine"' in page.text
    assert 'href="/login"' in page.text


def test_a_ring_that_keeps_its_catalogue_to_itself_shows_no_machine(app, client, sample_ring, session):
    with write_transaction(session):
        session.get(Ring, 1).is_catalogue_public = False
    with app.app_context():
        ring_card.forget_ring_card()

    page = client.get("/").text

    assert "/machines" not in page
    assert 'href="/login"' in page


def test_a_login_of_the_ring_is_led_to_its_desk(sample_ring, log_in):
    answer = log_in(sample_ring.anna_login).get("/")

    assert (answer.status_code, answer.location) == (303, "/today")


def test_visitors_read_the_opening_hours_and_how_to_join(client, sample_ring):
    page = client.get("/", headers={"Accept-Language": "en"}).text

    assert "Open Mon – Fri 8:00 – 18:00" in page
    assert "Open round the clock" in page
    assert "How to join" in page


def test_browsers_keep_the_files_of_the_layout_until_they_change(client, sample_ring):
    files = re.findall(r'(?:src|href)="([^"]+[?]v=[^"#]+)', client.get("/").text)
    assert len(files) > 2
    font = "/static/fonts/figtree-5.3.0-latin.woff2"
    with client.get(next(file for file in files if "tokens" in file)) as tokens:
        assert font.removeprefix("/static/") in tokens.text
    with client.get(font) as answer:  # its name has its version
        assert "immutable" in answer.headers["Cache-Control"]

    for file in files:
        with client.get(file) as answer, client.get(f"{file}x") as of_another_version:
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable", file
            assert "Cookie" not in answer.vary, "a log-in changes the cookie and must not void what is kept"
            assert "immutable" not in of_another_version.headers["Cache-Control"]
    assert client.get("/static/missing.css?v=1").status_code == 404


def test_a_phone_finds_name_colour_and_icons_for_its_home_screen(client, sample_ring):
    page = client.get("/").text
    manifest = client.get(re.search(r'rel="manifest" href="([^"]+)"', page)[1]).json

    assert (manifest["name"], manifest["theme_color"]) == ("Ring Oberland", "#14532d")
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
    for icon in manifest["icons"]:
        picture = Image.open(BytesIO(client.get(icon["src"]).data)).convert("RGB")
        assert "{}x{}".format(*picture.size) == icon["sizes"]
        assert picture.getpixel((2, 2)) == (0x14, 0x53, 0x2D)
        assert picture.getextrema() == ((0x14, 255), (0x53, 255), (0x2D, 255))
    assert client.get("/icons/14532d-77.png").status_code == 404
    assert client.get("/icons/nohexa.svg").status_code == 404
    assert "#14532d" in client.get("/icons/14532d.svg").text
