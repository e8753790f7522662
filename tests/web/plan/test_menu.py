"""The menu: what each role may enter, in the order in which it is used."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from booking.kernel.transaction import write_transaction
from booking.models import Reservation, Status
from booking.use import objections, usage
from booking.use.usage import Measurement
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY

# The bar from the top of a screen, then what is behind "More".
MENUS = {
    "anna": "Today, Plan, Reserve, Reservations, Machines, Costs; Invoices, Fees, Usage slips, Induction courses,"
    " Announcements, Calendar subscriptions, Help and rules",
    "wanda": "Today, Approvals, Reserve, Plan, Workshop, Machines; Reservations, Usage slips, Inductions,"
    " Announcements, Calendar subscriptions, Screens, Help and rules",
    "karl": "Today, Costs, Bill, Balances, Slips, Charges, Allocations; Plan, Reservations, Machines, Invoices, Fees,"
    " Announcements, Calendar subscriptions, Members, Events, Background tasks, Help and rules",
    "rita": "Today, Members, Invite, Workshop, Events, Settings; Plan, Approvals, Reserve, Reservations, Machines,"
    " Costs, Balances, Charges, Invoices, Allocations, Fees, Usage slips, Inductions, Announcements,"
    " Calendar subscriptions, Screens, Background tasks, Administration, Help and rules",
}
PHONES = {
    "anna": "Today, Plan, Reserve, Costs",
    "wanda": "Today, Approvals, Reserve, Plan",
    "karl": "Today, Costs, Bill, Slips",
    "rita": "Today, Members, Invite, Workshop",
}


def menu_of(page: str) -> str:
    """The markup of the menu."""
    found = re.search(r"<nav class=\"desks\".*?</nav>", page, re.DOTALL)
    assert found is not None
    return found[0]


def entries(markup: str) -> dict[str, str]:
    """Label -> tag of the links."""
    links = re.findall(r"(<a [^>]*>)(.*?)</a>", markup, re.DOTALL)
    return {
        re.sub(r"<span class=\"dot\">.*?</span></span>|<[^>]+>", "", words).strip("0123456789"): tag
        for tag, words in links
    }


@pytest.mark.parametrize("who", list(MENUS))
def test_each_role_finds_what_it_may_enter_in_the_order_of_its_use(log_in, sample_ring, who):
    bar, more = menu_of(log_in(getattr(sample_ring, f"{who}_login")).get("/today").text).split("<details", 1)
    behind = re.sub(r'<a class="nav-narrow".*?</a>', "", more, flags=re.DOTALL)

    assert f"{', '.join(entries(bar))}; {', '.join(entries(behind))}" == MENUS[who]


@pytest.mark.parametrize("who", list(PHONES))
def test_a_phone_has_four_places_and_the_others_behind_more(log_in, sample_ring, who):
    bar, more = menu_of(log_in(getattr(sample_ring, f"{who}_login")).get("/today").text).split("<details", 1)
    narrow = re.sub(r'<li class="nav-wide">.*?</li>', "", bar, flags=re.DOTALL)

    assert ", ".join(entries(narrow)) == PHONES[who]
    assert list(entries(bar)) == [label for label in entries(bar) if label in entries(narrow) or label in entries(more)]


@pytest.mark.parametrize(
    ("who", "address", "desk"),
    [
        ("anna", "/reservations/new", "Reserve"),
        ("anna", "/reservations", "Reservations"),
        ("anna", "/costs/mine", "Costs"),
        ("rita", "/admin/members/new", "Members"),
        ("rita", "/admin/logins", "Administration"),
        ("rita", "/admin/logins/invite", "Invite"),
        ("wanda", "/workshop/inductions", "Inductions"),
        ("karl", "/costs/allocations", "Allocations"),
    ],
)
def test_the_present_desk_is_marked_on_its_pages_also_behind_more(log_in, sample_ring, who, address, desk):
    menu = menu_of(log_in(getattr(sample_ring, f"{who}_login")).get(address).text)

    assert {label for label, tag in entries(menu).items() if "aria-current" in tag} == {desk}
    more = menu.split("<details", 1)[1]
    is_only_there = "aria-current" not in menu.split("<details", 1)[0]
    assert ('<summary class="nav-to" aria-current="true"' in more) is is_only_there


@pytest.mark.parametrize("who", list(MENUS))
def test_every_page_marks_one_desk_and_no_link_of_menu_and_today_redirects(app, log_in, sample_ring, who):
    browser = log_in(getattr(sample_ring, f"{who}_login"))
    marked, answers = {}, {}
    for rule in app.url_map.iter_rules():
        if rule.arguments or "GET" not in rule.methods or rule.rule.startswith(("/api/", "/static")):
            continue
        answer = answers[rule.rule] = browser.get(rule.rule)
        if answer.status_code == 200 and '<nav class="desks"' in answer.text:
            markup = answer.text.partition("<main")[0].partition("<header")[2]
            marked[rule.rule] = [label for label, tag in entries(markup).items() if 'aria-current="page"' in tag]

    assert len(marked) > 15
    assert {path: labels for path, labels in marked.items() if len(labels) != 1} == {}
    of_today = {link.partition("?")[0] for link in re.findall(r'href="(/[^"#]*)', answers["/today"].text)}
    redirected = {link for link in of_today & answers.keys() if answers[link].status_code != 200}
    assert redirected <= {"/"}


def test_what_waits_is_counted_at_its_desk_and_in_the_title(log_in, sample_ring, session):
    reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 25, 28), now=MONDAY)

    page = log_in(sample_ring.wanda_login).get("/today").text

    assert "<title>(1) Today" in page
    assert re.search(r'href="/approvals".*?<span class="dot">1', menu_of(page), re.DOTALL)
    assert "<title>Today" in log_in(sample_ring.anna_login).get("/today").text


def test_overdue_machines_are_counted_for_those_whom_they_concern(log_in, sample_ring, session):
    held = reserve(
        session, sample_ring.combine, sample_ring.anna, hours(MONDAY, -3, -1), now=MONDAY - timedelta(days=9)
    )
    with write_transaction(session):
        session.execute(update(Reservation).where(Reservation.id == held.id).values(status=Status.IN_USE))

    def counted(who):
        return "<title>(1) Today" in log_in(getattr(sample_ring, f"{who}_login")).get("/today").text

    assert [who for who in ("anna", "bernd", "wanda", "karl", "rita") if counted(who)] == ["anna", "wanda", "rita"]


def test_what_a_member_has_not_brought_back_is_counted_with_its_login(log_in, sample_ring, session, statements):
    held = reserve(
        session, sample_ring.combine, sample_ring.anna, hours(MONDAY, -3, -1), now=MONDAY - timedelta(days=9)
    )
    anna = log_in(sample_ring.anna_login)
    titles = []
    for status in (Status.IN_USE, Status.COMPLETED):
        with write_transaction(session):
            session.execute(update(Reservation).where(Reservation.id == held.id).values(status=status))
        with statements() as made:
            titles.append("<title>(1) Today" in anna.get("/today").text)
        assert [each for each in made if "AS overdue" in each and "auth_session" not in each] == []

    assert titles == [True, False], "at once"


def test_objections_are_counted_at_the_slips_of_those_who_answer_them(log_in, sample_ring, session, clock):
    held = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 25, 28), now=MONDAY).id
    begins, ends = MONDAY + timedelta(hours=25), MONDAY + timedelta(hours=28)
    with write_transaction(session):
        slip = usage.hand_out(session, held, Measurement(), by=SOMEBODY, now=begins).id
        usage.hand_back(session, held, Measurement(amount=3), by=SOMEBODY, now=ends)
        objections.object_to(session, slip, "It was less.", by=SOMEBODY, now=ends)
    clock.instant = ends

    page = log_in(sample_ring.wanda_login).get("/today").text
    assert "<title>(1) Today" in page
    assert re.search(r'href="/usage">(?:(?!</a>).)*Usage slips<span class="count">1', menu_of(page), re.DOTALL)
    assert "<title>Today" in log_in(sample_ring.anna_login).get("/today").text
