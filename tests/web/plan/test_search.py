"""The search: machines, members, reservations and slips, each within what the login may see."""

from __future__ import annotations

import re

import pytest

from booking.kernel.transaction import write_transaction
from booking.use import usage
from booking.use.usage import Measurement
from tests import builders
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY


@pytest.fixture
def ring(session, sample_ring):
    """The mill has the combine of the hall, which Wanda manages, and a slip; Anna has the laser of the lab."""
    mill = builders.member(session, "Mühle Größ", number="M-90")
    builders.member(session, "Mühlhof", number="M-91")
    combine = reserve(session, sample_ring.combine, mill, hours(MONDAY, 0, 2), now=MONDAY).id
    laser = reserve(session, sample_ring.laser, sample_ring.anna, hours(MONDAY, 24, 26), now=MONDAY).id
    with write_transaction(session):
        slip = usage.hand_out(session, combine, Measurement(), by=SOMEBODY, now=MONDAY).id
    return {"anna": laser, "mill": combine, "slip": slip}


def titles(rows: str) -> list[str]:
    """Address and title of each row."""
    links = re.findall(r'href="(/[^"]+)">(.*?)</a>', rows, re.DOTALL)
    bare = [
        (address, re.sub(r'<span class="leaf.*?</b></span>|<(span|svg).*?</\1>', "", words)) for address, words in links
    ]
    return [f"{address} {re.search('<b>(.*?)</b>', words)[1]}" for address, words in bare if "<b>" in words]


@pytest.fixture
def find(log_in, sample_ring, ring):
    """find(who, text): heading of each group of hits -> their titles."""

    def found(who: str, text: str, **arguments: str) -> dict[str, list[str]]:
        answer = log_in(getattr(sample_ring, f"{who}_login")).get("/search", query_string={"q": text} | arguments)
        assert answer.status_code == 200
        cards = re.findall(r'class="card-head"><h2>(.*?)</h2>(.*?)</section>', answer.text, re.DOTALL)
        return {head: titles(rows) for head, rows in cards}

    return found


@pytest.mark.parametrize("text", ["muehle gross", "Muhle", "MÜHLE", "größ"])
def test_the_administrator_finds_a_member_and_what_it_has(find, ring, text):
    found = find("rita", text)

    assert "Mühle Größ" in found["Members"][0]
    assert found["Reservations"] == [f"/reservations/{ring['mill']} Combine"]
    assert found["Usage slips"] == [f"/usage/{ring['slip']} Usage slip {ring['slip']}"]


def test_each_role_finds_what_it_may_see(find, ring, sample_ring):
    for who, kinds in {
        "anna": ["Machines"],  # no names of others, and nobody's reservation but her own
        "bernd": ["Machines"],
        "wanda": ["Machines", "Reservations", "Usage slips"],
        "karl": ["Machines", "Reservations", "Usage slips"],
    }.items():
        assert list(find(who, "combine")) == kinds, who
    assert find("anna", "laser")["Reservations"] == [f"/reservations/{ring['anna']} Laser"]
    assert list(find("wanda", "laser")) == ["Machines"]  # the lab is not hers
    assert list(find("bernd", "muehle")) == []
    assert len(find("rita", "mühl")["Members"]) == 2
    assert [row.split()[-2:] for row in find("wanda", "mühl")["Members"]] == [["Mühle", "Größ"]]  # reserves with her
    assert find("wanda", "anna") == {}
    assert find("rita", "anna")["Logins"] == [f"/admin/logins/{sample_ring.anna_login} Anna"]  # by name and address
    assert find("rita", "anna@")["Logins"] == find("rita", "ANNA", **{"in": "logins"})["Logins"]
    assert find("wanda", "anna", **{"in": "logins"}) == {}


def test_a_number_finds_the_reservation_and_the_slip_that_have_it(find, ring):
    for text in (f"{ring['mill']}", f"No. {ring['mill']}", f"#{ring['mill']}"):
        assert f"/reservations/{ring['mill']} Combine" in find("rita", text)[f"Number {ring['mill']}"]
    assert (
        f"/usage/{ring['slip']} Usage slip {ring['slip']}" in find("wanda", str(ring["slip"]))[f"Number {ring['slip']}"]
    )
    assert f"Number {ring['mill']}" not in find("anna", str(ring["mill"]))
    assert find("rita", "999999999") == find("rita", "9" * 30) == {}


def test_member_and_machine_together_find_their_reservations(find, ring):
    assert find("rita", "Mühle combine")["Reservations"] == find("rita", "combine muehle")["Reservations"]
    assert "Reservations" not in find("rita", "Mühle laser")


def test_a_kind_has_pages_of_its_own(find, session, sample_ring):
    for number in range(22):
        builders.machine(session, sample_ring.hall, f"press-{number}", name=f"Presse {number:02}")

    assert len(find("anna", "presse")["Machines"]) == 5
    assert len(find("anna", "presse", **{"in": "machines"})["Machines"]) == 20
    assert len(find("anna", "presse", **{"in": "machines", "page": "2"})["Machines"]) == 2
    assert find("anna", "presse", **{"in": "members"}) == find("anna", "presse")  # no kind of Anna's


def test_nothing_found_says_what_to_do_and_nonsense_fails_nowhere(log_in, sample_ring, ring):
    anna = log_in(sample_ring.anna_login)

    nothing = anna.get("/search?q=<xyz>").text
    assert "Nothing was found for “&lt;xyz&gt;”" in nothing
    assert 'href="/machines">See all that can be reserved' in nothing
    assert "Type at least two characters" in anna.get("/search?q=x").text
    for odd in ("?q=%25", "?q=[(", "?q=a&page=99999", "?q=" + "x" * 2000, "?in=zz", "?q=a+b+c+d+e+f+g+h+i+j"):
        assert anna.get(f"/search{odd}").status_code == 200


def test_the_field_stands_on_every_page_and_works_without_a_script(log_in, client, sample_ring):
    page = log_in(sample_ring.anna_login).get("/today").text

    assert re.search(
        r'<form class="find" action="/search" role="search".*?name="q".*?aria-keyshortcuts="/"', page, re.DOTALL
    )
    assert 'href="/search"' in page
    assert "/search" not in client.get("/auth/login").text
