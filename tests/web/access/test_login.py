"""The door: who comes in, who does not, and how little a stranger learns."""

from __future__ import annotations

import re
from datetime import timedelta
from threading import BoundedSemaphore

import pytest
from sqlalchemy import event, func, select

from app import create_app
from app.auth import attempts, authentication, passwords
from app.auth.attempts import Source
from app.auth.login_rate import RateCounter
from app.auth.models import LoginRate, LoginSession, OneUseToken, User
from app.extensions import db
from booking.kernel import transaction
from booking.kernel.errors import DomainError
from booking.kernel.transaction import write_transaction
from tests import builders
from tests.conftest import MONDAY

TOKEN = re.compile(r'name="csrf_token"[^>]*value="[^"]*"')

PASSWORD = "three blue tractors"


@pytest.fixture
def anna(session, sample_ring):
    """Anna's e-mail address; her password is PASSWORD."""
    give_password(session, sample_ring.anna_login, PASSWORD)
    return "anna@ring.example"


def give_password(session, user_id, password):
    hashed = passwords.hash_of(password)
    with write_transaction(session):
        session.get(User, user_id).password_hash = hashed


def credentials(client, email, password=PASSWORD, **more):
    return client.post("/login", data={"email": email, "password": password, **more})


def is_logged_in(client):
    return client.get("/login").status_code == 303


def test_the_right_password_logs_in(client, anna):
    answer = credentials(client, anna)

    assert answer.status_code == 303
    assert is_logged_in(client)


@pytest.mark.parametrize(("path", "who"), [("/login", None), ("/reservations/new?machine=combine", "anna")])
def test_the_page_has_exactly_one_submit_button(client, log_in, sample_ring, path, who):
    """Scripts that drive a browser look for it by its type; the language and the choices stand before it."""
    page = (log_in(sample_ring.anna_login) if who else client).get(path).text

    assert page.count('<button type="submit"') == 1


def test_the_address_may_be_written_in_capitals(client, anna):
    assert credentials(client, "  Anna@Ring.Example ").status_code == 303


def test_nobody_learns_whether_an_address_is_known(client, anna, session, sample_ring):
    with write_transaction(session):
        session.get(User, sample_ring.bernd_login).disabled_at = MONDAY
    give_password(session, sample_ring.bernd_login, PASSWORD)

    answers = [
        credentials(client, anna, "not her password"),
        credentials(client, "stranger@ring.example", PASSWORD),
        credentials(client, "bernd@ring.example", PASSWORD),
        credentials(client, "karl@ring.example", PASSWORD),  # invited, has no password yet
    ]

    assert [answer.status_code for answer in answers] == [422] * 4
    # The form's own token carries the second in which it was made, and nothing of the address.
    texts = {
        TOKEN.sub("", answer.text.replace(email, ""))
        for answer, email in zip(
            answers, (anna, "stranger@ring.example", "bernd@ring.example", "karl@ring.example"), strict=True
        )
    }
    assert len(texts) == 1
    assert not is_logged_in(client)


def test_known_and_unknown_addresses_take_the_same_steps(app, client, anna, monkeypatch):
    hashings, statements = [], []
    honest = passwords.Hasher.verify
    monkeypatch.setattr(
        passwords.Hasher, "verify", staticmethod(lambda *words: hashings.append(words) or honest(*words))
    )
    event.listen(db.engine, "before_cursor_execute", lambda *words: statements.append(words[2]))

    credentials(client, "first@ring.example")
    seen = []
    for email in (anna, "stranger@ring.example"):
        hashings.clear()
        statements.clear()
        credentials(client, email, "not the password")
        # How long SQLite may wait is what the write lock left of five seconds, whatever the address.
        seen.append((len(hashings), [words for words in statements if not words.startswith("PRAGMA busy_timeout")]))

    assert seen[0] == seen[1]
    assert seen[0][0] == 2


@pytest.mark.parametrize("email", ["anna@ring.example", "stranger@ring.example"])
def test_guessing_costs_growing_pauses_for_known_and_unknown_alike(client, clock, anna, email):
    for _guess in range(5):
        assert credentials(client, email, "wrong").status_code == 422

    first = credentials(client, email, PASSWORD)
    assert first.status_code == 429
    assert int(first.headers["Retry-After"]) == 31

    clock.instant += timedelta(seconds=31)
    assert credentials(client, email, "wrong").status_code == 422
    second = credentials(client, email, PASSWORD)
    assert (second.status_code, int(second.headers["Retry-After"])) == (429, 61)


