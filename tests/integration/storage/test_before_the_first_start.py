"""An instance that was never started: the commands that fill a ring create it, the others say what is missing."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, select

from app import create_app
from app.extensions import db
from booking.models import Member
from tests.conftest import SECRET_KEY

MEMBERS = "number,name\nA-1,Hof Angerer\n"
USER = ("user", "add", "anna@ring.example", "--name", "Anna", "--role", "member", "--password-stdin")


@pytest.fixture
def app(database_url, database_kind, tmp_path):
    """The ring on a database in which nothing was ever stored."""
    if database_kind == "sqlite":
        (tmp_path / "ring.sqlite").unlink()
    else:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
    app = create_app({"DATABASE_URL": database_url, "SECRET_KEY": SECRET_KEY}, instance_path=tmp_path / "instance")
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def members_file(tmp_path) -> Path:
    path = tmp_path / "members.csv"
    path.write_text(MEMBERS, encoding="utf-8")
    return path


def run(app, *words, typed=""):
    return app.test_cli_runner().invoke(args=["ring", *map(str, words)], input=typed)


def count_members():
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Member))


def test_a_login_is_entered(app):
    result = run(app, *USER, typed="three blue tractors\n")

    assert (result.exit_code, result.output) == (0, "anna@ring.example can log in.\n")
    assert count_members() == 1


def test_members_are_imported(app, members_file):
    assert run(app, "import", "members", members_file).exit_code == 0
    assert count_members() == 1


@pytest.mark.of_sqlite  # tests/integration/storage/test_demo_ring.py loads it on both
def test_the_demo_ring_is_loaded(app):
    result = run(app, "demo", "--today", "2026-11-20", "--scale", "0.1")

    assert (result.exit_code, result.output) == (0, "The demo ring is loaded.\n")
    assert count_members() == 31  # one of them left


@pytest.mark.parametrize(
    "words",
    [("token", "add", "anna@ring.example"), ("export", "members"), ("feed", "add", "a@b.example", "--scope", "mine")],
)
def test_commands_that_need_a_ring_print_how_to_set_one_up(app, words):
    result = run(app, *words)

    assert result.exit_code == 1
    assert result.output == (
        "Error: There is no ring here yet. `python3 start.py` sets one up; --instance DIR names another folder.\n"
    )
