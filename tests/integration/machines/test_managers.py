"""Who manages a workshop today: its managers, and deputies by the days of the workshop's own calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import DatabaseError

from app.auth import accounts, deputy_ends, logins
from app.auth.deputies import Absence, deputies_of, deputyships_of, name_deputy
from app.auth.errors import AlreadyManages, NotYourWorkshop
from app.auth.managers import managements, name_manager, withdraw
from app.auth.models import ManagedWorkshop, User
from app.mail.models import Mail
from app.notifications.recipients import managers_of
from booking import queries
from booking.errors.schedule_errors import RecordRefused
from booking.kernel.events import Actor
from booking.kernel.transaction import write_transaction
from booking.models import Member
from tests import builders
from tests.builders import SOMEBODY
from tests.conftest import MONDAY


@pytest.fixture
def dora(session, sample_ring):
    """Wanda's deputy from Tuesday to Thursday."""
    return builders.deputy(session, sample_ring, "Dora", date(2026, 11, 24), date(2026, 11, 26))


@pytest.mark.parametrize(
    ("instant", "manages"),
    [
        (datetime(2026, 11, 23, 22, 59, tzinfo=UTC), False),  # 23:59 in Berlin on the day before
        (datetime(2026, 11, 23, 23, 0, tzinfo=UTC), True),  # midnight in Berlin, still the day before in UTC
        (datetime(2026, 11, 26, 22, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 26, 23, 0, tzinfo=UTC), False),  # the last day is over in Berlin, not yet in UTC
    ],
)
def test_a_deputy_manages_by_the_days_of_the_workshop(session, sample_ring, dora, instant, manages):
    login = logins.by_user_id(session, dora, now=instant)

    assert login.managed_workshop_ids == ({sample_ring.hall} if manages else frozenset())


def test_a_login_may_manage_several_workshops(session, sample_ring):
    both = builders.login(session, "Bea", now=MONDAY, manages=(sample_ring.hall, sample_ring.lab))

    assert logins.by_user_id(session, both, now=MONDAY).managed_workshop_ids == {sample_ring.hall, sample_ring.lab}


def test_a_login_that_manages_nothing_has_no_workshop(session, sample_ring):
    assert logins.by_user_id(session, sample_ring.karl_login, now=MONDAY).managed_workshop_ids == frozenset()


def test_a_manager_names_a_deputy_but_a_deputy_names_nobody(session, sample_ring, dora):
    while_standing_in = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)

    with pytest.raises(NotYourWorkshop):
        name(session, sample_ring, "bernd", 24, 26, by=dora, now=while_standing_in)
    assert managements(session, sample_ring.bernd_login) == []

    name(session, sample_ring, "bernd", 24, 26, now=while_standing_in)
    assert [one.is_deputy for one in managements(session, sample_ring.bernd_login)] == [True]


def name(session, sample_ring, who, first, last, *, by=None, now=MONDAY, workshop_id=None):
    """Wanda (or by) names a deputy for some days of November; days beyond 30 lie in December."""
    days = (date(2026, 10, 31) + timedelta(days=day) for day in (first, last))
    absence = Absence(workshop_id or sample_ring.hall, *days)
    with write_transaction(session):
        return name_deputy(session, f"{who}@ring.example", absence, by_user_id=by or sample_ring.wanda_login, now=now)


def test_a_manager_of_another_workshop_names_no_deputy_here(session, sample_ring):
    with pytest.raises(NotYourWorkshop):
        name(session, sample_ring, "bernd", 24, 26, workshop_id=sample_ring.lab)


