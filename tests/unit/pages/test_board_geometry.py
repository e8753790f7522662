"""The columns of the board and what stands in a row, without pages or database."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from app.pages.plan import placing, segments
from app.pages.plan.axis import Axis, day_axis, week_axis
from app.pages.plan.cells import Cell
from app.pages.plan.free_days import day_codes
from app.pages.plan.labels import nearest_hours
from app.pages.plan.room import rooms, turned_left, wider
from app.pages.plan.segments import Cuts, Frame, Segment, segments_of
from app.pages.plan.targets import drop_overlapping_targets
from app.pages.plan.window import LEAST_DAY
from booking.queries import BoardEntry, BoardMachine, BoardRow
from booking.rules.lending_rules import MachineRules
from booking.times.opening_hours import WeeklyHours
from booking.times.wall_clock import to_wall
from booking.timespan import TimeSpan

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
DAY = TimeSpan(datetime(2026, 11, 22, 23, tzinfo=UTC), datetime(2026, 11, 23, 23, tzinfo=UTC))
LONG_AGO = MONDAY - timedelta(days=1)


def a_machine(*, places: int = 1, **rules) -> BoardMachine:
    return BoardMachine(
        id=1,
        slug="combine",
        name="Combine",
        kind="",
        places=places,
        workshop_id=1,
        induction_kind_id=None,
        rules=MachineRules(**rules),
    )


def an_entry(start: datetime, end: datetime, *, before: int = 0, after: int = 0, places: int = 1) -> BoardEntry:
    return BoardEntry(
        reservation_id=1,
        blocking_id=None,
        unit_numbers=tuple(range(1, places + 1)),
        occupied_from=start - timedelta(minutes=before),
        occupied_until=end + timedelta(minutes=after),
        starts_at=start,
        ends_at=end,
        status="confirmed",
        member_id=7,
        member_name="Anna",
        text="",
    )


ALL_DAY = (0, 24)


def a_row(machine: BoardMachine, *entries: BoardEntry, opened: tuple[tuple[int, int], ...] = (ALL_DAY,)) -> BoardRow:
    openings = tuple((weekday, first * 60, last * 60) for weekday in range(7) for first, last in opened)
    hours = WeeklyHours(BERLIN, openings)
    return BoardRow(machine, entries, hours, tuple(hours.open_spans(DAY)))


def at(hour: float) -> datetime:
    """An hour of that Monday by the clock of Berlin."""
    return DAY.start + timedelta(hours=hour)


def kinds(found: list[Segment]) -> list[str]:
    return [segment.kind for segment in found]


def test_a_week_has_seven_days_and_starts_at_midnight():
    axis = week_axis(date(2026, 11, 23), BERLIN)

    assert len(axis.days) == 7
    assert to_wall(axis.bounds[0], BERLIN) == datetime.combine(date(2026, 11, 23), time(0))
    assert axis.columns == 7 * axis.days[0].last


def test_the_day_of_the_spring_change_lacks_an_hour_and_that_of_autumn_has_it_twice():
    usual, spring, autumn = (day_axis(date(*day), BERLIN) for day in ((2026, 11, 23), (2026, 3, 29), (2026, 10, 25)))

    assert usual.span.length == timedelta(hours=24)
    assert spring.span.length == timedelta(hours=23)
    assert autumn.span.length == timedelta(hours=25)
    assert (spring.columns, autumn.columns) == (usual.columns - 4, usual.columns + 4)
    assert all(to_wall(bound, BERLIN).hour != 2 for bound in spring.bounds)
    assert [to_wall(bound, BERLIN).hour for bound in autumn.bounds].count(2) == 8


@given(st.integers(0, 7 * 24 * 60))
def test_every_instant_has_the_nearest_column(minute):
    axis = week_axis(date(2026, 10, 19), BERLIN)
    instant = axis.bounds[0] + timedelta(minutes=minute)

    nearest = min(abs(bound - instant) for bound in axis.bounds)

    assert abs(axis.bounds[axis.column(instant)] - instant) == nearest


def test_buffers_are_drawn_around_the_working_time():
    row = a_row(a_machine(setup_min=30, cleaning_min=30), an_entry(at(10), at(12), before=30, after=30))

    found = segments_of(row, Frame(DAY, LONG_AGO))

    assert kinds(found) == [segments.FREE, segments.SETUP, segments.WORK, segments.CLEANING, segments.FREE]
    assert found[-1].starts_at == at(13), "the next set-up follows the cleaning"


def test_what_is_past_closed_or_too_soon_cannot_be_reserved():
    row = a_row(a_machine(notice_hours=2), opened=((8, 18),))

    found = segments_of(row, Frame(DAY, at(10)))

    assert kinds(found) == [segments.CLOSED, segments.GONE, segments.EARLY, segments.FREE, segments.CLOSED]
    assert [segment.starts_at for segment in found] == [None, None, None, at(12), None]


def test_a_gap_shorter_than_the_shortest_reservation_is_no_offer():
    entries = (an_entry(at(8), at(10)), an_entry(at(10.25), at(12)))
    row = a_row(a_machine(), *entries)

    gap = segments_of(row, Frame(DAY, LONG_AGO))[2]

    assert (gap.kind, gap.starts_at) == (segments.FREE, None)


def test_places_are_counted_and_the_viewers_own_are_named():
    row = a_row(a_machine(places=24), an_entry(at(8), at(12), places=10))

    found = segments_of(row, Frame(DAY, LONG_AGO, member_id=7))

    assert [(segment.kind, segment.free, len(segment.own)) for segment in found] == [
        (segments.FREE, 24, 0),
        (segments.SHARED, 14, 1),
        (segments.FREE, 24, 0),
    ]


@given(
    st.lists(st.integers(0, 95), min_size=0, max_size=12, unique=True),
    st.integers(0, 24),
    st.sampled_from([1, 5]),
)
def test_the_segments_of_a_row_cover_the_day_without_gaps_or_overlaps(edges, now_hour, places):
    edges = sorted(edges)
    entries = tuple(an_entry(at(first / 4), at(last / 4)) for first, last in zip(edges[::2], edges[1::2], strict=False))
    row = a_row(a_machine(places=places), *entries, opened=((6, 12), (13, 20)))

    found = segments_of(row, Frame(DAY, at(now_hour)))

    assert (found[0].start, found[-1].end) == (DAY.start, DAY.end)
    assert all(one.end == other.start for one, other in pairwise(found))
    assert all(segment.start < segment.end for segment in found)


def test_long_free_time_is_cut_so_that_each_part_can_be_chosen():
    row = a_row(a_machine())
    cuts = Cuts([DAY.start], [at(12)], timedelta(hours=9))

    parts = segments_of(row, Frame(DAY, LONG_AGO), cuts)

    assert [(part.start, part.starts_at) for part in parts] == [(at(0), at(0)), (at(12), at(12))]


def test_beside_narrow_free_time_a_reservation_gives_up_its_link():
    cells = [
        Cell(2, "t", "one", href="/1"),
        Cell(2, "", "free", href="/2"),
        Cell(20, "t", "taken"),
        Cell(2, "", "free", href="/3"),
    ]

    drop_overlapping_targets(cells, column_px=5)

    assert [cell.href for cell in cells] == ["", "/2", "", "/3"]


def test_a_narrow_block_at_the_head_of_the_row_loses_its_link():
    cells = [Cell(1, "g"), Cell(2, "t j", "one", href="/1"), Cell(20, "t", "two", href="/2")]

    drop_overlapping_targets(cells, column_px=5)

    assert [cell.href for cell in cells] == ["", "", "/2"]


def test_the_name_of_a_block_that_is_drawn_wider_than_its_time_ends_before_the_next_one():
    columns, total = 1, 200  # of the calendar week on Wednesday, on a board of 1,303 px: 5 px
    assert wider(columns, 9, "Hof Kirchmair", total, "z2") == "r4"  # 400 % of 12 px, not of 5


def test_ones_own_reservation_keeps_its_link_beside_narrow_free_time():
    cells = [Cell(9, "t m", "Me", href="/1"), Cell(2, "", "free", href="/2")]

    drop_overlapping_targets(cells, column_px=5)

    assert [cell.href for cell in cells] == ["/1", ""]


def test_wide_free_time_keeps_its_link_beside_ones_own_reservation_wherever_it_is():
    for left in range(200):
        cells = [Cell(left, "g"), Cell(2, "t m", "Me", href="/1"), Cell(20, "", "free", href="/2")]

        drop_overlapping_targets(cells, column_px=858 / 238)

        assert [cell.href for cell in cells] == ["", "/1", "/2"], left


def test_a_narrow_step_with_ones_own_places_loses_its_link_beside_another():
    cells = [Cell(9, "s n3", "4", href="/1"), Cell(2, "s n5 mn", "2", href="/2"), Cell(9, "s n3", "4", href="/3")]

    drop_overlapping_targets(cells, column_px=5)

    assert [cell.href for cell in cells] == ["/1", "", "/3"]


def placed(*spans: tuple[float, float]) -> list[tuple[int, int, int, bool]]:
    """How many uses each block of a week's first day stands for, from which column to which, and how it grows."""
    row = a_row(a_machine(), *(an_entry(at(start), at(end)) for start, end in spans))
    axis = week_axis(DAY.start.astimezone(BERLIN).date(), BERLIN)
    found = placing.place(segments_of(row, Frame(DAY, LONG_AGO)), axis)
    assert all(one.last == other.first for one, other in pairwise(found)), "no gaps, no overlaps"
    return [(len(one.parts), one.first, one.last, one.is_at_right) for one in found if one.is_block]


