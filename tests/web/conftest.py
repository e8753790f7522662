"""Programs with tokens, one for each of the cast; and people with a password."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, update

from app import ring_card
from app.auth import passwords
from app.auth.models import User
from app.extensions import db
from app.pages import pictures
from booking.kernel.transaction import write_transaction
from tests.builders import SampleRing
from tests.process_caches import quick_hashing
from tests.web.programs import Program, program_of

Speak = Callable[[int], Program]
PASSWORD = "three blue tractors"


@pytest.fixture(scope="session")
def password_hash() -> str:
    """Made once, as the application of a test hashes."""
    with quick_hashing():
        return passwords.hash_of(PASSWORD)


@pytest.fixture
def people(session, sample_ring, password_hash) -> SampleRing:
    """The cast; everybody's password is PASSWORD."""
    with write_transaction(session):
        session.execute(update(User).values(password_hash=password_hash))
    return sample_ring


@pytest.fixture
def speak_as(app, session, clock) -> Speak:
    """speak_as(user_id): a program that acts for this login."""
    return lambda user_id: program_of(app, session, user_id, now=clock())


@pytest.fixture
def anna(speak_as, sample_ring) -> Program:
    return speak_as(sample_ring.anna_login)


@pytest.fixture
def bernd(speak_as, sample_ring) -> Program:
    return speak_as(sample_ring.bernd_login)


@pytest.fixture
def wanda(speak_as, sample_ring) -> Program:
    return speak_as(sample_ring.wanda_login)


@pytest.fixture
def karl(speak_as, sample_ring) -> Program:
    return speak_as(sample_ring.karl_login)


@pytest.fixture
def rita(speak_as, sample_ring) -> Program:
    return speak_as(sample_ring.rita_login)


@pytest.fixture
def nobody(app) -> Program:
    """A program without a token."""
    return Program(app, None)


@pytest.fixture
def statements(app, monkeypatch):
    """`with statements() as made:` the SQL that is sent meanwhile, BEGIN and COMMIT left out."""
    # What is kept for some seconds would be read once more in the middle of a slow test.
    monkeypatch.setattr(ring_card, "CARD_SECONDS", math.inf)
    monkeypatch.setattr(pictures, "CACHE_SECONDS", math.inf)

    @contextmanager
    def listening() -> Iterator[list[str]]:
        made: list[str] = []

        def note(_connection, _cursor, statement, *_more) -> None:
            if not statement.startswith(("BEGIN", "COMMIT", "PRAGMA")):
                made.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            yield made
        finally:
            event.remove(db.engine, "before_cursor_execute", note)

    return listening