def test_a_deputy_has_several_spans_and_each_ends_on_its_own(session, sample_ring):
    spans = [name(session, sample_ring, "bernd", *days) for days in ((24, 26), (30, 115), (27, 27))]

    listed = deputies_of(session, [sample_ring.hall], now=MONDAY)
    assert [one.id for one in listed] == [spans[0], spans[2], spans[1]]
    assert {(one.name, one.named_by_name) for one in listed} == {("Bernd", "Wanda")}
    with write_transaction(session):
        withdraw(session, spans[0], by=SOMEBODY, now=MONDAY)
    assert [one.id for one in deputyships_of(session, sample_ring.bernd_login, now=MONDAY)] == [spans[2], spans[1]]
    assert deputyships_of(session, sample_ring.bernd_login, now=MONDAY + timedelta(days=200)) == []


def test_span_beside_span_is_no_deputy_for_longer_than_ninety_days(session, sample_ring):
    rosa = builders.login(session, "Rosa", now=MONDAY, manages=(sample_ring.hall,))
    name(session, sample_ring, "bernd", 24, 113)  # ninety days
    for days, by in (((114, 114), None), ((140, 150), rosa)):
        with pytest.raises(RecordRefused) as refused:
            name(session, sample_ring, "bernd", *days, by=by)
        assert [(one.rule, one.actual) for one in refused.value.violations] == [("deputy_days", 91 + days[1] - days[0])]
    name(session, sample_ring, "anna", 114, 203)
    later = MONDAY + timedelta(days=31)  # thirty of them are over
    name(session, sample_ring, "bernd", 114, 143, now=later)
    with pytest.raises(RecordRefused):
        name(session, sample_ring, "bernd", 144, 144, now=later)


@pytest.mark.parametrize(
    ("who", "days", "rule"),
    [
        ("bernd", (24, 114), "deputy_too_long"),
        ("bernd", (389, 390), "deputy_too_late"),
        ("bernd", (1, 22), "day_over"),
        ("bernd", (26, 26), "deputy_overlaps"),
        ("bernd", (20, 30), "deputy_overlaps"),
        ("karl", (24, 26), "deputy_no_member"),
        ("fritz", (24, 26), "deputy_no_member"),
        ("anna", (24, 30), "deputy_leaves"),
    ],
)
def test_a_deputy_that_cannot_be_is_refused_by_its_rule(session, sample_ring, who, days, rule):
    """Bernd is one from the 26th to the 28th already; Fritz has left, Anna leaves on the 27th."""
    name(session, sample_ring, "bernd", 26, 28)
    former = builders.member(session, "Fritz", left_on=date(2026, 11, 22))
    builders.login(session, "Fritz", now=MONDAY, member_id=former)
    leave(session, sample_ring.anna, date(2026, 11, 27))

    with pytest.raises(RecordRefused) as refused:
        name(session, sample_ring, who, *days)

    assert [violation.rule for violation in refused.value.violations] == [rule]
    assert len(deputies_of(session, None, now=MONDAY)) == 1


def leave(session, member_id, day):
    with write_transaction(session):
        session.get_one(Member, member_id).left_on = day


@pytest.mark.parametrize("end", ["withdrawn", "disabled", "deleted", "left"])
def test_deputies_end_with_the_management_of_the_one_who_named_them(session, sample_ring, dora, end):
    tuesday = MONDAY + timedelta(days=1)
    wanda_member = builders.member(session, "Wanda", left_on=date(2026, 11, 23) if end == "left" else None)
    with write_transaction(session):
        session.get_one(User, sample_ring.wanda_login).member_id = wanda_member
    own = select(ManagedWorkshop.id).where(ManagedWorkshop.user_id == sample_ring.wanda_login)

    with write_transaction(session):
        if end == "withdrawn":
            withdraw(session, session.scalars(own).one(), by=SOMEBODY, now=MONDAY)
        elif end == "disabled":
            accounts.disable(session, sample_ring.wanda_login, by=SOMEBODY, now=MONDAY)
        elif end == "deleted":
            session.execute(delete(ManagedWorkshop).where(ManagedWorkshop.user_id == sample_ring.wanda_login))

    assert logins.by_user_id(session, dora, now=tuesday).managed_workshop_ids == frozenset()
    assert [one.name for one in managers_of(session, sample_ring.hall, now=tuesday)] == ["Rita"]
    assert deputies_of(session, None, now=tuesday) == []
    if end != "left":
        assert session.scalar(select(func.count()).where(ManagedWorkshop.is_deputy)) == 0


