"""Levels of inductions: first uses under supervision, alone afterwards, trainers; and inductions that a use renews."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import update

from app.auth.models import User
from app.pages.account.my_records import my_records
from booking import queries
from booking.errors.schedule_errors import ANY, UsageRefused
from booking.kernel.transaction import write_transaction
from booking.models import Induction, Member, Reservation
from booking.rule_changes import condition_changes, induction_kinds
from booking.rule_changes.induction_kinds import KindInput
from booking.rules.persons import Level, Person
from booking.use import operators, usage
from booking.use.usage import Measurement, UnreservedUse
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY
from tests.web.programs import program_of
from tests.web.reservations.test_new_reservation import wish

TODAY = MONDAY.date()


@pytest.fixture
def kind(session, sample_ring):
    """Change the kind of the laser: what becomes of it."""

    def change(**what):
        with write_transaction(session):
            data = KindInput("Laser", 12, **what)
            induction_kinds.change_kind(
                session, sample_ring.laser_induction, data, by=SOMEBODY, now=MONDAY, confirmed=ANY
            )

    return change


def induct(session, sample_ring, member_id, **what):
    with write_transaction(session):
        return condition_changes.give_induction(
            session,
            member_id,
            sample_ring.laser_induction,
            given_on=TODAY - timedelta(days=3),
            by=SOMEBODY,
            now=MONDAY,
            **what,
        )


@pytest.fixture
def beginner(session, sample_ring, kind):
    """Eva of Anna's member, under supervision for two uses; Bernd is a trainer. Return the induction."""
    kind(supervised_uses=2)
    with write_transaction(session):
        session.execute(update(Induction).values(ended_at=MONDAY))
    induct(session, sample_ring, sample_ring.bernd, level=Level.TRAINER)
    return induct(session, sample_ring, sample_ring.anna, person=Person("Eva"))


def use(session, sample_ring, start, **who):
    """A use of an hour from so many hours after MONDAY on."""
    span = hours(MONDAY, start, start + 1)
    entered = reserve(session, sample_ring.laser, sample_ring.anna, span, now=MONDAY + timedelta(hours=start))
    with write_transaction(session):
        usage.hand_out(session, entered.id, Measurement(), by=SOMEBODY, now=span.start, **who)
    with write_transaction(session):
        usage.hand_back(session, entered.id, Measurement(), by=SOMEBODY, now=span.end)


def stored(session, induction_id):
    session.expire_all()
    return session.get(Induction, induction_id)


def test_who_begins_needs_a_trainer_who_is_named(app, session, sample_ring, log_in, beginner):
    reserved = reserve(session, sample_ring.laser, sample_ring.anna, hours(MONDAY, 0, 1), now=MONDAY).id
    anna, address = log_in(sample_ring.anna_login), f"/usage/hand-out/{reserved}"
    assert stored(session, beginner).level == "supervised"

    page = anna.get(address).text
    assert "Trainers: Bernd." in page
    assert "You may run it under supervision until" in anna.get("/machines/laser").text
    told = "Eva under supervision, 0 of 2 uses. One of these has to be there at the hand-out: Bernd."
    assert told in anna.post("/reservations/new", data=wish(machine="laser") | {"check": "1"}).text
    assert "Nobody is a trainer" not in anna.post("/reservations/new", data=wish() | {"check": "1"}).text
    assert all("under supervision, 0 of 2 uses" in anna.get(path).text for path in ("/account", "/inductions"))
    refused = anna.post(address, data={"operator": "Eva"})
    assert refused.status_code == 422
    assert "under supervision for now. Enter which trainer is there." in refused.text
    wrong = anna.post(address, data={"operator": "Eva", "supervisor": "Otto"})
    assert "Otto is no trainer for this machine." in wrong.text
    assert 'name="overrule_reason"' not in wrong.text
    assert 'name="overrule_reason"' in log_in(sample_ring.rita_login).post(address, data={"operator": "Eva"}).text

    program = program_of(app, session, sample_ring.anna_login, now=MONDAY)
    path = f"/reservations/{reserved}/hand-out"
    assert program.post(path, {}).json["violations"][0]["rule"] == "supervisor_missing"
    assert anna.post(address, data={"operator": "Eva", "supervisor": " bernd "}).status_code == 303
    slip = queries.slip_of_reservation(session, reserved)
    assert (slip.operator_name, slip.supervisor_name) == ("Eva", "bernd")
    assert "Supervised by" in anna.get(f"/usage/{slip.id}").text


