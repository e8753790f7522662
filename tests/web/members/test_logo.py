"""The ring's logo: chosen and taken away in the settings, shown to everybody beside the ring's name."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from sqlalchemy import select

from app.forms.picture_headers import PIXELS_MAX, PNG
from booking.kernel.events import RecordedEvent
from booking.models import Ring

SETTINGS = {
    "name": "Ring Oberland",
    "holidays_region": "DE-BY",
    "objection_days": "14",
    "exchange_hours": "24",
    "colour": "#14532d",
}
GREEN = (20, 83, 45, 255)
CLEAR = (0, 0, 0, 0)


@pytest.fixture
def rita(log_in, sample_ring):
    return log_in(sample_ring.rita_login)


def drawing(size=(960, 240), kind="PNG", **more):
    """A picture file: left half green, right half transparent where the kind of file knows that."""
    picture = Image.new("RGBA", size, CLEAR)
    picture.paste(GREEN, (0, 0, size[0] // 2, size[1]))
    file = BytesIO()
    (picture.convert("RGB") if kind == "JPEG" else picture).save(file, kind, **more)
    file.seek(0)
    return file


def choose(browser, file=None, name="logo.png", **more):
    return browser.post("/admin/settings", data={**SETTINGS, "logo": (file or drawing(), name), **more})


def take_away(browser, **more):
    return browser.post("/admin/settings", data={**SETTINGS, "removes_logo": "y", **more})


def logo_address(browser):
    """Where the header's logo is, as a browser finds it; None without one."""
    found = re.search(r'<img class="ring-logo" src="([^"]+)"', browser.get("/help").text)
    return found and found.group(1)


def shown_logo(browser):
    return Image.open(BytesIO(browser.get(logo_address(browser)).data))


def ring_row(session):
    session.rollback()
    return session.execute(select(Ring.name, Ring.logo_photo_id, Ring.revision)).one()


def test_without_a_logo_the_name_is_shown_alone(client, sample_ring):
    assert logo_address(client) is None
    assert client.get("/logo").status_code == 404


def test_a_logo_is_shown_beside_the_name_on_every_page(rita, client, sample_ring):
    assert choose(rita).status_code == 303

    for browser, page in ((client, "/"), (client, "/login"), (rita, "/admin/settings"), (client, "/nothing-here")):
        header = browser.get(page).text.partition("</header>")[0]
        assert re.search(
            r'<img class="ring-logo" [^>]+ alt="" height="36"><span class="(?:brand|door)-name">Ring Oberland', header
        ), page
    assert client.get(logo_address(client)).mimetype == "image/png"


def test_the_logo_is_printed_at_the_top(rita, client, sample_ring):
    choose(rita)

    assert '<p class="print-head" aria-hidden="true"><img class="ring-logo"' in client.get("/").text


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_it_is_made_small(rita, kind):
    assert choose(rita, drawing((3000, 600), kind), f"logo.{kind.lower()}").status_code == 303

    assert shown_logo(rita).size == (480, 96)


def test_a_small_one_is_not_blown_up(rita):
    choose(rita, drawing((40, 20)))

    assert shown_logo(rita).size == (40, 20)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_what_is_transparent_stays_so(rita, kind):
    choose(rita, drawing((960, 192), kind))

    logo = shown_logo(rita)
    assert logo.mode == "RGBA"
    assert (logo.getpixel((2, 48))[3], logo.getpixel((477, 48))[3]) == (255, 0)


def test_a_picture_of_few_colours_with_a_clear_one_stays_transparent(rita):
    few = Image.new("P", (100, 50), 0)
    few.putpalette([0, 0, 0, 20, 83, 45])
    few.paste(1, (0, 0, 50, 50))
    file = BytesIO()
    few.save(file, "PNG", transparency=0)
    file.seek(0)
    choose(rita, file)

    logo = shown_logo(rita)
    assert (logo.getpixel((10, 25)), logo.getpixel((90, 25))[3]) == (GREEN, 0)


def test_nothing_but_the_pixels_survives(rita, client):
    notes = PngInfo()
    notes.add_text("Author", "Drawn at Maria's kitchen table")
    choose(rita, drawing(pnginfo=notes, icc_profile=b"a profile of my own screen"))

    stored = client.get(logo_address(client)).data
    assert not {b"tEXt", b"iCCP", b"eXIf"} & {stored[at : at + 4] for at in range(len(stored))}