def test_the_right_password_resets_the_count_of_wrong_ones(client, clock, anna):
    for _round in range(3):
        for _guess in range(4):
            credentials(client, anna, "wrong")
        assert credentials(client, anna).status_code == 303


@pytest.fixture
def few(monkeypatch):
    """So many wrong passwords from everywhere are free here: each takes time."""
    monkeypatch.setitem(attempts.FREE_TRIES[attempts.LOGIN], attempts.ACCOUNT, 7)
    return 7


def test_a_stranger_cannot_lock_out_a_device_that_logged_in_before(app, client, anna, few):
    assert credentials(client, anna).status_code == 303
    client.post("/logout")
    stranger = app.test_client()
    for number in range(few):  # from everywhere, and from here
        network = f"198.51.{number}.7"
        stranger.post("/login", data={"email": anna, "password": "wrong"}, environ_base={"REMOTE_ADDR": network})
    assert credentials(app.test_client(), anna).status_code == 429
    assert credentials(stranger, anna).status_code == 429
    assert credentials(client, anna, "wrong").status_code == 422
    assert credentials(client, anna).status_code == 303


def test_a_device_has_its_own_count_and_gives_none_to_other_logins(app, client, anna, session, sample_ring):
    give_password(session, sample_ring.bernd_login, PASSWORD)
    credentials(client, "bernd@ring.example")
    client.post("/logout")
    for _guess in range(5):
        credentials(client, anna, "wrong")
        credentials(client, "bernd@ring.example", "wrong")

    assert credentials(client, anna).status_code == 429  # this device never logged Anna in
    assert credentials(client, "bernd@ring.example").status_code == 429
    assert credentials(app.test_client(), "bernd@ring.example").status_code == 303


@pytest.mark.parametrize("other", ["198.51.100.9", "2001:db8:1:2:ffff::9", "::ffff:198.51.100.9"])
def test_a_pause_holds_for_the_network_and_not_for_the_next(client, anna, other):
    near = {"198.51.100.9": "198.51.100.200", "2001:db8:1:2:ffff::9": "2001:db8:1:2::1"}.get(other, "198.51.100.3")
    for _guess in range(5):
        client.post("/login", data={"email": anna, "password": "wrong"}, environ_base={"REMOTE_ADDR": near})

    right = {"email": anna, "password": PASSWORD}
    assert client.post("/login", data=right, environ_base={"REMOTE_ADDR": other}).status_code == 429
    assert client.post("/login", data=right, environ_base={"REMOTE_ADDR": "203.0.113.1"}).status_code == 303


@pytest.mark.parametrize("email", ["anna@ring.example", "stranger@ring.example"])
def test_guesses_from_many_networks_are_bounded_for_known_and_unknown_alike(client, anna, few, email):
    answers = [
        client.post(
            "/login", data={"email": email, "password": "wrong"}, environ_base={"REMOTE_ADDR": f"10.0.{number}.1"}
        ).status_code
        for number in range(few + 1)
    ]

    assert answers == [422] * few + [429]


def test_a_forged_or_foreign_device_cookie_counts_for_nothing(client, anna):
    for text in ("x", "W1sxLCJ4Il1d.aaaa.bbbb"):
        client.set_cookie("ringbuch_device", text)
        assert credentials(client, anna, "wrong").status_code == 422
    for _guess in range(3):
        credentials(client, anna, "wrong")
    assert credentials(client, anna).status_code == 429


def test_a_stranger_cannot_keep_the_owner_from_asking_for_a_new_password(app, client, anna, session):
    credentials(client, anna)
    client.post("/logout")
    stranger = app.test_client()
    asked = [
        stranger.post(
            "/password/forgotten", data={"email": anna}, environ_base={"REMOTE_ADDR": f"10.0.{number // 3}.1"}
        ).status_code
        for number in range(14)
    ]

    assert asked == [303] * 12 + [429] * 2
    assert client.post("/password/forgotten", data={"email": anna}).status_code == 303
    links = session.scalars(select(OneUseToken).where(OneUseToken.used_at.is_(None))).all()
    assert len(links) == 13  # none of them ended another


def test_a_pause_is_never_longer_than_an_hour(session):
    now = MONDAY
    for _guess in range(30):
        with write_transaction(session):
            attempts.count_request(session, attempts.LOGIN, Source("x@ring.example"), now=now)
        now += timedelta(hours=1)


