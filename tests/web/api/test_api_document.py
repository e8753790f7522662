"""The OpenAPI document and its page: complete, offline, for everybody."""

from __future__ import annotations

import gzip
import os
import re

import pytest

from app.api import reference
from app.api.endpoints import ENDPOINTS


def test_the_document_is_openapi_3_1_and_open_to_all(client):
    answer = client.get("/api/v1/openapi.json")

    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    assert answer.json["openapi"].startswith("3.1")


def test_the_document_and_its_page_are_made_once_because_anybody_may_ask_for_them(client, monkeypatch):
    addresses = ("/api/v1/openapi.json", "/api/v1/docs")
    headers = {"Accept-Language": "de", "Accept-Encoding": "gzip"}
    first = [client.get(address, headers=headers) for address in addresses]
    monkeypatch.delattr(reference, "document")
    monkeypatch.delattr(reference, "type_name")
    again = [client.get(address, headers=headers) for address in addresses]

    assert [answer.status_code for answer in (*first, *again)] == [200] * 4
    assert again[0].data == first[0].data, "the compressed file is kept as well"
    assert "Mögliche Fehler" in gzip.decompress(again[1].data).decode()


def test_the_document_asks_the_database_nothing_even_of_a_login(anna, statements):
    """So it is served while the database is away."""
    anna.get("/openapi.json")  # the first request of a process compares the key
    with statements() as made:
        assert anna.get("/openapi.json").status_code == 200

    assert made == []


def test_every_call_is_described_and_nothing_else(app, client):
    paths = client.get("/api/v1/openapi.json").json["paths"]
    described = {
        (f"api.{operation['operationId']}", method.upper())
        for operations in paths.values()
        for method, operation in operations.items()
    }

    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1/")]
    offered = {(rule.endpoint, method) for rule in rules for method in rule.methods - {"HEAD"}}
    assert described == offered - {("api.openapi", "GET"), ("api.reference", "GET")}


def test_every_reference_of_the_document_leads_somewhere(client):
    answer = client.get("/api/v1/openapi.json")

    named = set(re.findall(r'"#/components/schemas/([^"]+)"', answer.text))
    assert named == set(answer.json["components"]["schemas"])


def test_request_fields_are_documented_with_their_bounds(client):
    """A whole number without bounds, or a text without length or pattern, would promise what is then refused."""
    schemas = client.get("/api/v1/openapi.json").json["components"]["schemas"]
    sent = {name: schema for name, schema in schemas.items() if schema.get("additionalProperties") is False}

    unbound = [
        f"{name}.{field}"
        for name, schema in sent.items()
        for field, value in schema["properties"].items()
        for kind in value.get("anyOf", [value])
        if (kind.get("type") == "integer" and not {"minimum", "maximum"} <= kind.keys())
        or (kind.get("type") == "string" and not {"pattern", "enum", "maxLength"} & kind.keys())
    ]
    assert "NewReservation" in sent
    assert unbound == []


def test_what_was_made_leads_to_all_that_can_be_done_with_it(client):
    paths = client.get("/api/v1/openapi.json").json["paths"]
    links = paths["/reservations"]["post"]["responses"]["201"]["links"]

    assert {"get_reservation", "move_reservation", "cancel_reservation"} <= links.keys()
    assert links["get_reservation"]["parameters"] == {"reservation_id": "$response.body#/id"}
    assert "links" not in paths["/allocations"]["post"]["responses"]["200"]  # a preview is no thing yet


def test_the_page_shows_every_call_and_asks_no_other_site(client, app):
    page = client.get("/api/v1/docs")

    assert page.status_code == 200
    for operations in client.get("/api/v1/openapi.json").json["paths"].values():
        for operation in operations.values():
            assert f'id="{operation["operationId"]}"' in page.text
    assert not re.findall(r'(?:src|href)="https?://', page.text)


def test_the_type_of_a_problem_is_an_address_that_explains_it(anna, nobody, client, sample_ring):
    page = client.get("/api/v1/docs").text
    answers = [
        anna.get("/reservations/999"),
        anna.get("/nowhere"),
        anna.post("/closures", {}),
        anna.post("/reservations", {}),
        anna.send("POST", "/reservations", b"{"),
        anna.send("DELETE", "/reservations"),
        nobody.get("/machines"),
    ]

    for answer in answers:
        address, _, anchor = answer.json["type"].partition("#")
        assert address == "/api/v1/docs"
        assert f'id="{anchor}"' in page


def test_the_fields_of_the_document_have_the_names_that_programs_read(client):
    schemas = client.get("/api/v1/openapi.json").json["components"]["schemas"]

    assert {"unallocated_count", "unallocated_cents"} <= schemas["Pool"]["properties"].keys()
    assert "document_number" in schemas["Cost"]["properties"].keys() & schemas["NewCost"]["properties"].keys()
    assert {"reserved", "used", "charged"} <= schemas["UsageSlip"]["properties"].keys()


def test_what_can_be_asked_in_parts_is_never_whole_by_default():
    queries = {one.path: one.query.model_fields for one in ENDPOINTS if one.method == "GET" and one.query}
    limits = {path: fields["limit"].default for path, fields in queries.items() if "limit" in fields}

    assert len(limits) > 30
    assert {path: limit for path, limit in limits.items() if limit not in range(1, 201)} == {}


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="where a small supervisor is")
def test_what_another_process_has_made_is_answered_once_it_is_complete(app, client, monkeypatch):
    made_here = client.get("/api/v1/openapi.json").data
    monkeypatch.setattr(reference, "_files", {})
    with app.app_context():
        reference.open_files()
    with monkeypatch.context() as kept:
        kept.setattr(reference, "_kept", lambda: b"{}")
        os.write(reference._files[reference.DOCUMENT], made_here[:100])
        assert client.get("/api/v1/openapi.json").data == b"{}"

    os.lseek(reference._files[reference.DOCUMENT], 0, os.SEEK_SET)
    with app.app_context():
        reference.fill_files()
    for name in ("_content", "_made", "_kept"):  # each would leave ten megabytes in this process
        monkeypatch.delattr(reference, name)
    pages = {each: client.get("/api/v1/docs", headers={"Accept-Language": each}).text for each in ("de", "en")}
    assert client.get("/api/v1/openapi.json").data == made_here
    assert ["Mögliche Fehler" in pages[each] for each in ("de", "en")] == [True, False]
    assert all('href="/api/v1/openapi.json"' in page for page in pages.values())
    for file in reference._files.values():
        os.close(file)