def test_days_whose_namer_has_left_can_be_given_again_by_another_manager(session, sample_ring, dora):
    second = builders.login(session, "Walter", now=MONDAY, manages=(sample_ring.hall,))
    wanda_member = builders.member(session, "Wanda", left_on=date(2026, 11, 22))
    with write_transaction(session):
        session.get_one(User, sample_ring.wanda_login).member_id = wanda_member

    name(session, sample_ring, "dora", 25, 27, by=second)

    assert [one.named_by_name for one in deputies_of(session, None, now=MONDAY)] == ["Walter"]


def test_a_deputy_who_becomes_a_manager_is_no_deputy_any_more(session, sample_ring, dora):
    with write_transaction(session):
        name_manager(session, dora, sample_ring.hall, by=SOMEBODY, now=MONDAY)

    assert [one.is_deputy for one in managements(session, dora)] == [False]
    with pytest.raises(AlreadyManages):
        name(session, sample_ring, "dora", 27, 28)


def test_members_are_found_by_three_letters_or_the_whole_number(session, sample_ring):
    def found(text, chosen=()):
        members = queries.find_members(session, text, chosen, day=MONDAY.date())
        return [one.name for one in (*members.chosen, *members.found)]

    assert found("an") == found("") == found("__") == []
    assert found("ANN") == found("m-anna") == ["Anna"]
    assert found("ern", [sample_ring.anna]) == ["Anna", "Bernd"]
    builders.member(session, "Cara", number="7")
    assert found(" 7 ") == ["Cara"]


def test_managers_know_the_members_who_have_reserved_with_them(session, sample_ring):
    def listed(workshop_id, text=""):
        return [one.member_name for one in queries.inductions(session, text=text, workshop_ids=[workshop_id])]

    assert listed(sample_ring.hall) == []
    assert listed(sample_ring.hall, "M-Anna") == ["Anna"]
    builders.reserve(session, sample_ring.combine, sample_ring.anna, builders.hours(MONDAY, 49, 51), now=MONDAY)
    assert listed(sample_ring.hall) == ["Anna"]
    assert listed(sample_ring.lab) == []
    assert queries.reserves_in(session, sample_ring.anna, [sample_ring.hall])
    assert not queries.reserves_in(session, sample_ring.anna, [])


@pytest.mark.parametrize(
    "wrong",
    [
        {"valid_from": date(2026, 11, 26), "valid_until": date(2026, 11, 30)},  # overlaps
        {"valid_from": date(2026, 12, 1), "valid_until": date(2027, 3, 1)},  # 91 days
        {"valid_until": None},
        {"named_by": None},
        {"named_by": 1},  # Anna manages nothing
    ],
)
def test_the_database_refuses_what_no_deputy_may_be(session, sample_ring, dora, wrong):
    days = {"valid_from": date(2026, 12, 1), "valid_until": date(2027, 2, 28), "named_by": sample_ring.wanda_login}
    row = {"user_id": dora, "workshop_id": sample_ring.hall, "is_deputy": True, **days, **wrong}

    with pytest.raises(DatabaseError), write_transaction(session):
        session.execute(insert(ManagedWorkshop).values(**row))
    with write_transaction(session):
        session.execute(insert(ManagedWorkshop).values(**row | days))


def told(session):
    """Return who got which mails about deputies since the last time."""
    session.rollback()
    found = [
        (mail.to_name, mail.key.partition(":")[0]) for mail in session.scalars(select(Mail).order_by(Mail.to_name))
    ]
    with write_transaction(session):
        session.execute(delete(Mail))
    return found


