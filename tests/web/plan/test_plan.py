"""The plan board: who sees what, what is a link, filters, the nights of the clock change, size and statements."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, insert

from app.auth.models import User
from app.extensions import db
from booking.closures import blockings
from booking.events.reservation_events import RecordChanged
from booking.kernel import events
from booking.kernel.transaction import write_transaction
from booking.models import HoldKind, Machine, Member, Occupancy, Reservation, Unit
from booking.places import occupancies
from booking.timespan import TimeSpan
from tests.builders import SOMEBODY, hours, machine, member, reserve, workshop
from tests.conftest import MONDAY

STATEMENTS_AT_MOST = 6  # one of them counts what waits, for the menu
BYTES_AT_MOST = 250_000


@pytest.fixture
def anna(log_in, sample_ring):
    return log_in(sample_ring.anna_login)


@pytest.fixture
def wanda(log_in, sample_ring):
    return log_in(sample_ring.wanda_login)


@pytest.fixture
def statements(app):
    """Counts the statements that reach the database."""
    seen = []

    def note(_connection, _cursor, statement, *_rest):
        if statement != "BEGIN":
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.engine, "before_cursor_execute", note)


def row_of(page, slug: str) -> str:
    """The row of a machine in the table, its cells as text with their classes and addresses."""
    return page.text.partition(f'data-machine="{slug}"')[2].partition("\n")[0]


def words_of(page, slug: str) -> str:
    """What stands in the row of a machine, as a reader hears it."""
    return " ".join(re.sub(r"<[^>]*>", " ", row_of(page, slug).partition("</a>")[2]).split())


def close(session, machine_id, span, reason):
    with write_transaction(session):
        blockings.close(session, machine_id, span, reason, by=SOMEBODY, now=span.start)


def test_the_week_shows_all_machines_by_workshop(anna):
    page = anna.get("/plan")

    assert page.status_code == 200
    assert "Maschinenhalle" in page.text
    assert "Offene Werkstatt" in page.text
    assert page.text.count("data-machine=") == 4
    assert "Week 48" in page.text


def test_free_time_is_a_link_that_fills_in_machine_and_start(anna):
    page = anna.get("/plan")

    link = re.search(r'href="(/reservations/new\?machine=combine&start=[^"]+)"', page.text)
    assert link is not None
    form = anna.get(link.group(1).replace("&amp;", "&"))
    assert form.status_code == 200
    assert 'value="2026-11-23"' in form.text


def test_no_free_time_is_a_link_for_who_may_not_reserve(sample_ring, anna, log_in):
    anna.get("/plan")  # her rows are kept, and must not be shown to him

    for view in ("week", "day", "list"):
        page = log_in(sample_ring.karl_login).get(f"/plan?view={view}")

        assert "free 8–" in page.text
        assert "machine=combine&start=" not in page.text


def test_no_link_leads_into_the_past_or_outside_the_opening_hours(anna):
    starts = re.findall(r"machine=laser&start=([^\"]+)\"", anna.get("/plan").text)

    instants = [datetime.fromisoformat(start) for start in starts]
    assert instants
    assert min(instants) >= MONDAY
    assert all(7 <= instant.hour < 17 and instant.weekday() < 5 for instant in instants), "8 to 18 in Berlin"


def test_a_member_sees_their_own_name_and_others_as_taken(session, sample_ring, anna):
    mine = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 4), now=MONDAY)
    theirs = reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 5, 6), now=MONDAY)
    pending = reserve(session, sample_ring.splitter, sample_ring.bernd, hours(MONDAY, 5, 6), now=MONDAY)

    page = anna.get("/plan")

    assert f'href="/reservations/{mine.id}"' in page.text
    assert "Me 9–12" in words_of(page, "combine")
    assert "taken 13–14" in words_of(page, "combine")
    assert "Bernd" not in page.text
    assert f"/reservations/{theirs.id}" not in page.text
    assert f"/reservations/{pending.id}" not in page.text
    assert "requested" not in row_of(page, "splitter"), "to others it is taken and nothing else"


@pytest.mark.parametrize("who", ["wanda_login", "karl_login", "rita_login"])
def test_manager_treasurer_and_administrator_see_names(session, sample_ring, log_in, who):
    reserve(session, sample_ring.splitter, sample_ring.bernd, hours(MONDAY, 5, 6), now=MONDAY)

    words = words_of(log_in(getattr(sample_ring, who)).get("/plan"), "splitter")

    assert "Bernd 13–14 requested" in words


def test_a_manager_sees_no_names_of_another_workshop(session, sample_ring, wanda):
    reserve(session, sample_ring.laser, sample_ring.anna, hours(MONDAY, 5, 6), now=MONDAY)

    assert "Anna" not in row_of(wanda.get("/plan"), "laser")


def test_pending_own_closed_and_buffers_have_different_texts(session, sample_ring, anna):
    baler = machine(session, sample_ring.hall, "baler", cleaning_min=60)
    reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 5, 6), now=MONDAY)
    reserve(session, baler, sample_ring.anna, hours(MONDAY, 5, 6), now=MONDAY)
    close(session, sample_ring.combine, hours(MONDAY, 24, 48), "Oil change")

    page = anna.get("/plan")

    assert 'class="t m p' in row_of(page, "splitter")
    assert "requested" in row_of(page, "splitter")
    assert "cleaning" in row_of(page, "baler")
    assert "closure Oil change" in words_of(page, "combine")
    assert "closed" in row_of(page, "laser")


def test_a_machine_with_many_places_shows_how_many_are_free(session, sample_ring, anna):
    reserve(session, sample_ring.cold_store, sample_ring.bernd, hours(MONDAY, 1, 30), now=MONDAY, places=10)

    row = row_of(anna.get("/plan"), "cold-store")

    assert "14 free" in row
    assert 'class="s n4' in row


def test_the_list_of_today_leaves_out_places_free_in_the_past(session, sample_ring, anna, clock):
    reserve(session, sample_ring.cold_store, sample_ring.bernd, hours(MONDAY, 1, 30), now=MONDAY, places=10)
    clock.instant = MONDAY + timedelta(hours=4, minutes=7)

    page = anna.get("/plan?view=list")

    assert "12:15–24: 14 free" in page.text
    assert "12–12:15" not in page.text


def test_the_day_view_shows_one_day_and_steps_by_days(anna):
    page = anna.get("/plan?view=day&day=2026-11-24")

    assert "Tuesday 24 November 2026" in page.text
    assert "day=2026-11-23&amp;view=day" in page.text
    assert "day=2026-11-25&amp;view=day" in page.text


def test_the_list_shows_one_day_without_a_table(anna):
    page = anna.get("/plan?view=list&day=2026-11-24")

    assert "<table" not in page.text
    assert "free 0–24" in page.text
    assert page.text.count('class="day-m"') == 4


def test_filters_narrow_the_board_and_stay_in_every_link(session, sample_ring, anna):
    machine(session, sample_ring.lab, "mill", kind="wood")

    page = anna.get("/plan?workshop=lab&kind=wood")

    assert re.findall(r'data-machine="([^"]+)"', page.text) == ["mill"]
    steps = re.findall(r'rel="(?:prev|next)" href="([^"]+)"', page.text)
    assert len(steps) == 2
    assert all("workshop=lab" in step and "kind=wood" in step for step in steps)


def test_only_what_i_may_run_leaves_out_machines_without_my_induction(log_in, sample_ring):
    page = log_in(sample_ring.bernd_login).get("/plan?inducted=1")

    assert "laser" not in re.findall(r'data-machine="([^"]+)"', page.text)
    assert "combine" in re.findall(r'data-machine="([^"]+)"', page.text)


def test_machines_free_at_a_time(session, sample_ring, anna):
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 26, 28), now=MONDAY)

    page = anna.get("/plan?day=2026-11-24&free_at=10:30")

    assert "combine" not in re.findall(r'data-machine="([^"]+)"', page.text)
    assert "splitter" in re.findall(r'data-machine="([^"]+)"', page.text)


def test_the_printed_code_is_kept_as_long_as_it_leads_to_the_same_address(anna, app, monkeypatch):
    def code():
        address = re.search(r'src="(/plan/qr.svg[^"]*)"', anna.get("/plan?view=week").text)[1]
        return address, anna.get(address)

    address, before = code()
    assert before.headers["Cache-Control"] == "private, max-age=31536000"
    monkeypatch.setitem(app.config, "BASE_URL", "https://ring.example")
    other_address, after = code()
    assert address != other_address
    assert before.data != after.data
    assert anna.get(address).headers["Cache-Control"] == "private, no-cache", "an old page"


def test_filters_without_results_link_to_the_whole_list(anna):
    page = anna.get("/plan?workshop=nowhere")

    assert page.status_code == 200
    assert "Show all" in page.text


@pytest.mark.parametrize("address", ["/plan?day=yesterday", "/plan?day=2026-02-30", "/plan?free_at=25:99"])
def test_an_invalid_day_or_time_shows_a_message_and_the_default_plan(anna, address):
    page = anna.get(address)

    assert page.status_code == 200
    assert "is not valid, so the default is shown" in page.text
    assert "Week 48" in page.text


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2100-12-31"])
def test_days_at_the_end_of_time_are_no_trap(anna, day):
    assert anna.get(f"/plan?day={day}&view=day").status_code == 200
    assert anna.get(f"/plan?day={day}").status_code == 200


@pytest.mark.parametrize(("day", "twos"), [("2027-03-28", 0), ("2026-10-25", 2), ("2026-10-24", 1)])
def test_the_nights_of_the_clock_change_have_the_hours_the_clock_shows(anna, day, twos):
    page = anna.get(f"/plan?view=day&hours=all&day={day}")

    heads = page.text.partition("class=board-hours")[2].partition("</thead>")[0]
    assert re.findall(r">(\d+)(?=<|$)", heads).count("2") == twos


def test_weekends_holidays_and_today_are_named(anna):
    page = anna.get("/plan?day=2026-12-25")

    heads = page.text.partition("<thead>")[2].partition("</thead>")[0]
    assert re.search(r'class="hol"[^>]*><a[^>]*><b>25</b><span>Friday<small>Christmas Day</small>', heads)
    assert heads.count("wkd") == 2
    assert "today" not in page.text.partition("<thead>")[2].partition("</thead>")[0]
    assert "today" in anna.get("/plan").text.partition("<thead>")[2].partition("</thead>")[0]


def test_holidays_are_named_in_german_on_german_pages(anna):
    anna.post("/language", data={"language": "de"})

    page = anna.get("/plan?day=2026-12-25")

    assert "<small>Erster Weihnachtstag</small>" in page.text


def test_formulas_and_markup_in_names_are_only_text(session, sample_ring, wanda):
    odd = member(session, "<script>alert(1)</script>")
    reserve(session, sample_ring.combine, odd, hours(MONDAY, 1, 4), now=MONDAY)

    page = wanda.get("/plan")

    assert "<script>alert" not in page.text
    assert "&lt;script&gt;" in page.text


def test_the_page_needs_no_inline_style_or_script(anna):
    page = anna.get("/plan").text

    assert " style=" not in page
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []


def full_house(session, now):
    """50 machines with 20 reservations each in a week, entered without the use case to save time."""
    hall = workshop(session, "works", opens=6 * 60, closes=20 * 60)
    members = [member(session, f"Farm {number}") for number in range(30)]
    monday = MONDAY - timedelta(hours=8)
    ids = [machine(session, hall, f"machine-{number}", name=f"Machine {number}") for number in range(50)]
    with write_transaction(session):
        for machine_id in ids:
            unit_id = session.query(Unit.id).filter_by(machine_id=machine_id).scalar()
            for number in range(20):
                start = monday + timedelta(days=number % 7, hours=7 + 4 * (number // 7))
                add(session, machine_id, unit_id, members[number], TimeSpan(start, start + timedelta(hours=3)), now)


def add(session, machine_id, unit_id, member_id, span, now):
    stored = {"starts_at": span.start, "ends_at": span.end, "occupied_from": span.start, "occupied_until": span.end}
    (reservation_id,) = occupancies.add_holds(session, HoldKind.RESERVATION)
    session.execute(
        insert(Reservation).values(
            id=reservation_id,
            uid=f"{machine_id}-{span.start.isoformat()}",
            machine_id=machine_id,
            member_id=member_id,
            status="confirmed",
            created_at=now,
            changed_at=now,
            asked_at=now,
            **stored,
        )
    )
    session.execute(
        insert(Occupancy).values(
            unit_id=unit_id, occupied_from=span.start, occupied_until=span.end, hold_id=reservation_id
        )
    )


@pytest.mark.parametrize("who", ["anna_login", "rita_login"])
def test_a_week_of_fifty_machines_and_a_thousand_reservations_stays_small(
    session, sample_ring, log_in, statements, who
):
    full_house(session, MONDAY)
    client = log_in(getattr(sample_ring, who))
    client.get("/plan?view=list")
    statements.clear()

    page = client.get("/plan?workshop=works")

    assert page.status_code == 200
    assert page.text.count("data-machine=") == 50
    assert len(page.data) <= BYTES_AT_MOST
    assert len(statements) <= STATEMENTS_AT_MOST


def test_more_reservations_need_no_more_statements(session, sample_ring, anna, statements):
    anna.get("/plan")

    def look_after(*starts):
        for start in starts:
            reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, start, start + 1), now=MONDAY)
        statements.clear()
        assert anna.get("/plan").status_code == 200
        return len(statements)

    assert look_after(0) == look_after(*range(2, 20, 2)) <= STATEMENTS_AT_MOST


# Rows are kept between two looks; what changed must be seen at once, by everybody in the way they may know


def test_a_new_reservation_is_seen_at_once(session, sample_ring, anna, log_in):
    bernd = log_in(sample_ring.bernd_login)
    anna.get("/plan")
    bernd.get("/plan")

    mine = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 4), now=MONDAY).id

    assert "Me 9–12" in words_of(anna.get("/plan"), "combine")
    assert "taken 9–12" in words_of(bernd.get("/plan"), "combine")
    anna.post(f"/reservations/{mine}/cancel", data={"revision": "0"})
    assert "taken" not in words_of(bernd.get("/plan"), "combine")
    assert "Me" not in words_of(anna.get("/plan"), "combine")


def test_a_cached_row_shows_each_viewer_only_what_they_may_see(session, sample_ring, log_in):
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 4), now=MONDAY)
    seen = {
        who: words_of(log_in(getattr(sample_ring, f"{who}_login")).get("/plan"), "combine")
        for who in ("wanda", "bernd", "anna", "karl", "bernd", "rita")
    }

    assert {who for who, words in seen.items() if "Anna 9–12" in words} == {"wanda", "karl", "rita"}
    assert "Me 9–12" in seen["anna"]
    assert "taken 9–12" in seen["bernd"]


def test_new_names_and_rules_are_seen_at_once(session, sample_ring, wanda, anna):
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 1, 4), now=MONDAY)
    assert "Bernd" in wanda.get("/plan").text
    with write_transaction(session):
        session.get_one(Member, sample_ring.bernd).name = "Farm Bernd"
        session.get_one(Machine, sample_ring.combine).name = "Lexion"
        events.record(
            session, RecordChanged(table="member", record_id=sample_ring.bernd, what="name"), by=SOMEBODY, at=MONDAY
        )

    row = row_of(wanda.get("/plan"), "combine")

    assert "Farm Bernd" in row
    assert "Lexion" in row


def test_what_is_past_moves_with_the_clock(session, sample_ring, anna, clock):
    first = re.search(r"machine=combine&start=([^\"]+)", anna.get("/plan").text)[1]
    clock.instant = MONDAY + timedelta(minutes=40)

    later = re.search(r"machine=combine&start=([^\"]+)", anna.get("/plan").text)[1]

    assert (first, later) == ("2026-11-23T07:00Z", "2026-11-23T07:45Z")


def test_each_language_has_its_own_rows(session, sample_ring, anna, log_in):
    anna.get("/plan")
    with write_transaction(session):
        session.get_one(User, sample_ring.bernd_login).language = "de"

    page = log_in(sample_ring.bernd_login).get("/plan")

    assert 'lang="de"' in page.text
    assert page.status_code == 200


# The window of hours, the past, and why time is grey


def test_the_plan_opens_with_today_and_six_days_more_or_the_calendar_week(anna, clock):
    clock.instant = MONDAY + timedelta(days=3)

    heads = [
        page.text.partition("<thead>")[2].partition("</thead>")[0]
        for page in map(anna.get, ("/plan", "/plan?view=week"))
    ]

    assert [re.findall(r"<b>(\d+)</b>", head) for head in heads] == [
        ["26", "27", "28", "29", "30", "1", "2"],
        ["23", "24", "25", "26", "27", "28", "29"],
    ]
    widths = [int(width) for width in re.findall(r"colspan=(\d+)", heads[1])]
    assert max(widths[:3]) < min(widths[4:]) / 3, "the past is narrow"


def test_the_night_is_folded_until_all_hours_are_wanted(anna):
    folded, unfolded = (
        int(re.search(r"<col span=(\d+)>", anna.get(f"/plan?day=2026-12-07{query}").text)[1])
        for query in ("", "&hours=all")
    )

    assert unfolded == 7 * 48
    assert folded < unfolded


def test_grey_time_says_why(session, sample_ring, anna, log_in):
    machine(session, sample_ring.hall, "sprayer", notice_hours=12)

    assert "closed: Saturday" in words_of(anna.get("/plan"), "laser")
    assert "closed until 8:00" in words_of(anna.get("/plan"), "laser")
    assert "notice 12 h: from Mon 23 November, 20:00" in words_of(anna.get("/plan"), "sprayer")
    bernd = words_of(log_in(sample_ring.bernd_login).get("/plan"), "laser")
    assert "you need the induction Laser" in bernd
    assert "machine=laser&start" not in row_of(log_in(sample_ring.bernd_login).get("/plan"), "laser")


def test_the_head_of_a_machine_says_what_it_is_doing_and_for_whom_one_may_know(session, sample_ring, log_in, clock):
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 4), now=MONDAY)
    clock.instant = MONDAY + timedelta(hours=2)

    heads = {
        who: row_of(log_in(getattr(sample_ring, f"{who}_login")).get("/plan"), "combine").partition("</a>")[0]
        for who in ("anna", "bernd", "wanda")
    }

    assert "with you until 12:00" in heads["anna"]
    assert "taken until 12:00" in heads["bernd"]
    assert "with Anna until 12:00" in heads["wanda"]
