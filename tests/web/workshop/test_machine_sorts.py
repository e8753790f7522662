"""What a ring lends has a sort: it picks nouns and verbs on pages, in mails and files, in both languages."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask_babel import force_locale
from sqlalchemy import select, update

from app.auth.models import User
from app.mail.models import Mail
from app.wording.sorts import SORT_LABELS, SORT_TEXTS, count_text, sort_text
from booking import queries
from booking.kernel.transaction import write_transaction
from booking.machine_sorts import MACHINE_SORTS
from booking.models import Machine
from tests.builders import hours, machine, reserve
from tests.conftest import MONDAY
from tests.integration.mails.test_notifications import deliver
from tests.web.files.test_spreadsheet_files import run
from tests.web.workshop.test_machines import ENTRY

OTHERS = [sort for sort in MACHINE_SORTS if sort != "machine"]


def change_sort(session, machine_id, sort):
    with write_transaction(session):
        session.execute(update(Machine).where(Machine.id == machine_id).values(sort=sort))


def main_of(page) -> str:
    return re.sub(r"<[^>]+>", " ", page.text.partition("<main")[2].partition("</main>")[0])


@pytest.mark.parametrize("sort", MACHINE_SORTS)
@pytest.mark.parametrize("code", SORT_TEXTS)
def test_each_text_has_the_words_and_the_placeholders_of_its_sort(app, code, sort):
    row = SORT_TEXTS[code]
    with app.test_request_context():
        for language in ("en", "de"):
            with force_locale(language):
                text, of_machine = str(row.of(sort)), str(row.machine)
                assert re.findall(r"%\(\w+\)s", text) == re.findall(r"%\(\w+\)s", of_machine)
                if sort != "machine":
                    assert not re.search(r"[Mm]achine|[Mm]aschine", text.replace("%(machine)s", "")), text


def test_german_has_its_articles_and_cases(app):
    with app.test_request_context(), force_locale("de"):
        assert sort_text("out", "person").startswith("Der Betriebshelfer ist unterwegs.")
        assert sort_text("taken_over", "room").startswith("Sie haben den Raum übernommen.")
        assert (
            sort_text("still_out", "tool", due="um 9:00")
            == "Das Werkzeug ist noch nicht zurück, fällig war es um 9:00."
        )
        assert [count_text(sort, 2) for sort in OTHERS] == ["2 Räume", "2 Betriebshelfer", "2 Werkzeuge"]


@pytest.mark.parametrize(("sort", "language"), [("room", "de"), ("person", "de"), ("tool", "en")])
def test_no_page_calls_it_a_machine_from_the_catalogue_to_the_slip(session, sample_ring, log_in, clock, sort, language):
    with write_transaction(session):
        session.execute(update(User).values(language=language))
    change_sort(session, sample_ring.combine, sort)
    anna, wanda = log_in(sample_ring.anna_login), log_in(sample_ring.wanda_login)
    held = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 0, 2), now=MONDAY)
    pages = ["/machines/combine", "/usage/at/combine", f"/reservations/{held.id}", "/today"]
    pages += [f"/usage/hand-out/{held.id}", "/reservations/new?machine=combine", "/usage/at/combine/damage"]
    found = [main_of(anna.get(path)) for path in pages]
    clock.instant += timedelta(minutes=1)
    handed = anna.post(f"/usage/hand-out/{held.id}", data={}, follow_redirects=True)
    found += [main_of(handed), main_of(anna.get(f"/reservations/{held.id}")), main_of(wanda.get("/machines/combine"))]
    back = anna.post(f"/usage/hand-back/{held.id}", data={"amount": "1"}, follow_redirects=True)
    found += [main_of(back)]

    for text in found:
        assert not re.search(r"\b([Tt]he|[Tt]his) machine\b|[Dd](ie|er|iese) Maschine\b", text), text


def test_a_manager_chooses_the_sort_and_the_catalogue_filters_by_it(session, sample_ring, log_in):
    wanda = log_in(sample_ring.wanda_login)
    entered = wanda.post(
        "/machines/new", data={**ENTRY, "slug": "hall-2", "name": "Hall two", "workshop": "hall", "sort": "room"}
    )
    assert entered.status_code == 303, main_of(entered)
    assert queries.machine_card(session, "hall-2").sort == "room"

    rooms = wanda.get("/machines?what=room")
    assert "Hall two" in rooms.text
    assert "Combine" not in main_of(rooms)
    assert "1 room at" in rooms.text
    assert "Hall two" in wanda.get("/machines?what=nonsense").text

    refused = wanda.post("/machines/new", data={**ENTRY, "slug": "x", "workshop": "hall", "sort": "animal"})
    assert refused.status_code == 422


def test_programs_read_the_sort_and_mails_name_it(session, sample_ring, log_in):
    helper = machine(session, sample_ring.hall, "helper", sort="person")
    anna = log_in(sample_ring.anna_login)
    listed = {one["slug"]: one["sort"] for one in anna.get("/api/v1/machines").json["items"]}
    assert (listed["helper"], listed["combine"]) == ("person", "machine")

    reserve(session, helper, sample_ring.anna, hours(MONDAY, 8, 9), now=MONDAY)
    deliver(session)
    texts = [mail.body for mail in session.scalars(select(Mail))]
    assert any("Person: Helper" in text for text in texts), texts


def test_a_file_names_the_sort_in_either_language(session, sample_ring):
    head = "short name;name;workshop;sort\n"
    report = run(
        session,
        head + "press;Presse;hall;Raum\nloader;Lader;hall;tool\nkarl;Karl;hall;Betriebshelfer\n",
        kind="machines",
    )
    assert report.is_clean(), report.rows
    assert [queries.machine_card(session, slug).sort for slug in ("press", "loader", "karl")] == [
        "room",
        "tool",
        "person",
    ]

    refused = run(session, head + "cow;Kuh;hall;Tier\n", kind="machines")
    assert "Raum, Person, Werkzeug" in refused.rows[0].reasons[0]
    assert set(SORT_LABELS) == set(MACHINE_SORTS)
