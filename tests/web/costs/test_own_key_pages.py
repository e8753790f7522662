"""Own keys, meters and readings on their pages and in the API: works; bad input; other roles; shown to the member."""

from __future__ import annotations

from datetime import date

import pytest

from app.auth.models import User
from app.pages.account.my_records import my_records
from billing import queries
from billing.allocations.allocations import reverse_allocation
from billing.pools.costs import CostEntry, enter_cost
from billing.pools.keys import METER, KeyPart, KeyTerms
from billing.pools.meters import enter_meter
from billing.pools.pool_keys import enter_key
from billing.pools.pools import change_pool, enter_pool
from billing.pools.readings import ReadingEntry, enter_reading
from billing.pools.shares import set_shares
from billing.queries.pool_keys import meters, pool_keys
from booking.queries import member_names
from tests.conftest import MONDAY
from tests.integration.money.harvester_pool import JUNE, do, post, use

pytestmark = pytest.mark.of_sqlite

BLENDED = {"name": "Blend", "parts-0-percent": "60", "parts-0-base": "shares", "parts-1-percent": "40"}
FACTS = {"name": "Blend", "parts": [{"base": "shares", "percent": 600_000}, {"base": "use", "percent": 400_000}]}


@pytest.fixture
def pool(session, sample_ring):
    """Anna holds three shares of four, and used as much as Bernd."""
    made = do(session, enter_pool, sample_ring.combine, "Combine", {"all": "use"})
    for member_id, shares in ((sample_ring.anna, 3), (sample_ring.bernd, 1)):
        do(session, set_shares, made, member_id, shares, date(2026, 1, 1))
        use(session, sample_ring.combine, member_id, 100)
    do(session, enter_cost, made, CostEntry(date(2026, 6, 20), "Huber", "all", 10_001))
    return made


def text(answer):
    return " ".join(answer.get_data(as_text=True).split())


def test_a_key_is_entered_chosen_and_explained_to_the_member(session, sample_ring, pool, log_in):
    client, keys = log_in(sample_ring.karl_login), f"/costs/pools/{pool}/keys"
    assert client.post(f"{keys}/new", data=BLENDED | {"parts-1-percent": "39"}).status_code == 422
    assert client.post(f"{keys}/new", data=BLENDED | {"parts-0-percent": "", "parts-1-percent": ""}).status_code == 422
    assert client.post(f"{keys}/new", data=BLENDED | {"cap": "101"}).status_code == 422
    assert client.post(f"{keys}/new", data=BLENDED | {"percents": "M-X; 5"}).status_code == 422
    assert client.post(f"{keys}/new", data=BLENDED | {"minimum": "0.5", "cap": "90"}).status_code == 303
    assert "60% by shares, 40% by use. A smaller use than 0.50 ha is counted as 0.50 ha" in text(client.get(keys))
    (key,) = pool_keys(session, pool)
    later = BLENDED | {"name": "Blend", "valid_from": "2027-01-01", "parts-0-percent": "70", "parts-1-percent": "30"}
    assert client.post(f"/costs/keys/{key.id}", data=later).status_code == 303
    form = text(client.get(f"/costs/keys/{key.id}"))  # shows what holds today, so that a new name alone changes nothing
    assert 'value="60.00"' in form
    assert 'value="70.00"' not in form
    assert client.post(f"/costs/keys/{key.id}", data=BLENDED | {"valid_from": "2026-07-01"}).status_code == 303

    edited = {"name": "Combine", "kinds-0-kind": "all", "kinds-0-key": key.code, "charges_are": "income"}
    assert client.post(f"/costs/pools/{pool}/edit", data=edited).status_code == 303
    assert "<dt>all</dt><dd>Blend</dd>" in text(client.get(f"/costs/pools/{pool}"))
    preview = text(client.get(f"/costs/pools/{pool}/allocate?from=2026-06-01&until=2026-06-30"))
    assert "60% of the sum by shares: 3 of 4." in preview
    posted = post(session, pool, JUNE)
    assert [line.cents for line in queries.allocation(session, posted)[1][0].lines] == [6_501, 3_500]
    for user_id in (sample_ring.karl_login, sample_ring.anna_login):
        page = text(log_in(user_id).get(f"/costs/allocations/{posted}"))
        assert "40% of the sum by use: 1.00 ha of 2.00 ha." in page
        assert "Blend" in page
    assert "By the key of the pool your part is 65%." in page


