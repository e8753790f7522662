"""Announcements: managers and administrators tell everybody something on Today, until its last day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from booking import announcements, queries
from booking.announcements import AnnouncementInput
from booking.kernel.transaction import write_transaction
from booking.models import Announcement
from tests.builders import SOMEBODY
from tests.conftest import MONDAY

NEW = "/announcements/new"
TODAY = MONDAY.date()


def announce(session, text, workshop_id=None, days=1):
    entered = AnnouncementInput(workshop_id, text, TODAY + timedelta(days=days))
    with write_transaction(session):
        return announcements.announce(session, entered, by=SOMEBODY, today=TODAY, now=MONDAY)


def test_a_note_is_on_today_of_every_role_until_its_last_day_is_over(session, sample_ring, log_in, clock):
    wanda = log_in(sample_ring.wanda_login)
    sent = wanda.post(
        NEW, data={"text": "The road is closed", "workshop": str(sample_ring.hall), "last_day": "2026-11-24"}
    )
    assert sent.status_code == 303

    readers = (sample_ring.anna_login, sample_ring.wanda_login, sample_ring.karl_login, sample_ring.rita_login)
    for login in readers:
        page = log_in(login).get("/today").text
        assert "The road is closed" in page
        assert "Maschinenhalle" in page
    assert "Announcement entered" in log_in(sample_ring.rita_login).get("/admin/events").text
    clock.instant += timedelta(days=2)
    assert "The road is closed" not in log_in(sample_ring.anna_login).get("/today").text
    assert "Nothing is announced" in log_in(sample_ring.anna_login).get("/announcements").text


def test_managers_write_for_their_workshops_and_administrators_for_all(session, sample_ring, log_in):
    wanda, rita = log_in(sample_ring.wanda_login), log_in(sample_ring.rita_login)
    form = {"text": "Assembly on Friday", "last_day": "2026-11-27"}
    assert "the whole ring" not in wanda.get(NEW).text
    for foreign in ("all", str(sample_ring.lab), "", "x"):
        assert wanda.post(NEW, data={**form, "workshop": foreign}).status_code == 422, foreign
    assert queries.announcements(session, TODAY) == ()
    assert rita.post(NEW, data={**form, "workshop": "all"}).status_code == 303
    (stored,) = queries.announcements(session, TODAY)
    assert (stored.workshop_id, stored.text) == (None, "Assembly on Friday")

    assert wanda.post(f"/announcements/{stored.id}/withdraw").status_code == 404
    assert log_in(sample_ring.anna_login).get(NEW).status_code == 403
    assert "withdraw" not in log_in(sample_ring.anna_login).get("/announcements").text
    for sentence in ("The announcement is withdrawn.", "Somebody has withdrawn it already."):
        page = rita.post(f"/announcements/{stored.id}/withdraw", follow_redirects=True)
        assert sentence in page.text
    assert queries.announcements(session, TODAY) == ()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"text": "  "}, "Please write what everybody should know."),
        ({"text": "x" * 501}, "At most 500 characters fit here; there are 501."),
        ({"last_day": ""}, "Please choose the last day."),
        ({"last_day": "2026-11-22"}, "This is before today"),
        ({"last_day": "2028-01-01"}, "This is after"),
    ],
)
def test_bad_input_names_its_field_and_keeps_what_was_typed(session, sample_ring, log_in, wrong, sentence):
    form = {"text": "Kept all the same", "workshop": str(sample_ring.hall), "last_day": "2026-11-24"} | wrong
    page = log_in(sample_ring.wanda_login).post(NEW, data=form)

    assert page.status_code == 422
    assert sentence in page.text
    assert "text" in wrong or "Kept all the same" in page.text
    assert queries.announcements(session, TODAY) == ()


def test_programs_read_write_and_withdraw(session, sample_ring, log_in):
    wanda, anna = log_in(sample_ring.wanda_login), log_in(sample_ring.anna_login)
    body = {"text": "Key is at the office", "last_day": "2026-11-24"}
    refused = wanda.post("/api/v1/announcements", json=body)
    assert (refused.status_code, refused.json["violations"][0]["field"]) == (422, "workshop_id")
    assert wanda.post("/api/v1/announcements", json={**body, "workshop_id": sample_ring.lab}).status_code == 404
    assert anna.post("/api/v1/announcements", json={**body, "workshop_id": sample_ring.hall}).status_code == 403
    made = wanda.post("/api/v1/announcements", json={**body, "workshop_id": sample_ring.hall})
    assert made.status_code == 201
    assert [one["text"] for one in anna.get("/api/v1/announcements").json["items"]] == ["Key is at the office"]
    ended = wanda.post(f"/api/v1/announcements/{made.json['id']}/withdraw")
    assert ended.json["withdrawn_at"]
    assert wanda.post(f"/api/v1/announcements/{made.json['id']}/withdraw").status_code == 409
    assert anna.get("/api/v1/announcements").json["items"] == []


def test_today_shows_the_newest_and_the_list_is_paged(session, sample_ring, log_in):
    for number in range(30):
        announce(session, f"Note {number:02}")
    anna = log_in(sample_ring.anna_login)
    today = anna.get("/today").text
    assert "Note 29" in today
    assert "Note 26" not in today
    assert "All announcements" in today
    assert "Note 04" not in anna.get("/announcements").text
    assert "Note 04" in anna.get("/announcements?page=2").text


def test_the_database_refuses_an_empty_and_an_endless_note(session, sample_ring):
    for text in ("", "x" * 501):
        with pytest.raises(IntegrityError), write_transaction(session):
            session.add(Announcement(text=text, last_day=TODAY, announced_at=MONDAY))
