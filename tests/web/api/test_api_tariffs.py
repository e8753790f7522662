"""Tariffs by the API: entered with all their parts, read back, tried; bad input names its field."""

from __future__ import annotations

import pytest

from billing import queries
from billing.prices.price_windows import PriceWindow
from tests.integration.money.test_charges import charge, use

BOTH = {"member": "115", "guest": "138"}
PARTS = {
    "main": {"name": "Threshing", "tiers": [{"from_amount": "50", "prices": {"member": "100", "guest": "120"}}]},
    "lines": [
        {"name": "Travel", "unit": "km", "prices": {"member": "1.10", "guest": "1.3"}, "free": "2", "free_times": 2}
    ],
    "adjustments": [
        {
            "name": "Night",
            "kind": "percent",
            "value": "50",
            "applies": "times",
            "times": {"weekdays": [5, 6], "from_time": "22:00", "until_time": "06:00", "from_day": "12-01"},
        },
        {"name": "With operator", "kind": "per_unit", "value": "32.5", "applies": "chosen"},
    ],
}


def tier(start, end):
    return {"from_amount": start, "until_amount": end, "prices": BOTH}


TARIFF = {"valid_from": "2026-01-01", "vat_code": "reduced", "prices": BOTH, "cap_day_cents": 90_000, **PARTS}


def test_a_tariff_with_parts_is_entered_and_read_back(session, karl, anna, sample_ring):
    path = f"/machines/{sample_ring.combine}/tariffs"

    made = karl.post(path, TARIFF)

    assert made.status_code == 201
    parts = queries.tariff_history(session, sample_ring.combine)[0].parts
    assert parts.adjustments[0].window == PriceWindow(0b1100000, 22 * 60, 6 * 60, 1201, 1231)
    assert (parts.lines[0].free_amount, parts.main.tiers[0].from_amount) == (2_000, 5_000)
    read = anna.get(path).json["items"]
    assert read == [made.json]
    assert read[0]["main"]["tiers"][0]["from_amount"] == "50"
    assert read[0]["lines"][0]["free"] == "2"
    assert (read[0]["vat_code"], read[0]["price_includes_vat"]) == ("reduced", True)
    assert anna.post(path, TARIFF).status_code == 403


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"main": {"tiers": [{"from_amount": "0", "prices": BOTH}]}}, "tiers_overlap"),
        (
            {
                "main": {
                    "tiers": [
                        {"from_amount": f, "until_amount": u, "prices": BOTH} for f, u in (("5", "9"), ("7", "8"))
                    ]
                }
            },
            "tiers_overlap",
        ),
        ({"main": {"tiers": [{"from_amount": "5", "until_amount": "9", "prices": BOTH}]}}, "tier_gap"),
        ({"main": {"tiers": [{"from_amount": "5", "prices": {"member": "1"}}]}}, "tier_classes"),
        ({"lines": PARTS["lines"] * 2}, "same_name"),
        ({"prices": {"member": "1", "nobody": "2"}}, "invalid_request"),
        ({"prices": {"member": "-1"}}, "invalid_request"),
        ({"main": {"free": "0.0001"}}, "invalid_request"),
        ({"price_includes_vat": False, "vat_code": None}, "invalid_request"),
        ({"price_includes_vat": False, "vat_code": "standard"}, "vat_unknown"),
        ({"adjustments": [PARTS["adjustments"][0] | {"kind": "fixed"}]}, "invalid_request"),
        ({"adjustments": [PARTS["adjustments"][0] | {"times": {"from_time": "25:00"}}]}, "invalid_request"),
        ({"adjustments": [{"name": "Free", "kind": "percent", "value": "-101"}]}, "wrong_amount"),
    ],
)
def test_an_impossible_tariff_is_refused(session, karl, sample_ring, changes, code):
    answer = karl.post(f"/machines/{sample_ring.combine}/tariffs", TARIFF | changes)

    assert (answer.status_code, answer.json["code"]) == (422, code)
    assert queries.tariff_history(session, sample_ring.combine) == ()


def test_a_tariff_is_tried_and_nothing_is_stored(session, karl, sample_ring):
    karl.post(f"/machines/{sample_ring.combine}/tariffs", {"valid_from": "2026-01-01", "prices": BOTH})
    charge(session, use(session, sample_ring.combine, sample_ring.anna, 6_000))
    tried = TARIFF | {"example": "63.5", "amounts": {"Travel": "10"}, "cap_day_cents": None}

    answer = karl.post(f"/machines/{sample_ring.combine}/tariff-trials", tried).json

    assert {"price_class": "member", "cents": 710_660, "lines": [710_000, 660]} in answer["examples"]
    assert (answer["charged_cents"], answer["cents"]) == (690_000, 675_000)
    assert answer["classes"][0]["uses"] == 1
    assert len(queries.tariff_history(session, sample_ring.combine)) == 1


def test_a_tariff_that_priced_nothing_is_changed_and_withdrawn(session, karl, anna, sample_ring):
    path = f"/machines/{sample_ring.combine}/tariffs"
    before = karl.post(path, {"valid_from": "2025-01-01", "prices": BOTH}).json["id"]
    one = f"/tariffs/{karl.post(path, TARIFF).json['id']}"
    tag = anna.get(one).headers["ETag"]
    changed = {"valid_from": "2026-02-01", "prices": BOTH | {"member": "99.5"}}

    assert anna.put(one, changed).status_code == 403
    answer = karl.put(one, changed, If_Match=tag)
    assert (answer.status_code, answer.json["prices"]["member"], answer.json["lines"]) == (200, "99.5000", [])
    assert karl.put(one, TARIFF, If_Match=tag).status_code == 412
    assert karl.put(one, TARIFF | {"prices": {"member": "-1"}}).status_code == 422
    assert anna.post(f"{one}/withdraw").status_code == 403

    left = karl.post(f"{one}/withdraw").json["items"]

    assert [(tariff["id"], tariff["valid_until"]) for tariff in left] == [(before, None)]
    assert karl.post(f"{one}/withdraw").status_code == 404
    charge(session, use(session, sample_ring.combine, sample_ring.anna, 100))
    for answer in (karl.put(f"/tariffs/{before}", changed), karl.post(f"/tariffs/{before}/withdraw")):
        assert (answer.status_code, answer.json["code"]) == (409, "tariff_in_use")
