"""How long the program waits for PostgreSQL."""

from __future__ import annotations

from booking.kernel.deadlines import (
    COMMAND,
    COPY,
    LARGE,
    LOCK_SECONDS,
    MARGIN_SECONDS,
    ORDINARY,
    current,
    extend,
    extended,
    restore,
)
from booking.kernel.postgresql import SILENCE_SECONDS


def test_the_server_answers_before_this_side_gives_up():
    assert LOCK_SECONDS < ORDINARY.statement_seconds - MARGIN_SECONDS < ORDINARY.statement_seconds < 6
    assert ORDINARY.server_timeout == "4000ms"


def test_a_writer_hears_within_six_seconds_even_if_the_page_needs_a_new_connection():
    assert ORDINARY.commit_seconds + max(SILENCE_SECONDS, LOCK_SECONDS) < 6
    assert LARGE.commit_seconds == ORDINARY.commit_seconds


def test_the_longest_deadline_counts_until_its_end():
    with extended(COPY):
        with extended(COMMAND):
            assert current() == COPY
        extend(LARGE)
        assert current() == COPY
    assert current() == ORDINARY
    extend(LARGE)
    assert current() == LARGE
    restore()
    assert current() == ORDINARY
