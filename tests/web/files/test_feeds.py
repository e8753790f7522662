"""/feeds: the desk where addresses are made, renewed and ended; and `ring feed add`."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from booking.kernel.tokens import hash_of
from calendars.models import Feed

SECRET = re.compile(r"/feeds/([\w-]{43})\.ics")


@pytest.fixture
def anna(log_in, sample_ring):
    return log_in(sample_ring.anna_login)


def make(client, shows="mine:full", label=""):
    """Make a subscription and return the page that shows its address."""
    answer = client.post("/feeds/new", data={"shows": shows, "label": label})
    assert answer.status_code == 303, answer.text
    return client.get(answer.headers["Location"])


def test_a_member_makes_a_subscription_and_sees_its_address_once(anna, client, session, sample_ring):
    page = make(anna, label="Phone")

    secret = SECRET.search(page.text)[1]
    assert "webcal://" in page.text
    assert client.get(f"/feeds/{secret}.ics").status_code == 200
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    again = anna.get(page.request.path)
    assert again.status_code == 200
    assert secret not in again.text
    listed = anna.get("/feeds").text
    assert "Phone" in listed
    assert secret not in listed
    assert session.scalars(select(Feed.token_hash)).one() == hash_of(secret)


def test_the_link_for_this_device_has_the_scheme_that_every_phone_knows(app, anna):
    """webcals:// is an invalid address to an iPhone."""
    app.config["BASE_URL"] = "https://ring.example"

    page = make(anna).text

    assert re.search(r'href="webcal://ring\.example/feeds/[\w-]{43}\.ics"', page)
    assert re.search(r'value="https://ring\.example/feeds/[\w-]{43}\.ics"', page)
    assert "webcals:" not in page


def test_the_desk_explains_the_usual_programs(anna):
    page = anna.get("/feeds").text
    for program in ("Google", "Apple", "Outlook", "Thunderbird", "Android"):
        assert program in page


@pytest.mark.parametrize("program", ["Google Calendar", "Outlook"])
def test_distant_polling_programs_are_reported_as_late(anna, program):
    """They ask from the computers of their makers: seldom, and only what stands in the internet."""
    words = anna.get("/feeds").text.split(f"{program}</summary>")[1].split("</details>")[0]

    assert "hours" in words
    assert "reachable from the internet" in words


def test_a_machine_can_be_subscribed_to_as_busy(anna, client, session, sample_ring):
    page = make(anna, f"machine:{sample_ring.combine}")

    feed = session.scalars(select(Feed)).one()
    assert (feed.scope, feed.privacy, feed.machine_id) == ("machine", "busy", sample_ring.combine)
    assert "Combine" in page.text


@pytest.mark.parametrize(
    ("shows", "words"),
    [
        ("mine:full", "machine, place, purpose and state"),
        ("mine:busy", "only the times"),
        ("machine", "only when it is"),
    ],
)
def test_the_page_shows_the_scope_of_each_subscription(anna, sample_ring, shows, words):
    make(anna, f"machine:{sample_ring.combine}" if shows == "machine" else shows)

    assert words in anna.get("/feeds").text


def test_a_machines_page_can_lead_to_its_subscription(anna, sample_ring):
    page = anna.get(f"/feeds/new?shows=machine:{sample_ring.combine}").text
    assert re.search(rf'<option selected value="machine:{sample_ring.combine}"', page)


@pytest.mark.parametrize("shows", ["", "mine", "mine:all", "machine:9999", "machine:x", "ring:1", "machine:1;full"])
def test_what_is_not_offered_is_refused_and_nothing_is_made(anna, session, shows):
    assert anna.post("/feeds/new", data={"shows": shows}).status_code == 422
    assert session.scalars(select(Feed)).all() == []


def test_a_login_without_a_member_is_not_offered_its_own_reservations(log_in, sample_ring, session):
    karl = log_in(sample_ring.karl_login)

    assert "mine:full" not in karl.get("/feeds/new").text
    assert karl.post("/feeds/new", data={"shows": "mine:full"}).status_code == 422
    assert session.scalars(select(Feed)).all() == []


def test_a_note_that_is_too_long_is_refused_and_kept(anna):
    answer = anna.post("/feeds/new", data={"shows": "mine:full", "label": "n" * 81})
    assert answer.status_code == 422
    assert "n" * 81 in answer.text


def test_ending_is_asked_first_and_then_done(anna, client, session):
    secret = SECRET.search(make(anna).text)[1]
    feed_id = session.scalars(select(Feed.id)).one()

    assert anna.get(f"/feeds/{feed_id}/revoke").status_code == 200
    assert client.get(f"/feeds/{secret}.ics").status_code == 200
    assert anna.post(f"/feeds/{feed_id}/revoke").status_code == 303
    assert client.get(f"/feeds/{secret}.ics").status_code == 404
    assert anna.post(f"/feeds/{feed_id}/revoke").status_code == 404
    assert anna.post(f"/feeds/{feed_id}/renew").status_code == 404


def test_a_new_address_ends_the_old_one(anna, client, session):
    old = SECRET.search(make(anna).text)[1]
    feed_id = session.scalars(select(Feed.id)).one()

    assert anna.get(f"/feeds/{feed_id}/renew").status_code == 200
    page = anna.get(anna.post(f"/feeds/{feed_id}/renew").headers["Location"])

    new = SECRET.search(page.text)[1]
    assert client.get(f"/feeds/{old}.ics").status_code == 404
    assert client.get(f"/feeds/{new}.ics").status_code == 200


@pytest.mark.parametrize("step", ["address", "renew", "revoke"])
def test_anothers_subscription_looks_like_a_missing_one(anna, log_in, sample_ring, session, step):
    make(anna)
    feed_id = session.scalars(select(Feed.id)).one()
    for login in (sample_ring.bernd_login, sample_ring.wanda_login, sample_ring.karl_login, sample_ring.rita_login):
        other = log_in(login)
        assert other.get(f"/feeds/{feed_id}/{step}").status_code == 404
        assert other.get("/feeds").text.count("/revoke") == 0
        if step != "address":
            assert other.post(f"/feeds/{feed_id}/{step}").status_code == 404
    assert session.scalars(select(Feed.revoked_at)).one() is None


def test_the_terminal_prints_a_new_address_once(app, client, sample_ring, session):
    run = app.test_cli_runner().invoke

    for scope in ("mine", "machine:combine", "workshop:hall"):
        result = run(args=["ring", "feed", "add", "Anna@ring.example", "--scope", scope])
        assert result.exit_code == 0, result.output
        assert client.get(f"/feeds/{SECRET.search(result.output)[1]}.ics").status_code == 200
    assert [(one.scope, one.privacy) for one in session.scalars(select(Feed).order_by(Feed.id))] == [
        ("mine", "full"),
        ("machine", "busy"),
        ("workshop", "busy"),
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["anna@ring.example", "--scope", "machine:combine", "--privacy", "full"], "busy only"),
        (["anna@ring.example", "--scope", "machine:nothing"], "no machine nothing"),
        (["anna@ring.example", "--scope", "everything"], "--scope mine"),
        (["karl@ring.example", "--scope", "mine"], "no member"),
        (["nobody@ring.example", "--scope", "mine"], "no login"),
    ],
)
def test_the_command_prints_the_reason(app, sample_ring, session, words, sentence):
    result = app.test_cli_runner().invoke(args=["ring", "feed", "add", *words])

    assert result.exit_code == 1
    assert sentence in result.output
    assert session.scalars(select(Feed)).all() == []
