"""A form reads texts, files where it asks for one, and numbers that can be stored."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask import Flask
from wtforms import BooleanField, IntegerField, SelectField, SelectMultipleField, StringField
from wtforms.validators import Length, NumberRange, Optional

from app.extensions import babel
from app.forms.base_form import PlainForm
from app.forms.picture_field import PictureField


class Form(PlainForm):
    name = StringField(validators=[Length(max=9)])
    count = IntegerField(validators=[NumberRange(0, 9)])
    photo = PictureField("Photo")
    is_on = BooleanField(default=True)
    word = SelectField(validators=[Optional()], choices=["a"])
    id = SelectField(coerce=int, choices=[1])
    ids = SelectMultipleField(coerce=int, choices=[1])


@pytest.fixture
def bare_app():
    app = Flask(__name__)
    app.config.update(SECRET_KEY="x", WTF_CSRF_ENABLED=False, BABEL_DEFAULT_LOCALE="en")
    babel.init_app(app)
    return app


@pytest.fixture
def read(bare_app):
    def read(**request):
        with bare_app.test_request_context("/", method="POST", **request):
            form = Form()
            return form.name.data, form.count.data, form.photo.data, form.is_on.data, [*form.count.process_errors]

    return read


def test_a_file_in_place_of_a_text_is_nothing(read):
    sent = {"name": (BytesIO(b"x"), "x.svg"), "count": (BytesIO(b"9"), "x"), "photo": (BytesIO(b"p"), "p.jpg")}
    name, count, photo, is_on, _errors = read(data=sent)
    assert (name, count, photo.filename, is_on) == (None, None, "p.jpg", False)
    assert read(data={"name": "a", "photo": "no file"})[:3] == ("a", None, None)


@pytest.mark.parametrize("document", [{"name": [1]}, [1], 7, {"name": {"x": 1}}])
def test_a_document_is_no_form(read, document):
    assert read(json=document) == (None, None, None, True, [])


@pytest.mark.parametrize(
    ("text", "number"),
    [("9223372036854775807", 2**63 - 1), ("9223372036854775808", None), ("-" + "9" * 400, None), ("9" * 5_000, None)],
)
def test_a_number_of_more_than_64_bits_is_none(read, text, number):
    *_rest, errors = read(data={"count": text})
    assert (read(data={"count": text})[1], bool(errors)) == (number, number is None)


def test_a_choice_of_blanks_is_none_and_one_of_more_than_64_bits_is_refused(bare_app):
    sent = {"word": " \u2028\x85 ", "id": "9" * 400, "ids": ["1", "9" * 400]}
    with bare_app.test_request_context("/", method="POST", data=sent):
        form = Form()
        form.validate()
    assert (form.word.data, form.id.data, form.ids.data) == ("", None, [])
    assert form.id.errors
    assert form.ids.errors
