"""A member who leaves: shares and open sums are shown before the last day is stored, and on the desk after."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from billing.equity.equity import EquityInput, enter_equity
from billing.equity.settlements import preview_settlement, settle
from billing.pools.costs import CostEntry, enter_cost
from billing.pools.pools import enter_pool
from billing.pools.shares import set_shares
from booking.kernel.transaction import write_transaction
from booking.models import Member, Reservation
from tests.builders import SOMEBODY, hours, login, member, reserve
from tests.conftest import MONDAY
from tests.integration.money.harvester_pool import do, use
from tests.integration.money.test_who_bears_costs import IN_MAY, leave
from tests.web.costs.test_costs_pages import text
from tests.web.filled_forms import form_with


@pytest.fixture
def pool(session, sample_ring):
    """Bernd holds 3 of 4 shares and used the combine in May; a bill of 100.01 by shares waits."""
    made = do(session, enter_pool, sample_ring.combine, "Combine", {"insurance": "shares"})
    do(session, set_shares, made, sample_ring.bernd, 3, date(2026, 1, 1))
    do(session, set_shares, made, sample_ring.anna, 1, date(2026, 1, 1))
    do(session, enter_cost, made, CostEntry(date(2026, 5, 3), "Allianz", "insurance", 10_001))
    use(session, sample_ring.combine, sample_ring.bernd, 100, IN_MAY)
    return made


@pytest.fixture
def rita(sample_ring, log_in):
    return log_in(sample_ring.rita_login)


def record(last_day):
    return {"number": "M-Bernd", "name": "Bernd", "price_class": "member", "left_on": last_day, "revision": "0"}


def test_a_last_day_is_stored_after_shares_sums_and_reservations_were_seen(session, sample_ring, pool, rita):
    coming = reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 24, 26), now=MONDAY).id
    address = f"/admin/members/{sample_ring.bernd}"

    shown = rita.post(address, data=record("2026-12-31"))

    page = text(shown)
    assert shown.status_code == 409
    assert "Nothing is stored yet. Look at this, then save once more." in page
    assert "3 shares of Combine: ends with the membership on 31 Dec 2026" in page
    assert "Part of the bills of 2026 that wait in Combine, by what is entered today: €75.01" in page
    assert "1 reservation to come" in page
    assert f'href="/reservations/{coming}"' in page
    assert 'name="seen_last_day" type="hidden" value="2026-12-31"' in page
    assert session.get_one(Member, sample_ring.bernd).left_on is None

    another = rita.post(address, data=record("2026-11-30") | {"seen_last_day": "2026-12-31"})
    assert another.status_code == 409, "another day than the one that was seen"
    assert rita.post(address, data=record("2026-12-31") | {"seen_last_day": "2026-12-31"}).status_code == 303
    session.expire_all()
    assert session.get_one(Member, sample_ring.bernd).left_on == date(2026, 12, 31)
    again = rita.post(address, data=record("2026-12-31") | {"revision": "1", "name": "Bernd B."})
    assert again.status_code == 303, "the last day is stored already"
    assert "3 shares of Combine" in text(rita.get(address))


def test_a_member_without_anything_open_leaves_at_once(session, rita):
    carla = member(session, "Carla", number="M-Carla")
    sent = record("2026-12-31") | {"number": "M-Carla", "name": "Carla"}

    assert rita.post(f"/admin/members/{carla}", data=sent).status_code == 303


def test_the_desk_lists_leavers_with_open_sums(session, sample_ring, pool, log_in, clock):
    karl = log_in(sample_ring.karl_login)
    assert "Members who leave" not in text(karl.get("/costs"))
    leave(session, sample_ring.bernd, date(2026, 11, 20))
    leave(session, member(session, "Carla"), date(2026, 11, 20))

    for page in (text(karl.get("/costs")), text(karl.get("/costs/leavers"))):
        assert "M-Bernd Bernd" in page
        assert "3 shares of Combine: ends with the membership on 20 Nov 2026" in page
        assert "€75.01" in page
        assert "Carla" not in page
    do(session, set_shares, pool, sample_ring.bernd, 3, date(2026, 1, 1), outlasts_membership=True)
    assert "held after the end of the membership too, as stated" in text(karl.get("/costs/leavers"))
    do(session, set_shares, pool, sample_ring.bernd, 0, date(2026, 1, 1))
    assert "1 usage slip without a price" not in text(karl.get("/costs/leavers"))
    clock.instant = MONDAY + timedelta(days=800)
    do(session, enter_equity, EquityInput(sample_ring.bernd, date(2026, 1, 1), 5_000))
    karl = log_in(sample_ring.karl_login)
    listed = karl.get("/costs/leavers")  # for years: until it is set off or paid
    assert "Equity that the member has paid in: €50.00" in text(listed)
    assert f"/costs/leavers/{sample_ring.bernd}/settle" in listed.text
    leave(session, sample_ring.bernd, clock.instant.date())
    assert "/settle" not in karl.get("/costs/leavers").text, "the last day is not over"
    leave(session, sample_ring.bernd, date(2026, 11, 20))
    with write_transaction(session):
        seen = preview_settlement(session, sample_ring.bernd, 0, now=MONDAY).digest
        settle(session, sample_ring.bernd, None, digest=seen, set_off_cents=0, by=SOMEBODY, now=MONDAY)
    assert "Equity still owed to the member: €50.00" in text(karl.get("/costs/leavers"))
    leave(session, sample_ring.bernd, None)
    assert "No member who leaves holds shares" in text(karl.get("/costs/leavers"))


def test_leavers_are_for_treasurer_and_administrator(session, sample_ring, client, log_in, rita):
    assert client.get("/costs/leavers").status_code == 303
    assert log_in(sample_ring.anna_login).get("/costs/leavers").status_code == 403
    assert log_in(login(session, "Nora", now=MONDAY)).get("/costs/leavers").status_code == 403
    assert rita.get("/costs/leavers").status_code == 200
    assert rita.post("/costs/leavers").status_code == 405


def test_an_import_stores_last_days_after_what_stays_open_was_seen(session, sample_ring, pool, rita, app, tmp_path):
    coming = reserve(
        session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 24 * 20, 24 * 20 + 2), now=MONDAY
    ).id
    table = "Nummer;Name;Austritt\nM-Bernd;Bernd;30.11.2026\nM-Anna;Anna;\n"
    shown = rita.post("/admin/import/members", data={"text": table})

    page = text(shown)
    assert "1 member gets a last day and still holds or owes something." in page
    assert "<strong>M-Bernd, Bernd</strong>, Last day of the membership: 30 Nov" in page
    assert "3 shares of Combine: ends with the membership" in page
    assert "1 reservation to come" in page
    refused = rita.post("/admin/import/members/store", data={"text": table, "confirms_leavers": "other"})
    assert refused.status_code == 422
    assert "Nothing is stored yet: tick" in text(refused)
    assert session.get_one(Member, sample_ring.bernd).left_on is None
    session.rollback()

    file = tmp_path / "members.csv"
    file.write_text(table)
    tried = app.test_cli_runner().invoke(args=["ring", "import", "members", str(file), "--dry-run"])
    assert "leaves on 2026-11-30 with 1 reservations to come, 0 machines out, 3 shares, €" in tried.output

    sent = {"text": table, "confirms_leavers": re.findall('confirms_leavers" value="(.+?)"', shown.text)[0]}
    assert rita.post("/admin/import/members/store", data=sent).status_code == 303
    session.expire_all()
    assert session.get_one(Member, sample_ring.bernd).left_on == date(2026, 11, 30)
    assert session.get_one(Reservation, coming).outside_rules_since is not None
    session.rollback()
    rita.post(
        "/admin/import/members/take-back", data=form_with(rita.get("/admin/import/members/take-back").text, "stored_at")
    )
    session.expire_all()
    assert session.get_one(Reservation, coming).outside_rules_since is None
