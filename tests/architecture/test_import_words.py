"""Every word that the program shows for a value is read back from a table, in both languages."""

from __future__ import annotations

import itertools

import pytest
from flask_babel import force_locale
from flask_babel import gettext as _

from app.imports import cells, words
from app.imports.cells import CellError
from app.imports.columns import MACHINES, MEMBERS, RESERVATIONS
from app.imports.hours import parse_week
from app.pages.admin.forms import MemberForm
from app.pages.machines.forms import MachineForm
from app.pages.workshop.hours import hours_text
from app.wording import formats
from app.wording.countries import country_choices, country_code
from app.wording.opening_hours import hours_line
from app.wording.statuses import STATUS_LABELS, weekday_names
from app.wording.units import UNIT_NAMES, UNIT_NAMES_ONE
from booking.charge_units import CHARGE_UNITS
from booking.queries import PriceClassView
from booking.times.opening_hours import ALWAYS
from tests.conftest import MONDAY

LANGUAGES = ("de", "en")


def spellings(word: str) -> set[str]:
    """A word as people write it."""
    without_accents = word.replace("ü", "u").replace("ö", "o").replace("ä", "a")
    spelled_out = word.replace("ü", "ue").replace("ö", "oe").replace("ä", "ae").replace("³", "3")
    return {word, word.upper(), word.lower(), word.title(), without_accents, spelled_out, f"{word}."}


def labels_of(form, columns) -> list[tuple[str, str]]:
    """Pairs of a label of a form and the field of a table with the same name."""
    names = {"induction_kind_id": "induction"}
    pairs = [(str(field.label.text), names.get(field.name, field.name)) for field in form()]
    return [(label, name) for label, name in pairs if name in columns.fields]


@pytest.fixture(params=itertools.product(LANGUAGES, LANGUAGES), ids=str, autouse=True)
def shown(app, request):
    """Each language of the words in each language of the page: a function that makes a text in the former."""
    written, read = request.param

    def in_language(make):
        with force_locale(written):
            return make()

    with app.test_request_context(), force_locale(read):
        yield in_language


def test_each_name_of_a_charge_unit_is_read(shown):
    for code in CHARGE_UNITS:
        names = shown(lambda code=code: {str(UNIT_NAMES[code]), str(UNIT_NAMES_ONE[code]), code})
        for word in itertools.chain.from_iterable(map(spellings, names)):
            assert words.charge_unit_code(word, "unit") == code, word
    for word, code in (("cbm", "m3"), ("Std.", "hour"), ("Stk", "piece"), ("Platztag", "place_day"), ("Hektar", "ha")):
        assert words.charge_unit_code(word, "unit") == code


def test_yes_and_no_are_read(shown):
    for meaning in (True, False):
        word = shown(lambda meaning=meaning: _("yes") if meaning else _("no"))
        assert all(words.flag_of(each, "flag") is meaning for each in spellings(word))
    assert [words.flag_of(each, "flag") for each in ("✓", "☐", "", "WAHR", "Falsch", "x", "-", "1", "0")] == [
        True, False, False, True, False, True, False, True, False,
    ]  # fmt: skip
    for word in ("vielleicht", "???", "2"):
        with pytest.raises(CellError):
            words.flag_of(word, "flag")


def test_each_status_is_read(shown):
    for code in STATUS_LABELS:
        label = shown(lambda code=code: str(STATUS_LABELS[code]))
        assert {words.status_code(each) for each in spellings(label)} == {code}


def test_each_name_of_a_price_class_is_read(shown):
    read = words.PriceClassWords([PriceClassView("youth", "Jugend über 16", "youth over 16")])
    for word in itertools.chain.from_iterable(map(spellings, ("Jugend über 16", "youth over 16", "youth"))):
        assert read.code_of(word, MEMBERS) == "youth"
    with pytest.raises(CellError, match=r"youth over 16|Jugend über 16"):
        read.code_of("Adel", MEMBERS)


def test_each_country_is_read(shown):
    for code, name in shown(country_choices):
        assert {country_code(name), country_code(name.upper()), country_code(code)} == {code}


def test_each_form_of_a_day_is_read(shown):
    day = MONDAY.date().replace(month=3, day=9, year=2027)
    for make in (formats.format_day, formats.format_long_day, formats.format_short_day, str):
        text = shown(lambda make=make: make(day))
        assert cells.parse_day(text, "day") == day, text


def test_each_length_is_read_in_the_unit_of_its_column(shown):
    for minutes in (30, 45, 60, 245, 24 * 60, 14 * 24 * 60, 3 * 24 * 60 + 125):
        text = shown(lambda minutes=minutes: formats.format_minutes(minutes))
        assert cells.parse_amount_of_time(text, "shortest", "min", 0) == minutes, text
    assert cells.parse_amount_of_time(shown(lambda: formats.format_minutes(48 * 60)), "notice", "hours", 0) == 48


def test_each_week_of_opening_hours_is_read(shown):
    morning, afternoon, late = (480, 720), (780, 1080), (1320, 1440)
    weeks = (
        (),
        ALWAYS,
        tuple((day, *span) for day in range(5) for span in (morning, afternoon)),
        (*((day, *morning) for day in (0, 1, 4, 6)), (6, *late)),
    )
    for week in weeks:
        text = shown(lambda week=week: hours_line(week))
        assert {parse_week(each, "hours") for each in (text, text.upper(), text.replace(" ", ""))} == {week}, text
        days = shown(
            lambda week=week: [f"{weekday_names()[day]} {hours_text([one], day)}" for one in week for day in one[:1]]
        )
        assert parse_week("; ".join(days), "hours") == week


@pytest.mark.parametrize(
    ("text", "week"),
    [
        ("Sa und So 8-12 Uhr", ((5, 480, 720), (6, 480, 720))),
        ("Mo, Mi: 8.30 bis 12 Uhr", ((0, 510, 720), (2, 510, 720))),
        ("Fri-Mon 7:00-9:00", tuple((day, 420, 540) for day in (0, 4, 5, 6))),
        ("täglich 0-24", ALWAYS),
        ("24/7", ALWAYS),
        *((text, None) for text in ("8-17", "Mo", "Mo 8-17, Di", "Mo 17-8", "Mo 8:75-9", "Mo 8-25", "Mo-Fr ganztags")),
        *((text, None) for text in ("Mo 8-", "Mo bis", "- Mo 8-9", "Mo 8-9-10", "1 8-9", "?")),
    ],
)
def test_hours_as_people_write_them_are_read_or_refused(text, week):
    if week is not None:
        assert parse_week(text, "hours") == week
        return
    with pytest.raises(CellError, match="8:00-12:00"):
        parse_week(text, "hours")


def test_each_header_and_each_label_of_the_form_is_read(shown):
    for columns in (MEMBERS, MACHINES, RESERVATIONS):
        for column in columns.fields:
            header = shown(lambda columns=columns, column=column: columns.header(column))
            assert {columns.column_of(each) for each in spellings(header)} == {column}, header
    for columns, form in ((MEMBERS, MemberForm), (MACHINES, MachineForm)):
        for label, name in shown(lambda form=form, columns=columns: labels_of(form, columns)):
            assert columns.column_of(label) == name, label