def test_after_so_many_uses_the_manager_is_asked_and_then_no_trainer_is_needed(session, sample_ring, log_in, beginner):
    rita = log_in(sample_ring.rita_login)
    use(session, sample_ring, 0, supervisor="Bernd")
    assert "under supervision, 1 of 2 uses" in rita.get("/workshop/inductions").text
    use(session, sample_ring, 2, supervisor="Bernd")
    assert stored(session, beginner).level == "supervised"
    assert 'c-wait b">under supervision, 2 of 2 uses' in rita.get("/workshop/inductions").text

    for _click in range(2):
        assert rita.post(f"/workshop/inductions/{beginner}/alone").status_code == 303
    assert stored(session, beginner).level == "alone"
    use(session, sample_ring, 4)


def test_a_kind_may_raise_the_level_by_itself_and_counts_only_uses_with_a_trainer(session, sample_ring, kind, beginner):
    kind(supervised_uses=2, promotes=True)
    use(session, sample_ring, 0, supervisor="Bernd")
    with pytest.raises(UsageRefused) as refused:
        use(session, sample_ring, 2)
    assert [one.rule for one in refused.value.violations] == ["supervisor_missing"]
    use(session, sample_ring, 4, supervisor="Bernd")

    assert stored(session, beginner).level == "alone"


@pytest.mark.parametrize(
    ("renews", "shortened", "until"),
    [
        (True, None, date(2027, 11, 23)),
        (False, None, date(2026, 12, 20)),
        (True, date(2027, 1, 1), date(2026, 12, 20)),
    ],
)
def test_a_use_renews_an_induction_that_nobody_shortened(session, sample_ring, kind, renews, shortened, until):
    kind(renews_by_use=renews)
    with write_transaction(session):
        session.execute(update(Induction).values(valid_until=date(2026, 12, 20), given_until=shortened))

    use(session, sample_ring, 0)

    (one,) = queries.inductions(session, member_id=sample_ring.anna)
    assert one.valid_until == until


def test_a_use_renews_what_the_induction_builds_on(session, sample_ring, kind):
    with write_transaction(session):
        basics = induction_kinds.enter_kind(session, KindInput("Basics", renews_by_use=True), by=SOMEBODY, now=MONDAY)
        given = condition_changes.give_induction(
            session, sample_ring.anna, basics, given_on=TODAY, valid_until=TODAY, by=SOMEBODY, now=MONDAY
        )
    kind(requires=frozenset({basics}))

    use(session, sample_ring, 0)

    assert stored(session, given).valid_until == date(2027, 11, 23)


def test_reservations_that_a_renewed_induction_covers_are_no_longer_outside_the_rules(app, session, sample_ring, kind):
    kind(renews_by_use=True)
    later, much_later = (
        reserve(session, sample_ring.laser, sample_ring.anna, hours(MONDAY, start, start + 1), now=MONDAY).id
        for start in (48, 50)
    )
    reserved = reserve(session, sample_ring.laser, sample_ring.anna, hours(MONDAY, 0, 1), now=MONDAY).id
    with write_transaction(session):
        session.execute(update(Induction).values(valid_until=TODAY))
        session.execute(update(Reservation).where(Reservation.id == later).values(outside_rules_since=MONDAY))
        usage.hand_out(session, reserved, Measurement(), by=SOMEBODY, now=MONDAY)
    program = program_of(app, session, sample_ring.anna_login, now=MONDAY)
    assert queries.outside_count(session, None, now=MONDAY) == 1

    assert program.post(f"/reservations/{reserved}/hand-back", {}).status_code == 200

    session.expire_all()
    assert queries.outside_count(session, None, now=MONDAY) == 0
    assert session.get(Reservation, much_later).status == "confirmed"


def test_a_use_without_reservation_renews_the_induction_of_the_member_itself(session, sample_ring, kind):
    kind(renews_by_use=True)
    with write_transaction(session):
        session.execute(update(Induction).values(valid_until=TODAY))
    eva = induct(session, sample_ring, sample_ring.anna, person=Person("Eva"), valid_until=TODAY)

    unreserved = UnreservedUse(sample_ring.laser, sample_ring.anna, hours(MONDAY, -2, -1), Measurement())
    for _time in range(2):
        with write_transaction(session):
            usage.record_usage(session, unreserved, by=SOMEBODY, now=MONDAY)

    own = session.query(Induction).filter_by(member_id=sample_ring.anna, person_name="").one()
    assert own.valid_until == date(2027, 11, 23)
    assert stored(session, eva).valid_until == TODAY


