"""A reservation that repeats: the form, the preview, the page of the series, and the calls for programs."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app import subscriptions
from app.mail.models import Mail
from app.notifications import series_subscribers
from app.pages.series import presenter
from billing.fees.terms import TermsEntry, set_terms
from billing.models import Missed
from booking.kernel import deliveries
from booking.kernel.transaction import in_write_transaction, write_transaction
from booking.models import Machine, Reservation, Series
from booking.quotas import quotas
from booking.quotas.quotas import QuotaInput
from booking.reservations import reservations
from tests.builders import SOMEBODY, hours, login, mail_text, reserve
from tests.conftest import MONDAY
from tests.stories.conftest import sent
from tests.web.programs import program_of

FRIDAY = "2026-12-04"
IN_A_WEEK = hours(MONDAY + timedelta(days=18), 1, 3)  # Friday 11 December, 9 to 11 by the clock


def wish(**changes):
    """Friday 9:00 for two hours on the combine, every week, four times."""
    usual = {
        "machine": "combine",
        "date": FRIDAY,
        "time": "09:00",
        "until": "length",
        "hours": "2",
        "minutes": "0",
        "places": "1",
        "purpose": "Silage",
        "form_key": "one-form",
        "repeats": "WEEKLY",
        "interval": "1",
        "ends": "count",
        "times": "4",
    }
    return {**usual, **changes}


def send(client, **changes):
    return client.post("/reservations/new", data=wish(**changes))


def count(session, model):
    session.rollback()
    return session.scalar(select(func.count()).select_from(model))


def templates(session):
    """The mails that were written, as (template, address)."""
    for subscription in subscriptions.SUBSCRIPTIONS:
        while in_write_transaction(session, lambda s=subscription: deliveries.deliver(session, s, now=MONDAY)):
            pass
    return [(mail.key.split(":")[1], mail.to_address) for mail in session.scalars(select(Mail).order_by(Mail.id))]


@pytest.fixture
def anna(log_in, sample_ring):
    return log_in(sample_ring.anna_login)


def test_a_weekly_series_is_shown_and_then_entered_once(anna, session):
    preview = send(anna)

    assert preview.status_code == 200
    assert "All 4 dates are free" in preview.text
    assert "every week on Friday, 9:00 to 11:00, 4 dates" in preview.text
    assert count(session, Series) == 0

    kept = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', preview.text))
    assert kept.items() >= wish().items()
    entered = anna.post("/reservations/new", data=kept | {"enter_series": "1"})
    again = anna.post("/reservations/new", data=kept | {"enter_series": "1"})

    assert entered.status_code == again.status_code == 303
    assert entered.location == again.location == "/series/1"
    assert (count(session, Series), count(session, Reservation)) == (1, 4)
    assert templates(session) == [("series_entered", "anna@ring.example")]
    told = mail_text(session.scalars(select(Mail)).one())
    assert "4 dates\n\n- Fri 4 December, 9:00 to 11:00\n- Fri 11 December, 9:00 to 11:00\n" in told
    page = anna.get(entered.location)
    assert page.text.count("confirmed") >= 4
    assert "One date of a series" in anna.get("/reservations/1").text
    assert "every week on Friday" in anna.get("/series").text


def test_a_conflict_is_shown_with_another_time_and_left_out_can_be_put_back(anna, session, sample_ring):
    other = reserve(session, sample_ring.combine, sample_ring.bernd, IN_A_WEEK, now=MONDAY)
    preview = send(anna)

    assert "1 date is not possible as it is. 3 are possible." in preview.text
    assert "Part of this time is already taken" in preview.text
    assert "Possible instead:" in preview.text
    assert 'value="alternative" checked' in preview.text
    turned = send(anna, on_conflict="skip", part="1").text
    assert re.findall(r'value="(\w+)" checked', turned) == ["skip"], "what was chosen is kept"

    refused = send(anna, enter_series="1", on_conflict="refuse")
    assert refused.status_code == 409
    assert "nothing was entered" in refused.text
    assert count(session, Series) == 0
    send(anna, enter_series="1", on_conflict="skip")
    page = anna.get("/series/1")
    assert "left out" in page.text

    taken = anna.post("/series/1/put-back", data={"day": "2026-12-11"})
    assert (taken.status_code, "already taken" in taken.text) == (409, True)
    for day in ("2027-12-11", "soon"):
        assert anna.post("/series/1/put-back", data={"day": day}).status_code == 422
    with write_transaction(session):
        reservations.cancel(session, other.id, by=SOMEBODY, now=MONDAY)
    assert anna.post("/series/1/put-back", data={"day": "2026-12-11"}).status_code == 303
    assert "left out" not in anna.get("/series/1").text


def test_the_nearest_time_is_taken_where_that_is_chosen(anna, session, sample_ring):
    reserve(session, sample_ring.combine, sample_ring.bernd, IN_A_WEEK, now=MONDAY)

    page = anna.get(send(anna, enter_series="1", on_conflict="alternative").location)

    assert "instead of Fri 11 December, 9:00 to 11:00" in page.text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"times": ""}, "Enter how many dates."),
        ({"times": "10000"}, "A series has 1 to 200 dates; these are 10000."),
        ({"times": "0"}, "A series has 1 to 200 dates; these are 0."),
        ({"times": "many"}, "Not a valid integer value."),
        ({"ends": "until"}, "Choose the last day."),
        ({"ends": "until", "ends_on": "2026-12-01"}, "is before the first date"),
        ({"ends": "until", "ends_on": "2099-01-01"}, "these are more. Choose an earlier end."),
        ({"interval": "0"}, "The interval must lie between 1 and 99; it is 0."),
        ({"weekdays": "0"}, "is not one of these days"),
        ({"repeats": "MONTHLY", "month_by": "last_day"}, "is not one of these days"),
        ({"repeats": "HOURLY"}, "Repeat: "),
        ({"repeats": "DAILY", "hours": "30"}, "would reach into the next one"),
    ],
)
def test_what_cannot_be_a_series_is_said_at_its_field_and_nothing_typed_is_lost(anna, session, changes, sentence):
    answer = send(anna, **changes)

    assert answer.status_code == 422
    assert sentence in html.unescape(answer.text)
    assert "Silage" in answer.text
    assert count(session, Series) == 0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"ends": "easter", "interval": "2"}, "every 2 weeks on Friday, 9:00 to 11:00, until Sun 28 March 2027"),
        ({"weekdays": ["0", "4"]}, "every week on Monday and Friday"),
        ({"repeats": "DAILY", "interval": "3"}, "every 3 days"),
        ({"repeats": "MONTHLY"}, "every month on day 4 of the month"),
        ({"repeats": "MONTHLY", "month_by": "weekday"}, "every month on the first Friday of the month"),
        ({"repeats": "MONTHLY", "month_by": "last_weekday", "date": "2026-12-25"}, "on the last Friday of the month"),
        ({"repeats": "MONTHLY", "month_by": "last_day", "date": "2026-12-31"}, "on the last day of the month"),
    ],
)
def test_rules_are_made_without_typing_one(anna, changes, sentence):
    assert sentence in send(anna, **changes).text


def test_the_doubled_hour_is_asked_once_and_the_missing_one_is_listed(anna, session):
    asked = send(anna, date="2027-09-05", time="02:30", hours="1", interval="4", times="3")
    assert asked.status_code == 422
    assert "Choose the first or the second time." in asked.text
    assert 'name="passage"' in asked.text
    second = send(anna, date="2027-09-05", time="02:30", hours="1", interval="4", times="3", passage="1")
    assert "Sun 31 October 2027, 2:30 (second) to 3:30" in second.text

    preview = send(anna, date="2027-02-28", time="02:30", hours="1", interval="4", times="3")
    assert "the clock skips the time" in preview.text
    assert "Sun 28 March 2027, 3:30 to 4:30" in preview.text


def test_cancelling_the_rest_says_what_it_means_and_costs(app, anna, session, sample_ring, clock, monkeypatch):
    monkeypatch.setattr(series_subscribers, "DATES_MAX", 3)
    with write_transaction(session):
        terms = TermsEntry(MONDAY.date(), 100, ((24, 50),), base_cents=8_001)
        set_terms(session, sample_ring.combine, terms, by=SOMEBODY, now=MONDAY)
    entered = send(anna, enter_series="1", date="2026-11-24", repeats="DAILY")
    clock.instant += timedelta(hours=3)
    asked = anna.get(entered.location + "/cancel")

    assert "4 dates are cancelled." in asked.text
    assert "1 date would be cancelled later than the rule allows" in asked.text
    assert "This costs €40.01 in all." in asked.text
    by_program = program_of(app, session, sample_ring.anna_login, now=MONDAY)
    meant = by_program.post(f"{entered.location}/cancel", {"preview": True}).json
    assert (meant["late"], meant["cents"], [one["cents"] for one in meant["dates"]]) == (1, 4_001, [4_001, 0, 0, 0])
    revision = re.search(r'name="revision" value="(\d+)"', asked.text)[1]
    assert anna.post(entered.location + "/cancel", data={"revision": revision, "reason": "rain"}).status_code == 303
    assert {"cancelled"} == set(session.scalars(select(Reservation.status)))
    written = [one for one in templates(session) if one[0].startswith("series")]
    assert written == [("series_entered", "anna@ring.example"), ("series_cancelled_manager", "wanda@ring.example")]
    told = mail_text(session.scalars(select(Mail).order_by(Mail.id.desc())).first())
    assert "1 of them was cancelled later than the rules allow." in told
    assert re.findall("(?m)^- (.+)$", told)[2:] == ["Thu 26 November, 9:00 to 11:00", "and 1 more"]
    assert f"{entered.location}\n" in told, "the page that has all of them"


def test_cancelling_the_rest_says_what_a_move_at_short_notice_costs(app, anna, session, sample_ring, clock):
    with write_transaction(session):
        terms = TermsEntry(MONDAY.date(), 100, ((24, 50),), base_cents=8_000)
        set_terms(session, sample_ring.combine, terms, by=SOMEBODY, now=MONDAY)
    entered = send(anna, enter_series="1", date="2026-11-24", repeats="WEEKLY", times="3")
    first = session.scalar(select(func.min(Reservation.id)))
    clock.instant += timedelta(hours=3)  # in time no more: the first date begins tomorrow
    with write_transaction(session):
        later = hours(MONDAY + timedelta(days=20), 1, 3)
        reservations.move(session, first, later, may_decide=True, by=SOMEBODY, now=clock.instant)
    clock.instant += timedelta(minutes=5)

    asked = anna.get(entered.location + "/cancel").text
    assert "no consequences" not in asked
    assert "1 date was moved at short notice. Cancelling it costs what it would have cost before:" in asked
    assert "This costs €40.00 in all." in asked
    by_program = program_of(app, session, sample_ring.anna_login, now=clock.instant)
    meant = by_program.post(f"{entered.location}/cancel", {"preview": True}).json
    assert (meant["late"], meant["cents"]) == (0, 4_000)
    revision = re.search(r'name="revision" value="(\d+)"', asked)[1]
    assert anna.post(entered.location + "/cancel", data={"revision": revision}).status_code == 303
    templates(session)
    assert [(one.reservation_id, one.base_cents) for one in session.scalars(select(Missed))] == [(first, 8_000)]


def test_a_manager_decides_about_all_dates_at_once(log_in, session, sample_ring):
    entered = send(log_in(sample_ring.anna_login), enter_series="1", machine="splitter")
    assert "4 dates wait" in log_in(sample_ring.anna_login).get(entered.location).text
    wanda = log_in(sample_ring.wanda_login)

    assert "Approve all" in wanda.get(entered.location).text
    assert "One date of a series" in wanda.get("/approvals").text
    assert wanda.post(entered.location + "/decline", data={"revision": "0"}).status_code == 422
    assert wanda.post(entered.location + "/approve").status_code == 303
    assert wanda.post(entered.location + "/approve").status_code == 409
    assert {"confirmed"} == set(session.scalars(select(Reservation.status)))
    assert templates(session) == [
        ("series_requested", "anna@ring.example"),
        ("series_decided", "anna@ring.example"),
    ]


def test_another_plan_than_was_shown_is_shown_again_and_not_entered(anna, session, sample_ring):
    reserve(session, sample_ring.combine, sample_ring.bernd, IN_A_WEEK, now=MONDAY)
    kept = hidden(send(anna))
    in_two_weeks = hours(MONDAY + timedelta(days=25), 1, 3)
    reserve(session, sample_ring.combine, sample_ring.bernd, in_two_weeks, now=MONDAY)

    for on_conflict in ("alternative", "skip"):
        again = anna.post("/reservations/new", data=kept | {"enter_series": "1", "on_conflict": on_conflict})
        assert (again.status_code, count(session, Series)) == (409, 0)
        assert "2 dates are not possible as they are." in again.text
    entered = anna.post("/reservations/new", data=hidden(again) | {"enter_series": "1", "on_conflict": "skip"})
    assert (entered.status_code, count(session, Reservation)) == (303, 4)


def test_a_manager_decides_and_cancels_only_in_the_own_workshops(log_in, session, sample_ring):
    anna, wanda = log_in(sample_ring.anna_login), log_in(sample_ring.wanda_login)
    place = send(anna, enter_series="1", machine="splitter").location
    with write_transaction(session):
        reservations.move(session, 1, None, machine_id=sample_ring.laser, may_decide=True, by=SOMEBODY, now=MONDAY)

    lena = log_in(login(session, "lena", now=MONDAY, manages=(sample_ring.lab,)))
    assert lena.get(place).status_code == 404
    assert place not in lena.get("/reservations/1").text
    assert place not in lena.get("/approvals").text
    files = [who.get("/reservations/1/calendar").text for who in (lena, anna, wanda)]
    assert [text.count("BEGIN:VEVENT") for text in files] == [1, 2, 0]

    def statuses():
        session.rollback()
        return session.scalars(select(Reservation.status).order_by(Reservation.id)).all()

    assert "Decline 3 dates?" in wanda.get(place + "/decline").text
    assert wanda.post(place + "/approve").status_code == 303
    assert "No date is left to decide about." in wanda.get(place + "/decline").text
    assert statuses() == ["requested", "confirmed", "confirmed", "confirmed"]
    for who, changed, found in ((wanda, 3, ["requested"]), (anna, 1, ["cancelled"])):
        asked = who.get(place + "/cancel").text
        assert ngettext_of(changed) in asked
        revision = re.search(r'name="revision" value="(\d+)"', asked)[1]
        assert who.post(place + "/cancel", data={"revision": revision}).status_code == 303
        assert statuses() == found + ["cancelled"] * 3
    assert "No date is left to cancel." in anna.get(place + "/cancel").text
    assert ("series_cancelled_manager", "lena@ring.example") in templates(session)  # of her date alone
    told = mail_text(session.scalars(select(Mail).order_by(Mail.id.desc())).first())
    assert "- Fri 4 December, 9:00 to 11:00 (Laser)\n" in told


def test_why_not_all_can_be_approved_stands_at_each_date(log_in, session, sample_ring, wanda):
    place = send(log_in(sample_ring.anna_login), enter_series="1", machine="splitter").location
    with write_transaction(session):
        session.get(Machine, sample_ring.splitter).shortest_min = 180

    program = wanda.post(f"{place}/approve")
    page = log_in(sample_ring.wanda_login).post(f"{place}/approve")

    assert (program.status_code, page.status_code) == (409, 409)
    assert [one["field"] for one in program.json["violations"]] == [f"reservations.{number}" for number in range(1, 5)]
    assert page.text.count(program.json["violations"][0]["message"]) == 4


def test_a_series_is_shown_also_after_the_rules_of_its_zone_have_changed(anna, session):
    place = send(
        anna, enter_series="1", date="2027-09-05", time="02:30", hours="1", interval="4", times="3", passage="1"
    ).location
    with write_transaction(session):
        session.execute(update(Series).values(passage=None))

    assert anna.get(place).status_code == 200


def test_more_dates_under_a_quota_need_no_more_statements(anna, session, sample_ring, statements):
    with write_transaction(session):
        entered = QuotaInput(measure="time", period="week", most=60 * 60, workshop_id=sample_ring.hall)
        quotas.enter_quota(session, entered, by=SOMEBODY, now=MONDAY)

    def sent_for(times):
        with statements() as sent:
            assert send(anna, times=times).status_code == 200
        return len(sent)

    sent_for("2")
    assert sent_for("9") == sent_for("2")


def test_two_hundred_dates_are_paged_and_need_no_more_statements(anna, session, statements, clock, monkeypatch):
    """Preview, page, change and cancelling of a series: as many statements for 200 dates as for five."""
    with write_transaction(session):
        session.execute(update(Machine).values(horizon_days=400))
    daily = {"repeats": "DAILY", "hours": "1"}

    def sent_by(ask):
        with statements() as sent:
            assert ask().status_code == 200
        return len(sent)

    def statements_of(number, times):
        shown = {**daily, "times": times, "form_key": times, "time": f"{8 + number:02}:00"}
        preview = sent_by(lambda: send(anna, **shown))
        sent(send(anna, **shown, enter_series="1", on_conflict="refuse"))
        paths = [f"/series/{number}", f"/series/{number}/change", f"/series/{number}/cancel"]
        for path in paths:
            anna.get(path)  # what a process reads once
        change = {**CHANGE, "hours": "1", "time": f"{12 + number}:00", "day": FRIDAY, "revision": "0"}
        pages = [sent_by(lambda path=path: anna.get(path)) for path in paths]
        return [preview, *pages, sent_by(lambda: anna.post(paths[1], data=change))]

    statements_of(1, "3")
    assert statements_of(2, "5") == statements_of(3, "200")

    first, last = anna.get("/series/3").text, anna.get("/series/3?page=4").text
    assert [page.count('class="row-l row-res"') for page in (first, last)] == [50, 50]
    assert "Fri 4 December" in first
    assert ["?page=2" in first, "?page=5" in last] == [True, False]
    first, last = anna.get("/series/3/cancel").text, anna.get("/series/3/cancel?page=4").text
    assert ("200 dates are cancelled." in first, "?page=2" in first, "?page=5" in last) == (True, True, False)
    assert [page.count(", 11:00 to 12:00</li>") for page in (first, last)] == [50, 50]
    change = {**CHANGE, "hours": "1", "time": "19:00", "day": FRIDAY, "revision": "0"}
    changed = anna.post("/series/3/change", data=change | {"part": "4"}).text
    asked = send(anna, **daily, times="60", form_key="60", time="18:00", part="2").text
    assert [page.count('class="row-l row-res"') for page in (changed, asked)] == [50, 10]
    assert ("151 to 200 of 200" in changed, "51 to 60 of 60" in asked, 'name="part" value="1"' in asked) == (True,) * 3
    assert 'type="hidden" name="part"' not in asked
    with write_transaction(session):
        session.execute(update(Reservation).values(cancel_until=MONDAY - timedelta(days=1)))
    monkeypatch.setattr(presenter, "DATES_PER_PAGE", 60)
    assert "And 140 further dates." in anna.get("/series/3/cancel?page=4").text  # 20 on the page
    clock.instant = MONDAY + timedelta(days=100)
    assert "Fri 4 December" not in anna.get("/series/3").text  # the page with the next date


def hidden(page):
    """The hidden fields of the preview."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))


