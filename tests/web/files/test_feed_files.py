"""/feeds/<secret>.ics as calendar programs ask for it."""

from __future__ import annotations

import gzip
import logging
from datetime import timedelta

import pytest
from sqlalchemy import event, update

from app.auth.models import User
from app.extensions import db
from booking.kernel.events import Actor
from booking.kernel.transaction import write_transaction
from booking.models import Member
from booking.reservations import reservations
from calendars import tokens
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY


@pytest.fixture
def entered(session, sample_ring):
    return reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 24, 28), now=MONDAY)


@pytest.fixture
def made(session, sample_ring):
    with write_transaction(session):
        wish = tokens.FeedWish("full", member_id=sample_ring.anna)
        return tokens.create(
            session, sample_ring.anna_login, wish, by=Actor(user_id=sample_ring.anna_login), now=MONDAY
        )


@pytest.fixture
def path(made, entered):
    return f"/feeds/{made.secret}.ics"


def test_a_program_gets_the_file_without_logging_in(client, path):
    answer = client.get(path)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["ETag"].startswith('"')
    assert answer.headers["Last-Modified"] == "Mon, 23 Nov 2026 07:00:00 GMT"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in answer.headers
    assert answer.data.startswith(b"BEGIN:VCALENDAR\r\n")
    assert answer.data.endswith(b"END:VCALENDAR\r\n")


def test_the_file_does_not_bear_the_secret(client, path, made):
    answer = client.get(path)

    assert made.secret not in str(answer.headers)
    assert made.secret not in answer.text


def test_a_second_question_is_answered_by_not_modified(client, path):
    tag = client.get(path).headers["ETag"]

    answer = client.get(path, headers={"If-None-Match": tag})

    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", tag)
    assert answer.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize(
    "form", ["{tag}", "W/{tag}", '"other", {tag}', 'W/"other",W/{tag}', "*", '"{bare}-br"', 'W/"{bare}--gzip"']
)
def test_every_way_to_name_the_tag_is_understood(client, path, form):
    tag = client.get(path).headers["ETag"]
    assert client.get(path, headers={"If-None-Match": form.format(tag=tag, bare=tag[1:-1])}).status_code == 304


@pytest.mark.parametrize("header", ['"other"', 'W/"other", "another"', "nonsense", '"', ""])
def test_another_tag_gets_the_file(client, path, header):
    assert client.get(path, headers={"If-None-Match": header}).status_code == 200


def test_the_etag_takes_precedence_over_the_date(client, path):
    headers = {"If-None-Match": '"other"', "If-Modified-Since": "Tue, 01 Jan 2030 00:00:00 GMT"}
    assert client.get(path, headers=headers).status_code == 200


def test_a_program_that_keeps_no_tag_may_ask_by_the_date(client, path, session, entered, clock):
    since = client.get(path).headers["Last-Modified"]
    assert client.get(path, headers={"If-Modified-Since": since}).status_code == 304
    assert client.get(path, headers={"If-Modified-Since": "Sun, 01 Nov 2026 00:00:00 GMT"}).status_code == 200
    assert client.get(path, headers={"If-Modified-Since": "yesterday"}).status_code == 200

    clock.instant += timedelta(minutes=5)
    with write_transaction(session):
        reservations.cancel(session, entered.id, by=SOMEBODY, now=clock())

    assert client.get(path, headers={"If-Modified-Since": since}).status_code == 200


def test_a_change_gives_another_tag_and_another_file(client, path, session, entered):
    first = client.get(path)
    with write_transaction(session):
        reservations.cancel(session, entered.id, by=SOMEBODY, now=MONDAY)

    second = client.get(path, headers={"If-None-Match": first.headers["ETag"]})

    assert second.status_code == 200
    assert second.headers["ETag"] != first.headers["ETag"]
    assert b"STATUS:CANCELLED" in second.data


