"""Managers see the names of members who reserve with them; others they find by what they type, never in a list."""

from __future__ import annotations

import re
from datetime import date

import pytest

from app.auth.models import User
from booking.kernel.transaction import write_transaction
from tests import builders
from tests.builders import hours, reserve
from tests.conftest import MONDAY

WISH = {
    "machine": "combine", "date": "2026-11-25", "time": "09:00", "until": "length", "hours": "1", "minutes": "0",
    "places": "1",
}  # fmt: skip
TOO_SHORT = "Type at least three letters of the name, or the whole member number."
FORMS = ["/reservations/new", "/workshop/inductions/new", "/usage/new?machine=combine"]


@pytest.fixture
def farms(session, sample_ring):
    """25 farms, numbers 10 to 34; the last one left yesterday."""
    ids = [builders.member(session, f"Hof Nr. {number}", number=str(number)) for number in range(10, 34)]
    return [*ids, builders.member(session, "Hof Nr. 34", number="34", left_on=date(2026, 11, 22))]


@pytest.fixture
def wanda(log_in, sample_ring, farms):
    return log_in(sample_ring.wanda_login)


def names(page):
    return re.findall(r"(?:Hof Nr\. \d+|Anna|Bernd) \([^)]*\)", page)


@pytest.mark.parametrize("address", FORMS)
def test_nobody_is_listed_and_few_are_found(wanda, address):
    def found(text, **more):
        answer = wanda.post(address, data=WISH | {"q": text, "find": "1"} | more)
        assert answer.status_code == 200
        return answer.text

    assert names(wanda.get(address).text) == []
    assert names(found("")) == []
    # What a search passes over, or what is in every number, is no letter.
    for text in ("ho", "b", "%%", "___", "f. ", "o\u0301\u0301", "o\uff9e\uff9e", ". N", "M-B"):
        assert names(found(text)) == []
        assert TOO_SHORT in found(text)
    assert names(found("BERN")) == ["Bernd (M-Bernd)"]
    assert names(found(" 17 ")) == ["Hof Nr. 17 (17)"]
    assert names(found("34")) == ([] if "usage" not in address else ["Hof Nr. 34 (34)"])  # used it before leaving
    assert names(found("Hof%")) == []
    many = found("hof")
    assert len(names(many)) == 20
    assert "Only the first 20 are shown." in many
    assert "No member was found for “xyz”." in found("xyz")


def test_an_umlaut_is_found_however_it_is_written(wanda, session):
    for number, name in (("90", "M\u00fchle"), ("91", "Mu\u0308hle"), ("92", "Hof \u00dcberm\u00fchl")):
        builders.member(session, name, number=number)

    for text in ("m\u00fch", "mu\u0308h", "M\u00dcH"):
        page = wanda.post(FORMS[0], data=WISH | {"q": text, "find": "1"}).text
        assert "(90)" in page
        assert "(91)" in page
    assert "(92)" in wanda.post(FORMS[0], data=WISH | {"q": "hof \u00fcber", "find": "1"}).text
    assert TOO_SHORT in wanda.post(FORMS[0], data=WISH | {"q": "mu\u0308", "find": "1"}).text


def test_a_member_is_found_chosen_and_reserved_for_and_what_was_typed_stays(wanda, sample_ring):
    typed = WISH | {"purpose": "Second cut"}

    # Enter in the field of the search sends the first button of the form: still a search.
    found = wanda.post("/reservations/new", data=typed | {"q": "bernd"})
    sent = typed | {"q": "bernd", "found_for": "bernd", "member": str(sample_ring.bernd)}

    assert found.status_code == 200
    assert f'value="{sample_ring.bernd}"' in found.text
    assert 'name="found_for" type="hidden" value="bernd"' in found.text
    assert "Second cut" in found.text
    assert "Bernd (M-Bernd)" in wanda.post("/reservations/new", data=sent | {"check": "1"}).text
    assert wanda.post("/reservations/new", data=sent).status_code == 303


def test_an_id_tells_no_name(wanda, session, sample_ring, farms):
    page = wanda.post("/reservations/new", data=WISH | {"member": str(sample_ring.anna), "check": "1"}).text

    assert ">M-Anna</label>" in page
    assert "Anna (" not in page
    assert wanda.post("/reservations/new", data=WISH | {"member": str(farms[-1])}).status_code == 422  # has left


def test_a_reservation_is_repeated_for_its_member(wanda, session, sample_ring):
    first = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 49, 51), now=MONDAY).id

    page = wanda.get(f"/reservations/new?repeat={first}").text

    assert re.search(rf'checked[^>]*value="{sample_ring.anna}"', page)
    assert "Anna (M-Anna)" in page


def test_a_manager_who_is_a_member_reserves_for_their_own_at_first(log_in, session, sample_ring, farms):
    with write_transaction(session):
        session.get_one(User, sample_ring.wanda_login).member_id = farms[0]
    wanda = log_in(sample_ring.wanda_login)

    assert names(wanda.get("/reservations/new").text) == ["Hof Nr. 10 (10)"]
    assert wanda.post("/reservations/new", data=WISH).status_code == 303


def test_inductions_of_those_who_reserve_here_are_listed(log_in, session, wanda, sample_ring, farms):
    for farm in farms[:22]:
        builders.induct(session, farm, sample_ring.laser_induction, date(2026, 11, 1))
    rows = lambda query="": re.findall(r'<th scope="row">([^<]+)', wanda.get(f"/workshop/inductions{query}").text)  # noqa: E731
    kind = f"?kind={sample_ring.laser_induction}"

    assert rows() == rows(kind) == rows("?q=an") == rows("?q=Laser") == []
    assert rows("?q=anna") == rows("?q=M-Anna") == ["Anna"]
    assert rows("?q=12") == ["Hof Nr. 12"]
    assert len(rows("?q=hof")) == len(rows("?q=hof&page=2")) == 20
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 49, 51), now=MONDAY)
    assert rows() == rows("?q=an") == ["Anna"]
    assert len(re.findall(r'<th scope="row">', log_in(sample_ring.rita_login).get("/workshop/inductions").text)) == 20