def test_meters_are_read_on_their_page_and_from_a_file(session, sample_ring, pool, log_in):
    client, address = log_in(sample_ring.karl_login), f"/costs/pools/{pool}/meters"
    number = next(one.number for one in member_names(session) if one.id == sample_ring.anna)
    assert client.post(f"{address}/new", data={"name": "Z-1", "member": "nobody"}).status_code == 422
    made = client.post(f"{address}/new", data={"name": "Z-1", "member": number})
    assert made.status_code == 303
    assert client.post(made.location, data={"read_on": "2026-05-31", "reading": "1,200.5"}).status_code == 303
    below = client.post(made.location, data={"read_on": "2026-06-01", "reading": "1200"})
    assert below.status_code == 422
    assert "The meter showed 1,200.5 before" in text(below)

    lines = "meter;day;reading;new\nZ-1;2026-06-15;1300,5;10\nZ-1;2026-06-30;{};"
    wrong = client.post(f"{address}/file", data={"text": lines.format("9") + "\nZ-9;2026-06-30;1"})
    assert wrong.status_code == 422
    assert "Line 3" in text(wrong)
    assert "Line 4: There is no meter “Z-9”" in text(wrong)
    assert len(meters(session, pool)[0].readings) == 1
    for refused in ("", "Z-1;2026-06-30;1\n" * 10_100, 'Z-1;2026-06-30;"1'):
        assert client.post(f"{address}/file", data={"text": refused}).status_code == 422
    comma = client.post(f"{address}/file", data={"text": "meter,day,reading\nZ-1,2026-06-15,1300,5"})
    assert comma.status_code == 422
    assert "Line 2: “1300,5” may be one reading with a decimal comma or two." in text(comma)
    assert client.post(f"{address}/file", data={"text": lines.format("60,25")}).status_code == 303
    assert [one.reading for one in meters(session, pool)[0].readings] == [60_250, 1_300_500, 1_200_500]
    quoted = 'Z-1,2026-07-01,"70,5"\nZ-1,2026-07-02,"71,5","0,5"'
    assert client.post(f"{address}/file", data={"text": quoted}).status_code == 303
    day = {"read_on": "2026-07-02", "reading": "71,25".replace(",", ".")}
    assert client.post(made.location, data=day | {"restart": "0.5"}).status_code == 303
    assert 'value="71.25"' in text(client.get(f"{made.location}?day=2026-07-02"))
    withdrawn = client.post(f"{made.location}/withdraw", data={"day": "2026-07-02"}, follow_redirects=True)
    assert 'withdrawn<br><span class="soft">before: 71.25, entered on' in text(withdrawn)
    assert "There is no reading of this day" in text(
        client.post(f"{made.location}/withdraw", data={"day": "2026-07-02"}, follow_redirects=True)
    )
    assert client.post(f"{made.location}/withdraw", data={"day": "then"}).status_code == 422
    assert client.post(f"{address}/file", data={"text": "Z-1;2026-07-01;-\nZ-1;2026-06-30;60"}).status_code == 303
    assert [one.reading for one in meters(session, pool)[0].readings] == [60_000, 1_300_500, 1_200_500]
    records = dict(my_records(session, session.get(User, sample_ring.anna_login)))
    assert [(one["pool"], one["name"]) for one in records["meters"]] == [("Combine", "Z-1")]
    assert [(one["number"], one["reading"]) for one in records["meter_readings"]] == [
        *((1, 1_200_500), (1, 1_300_500), (1, 60_250), (2, 60_000)),
        *((1, 70_500), (2, None), (1, 71_500), (2, 71_250), (3, None)),
    ]
    assert not any("entered_by" in one for one in records["meter_readings"])