def test_a_flood_from_one_network_is_slowed_down_by_all_processes_together(app, sample_ring, clock):
    settings = {name: app.config[name] for name in ("DATABASE_URL", "SECRET_KEY", "TESTING", "CLOCK")}
    strict = {**settings, "WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": True, "LOGIN_LIMIT": "3 per minute"}
    processes = [create_app(strict, instance_path=app.instance_path) for _process in range(2)]

    def guess(number, address=None):
        address = address or f"2001:db8:1:2::{number + 1}"
        sent = {"email": f"guess{number}@ring.example", "password": "wrong"}
        return processes[number % 2].test_client().post("/login", data=sent, environ_base={"REMOTE_ADDR": address})

    try:
        answers = [guess(number) for number in range(6)]
        elsewhere = guess(6, "2001:db8:1:3::1")
        clock.instant += timedelta(seconds=61)
        later = guess(7)
    finally:
        for process in processes:
            with process.app_context():
                db.engine.dispose()

    assert [answer.status_code for answer in answers] == [422] * 3 + [429] * 3
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert (elsewhere.status_code, later.status_code) == (422, 422)


def test_who_is_beyond_the_limit_when_the_password_is_checked_does_not_hear_whether_it_was_right(
    session, anna, monkeypatch
):
    """Attempts side by side all see room before their passwords are checked."""
    monkeypatch.setattr(RateCounter, "require_room", lambda *_words, **_named: None)

    def outcome(password):
        typed = authentication.Credentials(anna, password, rate=RateCounter.of("a network", "2 per minute"))
        try:
            return authentication.log_in(session, typed, now=MONDAY, days=30).needs_code
        except DomainError as refusal:
            return refusal.code

    outcomes = [outcome(password) for password in (PASSWORD, "wrong", PASSWORD, "wrong")]

    assert outcomes == [False, "wrong_credentials", "too_many_attempts", "too_many_attempts"]
    assert session.scalar(select(func.count()).select_from(LoginSession)) == 1
    assert session.scalar(select(LoginRate.used)) == 2


def test_a_log_in_writes_once(client, anna, monkeypatch):
    commits, commit = [], transaction._commit
    monkeypatch.setattr(transaction, "_commit", lambda session: commits.append(commit(session)))
    credentials(client, anna, "wrong")
    assert len(commits) == 1

    credentials(client, anna)
    assert len(commits) == 2
    assert is_logged_in(client)


def test_an_incomplete_log_in_is_counted_too(client, app, anna, monkeypatch):
    monkeypatch.setitem(app.config, "RATELIMIT_ENABLED", True)
    monkeypatch.setitem(app.config, "LOGIN_LIMIT", "2 per minute")

    assert [credentials(client, anna, "").status_code for _time in range(3)] == [422, 422, 429]
    assert credentials(client, anna).status_code == 429


def test_too_many_at_once_are_asked_to_come_back(client, anna, monkeypatch):
    monkeypatch.setattr(passwords, "WAIT_SECONDS", 0.01)
    for _place in range(passwords.HASHINGS_AT_ONCE):
        passwords._hashings.acquire()
    try:
        answer = credentials(client, anna)
    finally:
        for _place in range(passwords.HASHINGS_AT_ONCE):
            passwords._hashings.release()

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
    assert credentials(client, anna).status_code == 303


def test_when_many_wait_already_the_next_is_asked_to_come_back_at_once(client, anna, monkeypatch):
    """Who waits holds a thread of the web server, and pages need some too."""
    with monkeypatch.context() as patched:
        patched.setattr(passwords, "_places", BoundedSemaphore(1))
        patched.setattr(passwords, "_hashings", None)  # whoever came to wait for it would fail
        with passwords._places:
            answer = credentials(client, anna)

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
    assert credentials(client, anna).status_code == 303


def test_the_cookie_is_new_after_log_in(client, anna):
    with client.session_transaction() as cookie:
        cookie["_user_id"] = "planted"
        cookie["planted"] = "by a stranger"
    credentials(client, anna)

    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != "planted"
        assert "planted" not in cookie


def test_logging_in_again_ends_the_session_before(client, anna, session):
    credentials(client, anna)
    credentials(client, anna)

    assert session.scalar(select(func.count()).select_from(LoginSession)) == 1


def test_a_copied_cookie_is_invalid_after_log_out(app, client, anna):
    credentials(client, anna)
    thief = app.test_client()
    with client.session_transaction() as cookie, thief.session_transaction() as copy:
        copy.update(cookie)
    assert is_logged_in(thief)

    assert client.post("/logout").status_code == 303

    assert not is_logged_in(client)
    assert not is_logged_in(thief)


def test_a_log_in_ends_by_itself(client, clock, anna):
    credentials(client, anna)
    clock.instant += timedelta(days=31)

    assert not is_logged_in(client)


