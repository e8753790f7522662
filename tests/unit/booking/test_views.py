"""columns_of(): a view and the columns that fill it cannot drift apart."""

from dataclasses import dataclass
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine, insert, select

from booking.kernel.orm import table_of
from booking.kernel.views import columns_of, converted
from booking.models import Machine, Workshop


@dataclass(frozen=True, slots=True)
class Place:
    slug: str
    title: str
    zone: ZoneInfo


class Spot(NamedTuple):
    name: str
    slug: str


ZONE = converted(Workshop.timezone, ZoneInfo)


def test_columns_are_in_the_order_of_the_fields():
    columns = columns_of(Place, Workshop, zone=ZONE, title=Workshop.name)

    assert [column.key for column in columns] == ["slug", "title", "zone"]


def test_a_table_serves_as_well_as_a_model_and_a_tuple_as_well_as_a_dataclass():
    assert columns_of(Spot, table_of(Workshop)) == (table_of(Workshop).c.name, table_of(Workshop).c.slug)


def test_a_row_becomes_a_view_and_its_zone_is_converted():
    engine = create_engine("sqlite://")
    Workshop.__table__.create(engine)
    with engine.begin() as connection:
        connection.execute(insert(Workshop).values(slug="barn", name="Barn", timezone="Europe/Vienna"))
        row = connection.execute(select(*columns_of(Place, Workshop, title=Workshop.name, zone=ZONE))).one()
    engine.dispose()

    assert Place(*row) == Place("barn", "Barn", ZoneInfo("Europe/Vienna"))


def test_a_field_without_a_column_is_named():
    with pytest.raises(TypeError, match=r"Place\.title has no column"):
        columns_of(Place, Workshop, zone=ZONE)


def test_a_column_without_a_field_is_named():
    with pytest.raises(TypeError, match="Place has no field colour"):
        columns_of(Place, Workshop, title=Workshop.name, zone=ZONE, colour=Machine.kind)


def test_a_field_given_beside_the_row_is_not_read():
    columns = columns_of(Place, Workshop, title=Workshop.name, zone=None)

    assert [column.key for column in columns] == ["slug", "title"]