def test_an_induction_that_is_extended_keeps_the_uses_under_supervision(session, sample_ring, kind, beginner, log_in):
    use(session, sample_ring, 0, supervisor="Bernd")
    with write_transaction(session):
        later = condition_changes.give_induction(
            session,
            sample_ring.anna,
            sample_ring.laser_induction,
            given_on=TODAY + timedelta(days=1),
            person=Person("eva"),
            level=Level.SUPERVISED,
            by=SOMEBODY,
            now=MONDAY,
        )
    page = log_in(sample_ring.rita_login).get("/workshop/inductions").text
    assert page.count("under supervision, 1 of 2 uses") == 2
    kind(supervised_uses=2, promotes=True)
    use(session, sample_ring, 24, supervisor="Bernd")

    assert (stored(session, beginner).level, stored(session, later).level) == ("alone", "alone")


def test_who_left_or_lacks_what_the_induction_builds_on_is_no_trainer(session, sample_ring, kind, beginner):
    assert operators.trainers_of(session, sample_ring.laser, now=MONDAY) == ("Bernd",)
    with write_transaction(session):
        session.get(Member, sample_ring.bernd).left_on = TODAY - timedelta(days=1)
    assert operators.trainers_of(session, sample_ring.laser, now=MONDAY) == ()
    with write_transaction(session):
        session.get(Member, sample_ring.bernd).left_on = TODAY
        basics = induction_kinds.enter_kind(session, KindInput("Basics"), by=SOMEBODY, now=MONDAY)
    assert operators.trainers_of(session, sample_ring.laser, now=MONDAY) == ("Bernd",)
    kind(supervised_uses=2, requires=frozenset({basics}))
    assert operators.trainers_of(session, sample_ring.laser, now=MONDAY) == ()


def test_a_second_click_with_another_trainer_is_no_second_click(session, sample_ring, log_in, beginner):
    induct(session, sample_ring, sample_ring.bernd, person=Person("Otto"), level=Level.TRAINER)
    reserved = reserve(session, sample_ring.laser, sample_ring.anna, hours(MONDAY, 0, 1), now=MONDAY).id
    anna, address = log_in(sample_ring.anna_login), f"/usage/hand-out/{reserved}"
    typed = {"operator": "Eva", "supervisor": "Bernd"}
    assert anna.post(address, data=typed).status_code == 303

    assert "a second click changes nothing" in anna.post(address, data=typed, follow_redirects=True).text
    late = anna.post(address, data=typed | {"supervisor": "Otto"}).text
    assert "What you see below is not stored." in late
    assert 'value="Otto"' in late
    assert 'value="Eva"' in late


def test_the_own_data_name_no_trainer_of_another_member(session, sample_ring, beginner):
    use(session, sample_ring, 0, supervisor="Bernd")
    (slip,) = dict(my_records(session, session.get(User, sample_ring.anna_login)))["usage_slips"]

    assert slip["operator_name"] == "Eva"
    assert not {"supervisor_name", "operator_user_id"} & set(slip)


def test_a_kind_and_the_level_are_entered_on_their_pages(app, session, sample_ring, log_in):
    rita, laser = log_in(sample_ring.rita_login), sample_ring.laser_induction
    typed = {"name": "Laser", "valid_months": "12", "supervised_uses": "3", "renews_by_use": "y"}
    address = f"/workshop/inductions/kinds/{laser}"

    assert rita.post(address, data=typed | {"supervised_uses": "100"}).status_code == 422
    assert rita.post(address, data=typed).status_code == 303
    page = rita.get("/workshop/inductions").text
    assert "first 3 uses under supervision" in page
    assert "from the last use" in page
    given = {"member_ids": [sample_ring.bernd], "kind_id": laser, "given_on": "2026-11-20", "confirm": "1"}
    assert rita.post("/workshop/inductions/new", data=given).status_code == 303
    assert rita.post("/workshop/inductions/new", data=given | {"level": "trainer"}).status_code == 303
    assert [one.level for one in queries.inductions(session, member_id=sample_ring.bernd)] == ["supervised", "trainer"]
    program = program_of(app, session, sample_ring.rita_login, now=MONDAY)
    changed = program.patch(f"/induction-kinds/{laser}", {"supervised_uses": 0, "promotes": True})
    assert (changed.json["supervised_uses"], changed.json["promotes"], changed.json["renews_by_use"]) == (0, True, True)
    assert program.patch(f"/induction-kinds/{laser}", {"promotes": 1}).status_code == 422
