"""What the API and expensive pages bound: bodies, lists of faults, kept replies, and how often a login may ask."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import func, select

from app import create_app
from app.api import idempotency
from app.api.endpoints import BODY_BYTES_MAX
from app.api.idempotency import IdempotencyRecord
from app.extensions import db
from app.web import rate_limits
from app.web.rate_limits import ADDRESS, KEYS_MAX, RateLimit
from booking.kernel.transaction import write_transaction
from booking.models import Reservation
from tests.conftest import MONDAY
from tests.web.programs import program_of, rows, wish

FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept-Language": "en"}


def test_a_body_of_more_than_64_kb_is_refused(anna, sample_ring):
    content = wish(sample_ring.combine, **{f"unknown_{number}": 1 for number in range(10_000)})

    answer = anna.post("/reservations", content)

    assert (answer.status_code, answer.json["code"]) == (413, "too_large")
    assert "64 kB" in answer.json["detail"]


def test_a_body_that_does_not_tell_its_length_is_read_no_further(anna, app):
    answer = anna.send("POST", "/reservations", Content_Type="application/json", Transfer_Encoding="chunked")
    assert answer.status_code == 422  # an empty body, so the client above can be trusted

    body = BytesIO(b" " * (BODY_BYTES_MAX + 2_000_000))
    answer = app.test_client().open(
        "/api/v1/reservations",
        method="POST",
        input_stream=body,
        headers={"Authorization": f"Bearer {anna._token}"},
        environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
    )

    assert answer.status_code == 413
    assert body.tell() < 2 * BODY_BYTES_MAX + 1


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "br", "deflate, gzip", "identity, gzip"])
def test_a_compressed_body_is_refused_with_the_way_out(anna, client, session, sample_ring, encoding):
    packed = gzip.compress(json.dumps(wish(sample_ring.combine)).encode())

    answer = anna.send("POST", "/reservations", packed, Content_Encoding=encoding)
    page = client.post("/login", data=gzip.compress(b"email=a"), headers={**FORM, "Content-Encoding": encoding})

    assert (answer.status_code, answer.json["code"]) == (415, "encoded_body")
    assert "without compression" in answer.json["detail"]
    assert (page.status_code, "Compressed content" in page.text) == (415, True)
    assert answer.headers["Accept-Encoding"] == page.headers["Accept-Encoding"] == "identity"
    assert rows(session, Reservation) == 0


def test_a_body_that_is_said_to_be_as_it_is_is_read(anna, sample_ring):
    sent = json.dumps(wish(sample_ring.combine)).encode()

    assert anna.send("POST", "/reservations", sent, Content_Encoding="Identity").status_code == 201
    assert anna.send("GET", "/reservations", Content_Encoding="gzip").status_code == 200


def test_at_most_twenty_faults_are_named_and_the_others_counted(anna, session, sample_ring):
    content = wish(sample_ring.combine, **{f"{number}{'x' * 400}": 1 for number in range(100)})

    answer = anna.post("/reservations", content)

    assert answer.status_code == 422
    assert len(answer.json["violations"]) == 20
    assert answer.json["detail"].endswith("And 80 more.")
    assert max(len(each["field"]) for each in answer.json["violations"]) == 100
    assert rows(session, Reservation) == 0


@pytest.mark.parametrize(
    "body",
    [
        b'{"machine_id": 1, "machine_id": 2, "starts_at": "2026-11-23T08:00:00Z", "ends_at": "2026-11-23T09:00:00Z"}',
        b'{"machine_id": NaN, "starts_at": "2026-11-23T08:00:00Z", "ends_at": "2026-11-23T09:00:00Z"}',
        b'{"machine_id": 1e999, "starts_at": "2026-11-23T08:00:00Z", "ends_at": "2026-11-23T09:00:00Z"}',
        b'{"machine_id": ' + b"[" * 30_000,
        b'{"machine_id": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
        b'{"machine_id": ' + b"9" * 60_000 + b"}",
        b'{"purpose": "\xff"}',
    ],
    ids=["a name twice", "NaN", "infinite", "open brackets", "deep", "sixty thousand digits", "not UTF-8"],
)
def test_odd_json_is_refused(anna, session, sample_ring, body):
    answer = anna.send("POST", "/reservations", body)

    assert answer.status_code in (400, 422)
    assert len(answer.data) < 4_000
    assert rows(session, Reservation) == 0


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("a=b&" * 5_000, {}, 414),
        ("x" * 20_000, {}, 414),
        ("q=" + "x" * 2_001, {}, 414),
        ("q=" + "%C3%BC" * 2_000, {}, 200),
        ("", {"Accept-Language": ",".join(f"x{number};q=0.5" for number in range(5_000))}, 200),
        ("", {"Cookie": "; ".join(f"c{number}=1" for number in range(2_000))}, 200),
        ("", {"If-None-Match": ", ".join(f'"{number}"' for number in range(5_000))}, 200),
        ("", {"Range": "bytes=" + ",".join(f"{number}-{number}" for number in range(5_000))}, 200),
    ],
    ids=[
        "parameters",
        "a long query",
        "a long text",
        "a text as long as may be",
        "languages",
        "cookies",
        "tags",
        "ranges",
    ],
)
def test_overlong_questions_are_answered_shortly(client, sample_ring, query, headers, status):
    page = client.get("/login", query_string=query, headers=headers)

    assert page.status_code == status
    assert client.get(f"/api/v1/machines?{query}", headers=headers).status_code == (414 if status == 414 else 401)


def test_a_form_with_thousands_of_fields_is_refused(client, sample_ring):
    answer = client.post("/login", data="a=&" * 5_001, content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 413


def test_bytes_that_are_not_utf_8_lose_no_form(client, sample_ring):
    body = b"email=anna%40ring.example&password=x\xff"

    page = client.post("/login", data=body, content_type="application/x-www-form-urlencoded")

    assert page.status_code == 422
    assert "anna@ring.example" in page.text


@pytest.fixture
def strict(app, sample_ring):
    """The same ring with limits of three calls and two files."""
    kept = {name: app.config[name] for name in ("DATABASE_URL", "SECRET_KEY", "TESTING", "CLOCK")}
    settings = {"WTF_CSRF_ENABLED": False, "API_LIMIT": "3 per minute", "EXPORT_LIMIT": "2 per minute"}
    strict = create_app({**kept, **settings}, instance_path=app.instance_path)
    yield strict
    with strict.app_context():
        db.engine.dispose()


def test_a_program_that_runs_wild_is_slowed_down_with_all_its_tokens(strict, session, sample_ring):
    first, second = (program_of(strict, session, sample_ring.karl_login, now=MONDAY) for _number in range(2))

    answers = [program.get("/machines") for program in (first, second, first, second)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].content_type == "application/problem+json"
    assert answers[-1].json["code"] == "too_many_requests"
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert program_of(strict, session, sample_ring.rita_login, now=MONDAY).get("/machines").status_code == 200


def test_files_have_a_limit_of_their_own_on_pages_and_calls(strict, session, sample_ring, log_in):
    karl = program_of(strict, session, sample_ring.karl_login, now=MONDAY)
    assert [karl.get("/exports/tariffs").status_code for _number in range(3)] == [200, 200, 429]
    assert karl.get("/machines").status_code == 200

    browser = log_in(sample_ring.rita_login)
    browser.application = strict
    pages = [browser.get("/admin/members/file.csv") for _number in range(3)]

    assert [page.status_code for page in pages] == [200, 200, 429]
    assert int(pages[-1].headers["Retry-After"]) > 0


def test_a_limit_counts_again_after_its_time():
    limit = RateLimit(2, 60)

    assert [limit.count("anna", moment) for moment in (0.0, 10.0, 20.0, 59.5, 60.0)] == [0, 0, 40, 1, 0]
    assert limit.count("bernd", 20.0) == 0


def test_a_flood_of_addresses_keeps_memory_bounded_and_frees_no_login():
    limit = RateLimit(1, 60)
    assert [limit.count("7", 0.0) for _number in range(2)] == [0, 60]
    for number in range(2 * KEYS_MAX):
        limit.count(f"{ADDRESS}{number}", 1.0)

    assert len(limit.counters) <= KEYS_MAX
    assert limit.count("7", 2.0) == 58
    for number in range(2 * KEYS_MAX):
        limit.count(str(number), 3.0)
    assert len(limit.counters) <= KEYS_MAX


def test_a_visitor_is_counted_by_the_network_of_64_bits(app, monkeypatch):
    monkeypatch.setitem(app.config, "RATELIMIT_ENABLED", True)
    limit = app.extensions[rate_limits.EXTENSION][rate_limits.API]
    monkeypatch.setattr(limit, "counters", {})
    for address in ("2001:db8::1", "2001:db8::2:1", "192.0.2.7"):
        with app.test_request_context("/", environ_base={"REMOTE_ADDR": address}):
            rate_limits.count(rate_limits.API)

    assert {key: used for key, (_ends, used) in limit.counters.items()} == {
        f"{ADDRESS}2001:db8::/64": 2,
        f"{ADDRESS}192.0.2.7/32": 1,
    }


def test_a_long_reply_is_kept_small_and_comes_back_whole():
    body = json.dumps({"lines": [{"member_id": number, "cents": 100} for number in range(3_000)]})
    stored = idempotency._packed(body)

    assert len(stored) < len(body) / 3
    assert idempotency._unpacked(stored) == body
    assert idempotency._unpacked(idempotency._packed("{}")) == "{}"


def test_of_each_login_only_the_newest_replies_are_kept(session, sample_ring):
    with write_transaction(session):
        for number in range(5):
            key = {"user_id": sample_ring.anna_login, "key": str(number), "request_hash": "", "status": 200}
            session.add(IdempotencyRecord(**key, body="", answered_at=MONDAY + timedelta(minutes=number)))
    with write_transaction(session):
        idempotency.delete_beyond(session, 3)

    assert session.scalar(select(func.min(IdempotencyRecord.key))) == "2"


@pytest.mark.parametrize("address", ["/nothing-{}", "/login?next=/{}", "/x?{}", "/plan?q={}", "/machines/{}"])
@pytest.mark.parametrize("quoted", ["'", "%22", "&amp;"])
def test_an_overlong_address_does_not_stand_in_the_answer(client, sample_ring, address, quoted):
    """Quoted in a page it was five times as long, and a redirect to the log-in was longer than proxies accept."""
    answer = client.get(address.format(quoted * 3_000))

    assert len(answer.data) < 12_000
    assert len(answer.headers.get("Location", "")) < 100
