"""What a pool counts, on its page and in the API: works; bad input; conflict; other roles."""

from __future__ import annotations

from datetime import date

import pytest

from billing.pools.pools import enter_pool
from billing.queries.pool_counts import pool_scopes
from tests.integration.money.harvester_pool import do

pytestmark = pytest.mark.of_sqlite


@pytest.fixture
def pool(session, sample_ring):
    return do(session, enter_pool, sample_ring.combine, "Combine", {"fuel": "use"})


def text(answer):
    return " ".join(answer.get_data(as_text=True).split())


def test_the_treasurer_changes_what_a_pool_counts_and_takes_it_back(session, sample_ring, pool, log_in):
    client, address = log_in(sample_ring.karl_login), f"/costs/pools/{pool}/counts"
    assert "from the beginning</dt><dd>Combine" in text(client.get(address))

    sent = {"valid_from": "2026-09-01", "what": "ring"}
    assert client.post(address, data=sent | {"what": "several"}).status_code == 422
    assert client.post(address, data=sent | {"machines": [sample_ring.laser]}).status_code == 422
    assert client.post(address, data=sent | {"what": "group-99"}).status_code == 422
    assert client.post(address, data=sent | {"valid_from": "1066-09-01"}).status_code == 422
    assert client.post(address, data=sent | {"revision": "7"}).status_code == 409
    assert client.post(address, data=sent).status_code == 303
    several = {"what": "several", "machines": [sample_ring.combine, sample_ring.laser], "valid_from": "2027-01-01"}
    assert client.post(address, data=several).status_code == 303
    page = text(client.get(address))
    assert "all machines of the ring" in page
    assert "Combine, Laser" in page
    assert "Cost pool of all machines of the ring" in text(client.get(f"/costs/pools/{pool}"))

    assert client.post(f"{address}/take-back", data={"day": "nonsense"}).status_code == 422
    client.post(f"{address}/take-back", data={"day": "2027-01-01"})
    assert [one.valid_from for one in pool_scopes(session, pool)] == [date(1990, 1, 1), date(2026, 9, 1)]


def test_what_another_pool_counts_is_refused_beside_the_choice(session, sample_ring, pool, log_in, karl):
    for machine_id, name in ((sample_ring.laser, "Laser"), (sample_ring.combine, "Advances")):
        other = do(session, enter_pool, machine_id, name, {"fuel": "use"}, charges_are="advance")
    address, sent = f"/pools/{other}/counts", {"valid_from": "2026-09-01", "what": "ring"}
    refused = log_in(sample_ring.karl_login).post(f"/costs{address}", data=sent)
    assert refused.status_code == 422
    assert "Another cost pool of this machine counts its charges as advances already" in text(refused)
    assert karl.put(address, sent).json["code"] == "other_pool_counts"


def test_a_pool_is_opened_for_a_site(session, sample_ring, log_in):
    client = log_in(sample_ring.karl_login)
    sent = {"machine": f"workshop-{sample_ring.hall}", "name": "Hall", "kinds-0-kind": "rent", "charges_are": "income"}
    opened = client.post("/costs/pools/new", data=sent | {"kinds-0-key": "head"})
    assert opened.status_code == 303
    assert "Cost pool of site Maschinenhalle" in text(client.get(opened.location))


def test_programs_read_and_change_what_a_pool_counts(sample_ring, pool, karl, rita, anna):
    address = f"/pools/{pool}/counts"
    (first,) = rita.get(address).json["items"]
    assert (first["valid_from"], first["machine_ids"]) == ("1990-01-01", [sample_ring.combine])
    wanted = {"valid_from": "2026-09-01", "what": "workshop", "workshop_id": sample_ring.hall}
    for wrong in ({"workshop_id": None}, {"group_id": 1}, {"what": "ring"}, {"what": "barn"}):
        assert karl.put(address, wanted | wrong).status_code == 422
    assert karl.put(address, wanted | {"workshop_id": 99}).status_code == 404
    assert [one["what"] for one in karl.put(address, wanted).json["items"]] == ["machines", "workshop"]
    assert not next(one for one in karl.get("/pools").json["items"] if one["id"] == pool)["counts_machine"]
    assert rita.put(address, wanted).status_code == 403
    assert anna.get(address).status_code == 403
    assert len(karl.post(f"{address}/take-back", {"valid_from": "2026-09-01"}).json["items"]) == 1
    assert karl.post(f"{address}/take-back", {"valid_from": "2026-09-01"}).status_code == 404
