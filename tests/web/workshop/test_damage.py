"""Damage: a member reports it at the machine, its managers see it and mark it as done."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from booking import queries
from booking.kernel.transaction import write_transaction
from booking.models import DamageReport
from tests.builders import machine
from tests.conftest import MONDAY
from tests.integration.mails.test_notifications import mails


def picture():
    file = BytesIO()
    Image.new("RGB", (20, 20)).save(file, "PNG")
    file.seek(0)
    return file


@pytest.fixture
def anna(log_in, sample_ring):
    return log_in(sample_ring.anna_login)


@pytest.fixture
def wanda(log_in, sample_ring):
    return log_in(sample_ring.wanda_login)


def report(client, text="Belt torn", **more):
    return client.post("/usage/at/combine/damage", data={"text": text, **more})


def test_damage_goes_from_the_machine_to_the_managers_desk(anna, wanda, session, sample_ring):
    assert "Report damage" in anna.get("/usage/at/combine").text
    sent = report(anna, photo=(picture(), "belt.png"))
    assert sent.location.endswith("/usage/at/combine")

    assert mails(session) == [("damage_reported", "wanda@ring.example")]
    for path in ("/today", "/workshop", "/machines/combine", "/usage/damage"):
        assert "Belt torn" in wanda.get(path).text, path
    (stored,) = queries.damage_reports(session)
    page = wanda.get(f"/usage/damage/{stored.id}")
    assert "Close now" in page.text
    assert wanda.get(f"/usage/damage/{stored.id}/photo").mimetype == "image/jpeg"
    assert wanda.post(f"/usage/damage/{stored.id}/done").status_code == 303
    assert "Belt torn" not in wanda.get("/today").text + wanda.get("/workshop").text
    assert "done already" in wanda.post(f"/usage/damage/{stored.id}/done", follow_redirects=True).text


def test_a_report_is_read_by_its_reporter_and_the_managers_alone(anna, wanda, log_in, session, sample_ring):
    report(anna)
    (stored,) = queries.damage_reports(session)
    bernd, karl = log_in(sample_ring.bernd_login), log_in(sample_ring.karl_login)

    assert anna.get(f"/usage/damage/{stored.id}").status_code == 200
    assert anna.post(f"/usage/damage/{stored.id}/done").status_code == 403
    assert bernd.get(f"/usage/damage/{stored.id}").status_code == 404
    assert karl.get(f"/usage/damage/{stored.id}").status_code == 403
    at_machine = bernd.get("/usage/at/combine").text
    assert "was reported" in at_machine
    assert "Belt torn" not in at_machine + bernd.get("/machines/combine").text
    assert karl.get("/usage/at/combine/damage").status_code == 403


@pytest.mark.parametrize("text", ["", "   ", "x" * 2_001])
def test_a_report_without_a_fitting_text_is_refused_and_kept(anna, session, text):
    refused = report(anna, text)

    assert refused.status_code == 422
    assert text.strip() in refused.text
    assert queries.damage_reports(session) == ()


def test_a_member_has_one_open_report_for_a_machine(anna, wanda, session, sample_ring):
    report(anna)
    again = report(anna, "And a tyre is flat")

    assert again.status_code == 422
    assert "reported damage here already" in again.text
    assert "And a tyre is flat" in again.text
    with write_transaction(session):
        row = {"machine_id": sample_ring.combine, "member_id": sample_ring.anna, "reported_by": 1}
        session.add(DamageReport(text="x", reported_at=MONDAY, **row))
        with pytest.raises(IntegrityError):
            session.flush()
        session.rollback()
    (stored,) = session.scalars(select(DamageReport.id))
    wanda.post(f"/usage/damage/{stored}/done")
    assert report(anna, "And a tyre is flat").status_code == 303


def test_a_machine_that_is_missing_or_retired_has_no_damage(anna, session, sample_ring):
    machine(session, sample_ring.hall, "old", retired_at=MONDAY)

    assert anna.post("/usage/at/old/damage", data={"text": "Rust"}).status_code == 404
    assert anna.post("/usage/at/nothing/damage", data={"text": "Rust"}).status_code == 404
    assert (
        anna.post("/usage/at/combine/damage", data={"text": "x", "photo": (BytesIO(b"no"), "a.png")}).status_code == 422
    )