def test_a_short_use_grows_over_the_free_time_around_it():
    assert placed((8, 8.5), (14, 15)) == [(1, 16, 17, False), (1, 28, 30, False)]
    assert placed((8, 8.5), (8.5, 14)) == [(1, 16, 17, True), (1, 17, 28, False)]


def test_short_uses_without_room_are_drawn_as_one():
    halves = ((8 + number / 2, 8.5 + number / 2) for number in range(4))

    assert placed((6, 8), *halves, (10, 14)) == [(1, 12, 16, True), (5, 16, 28, False)]


def test_forty_uses_in_a_day_are_all_counted():
    found = placed(*((number * 0.6, number * 0.6 + 0.6) for number in range(40)))

    assert sum(count for count, *_columns in found) == 40
    assert len(found) < 40


def test_what_is_shorter_than_the_columns_of_a_folded_night_is_drawn_on_its_day():
    monday = DAY.start.astimezone(BERLIN).date()
    for axis in (day_axis(monday, BERLIN, LEAST_DAY), week_axis(monday, BERLIN, LEAST_DAY)):
        for hour in (0, 6.5, 18, 23):  # 8 to 18 is drawn wide
            found = drawn(axis, an_entry(at(hour + 0.5), at(hour + 1)))
            assert [one.last <= axis.days[0].last for one in found] == [True], (hour, found)