def test_a_part_by_meters_opens_to_the_readings(session, sample_ring, pool, log_in):
    """S5.2: the last reading before the period and those in it, of the member alone, while it is posted."""
    key_id = do(session, enter_key, pool, "Power", KeyTerms((KeyPart(METER),), meter_unit="kWh"))
    do(session, change_pool, pool, "Combine", {"all": f"key-{key_id}"})
    for member_id, name, last in ((sample_ring.anna, "Z-1", 151_000), (sample_ring.bernd, "Z-2", 49_000)):
        meter_id = do(session, enter_meter, pool, member_id, name)
        for day, shown in ((date(2026, 5, 1), 0), (date(2026, 5, 31), 1_000), (date(2026, 6, 30), 1_000 + last)):
            do(session, enter_reading, meter_id, ReadingEntry(day, shown), today=MONDAY.date())
    posted, anna = post(session, pool, JUNE), log_in(sample_ring.anna_login)
    page = text(anna.get(f"/costs/allocations/{posted}"))
    assert "151 kWh of 200 kWh" in page
    assert "<li>Z-1: 1 on 31 May 2026</li><li>Z-1: 152 on 30 Jun 2026</li></ul>" in page
    assert "Z-2" not in page
    do(session, reverse_allocation, posted, "Misread")
    assert "Z-1: 152" not in text(anna.get(f"/costs/allocations/{posted}"))


def test_programs_enter_keys_meters_and_readings(sample_ring, pool, karl, rita, anna):
    made = karl.post(f"/pools/{pool}/keys", FACTS)
    assert (made.status_code, made.json["code"]) == (201, f"key-{made.json['id']}")
    wrong = karl.post(f"/pools/{pool}/keys", FACTS | {"name": "Other", "minimum": 0, "percents": [], "cap": 0})
    assert wrong.status_code == 422
    half = karl.post(f"/pools/{pool}/keys", {"name": "Half", "parts": [{"base": "use", "percent": 500_000}]})
    assert (half.status_code, half.json["violations"][0]["rule"]) == (422, "parts_percent_sum")
    changed = karl.put(f"/keys/{made.json['id']}", FACTS | {"cap": 700_000, "valid_from": "2026-07-01"})
    assert [one["cap"] for one in changed.json["terms"]] == [None, 700_000]
    assert karl.put("/keys/999", FACTS | {"valid_from": "2026-07-01"}).status_code == 404
    assert len(rita.get(f"/pools/{pool}/keys").json["items"]) == 1

    meter = karl.post(f"/pools/{pool}/meters", {"member_id": sample_ring.anna, "name": "Z-1"})
    assert meter.status_code == 201
    readings = f"/meters/{meter.json['id']}/readings"
    assert karl.post(readings, {"read_on": "2026-05-31", "reading": 5_000}).status_code == 201
    below = karl.post(readings, {"read_on": "2026-06-30", "reading": 4_999})
    assert (below.status_code, below.json["violations"][0]["rule"]) == (422, "reading_below_last")
    assert karl.post("/meters/999/readings", {"read_on": "2026-05-31", "reading": 1}).status_code == 404
    assert karl.get(f"/pools/{pool}/meters").json["items"][0]["readings"][0]["reading"] == 5_000
    assert karl.post(readings, {"read_on": "2026-05-31", "reading": 6_000}).status_code == 201
    withdrawn = karl.post(f"{readings}/withdraw", {"read_on": "2026-05-31"})
    assert (withdrawn.status_code, withdrawn.json["readings"]) == (200, [])
    assert karl.post(f"{readings}/withdraw", {"read_on": "2026-05-31"}).status_code == 404
    (day,) = rita.get(readings).json["items"]
    assert (day["reading"], [one["reading"] for one in day["before"]]) == (None, [6_000, 5_000])
    assert karl.post(f"/pools/{pool}/meters", {"member_id": sample_ring.anna, "name": "Z-2"}).status_code == 201
    listed = karl.get(f"/pools/{pool}/meters?limit=1").json
    assert ([one["name"] for one in listed["items"]], listed["next"]) == (["Z-1"], "1")
    assert karl.get(readings + "?cursor=1").json == {"items": [], "next": None}
    for program in (anna, rita):
        assert program.post(readings, {"read_on": "2026-07-31", "reading": 9_000}).status_code == 403
