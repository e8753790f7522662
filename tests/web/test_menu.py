"""The menu: what each role may enter, in the order in which it is used."""

from __future__ import annotations

import re

import pytest

MENUS = {
    "anna": "Today, Plan, My reservations, Machines, Costs, Usage slips, Calendar subscriptions, Help and rules",
    "wanda": "Today, Plan, Approvals, Reservations, Machines, Usage slips, Workshop, Calendar subscriptions,"
    " Help and rules",
    "karl": "Today, Costs, Usage slips, Plan, Reservations, Machines, Calendar subscriptions, Help and rules",
    "rita": "Today, Plan, Approvals, Reservations, Machines, Costs, Usage slips, Workshop, Calendar subscriptions,"
    " Administration, Help and rules",
}


def entries(page: str) -> dict[str, str]:
    """Return label -> tag of the links in the menu; the fourth and fifth stand there twice."""
    menu = re.search(r"<nav\b.*?</nav>", page, re.DOTALL)
    assert menu is not None
    return {label: tag for tag, label in re.findall(r"(<a [^>]*>)([^<]+)</a>", menu[0])}


@pytest.mark.parametrize("who", list(MENUS))
def test_each_role_finds_what_it_may_enter_in_the_order_of_its_use(log_in, sample_ring, who):
    page = log_in(getattr(sample_ring, f"{who}_login")).get("/today").text

    assert ", ".join(entries(page)) == MENUS[who]


def test_the_entry_of_the_present_page_is_marked_also_on_the_pages_behind_it(log_in, sample_ring):
    page = log_in(sample_ring.anna_login).get("/reservations/new").text

    marked = [label for label, tag in entries(page).items() if "aria-current" in tag]
    assert marked == ["My reservations"]