def test_places_held_for_less_than_a_column_are_drawn_on_their_day_and_nothing_twice():
    monday = DAY.start.astimezone(BERLIN).date()
    for axis in (day_axis(monday, BERLIN, LEAST_DAY), week_axis(monday, BERLIN, LEAST_DAY)):
        for hour in (0, 6.5, 18, 23):
            use = an_entry(at(hour + 0.5), at(hour + 1))
            row = a_row(a_machine(places=3), use, an_entry(at(10), at(12)))
            found = placing.place(segments_of(row, Frame(axis.span, LONG_AGO)), axis)
            assert all(one.last == other.first for one, other in pairwise(found)), (hour, found)
            shared = [one for one in found if one.segment.kind == segments.SHARED]
            assert [one.segment.start for one in shared] == sorted([at(hour + 0.5), at(10)]), (hour, found)
            assert all(one.last <= axis.days[0].last for one in shared), (hour, found)


def test_uses_and_closures_without_columns_of_their_own_are_all_drawn():
    monday = DAY.start.astimezone(BERLIN).date()
    for axis in (day_axis(monday, BERLIN, LEAST_DAY), week_axis(monday, BERLIN, LEAST_DAY)):
        for hour in (0, 6.5, 18, 23):
            uses = [an_entry(at(hour + number / 4), at(hour + (number + 1) / 4)) for number in range(4)]
            late = [use._replace(due_at=LONG_AGO) for use in uses]
            closures = [use._replace(blocking_id=1) for use in uses]
            for entries in (
                uses,
                late,
                closures,
                [late[0], *uses[1:3], closures[3]],
                [uses[0], closures[1], *uses[2:]],
            ):
                found = drawn(axis, *entries)
                assert sum(len(one.parts) for one in found) == 4, (hour, found)