def ngettext_of(count):
    return "1 date is cancelled." if count == 1 else f"{count} dates are cancelled."


CHANGE = {"scope": "all", "time": "13:00", "hours": "2", "minutes": "0", "machine": "1", "purpose": "Silage"}


def test_a_change_is_shown_and_then_carried_out_with_one_mail(anna, session):
    send(anna, enter_series="1", on_conflict="refuse")
    templates(session)
    page = anna.get("/series/1/change?day=2026-12-18")
    assert '<option selected value="2026-12-18">' in page.text
    wished = CHANGE | {"scope": "following", "day": "2026-12-18", "revision": "0"}

    preview = anna.post("/series/1/change", data=wished)

    assert preview.status_code == 200
    assert "2 dates can be changed like this. Nothing is stored yet." in preview.text
    assert "instead of Fri 18 December, 9:00 to 11:00" in preview.text
    assert count(session, Series) == 1
    shown = re.search(r'name="shown" value="(\w+)"', preview.text)[1]
    changed = anna.post("/series/1/change", data=wished | {"carry_out": "1", "shown": shown})
    assert (changed.status_code, changed.location) == (303, "/series/2")
    told = [("series_changed", "anna@ring.example"), ("series_changed_manager", "wanda@ring.example")]
    assert templates(session)[1:] == told  # Anna has a calendar file of the dates, so she gets the next one
    again = anna.post("/series/1/change", data=wished | {"carry_out": "1", "shown": shown})
    assert again.status_code == 422  # the date belongs to the other series by now
    assert count(session, Series) == 2
    assert "/series/1" in anna.get("/series/2").text
    assert "/series/2" in anna.get("/series/1").text


