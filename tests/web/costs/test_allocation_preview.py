"""The preview and the pool form: what decides who bears costs, with the names, before anything is stored or posted."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select

from app.pages.costs.bearers import NAMES_SHOWN
from billing import queries
from billing.models import Allocation
from billing.pools.costs import CostEntry, enter_cost
from billing.pools.pools import change_pool, enter_pool
from billing.pools.shares import set_shares
from tests.builders import member
from tests.integration.money.harvester_pool import do, use
from tests.integration.money.test_who_bears_costs import IN_AUGUST, IN_MAY, RULES, bill, leave
from tests.web.costs.test_costs_pages import text


@pytest.fixture
def karl(sample_ring, log_in):
    return log_in(sample_ring.karl_login)


@pytest.fixture
def pool(session, sample_ring, karl):
    """Opened on the page. Anna used the combine in May, Bernd in August."""
    kinds = {f"kinds-{number}-kind": kind for number, kind in enumerate(RULES)}
    keys = {f"kinds-{number}-key": key for number, key in enumerate(RULES.values())}
    karl.post(
        "/costs/pools/new",
        data={"machine": sample_ring.combine, "name": "Combine", "charges_are": "income", **kinds, **keys},
    )
    use(session, sample_ring.combine, sample_ring.anna, 300, IN_MAY)
    use(session, sample_ring.combine, sample_ring.bernd, 200, IN_AUGUST)
    return queries.pools(session)[0].id


def preview(karl, pool, period=""):
    return text(karl.get(f"/costs/pools/{pool}/allocate{period}"))


def test_the_preview_proposes_the_year_and_says_what_the_month_would_change(session, karl, pool):
    bill(session, pool, "tyres")

    page = preview(karl, pool)
    assert 'name="from" required type="date" value="2026-01-01"' in page
    assert "tyres (by use): The use from 1 Jan 2026 to 31 Dec 2026 decides: 2 members. Anna, Bernd" in page
    assert "With the use from 1 May 2026 to 31 May 2026 it would be 1 member. Without: Bernd." in page
    in_may = f"/costs/pools/{pool}/allocate?from=2026-05-01&amp;until=2026-05-31"
    assert in_may in page

    page = preview(karl, pool, "?from=2026-05-01&until=2026-05-31")
    assert "The use from 1 May 2026 to 31 May 2026 decides: 1 member. Anna" in page
    assert "it would be 2 members. In addition: Bernd." in page
    karl.post("/language", data={"language": "de"})
    assert "Es entscheidet die Nutzung vom 01.01.2026 bis 31.12.2026: 2 Mitglieder. Anna, Bernd" in preview(karl, pool)


def test_bills_of_another_year_wait_beside_the_preview(session, karl, pool):
    bill(session, pool, "tyres")
    bill(session, pool, "tyres", 500, date(2027, 2, 1))

    page = preview(karl, pool)
    assert "1 bill of 2027, €5.00" in page
    assert f"/costs/pools/{pool}/allocate?from=2027-01-01&amp;until=2027-12-31" in page
    assert "1 bill of 2026, €600.00" in preview(karl, pool, "?from=2027-01-01&until=2027-12-31")


def test_keys_without_use_say_that_the_period_decides_nothing(session, sample_ring, karl, pool):
    do(session, set_shares, pool, sample_ring.anna, 2, date(2026, 1, 1))
    bill(session, pool, "insurance")

    page = preview(karl, pool)
    assert "The shares held on 5 May 2026 decide, whatever the period: 1 member. Anna" in page
    assert "No key of these costs depends on the period" in page


def test_many_names_open_behind_the_first_ones(session, sample_ring, karl, pool):
    for number in range(NAMES_SHOWN):
        use(session, sample_ring.combine, member(session, f"Hof {number:02}", number=f"Z-{number:02}"), 100, IN_MAY)
    bill(session, pool, "tyres")

    assert "<summary>and 2 more</summary>Hof 10, Hof 11</details>" in preview(karl, pool)


def test_leavers_and_guests_are_named_and_guests_can_be_left_out(session, sample_ring, karl, pool):
    use(session, sample_ring.combine, member(session, "Gerda", price_class="guest"), 100, IN_MAY)
    leave(session, sample_ring.bernd, date(2026, 9, 30))
    bill(session, pool, "tyres")

    page = preview(karl, pool)
    assert "although their membership ends before the end of the period: Bernd (member until 30 Sep 2026)" in page
    assert "The pool can leave guests out: Gerda" in page
    assert f'href="/costs/pools/{pool}/edit"' in page
    kinds = {f"kinds-{number}-kind": kind for number, kind in enumerate(RULES)}
    keys = {f"kinds-{number}-key": key for number, key in enumerate(RULES.values())}
    sent = {"name": "Combine", "revision": "0", "excludes_guests": "y", "charges_are": "income", **kinds, **keys}
    shown = text(karl.post(f"/costs/pools/{pool}/edit", data=sent | {"show_bearers": "1"}))
    assert "2 members. Anna, Bernd (member until 30 Sep 2026)" in shown
    assert not queries.pool(session, pool).excludes_guests
    assert karl.post(f"/costs/pools/{pool}/edit", data=sent).status_code == 303
    assert "because the pool leaves guests out; the others bear their part: Gerda" in preview(karl, pool)


def test_the_pool_form_explains_each_key_with_the_names(session, sample_ring, karl, pool):
    do(session, set_shares, pool, sample_ring.bernd, 2, date(2026, 1, 1))

    page = text(karl.get(f"/costs/pools/{pool}/edit"))
    assert "bears the same part, however many shares. If nobody holds shares on that day:" in page
    assert "Today, for Combine: The shares held today would decide: 1 member. Bernd" in page
    assert "The use from 1 Jan 2026 to 31 Dec 2026 decides: 2 members. Anna, Bernd" in page

    new = text(karl.get(f"/costs/pools/new?machine={sample_ring.combine}"))
    assert new.count("decides: 2 members. Anna, Bernd") == 2  # by use; and per head, while nobody holds shares
    other = karl.post("/costs/pools/new", data={"machine": sample_ring.laser, "name": "Kept", "show_bearers": "1"})
    assert (other.status_code, len(queries.pools(session))) == (200, 1)
    assert 'value="Kept"' in text(other)
    assert "Today, for Laser: The use from 1 Jan 2026 to 31 Dec 2026 decides: 0 members." in text(other)


def test_shares_after_the_membership_need_a_statement_that_is_kept(session, sample_ring, karl, pool):
    do(session, set_shares, pool, sample_ring.bernd, 4, date(2026, 1, 1))
    leave(session, sample_ring.bernd, date(2026, 6, 30))
    address = f"/costs/pools/{pool}/shares"
    assert "ended with the membership on 30 Jun 2026; 4 from 1 Jan 2026" in text(karl.get(address))
    sent = {"member": sample_ring.bernd, "shares": "4", "valid_from": "2026-07-01"}

    refused = karl.post(address, data=sent)
    assert refused.status_code == 422
    assert "state that the shares are held after its end" in text(refused)
    assert karl.post(address, data=sent | {"outlasts_membership": "y"}).status_code == 303
    assert "4 from 1 Jul 2026 (also after the end of the membership)" in text(karl.get(address))
    lines = karl.get(f"{address}/file.csv").text.lstrip("\ufeff").splitlines()
    assert lines[0].endswith("Valid from,Shares,Left on,Held after the membership")
    assert [line.partition("M-Bernd,Bernd,")[2] for line in lines[1:]] == [
        "2026-01-01,4,2026-06-30,no",
        "2026-07-01,4,2026-06-30,yes",
    ]


def test_programs_get_the_counts_the_warnings_and_the_proposed_period(session, sample_ring, pool, speak_as):
    gerda = member(session, "Gerda", price_class="guest")
    use(session, sample_ring.combine, gerda, 100, IN_MAY)
    do(session, enter_cost, pool, CostEntry(date(2026, 5, 5), "Huber", "tyres", 60_000))
    karl = speak_as(sample_ring.karl_login)

    offered = karl.get("/pools").json["items"][0]
    assert (offered["proposed_period"], offered["excludes_guests"]) == ("2026-01-01/2026-12-31", False)
    year = {"pool_id": pool, "period": offered["proposed_period"]}
    shown = karl.post("/allocations", year).json
    assert (shown["member_count"], shown["use_member_count"]) == (3, 3)
    assert shown["warnings"] == [{"code": "guests", "count": 1, "member_ids": [gerda]}]
    assert karl.post("/allocations", {"pool_id": pool, "period": "2026-05"}).json["member_count"] == 2
    assert karl.post("/allocations", {"pool_id": pool}).status_code == 422

    do(session, change_pool, pool, "Combine", RULES, excludes_guests=True)
    posted = karl.post("/allocations", year | {"preview": False}).json
    assert (posted["member_count"], posted["use_member_count"], posted["warnings"]) == (2, None, [])
    anna = speak_as(sample_ring.anna_login)
    assert anna.get(f"/allocations/{posted['id']}").json["member_count"] is None


def test_costs_that_nobody_used_are_neither_shown_as_divided_nor_posted(session, sample_ring, karl, speak_as):
    unused = do(session, enter_pool, sample_ring.laser, "Laser", {"tube": "use"})
    bill(session, unused, "tube")

    page = preview(karl, unused)
    assert "nobody who bears costs had a use" in page
    refused = karl.post(
        f"/costs/pools/{unused}/allocate", data={"since": "2026-01-01", "until": "2026-12-31", "digest": "0" * 64}
    )
    assert refused.status_code == 422
    assert session.scalar(select(func.count()).select_from(Allocation)) == 0
    asked = speak_as(sample_ring.karl_login).post("/allocations", {"pool_id": unused, "period": "2026"})
    assert (asked.status_code, asked.json["code"]) == (422, "nothing_used")
