"""DATABASE_URL with several hosts, in each form that libpq and SQLAlchemy know."""

from __future__ import annotations

import pytest
from sqlalchemy.engine import make_url

from app.config import SettingError, database_uri
from booking.kernel.database_url import require_usable, sqlalchemy_url
from booking.kernel.engine import connect_args


@pytest.mark.parametrize(
    ("database_url", "hosts", "ports"),
    [
        ("postgresql://u:p%40@a:5433,b:5434/ring?sslmode=require", "a,b", "5433,5434"),
        ("postgres://a,b/ring", "a,b", "5432,5432"),
        ("postgresql://u@/ring?host=a&host=b:77", "a,b", "5432,77"),
        ("postgresql://u@/ring?host=a,b&port=1,2", "a,b", "1,2"),
        ("postgresql://u@/ring?host=a,b&port=6000", "a,b", "6000,6000"),
        ("postgresql://u@[::1]:77,[fe80::1]/ring", "::1,fe80::1", "77,5432"),
        ("postgresql+psycopg://u@/ring?host=/run/x&host=b", "/run/x,b", "5432,5432"),
    ],
)
def test_several_hosts_lead_to_the_one_that_accepts_changes(database_url, hosts, ports):
    url = make_url(sqlalchemy_url(database_url))

    assert (url.database, url.query["host"], url.query["port"]) == ("ring", hosts, ports)
    assert connect_args(str(url))["target_session_attrs"] == "read-write"


def test_what_the_address_sets_itself_stays():
    url = sqlalchemy_url("postgresql://u:p%40@a,b/ring?target_session_attrs=any&sslmode=require")

    assert "target_session_attrs" not in connect_args(url)
    assert (make_url(url).query["sslmode"], make_url(url).password) == ("require", "p@")


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://u@a/ring", "postgresql+psycopg://u@a/ring"),
        ("postgresql://u@/ring?host=/run/x", "postgresql+psycopg://u@/ring?host=/run/x"),
        ("sqlite:////tmp/a,b.sqlite", "sqlite:////tmp/a,b.sqlite"),
    ],
)
def test_one_host_is_left_as_it_is(given, used):
    assert sqlalchemy_url(given) == used
    assert "target_session_attrs" not in connect_args(used)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("mysql://u@h/ring", "must begin with"),
        ("ring.sqlite", "must begin with"),
        ("postgresql+asyncpg://u@h/ring", "must begin with"),
        ("postgresql://u@h:abc/ring", "its port"),
        ("postgresql://u@h:99999/ring", "its port"),
        ("postgresql://u@a:1,b:0/ring", "its port"),
        ("postgresql://u@[::1/ring", "no address"),
        ("postgresql://u:p@ss/word@h/ring", "%2F"),
        ("postgresql://u@h/ring?colour=green", 'invalid connection option "colour"'),
        ("sqlite:///ring.sqlite", "whole path"),
        ("sqlite://ring.sqlite", "whole path"),
        ("sqlite://", "whole path"),
        ("sqlite:////nowhere/ring.sqlite", "no folder /nowhere"),
    ],
)
def test_an_address_that_cannot_work_is_refused_with_the_reason(given, reason):
    with pytest.raises(ValueError, match=reason):
        require_usable(given)


@pytest.mark.parametrize("name", ["Was nun?", "a#b", "100 %41", "a%3Fb", "Höfe und Ringe", "a&b=c;d", "[1]:2@3"])
def test_a_folder_may_have_any_name(tmp_path, name):
    """`?` began a query: the database lay beside the folder, under the first half of its name."""
    file = tmp_path.resolve() / name / "ring.sqlite"

    assert make_url(database_uri("", file.parent)).database == str(file)


@pytest.mark.parametrize(("name", "former"), [("Was nun?", "Was nun"), ("100 %41", "100 A/ring.sqlite")])
def test_a_database_that_lies_where_its_address_led_before_is_not_replaced_by_an_empty_one(tmp_path, name, former):
    before, instance = tmp_path.resolve() / former, tmp_path.resolve() / name
    before.parent.mkdir(exist_ok=True)
    instance.mkdir()
    before.write_text("a file of somebody else")
    assert database_uri("", instance)

    before.write_bytes(b"SQLite format 3\0 and pages")
    with pytest.raises(SettingError) as refusal:
        database_uri("", instance)
    assert f"{before}, " in str(refusal.value)
    assert f" to {instance / 'ring.sqlite'}. " in str(refusal.value)
    as_said = str(refusal.value).rpartition("DATABASE_URL=")[2].removesuffix(".")
    assert make_url(database_uri(require_usable(as_said), instance)).database == str(instance / "ring.sqlite")

    before.rename(instance / "ring.sqlite")
    assert database_uri("", instance)


def test_a_folder_is_no_database(tmp_path):
    with pytest.raises(ValueError, match="is a folder"):
        require_usable(f"sqlite:///{tmp_path}")


@pytest.mark.parametrize(
    "given",
    ["", "postgresql://u:p%40@a:5433,b/ring?sslmode=require", "postgres://u@/ring?host=/run/x&pooler=transaction"],
)
def test_an_address_that_may_work_is_used(given):
    assert require_usable(given) == given
