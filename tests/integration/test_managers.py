"""Who manages a workshop today: its managers, and deputies by the days of the workshop's own calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.auth import logins
from app.auth.errors import NotYourWorkshop
from app.auth.managers import Absence, managements, name_deputy
from app.auth.models import ManagedWorkshop
from booking.kernel.transaction import write_transaction
from tests import builders
from tests.conftest import MONDAY


@pytest.fixture
def deputy(session, sample_ring):
    login = builders.login(session, "Dora", now=MONDAY)
    with write_transaction(session):
        row = ManagedWorkshop(user_id=login, workshop_id=sample_ring.hall, is_deputy=True)
        row.valid_from, row.valid_until = date(2026, 11, 24), date(2026, 11, 26)
        session.add(row)
    return login


@pytest.mark.parametrize(
    ("instant", "manages"),
    [
        (datetime(2026, 11, 23, 22, 59, tzinfo=UTC), False),  # 23:59 in Berlin on the day before
        (datetime(2026, 11, 23, 23, 0, tzinfo=UTC), True),  # midnight in Berlin, still the day before in UTC
        (datetime(2026, 11, 26, 22, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 26, 23, 0, tzinfo=UTC), False),  # the last day is over in Berlin, not yet in UTC
    ],
)
def test_a_deputy_manages_by_the_days_of_the_workshop(session, sample_ring, deputy, instant, manages):
    login = logins.by_user_id(session, deputy, now=instant)

    assert login.managed_workshop_ids == ({sample_ring.hall} if manages else frozenset())


def test_a_login_may_manage_several_workshops(session, sample_ring):
    both = builders.login(session, "Bea", now=MONDAY, manages=(sample_ring.hall, sample_ring.lab))

    assert logins.by_user_id(session, both, now=MONDAY).managed_workshop_ids == {sample_ring.hall, sample_ring.lab}


def test_a_login_that_manages_nothing_has_no_workshop(session, sample_ring):
    assert logins.by_user_id(session, sample_ring.karl_login, now=MONDAY).managed_workshop_ids == frozenset()


def test_a_manager_names_a_deputy_but_a_deputy_names_nobody(session, sample_ring, deputy):
    days = Absence(sample_ring.hall, date(2026, 11, 24), date(2026, 11, 26))
    while_standing_in = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)

    with pytest.raises(NotYourWorkshop), write_transaction(session):
        name_deputy(session, "karl@ring.example", days, by_user_id=deputy, now=while_standing_in)
    assert managements(session, user_id=sample_ring.karl_login) == []

    with write_transaction(session):
        name_deputy(session, "karl@ring.example", days, by_user_id=sample_ring.wanda_login, now=while_standing_in)
    assert [one.is_deputy for one in managements(session, user_id=sample_ring.karl_login)] == [True]


def test_a_manager_of_another_workshop_names_no_deputy_here(session, sample_ring):
    days = Absence(sample_ring.lab, date(2026, 11, 24), date(2026, 11, 26))

    with pytest.raises(NotYourWorkshop), write_transaction(session):
        name_deputy(session, "karl@ring.example", days, by_user_id=sample_ring.wanda_login, now=MONDAY)
