"""Lists sorted by a column: a link in its head, kept in the address with the filters; never by what is no column."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from booking.kernel.transaction import write_transaction
from booking.use import usage
from booking.use.usage import Measurement
from tests import builders
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY

# Address, a filter that must stay, the column, what the rows show by it, then what they show by it from the end.
LISTS = {
    "members": ("/admin/members", {"q": "m-"}, "name", ["Anna", "Bernd", "Zoe"], ["Zoe", "Bernd", "Anna"]),
    "logins": ("/admin/logins", {"q": "ring.example"}, "email", ["Anna", "Bernd"], ["Wanda", "Rita"]),
    "slips": ("/usage", {"member": "anna"}, "handed_out", ["Combine", "Cold-store"], ["Cold-store", "Combine"]),
    "inductions": ("/workshop/inductions", {"q": "m-"}, "member", ["Anna", "Zoe"], ["Zoe", "Anna"]),
    "past reservations": (
        "/reservations",
        {"when": "past"},
        "start",
        ["Combine", "Cold-store"],
        ["Cold-store", "Combine"],
    ),
    "machines": ("/machines", {"workshop": "hall"}, "name", ["Cold-store", "Combine"], ["Splitter", "Combine"]),
}


@pytest.fixture
def rita(log_in, session, sample_ring, clock):
    """Anna had the combine, then the cold store; Zoe is the last by name and the first by number, and inducted."""
    zoe = builders.member(session, "Zoe", number="M-0")
    builders.induct(session, zoe, sample_ring.laser_induction, MONDAY.date() - timedelta(days=300), days=301)
    for machine, start in ((sample_ring.combine, 0), (sample_ring.cold_store, 3)):
        entered = reserve(session, machine, sample_ring.anna, hours(MONDAY, start, start + 2), now=MONDAY)
        with write_transaction(session):
            now = MONDAY + timedelta(hours=start)
            usage.hand_out(session, entered.id, Measurement(), by=SOMEBODY, now=now)
            usage.hand_back(session, entered.id, Measurement(amount=100), by=SOMEBODY, now=now + timedelta(hours=2))
    clock.instant = MONDAY + timedelta(days=2)
    return log_in(sample_ring.rita_login)


def titles(page: str) -> list[str]:
    """What the rows of a table, of a list or of the catalogue are called."""
    body = page.split("<main", 1)[1]
    found = re.findall(r'<th scope="row">(?:<a [^>]*>)?([^<]+)|class="cover"[^>]*>(?:<b>)?([^<]+)', body)
    return [head or row for head, row in found]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_sorted_by_its_column_both_ways_and_its_filter_stays(rita, name):
    address, kept, column, first, last = LISTS[name]

    upwards = rita.get(address, query_string=kept | {"sort": column}).text
    downwards = rita.get(address, query_string=kept | {"sort": f"-{column}"}).text

    shown = [title for title in titles(upwards) if title in {*first, *last}]
    assert shown[: len(first)] == first
    assert [title for title in titles(downwards) if title in {*first, *last}][: len(last)] == last
    links = [
        parse_qs(urlsplit(link.replace("&amp;", "&")).query)
        for link in re.findall(rf'href="{address}(\?[^"]*)"', upwards)
    ]
    other_way = [link for link in links if link.get("sort", [f"-{column}"])[0] != column]
    assert any({key: [value] for key, value in kept.items()}.items() <= link.items() for link in other_way)


@pytest.mark.parametrize("name", LISTS)
def test_what_is_no_column_changes_nothing(rita, name):
    address, kept, *_rest = LISTS[name]
    usual = titles(rita.get(address, query_string=kept).text)

    for nonsense in ("password_hash", "-", "", "name;drop", "--name", "member.id"):
        assert titles(rita.get(address, query_string=kept | {"sort": nonsense}).text) == usual


def test_the_sorted_head_says_so_to_readers(rita):
    page = rita.get("/admin/members?sort=-name").text

    assert re.findall(r'<th scope="col" aria-sort="(\w+)"><a class="sort" href="([^"]+)">(\w+)', page) == [
        ("descending", "/admin/members?sort=name", "Name")
    ]
    assert 'aria-sort="ascending"' in rita.get("/admin/members").text  # by number, as always
    assert rita.get("/costs/charges?sort=served").status_code == 200
