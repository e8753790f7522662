"""ring user add: logins from a terminal."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.auth import logins, passwords
from app.auth.models import User
from booking.models import Member
from tests.conftest import MONDAY

PASSWORD = "three blue tractors"


@pytest.fixture
def add(app):
    def run(*words, password=PASSWORD):
        return app.test_cli_runner().invoke(
            args=["ring", "user", "add", *words, "--password-stdin"], input=f"{password}\n"
        )

    return run


def login_of(session, email):
    session.rollback()
    user_id = session.scalar(select(User.id).where(User.email == email))
    return logins.by_user_id(session, user_id, now=MONDAY)


def test_an_administrator_comes_from_the_terminal(add, session):
    answer = add("Rosa@ring.example", "--name", "Rosa", "--role", "admin")

    assert answer.exit_code == 0, answer.output
    assert login_of(session, "rosa@ring.example").is_admin
    kept = session.scalar(select(User.password_hash).where(User.email == "rosa@ring.example"))
    assert passwords.matches(PASSWORD, kept)


@pytest.mark.parametrize("unfit", ["\0", "\x1b", "\u202e"])
def test_a_password_with_characters_that_the_log_in_page_removes_is_refused(add, session, unfit):
    answer = add("rosa@ring.example", "--name", "Rosa", "--role", "admin", password=f"three{unfit} blue tractors")

    assert answer.exit_code == 1
    assert f"control characters (U+{ord(unfit):04X})" in answer.output
    assert session.scalar(select(User.id).where(User.email == "rosa@ring.example")) is None


def test_a_login_acts_for_the_member_of_a_number(add, session, sample_ring):
    assert add("a2@ring.example", "--name", "A", "--role", "member", "--member", "M-Anna").exit_code == 0
    assert login_of(session, "a2@ring.example").member_id == sample_ring.anna


def test_without_a_number_a_member_is_entered(add, session):
    assert add("neu@ring.example", "--name", "Hof Neu", "--role", "member").exit_code == 0
    assert session.scalar(select(Member.name)) == "Hof Neu"


def test_a_manager_manages_named_workshops_and_may_be_more(add, session, sample_ring):
    words = ("--role", "manager", "--role", "treasurer", "--workshop", "lab", "--workshop", "hall")
    assert add("m@ring.example", "--name", "M", *words).exit_code == 0

    found = login_of(session, "m@ring.example")
    assert (found.managed_workshop_ids, found.is_treasurer) == ({sample_ring.lab, sample_ring.hall}, True)


@pytest.mark.parametrize(
    ("words", "password", "says"),
    [
        (("anna@ring.example", "--name", "A", "--role", "admin"), PASSWORD, "already"),
        (("x@ring.example", "--name", "A", "--role", "admin"), "short", "at least 8"),
        (("x@ring.example", "--name", "A", "--role", "admin"), "passwort1", "first passwords"),
        (("nonsense", "--name", "A", "--role", "admin"), PASSWORD, "not a valid e-mail address"),
        (("x@ring.example", "--name", "A", "--role", "boss"), PASSWORD, "boss"),
        (("x@ring.example", "--name", "A", "--role", "member", "--member", "999"), PASSWORD, "No member"),
        (("x@ring.example", "--name", "A", "--role", "manager"), PASSWORD, "hall, lab"),
        (("x@ring.example", "--name", "A", "--role", "manager", "--workshop", "moon"), PASSWORD, "hall, lab"),
    ],
)
def test_invalid_options_are_reported_in_a_sentence_and_store_nothing(add, session, sample_ring, words, password, says):
    before = session.scalar(select(func.count()).select_from(User))

    answer = add(*words, password=password)

    assert answer.exit_code != 0
    assert says in answer.output
    session.rollback()
    assert session.scalar(select(func.count()).select_from(User)) == before