def test_browsers_keep_it_until_another_one_is_chosen(rita, client):
    choose(rita)
    first = logo_address(client)
    kept = client.get(first)
    assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"

    choose(rita, drawing((100, 100)))
    assert logo_address(client) != first
    assert "no-cache" in client.get(first).headers["Cache-Control"]  # the number names another one now


def test_who_has_it_is_not_sent_it_again(rita, client):
    choose(rita)
    address = logo_address(client)
    tag = client.get(address).headers["ETag"]

    again = client.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")


def test_it_is_taken_away_by_the_box(rita, client, session):
    assert "removes_logo" not in rita.get("/admin/settings").text
    choose(rita)
    address = logo_address(client)
    assert "removes_logo" in rita.get("/admin/settings").text

    assert take_away(rita).status_code == 303
    assert logo_address(client) is None
    assert client.get(address).status_code == 404
    assert ring_row(session).logo_photo_id is None


def test_a_file_and_the_box_together_mean_the_file(rita, client):
    choose(rita)
    choose(rita, drawing((100, 100)), removes_logo="y")

    assert shown_logo(client).size == (96, 96)


def test_other_settings_leave_the_logo_alone(rita, client):
    choose(rita)
    address = logo_address(client)

    assert rita.post("/admin/settings", data={**SETTINGS, "address_town": "Weilheim"}).status_code == 303
    assert logo_address(client) == address


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"Dear ring, this is our logo.", "logo.png"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "logo.svg"),
        (b"\x89PNG\r\n\x1a\n", "logo.png"),
        (b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", "logo.gif"),
    ],
    ids=["text", "svg", "half a png", "gif"],
)
def test_a_file_that_is_no_picture_is_refused_and_other_input_is_kept(rita, session, content, name):
    before = ring_row(session)
    page = choose(rita, BytesIO(content), name, address_town="Weilheim")

    assert page.status_code == 422
    assert "logo-error" in page.text
    assert 'value="Weilheim"' in page.text
    assert ring_row(session) == before


def test_a_picture_of_too_many_points_is_refused(rita, session):
    file = BytesIO()
    Image.new("1", (PIXELS_MAX[PNG] // 4_000 + 1, 4_000)).save(file, "PNG")
    file.seek(0)

    assert choose(rita, file).status_code == 422
    assert ring_row(session).logo_photo_id is None


def test_a_file_of_8_mb_is_refused(rita, app, session, monkeypatch):
    assert app.config["MAX_CONTENT_LENGTH"] == 8 * 1024**2  # of the form, in which the file is never alone
    # Of megabytes the test browser would leave a file open.
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 10_000)
    page = choose(rita, BytesIO(b"\x89PNG\r\n\x1a\n" + b"0" * 10_000))

    assert page.status_code == 413
    assert "larger than allowed" in page.text
    assert ring_row(session).logo_photo_id is None


def test_only_administrators_choose_it(client, log_in, sample_ring, session):
    assert choose(client).headers["Location"].startswith("/login")
    for login in (sample_ring.anna_login, sample_ring.wanda_login, sample_ring.karl_login):
        assert choose(log_in(login)).status_code == 403
    assert ring_row(session).logo_photo_id is None


def test_the_logo_is_only_read(rita):
    choose(rita)

    assert rita.post("/logo").status_code == 405
    assert rita.delete("/logo").status_code == 405


def test_of_two_windows_the_one_left_open_overwrites_nothing(rita, session):
    seen = re.search(r'name="revision"[^>]* value="(\d+)"', rita.get("/admin/settings").text).group(1)
    assert choose(rita, revision=seen).status_code == 303
    before = ring_row(session)

    late = take_away(rita, revision=seen, name="Ring Unterland")
    assert late.status_code == 409
    assert "changed after you opened it" in late.text
    assert choose(rita, drawing((100, 100)), revision=seen).status_code == 409
    assert ring_row(session) == before


def test_the_event_log_names_it(rita, session):
    choose(rita)

    session.rollback()
    last = session.scalars(select(RecordedEvent).order_by(RecordedEvent.id.desc())).first()
    assert (last.type, last.facts["what"]) == ("record_changed", "logo")
    assert "Logo" in rita.get("/admin/events").text