def test_a_deputy_is_told_of_being_named_and_of_each_early_end_and_the_manager_of_others_ending_it(
    session, sample_ring
):
    bernd, wanda = sample_ring.bernd_login, sample_ring.wanda_login
    own_row = select(ManagedWorkshop.id).where(ManagedWorkshop.user_id == wanda, ~ManagedWorkshop.is_deputy)
    ends = (
        (lambda: withdraw(session, span, by=Actor(user_id=wanda), now=MONDAY), [("Bernd", "deputy-ended")]),
        (
            lambda: withdraw(session, span, by=Actor(user_id=bernd), now=MONDAY),
            [("Bernd", "deputy-ended"), ("Wanda", "own-deputy-ended")],
        ),
        (lambda: accounts.disable(session, bernd, by=SOMEBODY, now=MONDAY), [("Wanda", "own-deputy-ended")]),
        (
            lambda: withdraw(session, session.scalar(own_row), by=SOMEBODY, now=MONDAY),
            [("Bernd", "deputy-ended"), ("Wanda", "roles-changed")],
        ),
    )
    for end, expected in ends:
        with write_transaction(session):
            accounts.enable(session, bernd, by=SOMEBODY, now=MONDAY)
        span = name(session, sample_ring, "bernd", 24, 26)
        mail = session.scalars(select(Mail)).one()
        assert "Wanda" in mail.body
        assert "24 November 2026" in mail.body
        assert told(session) == [("Bernd", "deputy-named")]
        with write_transaction(session):
            end()
        assert told(session) == expected


def test_the_manager_is_told_once_that_the_days_of_a_deputy_are_over(session, sample_ring):
    name(session, sample_ring, "bernd", 24, 26)
    told(session)

    for day, count in ((26, 0), (27, 1), (28, 1)):
        with write_transaction(session):
            deputy_ends.end_and_report(session, now=datetime(2026, 11, day, 2, 0, tzinfo=UTC))
        assert session.scalar(select(func.count()).select_from(Mail)) == count
        session.rollback()
    mail = session.scalars(select(Mail)).one()
    assert mail.subject == "Bernd was deputy for Maschinenhalle until 26 November 2026"
    assert "/account/deputies" in mail.body
    assert told(session) == [("Wanda", "own-deputy-over")]


@pytest.mark.parametrize(
    ("who", "reason"), [("wanda", "because Wanda is no longer"), ("bernd", "because Bernd is no longer")]
)
def test_a_membership_that_ends_ends_the_deputy_and_both_are_told(session, sample_ring, who, reason):
    member_id = builders.member(session, who.title()) if who == "wanda" else sample_ring.bernd
    with write_transaction(session):
        session.get_one(User, getattr(sample_ring, f"{who}_login")).member_id = member_id
        session.get_one(Member, member_id).left_on = date(2026, 12, 24)
    name(session, sample_ring, "bernd", 24, 26)
    told(session)
    with write_transaction(session):
        session.get_one(Member, member_id).left_on = date(2026, 11, 24)

    for day, count in ((24, 0), (25, 1), (26, 0)):
        with write_transaction(session):
            assert deputy_ends.end_and_report(session, now=datetime(2026, 11, day, 2, 0, tzinfo=UTC)) == count
        if count:
            assert reason in "".join(session.scalars(select(Mail.body)))
        assert told(session) == [("Bernd", "deputy-ended"), ("Wanda", "own-deputy-ended")] * count
    assert session.scalars(select(ManagedWorkshop).where(ManagedWorkshop.is_deputy)).all() == []


def test_a_deputyship_that_is_over_ends_without_mails(session, sample_ring):
    span = name(session, sample_ring, "bernd", 24, 26)
    told(session)

    with write_transaction(session):
        withdraw(session, span, by=SOMEBODY, now=MONDAY + timedelta(days=10))
    assert told(session) == []