def test_more_uses_and_closures_than_there_are_columns_are_all_drawn():
    now = DAY.start + timedelta(days=7, hours=12)
    past = week_axis(DAY.start.astimezone(BERLIN).date(), BERLIN, LEAST_DAY, now=now)
    for count in (past.columns - 1, 2 * past.columns + 3):
        length = timedelta(days=7) / count
        uses = [an_entry(DAY.start + length * one, DAY.start + length * (one + 1)) for one in range(count)]
        for entries in ([one._replace(blocking_id=1) for one in uses], uses):
            for step in (1, 2):
                mixed = [entries[at] if at % step == 0 else uses[at] for at in range(count)]
                assert sum(len(one.parts) for one in drawn(past, *mixed)) == count, (count, step)


def drawn(axis: Axis, *entries: BoardEntry) -> list[placing.Placed]:
    """The blocks of a row; the whole row has neither gaps nor overlaps."""
    found = placing.place(segments_of(a_row(a_machine(), *entries), Frame(axis.span, LONG_AGO)), axis)
    edges = [(one.first, one.last) for one in found]
    assert edges[0][0] == 0
    assert edges[-1][1] == axis.columns
    assert all(first < last for first, last in edges)
    assert all(one[1] == other[0] for one, other in pairwise(edges)), edges
    return [one for one in found if one.is_block]


def test_a_text_is_written_behind_before_or_across_its_block():
    def texts(*cells: tuple[int, bool, str]) -> list[tuple[bool, int]]:
        found = rooms([width for width, _busy, _text in cells], [busy for _width, busy, _text in cells])
        blocks = [(room, text, True) for room, (_width, busy, text) in zip(found, cells, strict=True) if busy]
        left = turned_left(blocks, 259)
        return [(is_left, room.behind) for (room, _text, _cut), is_left in zip(blocks, left, strict=True)]

    behind = texts((4, True, "Hof Maier"), (40, False, ""), (4, True, "Hof Huber"), (40, False, ""))
    before = texts((4, True, "Hof Maier"), (60, False, ""), (4, True, "Hof Huber"), (30, True, "Hof Zwerger"))

    assert behind == [(False, 44), (False, 44)]
    assert [is_left for is_left, _room in before] == [False, True, False]
    assert before[0][1] < 64, "it leaves the room to the text of the next"


def test_a_day_is_free_as_long_as_a_place_is_free_all_day():
    days = [DAY]

    def code(places: int, *entries: BoardEntry, opened=ALL_DAY) -> str:
        return day_codes(a_row(a_machine(places=places), *entries, opened=(opened,)), days)

    assert code(1) == "f"
    assert code(1, an_entry(at(8), at(9))) == "p"
    assert code(1, an_entry(at(20), at(22)), opened=(8, 18)) == "f"
    assert code(1, an_entry(at(7), at(19)), opened=(8, 18)) == "u"
    assert code(400, an_entry(at(8), at(9), places=399)) == "f"
    assert code(2, an_entry(at(0), at(24)), an_entry(at(8), at(9))) == "p"
    assert day_codes(a_row(a_machine(), opened=()), days) == "c"


def test_wide_links_stay_as_they_are():
    cells = [Cell(9, "t", "one", href="/1"), Cell(9, "", "free", href="/2"), Cell(9, "t", "two", href="/3")]

    drop_overlapping_targets(cells, column_px=5)

    assert [cell.href for cell in cells] == ["/1", "/2", "/3"]


def test_a_turned_time_without_room_for_minutes_has_the_nearest_hours():
    assert nearest_hours("6:59–10:40") == "7–11"
    assert nearest_hours("17:40–18:20") == "18"
    assert nearest_hours("8–23:30") == "8–24"
    assert nearest_hours("Mon 22:10–Tue 6") == "Mon 22–Tue 6"