def test_on_a_shared_computer_the_session_ends_with_the_browser_and_without_use(client, clock, anna):
    cookies = credentials(client, anna, is_shared="y").headers.getlist("Set-Cookie")

    assert len(cookies) == 1  # no known device
    assert "Expires" not in cookies[0]
    assert "Max-Age" not in cookies[0]
    for _time in range(3):
        clock.instant += timedelta(minutes=25)
        assert is_logged_in(client)
    clock.instant += timedelta(minutes=31)
    assert not is_logged_in(client)

    credentials(client, anna, is_shared="y")
    for _hour in range(70):
        clock.instant += timedelta(minutes=21)
        last = is_logged_in(client)
    assert not last  # it lasts a day at most


def test_a_new_password_on_a_shared_computer_makes_no_other_session_of_it(client, clock, anna):
    credentials(client, anna, is_shared="y")
    changed = client.post("/account/password", data={"old_password": PASSWORD, "password": "four green harvesters"})
    clock.instant += timedelta(minutes=31)

    assert changed.status_code == 303
    assert not is_logged_in(client)


@pytest.mark.parametrize("address", ["/logout", "/account/devices/end-all"])
def test_logging_out_clears_what_the_browser_stored(log_in, sample_ring, address):
    answer = log_in(sample_ring.anna_login).post(address)

    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'


def test_a_disabled_login_is_out_at_its_next_request(client, anna, session, sample_ring):
    credentials(client, anna)
    with write_transaction(session):
        session.get(User, sample_ring.anna_login).disabled_at = MONDAY

    assert not is_logged_in(client)


def test_old_parameters_are_renewed_at_log_in(client, anna, session, sample_ring):
    hashed = passwords.Hasher(1, 8_192).hash(PASSWORD.encode())
    with write_transaction(session):
        session.get(User, sample_ring.anna_login).password_hash = hashed
    assert credentials(client, anna).status_code == 303

    session.expire_all()
    assert not passwords.needs_new_hash(session.get(User, sample_ring.anna_login).password_hash)


@pytest.mark.parametrize(
    ("wished", "lands"),
    [
        ("/password/forgotten", "/password/forgotten"),
        ("https://evil.example/", None),
        ("//evil.example", None),
        ("/\\evil.example", None),
        ("javascript:alert(1)", None),
        ("/\tevil", None),
    ],
)
def test_after_log_in_only_our_own_places_are_gone_to(client, anna, wished, lands):
    answer = credentials(client, anna, next=wished)

    assert answer.headers["Location"] in ((lands,) if lands else ("/", "/today"))


@pytest.mark.parametrize(("email", "password"), [("", "x"), ("anna@ring.example", ""), ("a" * 300, "x")])
def test_an_incomplete_form_is_shown_again(client, sample_ring, email, password):
    answer = credentials(client, email, password)

    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_what_was_typed_is_kept_but_not_the_password(client, anna):
    answer = credentials(client, anna, "wrong but secret")

    assert anna in answer.text
    assert "wrong but secret" not in answer.text


def test_a_monstrous_password_is_only_wrong(client, anna):
    assert credentials(client, anna, "x" * 1_000_000).status_code == 422
    assert credentials(client, anna, "\ud83d\x00\u2028 ".encode("utf-8", "replace").decode()).status_code == 422


def test_log_out_is_no_link(client, anna):
    credentials(client, anna)

    assert client.get("/logout").status_code == 405
    assert is_logged_in(client)


def test_a_stranger_cannot_log_out(client, sample_ring):
    assert client.post("/logout").status_code == 303


def test_an_anonymous_get_writes_nothing(app, client, sample_ring):
    statements = []
    event.listen(db.engine, "before_cursor_execute", lambda *words: statements.append(words[2]))

    for address in ("/", "/login", "/password/forgotten", "/password/new/guess", "/invitation/guess", "/healthz"):
        client.get(address)

    assert statements
    assert "BEGIN IMMEDIATE" not in statements
    assert not [text for text in statements if text.split()[0].upper() not in ("SELECT", "PRAGMA", "BEGIN")]


def test_the_cookie_is_kept_from_scripts(client, anna):
    cookies = credentials(client, anna).headers.getlist("Set-Cookie")

    assert any("HttpOnly" in line and "SameSite=Lax" in line and "Path=/" in line for line in cookies)


def test_a_login_through_the_test_fixture_is_a_login(log_in, sample_ring):
    assert is_logged_in(log_in(sample_ring.anna_login))


def test_builders_know_nobody_by_password(session, sample_ring):
    assert session.get(User, sample_ring.anna_login).password_hash is None
    assert builders.SOMEBODY.job == "test"
