"""The anchor: the minimum of a Flask application for a JSON response, a durable insert and a page of 200 rows."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The declarative base of the anchor's only table."""


db = SQLAlchemy(model_class=Base)


class Note(db.Model):  # type: ignore[name-defined]
    """A row as small as a reservation."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    starts_at: Mapped[str]
    ends_at: Mapped[str]


PAGE = """<!doctype html><title>notes</title><table>
{% for note in notes %}<tr><td>{{ note.id }}<td>{{ note.name }}<td>{{ note.starts_at }}<td>{{ note.ends_at }}</tr>
{% endfor %}</table>"""


def create_app() -> Flask:
    """Return the bare application on ANCHOR_DATABASE."""
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{os.environ['ANCHOR_DATABASE']}"
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"connect_args": {"timeout": 30}}
    db.init_app(app)
    with app.app_context(), _alone(os.environ["ANCHOR_DATABASE"]):
        event.listen(db.engine, "connect", _durable)
        db.create_all()
        if not db.session.query(Note.id).first():
            db.session.add_all(Note(name=f"note {i}", starts_at="2026", ends_at="2027") for i in range(200))
            db.session.commit()
        db.session.remove()
        db.engine.dispose()
    app.add_url_rule("/hello", view_func=hello)
    app.add_url_rule("/insert", view_func=insert, methods=["POST"])
    app.add_url_rule("/page", view_func=page)
    page_template = app.jinja_env.from_string(PAGE)
    app.config["PAGE"] = page_template
    return app


@contextmanager
def _alone(database: str) -> Iterator[None]:
    """Let one of the server's processes after another create the table."""
    with Path(database + ".lock").open("w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def hello() -> dict[str, str]:
    """Return a JSON response."""
    return {"hello": "world"}


def insert() -> tuple[dict[str, int], int]:
    """Insert a row durably through the ORM."""
    note = Note(name="note", starts_at="2026-11-21 08:00", ends_at="2026-11-21 09:00")
    db.session.add(note)
    db.session.commit()
    return {"id": note.id}, 201


def page() -> str:
    """Render one query in a small template of 200 rows."""
    return current_app.config["PAGE"].render(notes=db.session.query(Note).limit(200).all())


def _durable(connection: object, _record: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")  # type: ignore[attr-defined]
    connection.execute("PRAGMA synchronous=FULL")  # type: ignore[attr-defined]