def test_head_has_the_same_headers_and_no_body(client, path):
    whole, head = client.get(path), client.head(path)

    assert (head.status_code, head.data) == (200, b"")
    for name in ("ETag", "Last-Modified", "Content-Type", "Content-Length"):
        assert head.headers[name] == whole.headers[name]
    assert client.head(path, headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304


def test_a_packed_file_is_the_same_file_with_a_tag_of_its_own(client, path):
    plain, packed = client.get(path), client.get(path, headers={"Accept-Encoding": "br, gzip;q=0.5"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert packed.data == client.get(path, headers={"Accept-Encoding": "gzip"}).data
    assert client.get(path, headers={"If-None-Match": packed.headers["ETag"]}).status_code == 304
    assert "Content-Encoding" not in client.get(path, headers={"Accept-Encoding": "gzip;q=0"}).headers


def test_not_modified_costs_one_statement_and_writes_nothing(client, path):
    tag = client.get(path).headers["ETag"]
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    client.get(path, headers={"If-None-Match": tag})
    event.remove(db.engine, "before_cursor_execute", note)

    assert len([one for one in seen if one.startswith("SELECT")]) == 1
    assert not [one for one in seen if one.startswith(("INSERT", "UPDATE", "DELETE", "BEGIN IMMEDIATE"))]


def test_every_invalid_feed_address_gets_the_same_response(client, session, sample_ring, path, made):
    with write_transaction(session):
        revoked = tokens.create(
            session,
            sample_ring.anna_login,
            tokens.FeedWish("busy", machine_id=sample_ring.combine),
            by=SOMEBODY,
            now=MONDAY,
        )
    with write_transaction(session):
        tokens.revoke(session, revoked.feed_id, by=SOMEBODY, now=MONDAY)
    tag = client.get(path).headers["ETag"]

    def answers():
        for secret in ("x" * 43, revoked.secret):
            for headers in ({}, {"If-None-Match": tag}, {"If-None-Match": "*"}):
                answer = client.get(f"/feeds/{secret}.ics", headers=headers)
                yield answer.status_code, answer.data, sorted(answer.headers)

    assert len({str(answer) for answer in answers()}) == 1
    assert client.get(f"/feeds/{revoked.secret}.ics").status_code == 404


@pytest.mark.parametrize("what", ["disabled", "left"])
def test_the_feed_address_ends_with_the_login_and_the_membership(client, session, sample_ring, path, what):
    tag = client.get(path).headers["ETag"]
    with write_transaction(session):
        if what == "disabled":
            session.execute(update(User).where(User.id == sample_ring.anna_login).values(disabled_at=MONDAY))
        else:
            yesterday = MONDAY.date() - timedelta(days=1)
            session.execute(update(Member).where(Member.id == sample_ring.anna).values(left_on=yesterday))

    assert client.get(path).status_code == 404
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 404
    assert client.get(path, headers={"If-None-Match": "*"}).status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_nothing_can_be_written_there(client, path, method):
    assert getattr(client, method)(path).status_code == 405


def test_a_log_in_changes_nothing_about_the_file(client, log_in, sample_ring, path):
    assert log_in(sample_ring.bernd_login).get(path).data == client.get(path).data


def test_no_log_holds_the_secret(app, client, path, made, monkeypatch, caplog):
    def fail(*_args, **_kwargs):
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr("calendars.feeds.document", fail)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.config["TESTING"] = False

    with caplog.at_level(logging.DEBUG):
        assert client.get(path).status_code == 500
        logging.getLogger("werkzeug").info("GET %s HTTP/1.1", path)

    assert "/feeds/***.ics" in caplog.text
    assert made.secret not in caplog.text


@pytest.mark.parametrize("rest", ["", "/", ".ICS", ".ic", ".ics/", ".ics%20", "%2Eics", ".ics?again=1"])
def test_no_log_holds_the_secret_of_a_mistyped_address(made, caplog, rest):
    with caplog.at_level(logging.INFO):
        logging.getLogger("werkzeug").info("GET /feeds/%s HTTP/1.1", made.secret + rest)

    assert "/feeds/***" in caplog.text
    assert made.secret not in caplog.text


def test_the_paths_of_the_desk_stay_legible_in_the_log(app, caplog):
    with caplog.at_level(logging.INFO):
        logging.getLogger("werkzeug").info("GET /feeds/12/address HTTP/1.1")

    assert "/feeds/12/address" in caplog.text


def test_long_and_wild_purposes_arrive_as_data(client, session, path, entered):
    import icalendar

    from booking.models import Reservation

    wild = "🚜 قمح; straw, hay\r\nATTACH:http://evil.example\x07" + "ä" * 10_000
    with write_transaction(session):
        session.execute(update(Reservation).where(Reservation.id == entered.id).values(purpose=wild))

    (found,) = icalendar.Calendar.from_ical(client.get(path).data).walk("VEVENT")

    assert "ATTACH" not in found
    assert found["DESCRIPTION"] == wild.replace("\r\n", "\n").replace("\x07", "")