def test_a_change_says_what_is_in_its_way_and_keeps_what_was_typed(anna, session, sample_ring):
    send(anna, enter_series="1", on_conflict="refuse")
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY + timedelta(days=18), 5, 7), now=MONDAY)
    wished = CHANGE | {"day": "2026-12-04", "revision": "0", "purpose": "Straw"}

    preview = anna.post("/series/1/change", data=wished)

    assert "1 date cannot be changed like this. 3 can." in preview.text
    assert "already taken" in preview.text
    assert re.search(r">\s*Straw</textarea>", preview.text)
    turned = anna.post("/series/1/change", data=wished | {"on_conflict": "skip", "part": "1"}).text
    marked = [re.findall(r'id="c-(\w+)"[^>]* checked', page) for page in (preview.text, turned)]
    assert marked == [["alternative"], ["skip"]], "what was chosen is kept"
    shown = re.search(r'name="shown" value="(\w+)"', preview.text)[1]
    refused = anna.post("/series/1/change", data=wished | {"carry_out": "1", "shown": shown})
    assert refused.status_code == 409
    kept = anna.post("/series/1/change", data=wished | {"carry_out": "1", "shown": shown, "on_conflict": "skip"})
    assert kept.status_code == 303
    assert "3 dates are changed" in anna.get("/series/1").text


@pytest.mark.parametrize(
    "changes",
    [
        {"time": "25:00"},
        {"hours": "0"},
        {"hours": "x"},
        {"scope": "some"},
        {"machine": "3"},
        {"day": "2030-01-01"},
        {"hours": "200"},
        {"revision": ""},
        {"purpose": "x" * 501},
    ],
)
def test_a_wrong_change_stores_nothing(anna, session, changes):
    send(anna, enter_series="1", on_conflict="refuse")

    answer = anna.post("/series/1/change", data=CHANGE | {"day": "2026-12-04", "revision": "0"} | changes)

    assert (answer.status_code, "Please check these points" in answer.text) == (422, True)
    assert count(session, Series) == 1


def test_a_series_of_a_retired_machine_says_so_and_keeps_what_was_typed(anna, session, sample_ring):
    send(anna, enter_series="1", on_conflict="refuse")
    with write_transaction(session):
        session.get(Machine, sample_ring.combine).retired_at = MONDAY

    answer = anna.post("/series/1/change", data=CHANGE | {"day": "2026-12-04", "revision": "0", "purpose": "Straw"})

    assert (answer.status_code, "is no longer lent" in answer.text) == (422, True)
    assert re.search(r">\s*Straw</textarea>", answer.text)
