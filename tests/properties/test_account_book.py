"""Money in any order, beside a plain account book in cents: the same is posted, refused and owed.

After each step: every entry, balance and document is what the plain book says, and the audits of `ring check` find
nothing. Now and then a verb is ended before its commit, by an error or a lost connection, and leaves nothing.

First what is written in chapters.py, which reaches every verb; then steps that are drawn, after it or from nothing.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, run_state_machine_as_test

from billing.closing.periods import set_period_length
from tests.integration.documents.documents_ring import able_to_issue
from tests.integration.money.harvester_pool import do
from tests.properties.account_book.chapters import a_year_in_short
from tests.properties.account_book.machine import ANSWERS, VERBS, AccountBook


class Begun(AccountBook):
    """With a year behind it, or from nothing."""

    @initialize(has_begun=st.booleans())
    def begin(self, has_begun):
        if has_begun:
            a_year_in_short(self)


@pytest.fixture
def ledger(app, session, sample_ring):
    with app.test_request_context():
        able_to_issue(session)
        do(session, set_period_length, "month")
        Begun.session, Begun.hall, Begun.treasurer = session, sample_ring.hall, sample_ring.karl_login
        ANSWERS.clear()
        yield


@pytest.mark.parametrize(
    "database_kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
def test_the_account_book_says_what_a_plain_one_says(ledger):
    book = Begun()
    a_year_in_short(book)
    book.teardown()
    assert VERBS - {verb for verb, code in ANSWERS if code is None} == set(), "never done"
    is_searching = not settings.default.derandomize  # with --hypothesis-profile=searching: for as long as it is let
    Begun.audits_every = 1 if is_searching else Begun.audits_every
    run_state_machine_as_test(
        Begun,
        settings=settings(
            max_examples=1_000 if is_searching else 3,
            stateful_step_count=40 if is_searching else 15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
