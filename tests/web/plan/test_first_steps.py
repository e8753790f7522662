"""The first steps of a new ring stay on the administrator's pages until each is done."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from billing.tariffs import tariffs
from billing.tariffs.tariffs import TariffEntry
from booking.kernel.transaction import write_transaction
from tests.builders import SOMEBODY, hours, login, machine, member, reserve, workshop
from tests.conftest import MONDAY

PRICES = TariffEntry(date(2026, 1, 1), {"member": Decimal(115), "guest": Decimal(138)}, 1, 0, 0, "used", "")
STEPS = ["Enter a machine", "Enter what it costs", "Enter a member", "Invite somebody", "Make the first reservation"]


def shown(page) -> tuple[list[str], str | None]:
    """Return the labels that are links, and the one that is a button."""
    found = re.search(r'<ol class="plain-steps">.*?</ol>', page.text, re.DOTALL)
    if found is None:
        return [], None
    links = re.findall(r"<a( class=\"btn btn-primary\")? href=\"[^\"]+\">([^<]+)</a>", found[0])
    return [label for _button, label in links], next((label for button, label in links if button), None)


def test_each_first_step_is_listed_until_it_is_done_and_the_next_is_a_button(session, log_in):
    hall = workshop(session, "hall")
    rita = log_in(login(session, "Rita", now=MONDAY, is_admin=True))
    left = list(STEPS)

    def check() -> None:
        for address in ("/admin", "/today"):
            links, button = shown(rita.get(address))
            assert [any(link.startswith(step) for link in links) for step in left] == [True] * len(left)
            assert len(links) == len(left)
            assert button == (links[0] if links else None)

    check()
    combine = machine(session, hall, "combine", charge_unit="hour")
    left.remove(STEPS[0])
    check()
    anna = member(session, "Anna")  # out of order: the tariff stays the next
    left.remove(STEPS[2])
    check()
    with write_transaction(session):
        tariffs.enter_tariff(session, combine, PRICES, by=SOMEBODY, now=MONDAY)
    left.remove(STEPS[1])
    check()
    login(session, "Anna", now=MONDAY, member_id=anna)
    left.remove(STEPS[3])
    check()
    reserve(session, combine, anna, hours(MONDAY, 1, 2), now=MONDAY)
    left.clear()
    check()


def test_only_administrators_see_the_first_steps(session, log_in):
    hall = workshop(session, "hall")
    wanda = log_in(login(session, "Wanda", now=MONDAY, manages=(hall,)))

    assert shown(wanda.get("/today")) == ([], None)
