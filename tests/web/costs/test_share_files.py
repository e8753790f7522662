"""Shares of a cost pool from a file: looked at first, then entered from a day on."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import pytest

from billing.pools import pools, shares
from booking.kernel.transaction import write_transaction
from booking.members.members import MemberInput, change_member
from tests.builders import SOMEBODY
from tests.conftest import MONDAY
from tests.web.filled_forms import form_with

DAY = "2026-01-01"
FILE = "Mitgliedsnummer;Name;Anteile;Ort\nM-Anna;Anna;7;Murnau\nM-Bernd;Bernd;0;Riegsee\n"


@pytest.fixture
def karl(log_in, sample_ring):
    return log_in(sample_ring.karl_login)


@pytest.fixture
def pool(session, sample_ring):
    with write_transaction(session):
        pool_id = pools.enter_pool(
            session, sample_ring.combine, "Combine", {"fee": "shares"}, by=SOMEBODY, now=MONDAY
        ).id
    with write_transaction(session):
        shares.set_shares(session, pool_id, sample_ring.bernd, 4, date(2025, 1, 1), by=SOMEBODY, now=MONDAY)
    return pool_id


def address(pool):
    return f"/costs/pools/{pool}/shares/file"


def held(session, pool):
    session.rollback()
    return shares.holders_on(session, pool, date(2026, 6, 1))


def look(client, pool, text, **more):
    sent = {"valid_from": DAY, "file": (BytesIO(text.encode()), "shares.csv")}
    return client.post(address(pool), data=sent | more)


def test_old_and_new_shares_are_shown_then_entered_from_a_day_on(karl, session, pool, sample_ring):
    page = look(karl, pool, FILE)

    assert page.status_code == 200
    assert "These columns are left out: Ort" in page.text
    assert held(session, pool) == {sample_ring.bernd: 4}
    sent = form_with(page.text, "upload") | {"confirm": "1"}
    assert karl.post(address(pool), data=sent).status_code == 303
    assert held(session, pool) == {sample_ring.anna: 7}
    assert shares.holders_on(session, pool, date(2025, 6, 1)) == {sample_ring.bernd: 4}
    assert "The shares of 0 members" in karl.post(address(pool), data=sent, follow_redirects=True).text


def test_who_is_not_in_the_file_or_has_an_empty_cell_keeps_the_shares(karl, session, pool, sample_ring):
    page = look(karl, pool, "Name;Anteile\nAnna;2\n").text
    assert "1 member who holds shares is not in the file and keeps them: M-Bernd" in page
    page = look(karl, pool, "Name;Anteile\nAnna;2\nBernd;\n").text
    assert "What is stored stays" in page
    assert "<dd>6</dd>" in page


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Name;Anteile\nAnna;2\nAnna;3\n", "Line 2 has the same member"),
        ("Name;Anteile\nAnna;2\nKeiner;3\n", "there is no member"),
        ("Name;Anteile\nAnna;2,5\n", "not a whole number"),
        ("Name;Anteile\nAnna;-1\n", "from 0 to 1000000"),
        ("Name;Betrag\nAnna;2\n", "missing"),
        ("", "missing"),
    ],
)
def test_a_refused_row_keeps_all_out_and_names_column_and_rule(karl, session, pool, sample_ring, text, words):
    page = look(karl, pool, text, confirm="1")

    assert page.status_code == 422
    assert words in page.text
    assert held(session, pool) == {sample_ring.bernd: 4}


def test_shares_after_the_end_of_a_membership_are_refused_with_the_rule(karl, session, pool, sample_ring):
    with write_transaction(session):
        left = MemberInput("M-Anna", "Anna", left_on=date(2025, 12, 31))
        change_member(session, sample_ring.anna, left, by=SOMEBODY, now=MONDAY)
    page = look(karl, pool, FILE)

    assert page.status_code == 422
    assert "The membership ended before this day" in page.text


def test_an_unclear_encoding_is_asked_about_here_too(karl, pool):
    file = (BytesIO("Name;Anteile\nMüller;2\n".encode("mac_roman")), "shares.csv")
    page = karl.post(address(pool), data={"valid_from": DAY, "file": file})

    assert page.status_code == 422
    assert "Macintosh" in page.text
    sent = form_with(page.text, "upload") | {"encoding": "mac_roman"}
    assert "Müller" in karl.post(address(pool), data=sent).text


def test_a_day_that_cannot_be_meant_and_other_roles_are_refused(karl, log_in, session, pool, sample_ring):
    assert karl.post(address(pool), data={"valid_from": "0203-01-01", "text": FILE}).status_code == 422
    assert log_in(sample_ring.wanda_login).get(address(pool)).status_code == 403


def test_the_last_file_is_taken_back_as_a_whole(karl, session, pool, sample_ring):
    page = look(karl, pool, FILE)
    karl.post(address(pool), data=form_with(page.text, "upload") | {"confirm": "1"})
    assert held(session, pool) == {sample_ring.anna: 7}
    assert f"{address(pool)}/take-back" in karl.get(address(pool)).text

    preview = karl.get(f"{address(pool)}/take-back")
    assert "Bernd" in preview.text
    sent = form_with(preview.text, "stored_at")
    assert karl.post(f"{address(pool)}/take-back", data=sent).status_code == 303

    assert held(session, pool) == {sample_ring.bernd: 4}
    again = karl.post(f"{address(pool)}/take-back", data=sent)
    assert again.status_code == 409
    assert "There is no file of shares" in again.text


def test_a_file_is_kept_where_its_shares_were_changed_or_used_since(karl, session, pool, sample_ring):
    page = look(karl, pool, FILE)
    karl.post(address(pool), data=form_with(page.text, "upload") | {"confirm": "1"})
    sent = form_with(karl.get(f"{address(pool)}/take-back").text, "stored_at")
    with write_transaction(session):
        shares.set_shares(session, pool, sample_ring.anna, 9, date.fromisoformat(DAY), by=SOMEBODY, now=MONDAY)

    refused = karl.post(f"{address(pool)}/take-back", data=sent)

    assert refused.status_code == 409
    assert "Shares were changed since" in refused.text
    assert held(session, pool) == {sample_ring.anna: 9}
